"""Makefile: its help tells of every target, what it calls is there, and the shell scripts are sound."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
INTERNAL = {"setup-parts"}


def make(*arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_help_is_the_default_and_lists_every_target_with_what_it_does() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    described = dict(re.findall(r"^  make (\S+) +(\S.*)$", make(), re.MULTILINE))

    assert described.keys() == set(phony.split()) - INTERNAL
    assert all(len(text) > 10 for text in described.values())
    assert make() == make("help")


def test_every_target_that_needs_the_tools_sets_them_up() -> None:
    for target in ("demo", "test", "check", "lint", "bench"):
        assert re.search(rf"^{target}: setup ##", MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize("script", sorted(set(re.findall(r"scripts/[\w.-]+", MAKEFILE))))
def test_what_it_calls_is_there(script: str) -> None:
    assert (ROOT / script).is_file()


def test_shell_scripts_are_executable_and_shellcheck_has_nothing_to_say() -> None:
    scripts = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run"]
    sourced = {ROOT / "scripts" / "progress.sh"}
    assert [path.name for path in scripts if path not in sourced and not path.stat().st_mode & 0o100] == []

    shellcheck = shutil.which("shellcheck", path=ROOT / ".venv" / "bin") or "shellcheck"
    done = subprocess.run(
        [shellcheck, "-x", *scripts], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")
