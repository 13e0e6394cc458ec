"""Fuzz corpus: what fuzzing found, through the analyzer as users run it: in wasmtime, with its limits."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import Module

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reader() -> WasmtimeModuleReader:
    return WasmtimeModuleReader().load()


def inputs(name: str, folder: Path) -> list[bytes]:
    """What `make fuzz` kept."""
    archive = ROOT / "analyzer" / "tests" / "corpus" / f"{name}.gz"
    script = ROOT / "scripts" / "fuzz_corpus.py"
    subprocess.run([sys.executable, script, "unpack", archive, folder], check=True)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def read(reader: WasmtimeModuleReader, wasm: bytes) -> Module:
    """The answer; a trap or a limit that was reached would be an ArtifactError."""
    module = reader.read(wasm, functions=None)
    assert sum(section.size for section in module.sections) == module.size == len(wasm)
    assert module.error is None or 0 <= module.error.offset <= len(wasm)
    return module


def test_every_input_is_read_or_refused_with_its_place(reader: WasmtimeModuleReader, tmp_path: Path) -> None:
    modules = [read(reader, wasm) for wasm in inputs("analyze", tmp_path)]

    broken = [module for module in modules if module.error is not None]
    assert 0 < len(broken) < len(modules)
    # What is no module at all has no sections to name.
    assert all(module.error.section for module in broken if module.error and module.layout != "unknown")


def test_every_pair_is_compared(reader: WasmtimeModuleReader, tmp_path: Path) -> None:
    for pair in inputs("diff", tmp_path):
        (length,) = struct.unpack_from("<I", pair) if len(pair) >= 4 else (0,)
        base, head = read(reader, pair[4 : 4 + length]), read(reader, pair[4 + length :])

        reader.match(base, head)
