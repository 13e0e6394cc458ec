"""Hostile modules through the command: an answer or one clear line, and no more memory than the file explains."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import hostile

MODULES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million empty functions": (lambda: hostile.functions(1_000_000), ""),
    # More than a function may have; only a check of the bodies counts them.
    "100,000 groups of locals": (lambda: hostile.locals_in_groups(100_000, 1), ""),
    "100,000 groups of no locals": (lambda: hostile.locals_in_groups(100_000, 0), ""),
    "deep nesting": (lambda: hostile.nested(200_000), ""),
    "64 MiB of data": (lambda: hostile.large_data(64 << 20), ""),
    "64 MiB of code": (lambda: hostile.large_code(64 << 20), ""),
    "63 MiB, cut off": (
        lambda: hostile.large_code(64 << 20)[: -(1 << 19)],
        "in the section `code`: unexpected end-of-file",
    ),
    "names that print forever": (
        lambda: hostile.module(
            [b"\0\x0b"] * 2000, [f"{hostile.bomb(12)}.llvm.{number}".encode() for number in range(2000)]
        ),
        "",
    ),
    "a name of a mebibyte": (lambda: hostile.module([b"\0\x0b"], [b"<" * (1 << 20)]), ""),
}


def measure(path: Path) -> tuple[int, str, int]:
    """Exit code, standard error, and the most memory in bytes."""
    command = [sys.executable, "-m", "ci_wasm", "measure", "--no-compression", str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as child:
        assert child.stderr is not None
        told = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, told, usage.ru_maxrss * 1024


@pytest.mark.parametrize("name", MODULES)
def test_a_hostile_module_is_measured_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    make, refusal = MODULES[name]
    path, small = tmp_path / "hostile.wasm", tmp_path / "small.wasm"
    small.write_bytes(hostile.functions(1))
    path.write_bytes(make())

    exit_code, told, memory = measure(path)

    assert (exit_code, len(told.splitlines())) == ((5, 1) if refusal else (0, 0)), told[:2000]
    assert refusal in told
    assert memory - measure(small)[2] <= 10 * path.stat().st_size + (64 << 20)
