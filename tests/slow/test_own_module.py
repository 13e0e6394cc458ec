"""Own module: the analyzer keeps what the repository's ci-wasm.yml asks of it, and what would break that is caught."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings

ROOT = Path(__file__).resolve().parents[2]
# What a table of some crate would add; every byte of it is used.
FAT = """
#[inline(never)]
pub fn weigh(seed: usize) -> u8 {
    static TABLE: [u8; 40_000] = make();
    TABLE[seed % TABLE.len()]
}

const fn make() -> [u8; 40_000] {
    let mut table = [0; 40_000];
    let mut state: u32 = 1;
    let mut index = 0;
    while index < table.len() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        table[index] = (state >> 24) as u8;
        index += 1;
    }
    table
}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What belongs to the module, as a repository of its own."""
    shutil.copy(ROOT / "ci-wasm.yml", tmp_path)
    ignored = shutil.ignore_patterns("target", "fuzz")
    shutil.copytree(ROOT / "analyzer", tmp_path / "analyzer", ignore=ignored)
    return tmp_path


def test_the_budgets_are_tight() -> None:
    """A ceiling that is far above what it limits lets a dependency in unseen."""
    raw = (ROOT / "ci_wasm" / "analyzer.wasm").stat().st_size
    (worker,) = load_settings(ROOT, read_inputs({})).workers
    maximum = next(budget.maximum for budget in worker.budgets if budget.metric == "raw")

    assert maximum is not None
    assert raw <= maximum <= raw * 1.05


@pytest.mark.slow
def test_a_dependency_that_fattens_it_fails_the_check(checkout: Path) -> None:
    manifest = checkout / "analyzer" / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8").replace(
        "[dependencies]", '[dependencies]\nfat = { path = "fat" }'
    )
    manifest.write_text(text, encoding="utf-8")
    fat = checkout / "analyzer" / "fat"
    (fat / "src").mkdir(parents=True)
    (fat / "Cargo.toml").write_text('[package]\nname = "fat"\nversion = "1.0.0"\n', encoding="utf-8")
    (fat / "src" / "lib.rs").write_text(FAT, encoding="utf-8")
    source = checkout / "analyzer" / "src" / "lib.rs"
    before = source.read_text(encoding="utf-8")
    # Where every run comes by: what nobody calls is not linked.
    call = "Box::leak(Box::<[u8]>::new_uninit_slice(len"
    assert call in before
    source.write_text(before.replace(call, f"{call} + fat::weigh(len) as usize"), encoding="utf-8")
    subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--offline"],
        cwd=manifest.parent,
        check=True,
        capture_output=True,
    )

    command = [sys.executable, "-m", "ci_wasm", "check", "--format", "json"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=600, check=False)

    assert done.returncode == 1, done.stderr
    (worker,) = msgspec.json.decode(done.stdout)["workers"]
    broken = {finding["subject"] for finding in worker["findings"] if finding["severity"] == "error"}
    assert "raw" in broken
