"""Corpus: modules that people ship, whole and mutated, through the reader and the command."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.corpus import CorpusUnavailable, Entry, read_corpus
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import Module
from ci_wasm.errors import ArtifactError

pytestmark = [pytest.mark.slow, pytest.mark.network]

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


def mutated(wasm: bytes, starts: list[int], chance: random.Random) -> bytes:
    """One to four edits; half of them at the head of a section, where a byte changes the most."""
    data = bytearray(wasm)
    for _ in range(chance.randint(1, 4)):
        at = (
            chance.choice(starts) + chance.randrange(32)
            if chance.random() < 0.5
            else chance.randrange(len(wasm))
        )
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = chance.randbytes(1)
            case 1:
                del data[at : at + chance.randint(1, 64)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 64)]
            case 3:
                data[at:at] = chance.randbytes(chance.randint(1, 16))
            case _:
                del data[max(at, 16) :]
    return bytes(data)


@pytest.mark.parametrize("name", MUTATED)
def test_a_mutated_module_is_read_or_refused_in_time(reader: WasmtimeModuleReader, name: str) -> None:
    wasm = fetched(name).read_bytes()
    starts = [section.offset for section in reader.read(wasm).sections]
    chance = random.Random(name)  # noqa: S311 (the same mutations in every run)
    wanted = int(MUTATIONS or 10_000) // len(MUTATED)
    ends = time.monotonic() + (float("inf") if MUTATIONS else DEFAULT_SECONDS / len(MUTATED))
    done = broken = 0
    while done < wanted and time.monotonic() < ends:
        data = mutated(wasm, starts, chance)
        started = time.monotonic()
        try:
            module = reader.read(data, check_bodies=done % 2 == 0)
        except ArtifactError as error:
            pytest.fail(f"mutation {done} of {name}: {error.message}: {error.detail}")
        assert time.monotonic() - started < HANG_SECONDS, f"mutation {done}"
        assert sum(section.size for section in module.sections) == len(data), f"mutation {done}"
        broken += module.error is not None
        done += 1
    # Else the edits were too gentle to say anything.
    assert broken > done // 4
    assert done > 20
