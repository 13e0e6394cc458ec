"""Early reader: what it read early is what it would read when it is asked, and it gives it for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from ci_wasm.adapters.early_reader import EarlyReader
from tests.modules import READER

ONE = bytes(wat2wasm('(module (func $f (export "f") (result i32) (i32.const 1)) (memory 1))'))
OTHER = bytes(wat2wasm('(module (func $g (export "g")))'))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "one.wasm").write_bytes(ONE)
    (tmp_path / "other.wasm").write_bytes(OTHER)
    return tmp_path / "root"


@pytest.mark.parametrize("path", ["one.wasm", "gone.wasm", "../other.wasm", "."])
@pytest.mark.parametrize("wasm", [ONE, OTHER, b"no module"])
def test_it_reads_what_the_reader_reads(root: Path, path: str, wasm: bytes) -> None:
    early = EarlyReader(root, path)

    assert early.read(wasm, functions=None) == READER.read(wasm, functions=None)
    assert early.read(wasm, functions=0) == READER.read(wasm, functions=0)


def test_it_matches_as_the_reader_does(root: Path) -> None:
    early = EarlyReader(root, "one.wasm")
    one, other = early.read(ONE, functions=None), early.read(OTHER, functions=None)

    assert early.match(one, other) == READER.match(one, other)


def test_a_file_that_changes_meanwhile_is_read_as_it_is_then(root: Path) -> None:
    early = EarlyReader(root, "one.wasm")
    early.read(ONE, functions=None)
    (root / "one.wasm").write_bytes(OTHER)

    assert early.read((root / "one.wasm").read_bytes(), functions=None).exports[0].name == "g"
