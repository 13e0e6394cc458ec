"""Fuzz corpus: what fuzzing found, through the analyzer as users run it: in wasmtime, with its limits."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import Module
from scripts.fuzz_corpus import inputs_of

CORPUS = Path(__file__).parents[2] / "analyzer" / "tests" / "corpus"


@pytest.fixture(scope="module")
def reader() -> WasmtimeModuleReader:
    return WasmtimeModuleReader().load()


def read(reader: WasmtimeModuleReader, wasm: bytes) -> Module:
    """The answer; a trap or a limit that was reached would be an ArtifactError."""
    module = reader.read(wasm, functions=None)
    assert sum(section.size for section in module.sections) == module.size == len(wasm)
    assert module.error is None or 0 <= module.error.offset <= len(wasm)
    return module


def test_every_input_is_read_or_refused_with_its_place(reader: WasmtimeModuleReader) -> None:
    modules = [read(reader, wasm) for wasm in inputs_of(CORPUS / "analyze.gz")]

    broken = [module for module in modules if module.error is not None]
    assert 0 < len(broken) < len(modules)
    # What is no module at all has no sections to name.
    assert all(module.error.section for module in broken if module.error and module.layout != "unknown")


def test_every_pair_is_compared(reader: WasmtimeModuleReader) -> None:
    for pair in inputs_of(CORPUS / "diff.gz"):
        (length,) = struct.unpack_from("<I", pair) if len(pair) >= 4 else (0,)
        base, head = read(reader, pair[4 : 4 + length]), read(reader, pair[4 + length :])

        reader.match(base, head)
