"""The analyzer's size: the table in its README says what each crate adds, as the crate is built now."""

from __future__ import annotations

import os
import re

import pytest

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.build import Build, CrateSource
from ci_wasm.core.module import Module
from tests.slow.wabt import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.network]

README = (ROOT / "analyzer" / "README.md").read_text(encoding="utf-8").partition("\n## Size\n")[2]
ROWS = {
    tuple(names.split(", ")): int(size)
    for names, size in re.findall(r"^\| ([a-z_, ]+) \| (\d+) kB \|", README, re.MULTILINE)
}
KB = 1000


@pytest.fixture(scope="module")
def built() -> Build:
    return CargoToolchain(os.environ, log=print).build(ROOT, CrateSource("analyzer"))


@pytest.fixture(scope="module")
def module(built: Build) -> Module:
    """With names."""
    return WasmtimeModuleReader().read(built.named_wasm)


def sizes_of(module: Module) -> dict[str | None, int]:
    return {crate.name: crate.size for crate in module.crates}


@pytest.mark.parametrize("names", ROWS, ids=", ".join)
def test_a_row_is_what_its_crates_add(names: tuple[str, ...], module: Module) -> None:
    size = sum(sizes_of(module)[name] for name in names) / KB

    assert ROWS[names] == pytest.approx(size, rel=0.05), f"the row of {', '.join(names)}: {size:.0f} kB"


def test_the_rows_leave_little_out(module: Module) -> None:
    told = {name for names in ROWS for name in names}
    rest = {name: size for name, size in sizes_of(module).items() if name not in told}

    assert "wasmparser" in told
    assert sum(rest.values()) < module.functions.size / 100, f"no row tells of {rest}"


def test_the_sums_are_those_of_what_ships(built: Build, module: Module) -> None:
    said = re.match(r"\s*([\d,]+) kB as it ships, of which (\d+) kB are code and (\d+) kB data", README)
    assert said is not None
    actual = [len(built.wasm), module.functions.size, module.data.size]

    assert [int(number.replace(",", "")) for number in said.groups()] == pytest.approx(
        [size / KB for size in actual], rel=0.05
    ), f"{actual} bytes"
