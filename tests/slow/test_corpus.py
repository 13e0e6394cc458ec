"""Corpus: modules that people ship, whole and mutated, through the reader and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.corpus import CorpusUnavailable, Entry, read_corpus
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import Module

pytestmark = [pytest.mark.slow, pytest.mark.network]

ROOT = Path(__file__).resolve().parents[2]
CORPUS = read_corpus()
# What makes a module worth having here: features that it must show, or counts that it must reach.
FEATURES = {
    "automerge": "legacy-exceptions",
    "duckdb-eh": "legacy-exceptions",
    "onnxruntime": "threads",
    "ruffle": "simd",
    "photon": "reference-types",
}
EXPORTS = {"duckdb-mvp": 75_000, "duckdb-eh": 75_000}
NAMED = {"photon": 2_000, "automerge": 4_000, "ruffle": 13_000, "biome": 25_000}
STRIPPED = {"resvg", "lightningcss", "esbuild", "sql.js"}

# All of it: CI_WASM_MUTATIONS=10000. Without it, as many as a minute allows.
MUTATIONS = os.environ.get("CI_WASM_MUTATIONS")
DEFAULT_SECONDS = 60.0
MUTATED = ("sql.js", "photon", "resvg", "automerge")
# For one module; a reading of the largest of MUTATED takes a sixth of this.
HANG_SECONDS = 2.0


@pytest.fixture(scope="module")
def reader() -> WasmtimeModuleReader:
    return WasmtimeModuleReader()


def fetched(name: str) -> Path:
    try:
        return CORPUS[name].path()
    except CorpusUnavailable as error:
        pytest.skip(str(error))


def test_there_is_enough_of_it() -> None:
    assert len(CORPUS) >= 10
    assert sorted({entry.layout for entry in CORPUS.values()}) == ["component", "core"]
    assert all(entry.integrity.startswith("sha512-") for entry in CORPUS.values())


@pytest.mark.parametrize("entry", CORPUS.values(), ids=lambda entry: entry.name)
def test_a_module_that_people_ship_is_read(reader: WasmtimeModuleReader, entry: Entry) -> None:
    wasm = fetched(entry.name).read_bytes()

    module = reader.read(wasm, functions=None)

    assert module.layout == entry.layout
    assert module.error is None
    assert sum(section.size for section in module.sections) == len(wasm) == entry.size
    if entry.layout == "core":
        assert_explained(module, entry.name)


def assert_explained(module: Module, name: str) -> None:
    assert 0 < module.functions.size < module.size
    assert len(module.largest) == module.functions.count > 1000
    assert sum(function.size for function in module.largest) == module.functions.size
    assert FEATURES.get(name, "sign-extensions") in module.features
    assert len(module.exports) >= EXPORTS.get(name, 1)
    assert module.functions.named >= NAMED.get(name, 0)
    assert name not in STRIPPED or [crate.name for crate in module.crates] == [None]


@pytest.mark.parametrize("entry", CORPUS.values(), ids=lambda entry: entry.name)
def test_the_command_measures_it(entry: Entry) -> None:
    command = [sys.executable, "-m", "ci_wasm", "measure", "--no-compression", "--format", "json"]

    done = subprocess.run(
        [*command, str(fetched(entry.name))], capture_output=True, text=True, timeout=120, check=False
    )

    if entry.layout == "component":
        assert (done.returncode, done.stdout) == (5, "")
        assert "is a component, not a core module" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["sizes"] == {
            "raw": entry.size,
            "gzip": None,
            "compressor": "",
            "brotli": None,
        }


@pytest.mark.parametrize("name", MUTATED)
def test_a_mutated_module_is_measured_or_refused_with_the_place(name: str) -> None:
    count = int(MUTATIONS or 10_000) // len(MUTATED)
    seconds = 86_400.0 if MUTATIONS else DEFAULT_SECONDS / len(MUTATED)
    command = [sys.executable, "-m", "tests.slow.mutations", str(fetched(name)), str(count), str(seconds)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert summary["slowest"] < HANG_SECONDS
    assert summary["bytes"] <= 10 * summary["size"] + (64 << 20)
    # Else the edits were too gentle to say anything.
    assert summary["refused"] > summary["done"] // 4
    assert summary["done"] > 20
