"""Mutations: a thousand broken modules through the command; each gets an answer or one clear line, never a traceback."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from ci_wasm.__main__ import guarded

MODULES = sorted((Path(__file__).parents[1] / "wat").glob("*.wat"))
MUTATIONS = 1000


def mutated(wasm: bytes, chance: random.Random) -> bytes:
    """One to four edits: a byte changed, a piece cut out, doubled or inserted, the end cut off."""
    data = bytearray(wasm)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data)) if data else 0
        match chance.randrange(5):
            case 0 if data:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 8)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 16)]
            case 3:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case _:
                del data[len(data) - chance.randint(0, len(data)) // 8 :]
    return bytes(data)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_mutated_module_is_measured_or_refused_in_one_line(path: Path, tmp_path: Path) -> None:
    chance = random.Random(path.stem)  # noqa: S311 (the same mutations in every run)
    wasm = bytes(wat2wasm(path.read_text(encoding="utf-8")))
    file = tmp_path / "mutated.wasm"
    refused = 0
    for _ in range(MUTATIONS // len(MODULES)):
        file.write_bytes(mutated(wasm, chance))
        stdout, stderr = io.StringIO(), io.StringIO()

        exit_code = guarded(["measure", str(file), "--format", "json"], {}, stdout, stderr)

        assert exit_code in {0, 5}, file.read_bytes().hex() + stderr.getvalue()
        assert bool(stdout.getvalue()) == (exit_code == 0)
        assert len(stderr.getvalue().splitlines()) == (exit_code == 5)
        refused += exit_code == 5
    # Else the edits were too gentle to say anything.
    assert refused > MUTATIONS // len(MODULES) // 5
