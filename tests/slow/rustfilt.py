"""rustfilt: rustc-demangle's own command, in the version whose lock names the analyzer's rustc-demangle. symbols -> names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

VERSION = "0.2.2"
FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "rustfilt" / VERSION
SECONDS = 300


def demangle(symbols: Sequence[str], *, hashes: bool) -> list[str]:
    """Each symbol as a person reads it; what is no Rust stays as it is.

    With `hashes`, as wasm-bindgen writes it into a module's name section; without, as a backtrace shows it.
    """
    assert not any("\n" in symbol for symbol in symbols)
    command = [str(_program()), *(["--hash"] if hashes else [])]
    lines = "".join(f"{symbol}\n" for symbol in symbols)
    done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=SECONDS, check=True)
    names = done.stdout.decode().split("\n")
    assert len(names) == len(symbols) + 1
    return names[:-1]


def _program() -> Path:
    """Built once with cargo; skips the test where that does not work."""
    program = FOLDER / "bin" / "rustfilt"
    if not shutil.which(program):
        install = [
            "cargo",
            "install",
            "--quiet",
            "--locked",
            "--root",
            str(FOLDER),
            "--version",
            VERSION,
            "rustfilt",
        ]
        try:
            subprocess.run(install, capture_output=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"rustfilt {VERSION} cannot be built: {error}")
    return program
