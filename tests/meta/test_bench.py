"""Bench: what it measures is the program's own, and the corpus is pinned."""

from __future__ import annotations

import base64
import subprocess
import sys

import pytest

from bench.analysis import peak_memory
from bench.corpus import Entry, read_corpus
from bench.pairs import Program

MB = 1_000_000


def python(program: str) -> Program:
    return Program("python", [sys.executable, "-S", "-c", program])


def test_peak_memory_is_that_of_the_program_and_not_of_who_starts_it() -> None:
    ballast = b"x" * (150 * MB)
    small = peak_memory(python("pass"))
    large = peak_memory(python(f"b'x' * {100 * MB}"))

    assert small < 60 * MB < len(ballast)
    assert 80 * MB < large - small < 120 * MB


def test_a_program_that_fails_has_no_peak() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        peak_memory(python("raise SystemExit(3)"))


@pytest.mark.parametrize("entry", read_corpus().values(), ids=lambda entry: entry.name)
def test_a_module_of_the_corpus_is_pinned(entry: Entry) -> None:
    algorithm, _, digest = entry.integrity.partition("-")

    assert (algorithm, len(base64.b64decode(digest, validate=True))) == ("sha512", 64)
    assert entry.member.startswith("package/")
    assert entry.pin.destination == f".cache/corpus/{entry.pin}/{entry.member.rpartition('/')[2]}"
    assert entry.size > 0
