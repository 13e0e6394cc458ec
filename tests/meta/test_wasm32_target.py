"""Wasm32 target: what the script says where there is nothing to do, and where nothing can be done."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

TOOLS = [
    "bash",
    "cat",
    "cut",
    "dirname",
    "env",
    "grep",
    "head",
    "mkdir",
    "mktemp",
    "python3",
    "rm",
    "sort",
    "timeout",
]
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "provide-wasm32-target.sh"


def provide(folder: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    places = ["--rust-home", str(folder / "rust"), "--bin", str(folder / "bin")]
    environ = {**os.environ, "PATH": path}
    return subprocess.run(
        [SCRIPT, *places, *arguments], env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def path_without_rust(folder: Path) -> str:
    """A PATH with what the script itself needs, and no Rust."""
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(os.path.realpath(str(shutil.which(name))))
    return str(folder)


def test_a_toolchain_that_has_it_is_left_as_it_is(tmp_path: Path) -> None:
    started = time.monotonic()
    done = provide(tmp_path, path=os.environ["PATH"])

    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("wasm32: ")
    assert "ready: rustc" in line
    assert list((tmp_path / "bin").iterdir()) == list((tmp_path / "rust").iterdir()) == []
    assert time.monotonic() - started < 10


def test_a_toolchain_that_is_too_old_will_not_do(tmp_path: Path) -> None:
    done = provide(tmp_path, "--route", "installed", "--minimum", "99.0", path=os.environ["PATH"])

    assert done.returncode == 1
    assert "is older than 99.0" in done.stderr


@pytest.mark.parametrize("route", ["installed", "rustup"])
def test_where_nothing_can_be_done_one_message_says_what_is_missing_and_what_to_do(
    tmp_path: Path, route: str
) -> None:
    done = provide(tmp_path, "--route", route, path=path_without_rust(tmp_path / "path"))

    assert done.returncode == 1
    assert "no Rust toolchain here builds for wasm32-unknown-unknown" in done.stderr
    assert {"installed": "no rustc in PATH", "rustup": "no rustup in PATH"}[route] in done.stderr
    assert all(cure in done.stderr for cure in ("rustup target add", "--route debian", "or newer is needed"))


def test_a_wrong_option_shows_the_usage(tmp_path: Path) -> None:
    done = provide(tmp_path, "--nonsense", path=os.environ["PATH"])

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: provide-wasm32-target.sh")
