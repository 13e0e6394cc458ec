"""Checkouts for tests: copies of tests/crates that a test may build in and change. (name) -> folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
CRATES = TESTS / "crates"
ADD = TESTS.parent / "examples" / "add"

# Neither the settings of the person who runs the tests nor those of a hook that does may change what git does here.
GIT_ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def check_out(crate: Path | str, to: Path) -> Path:
    """Copy a crate, without what was built there; a name is one of tests/crates."""
    source = CRATES / crate
    shutil.copytree(source, to, ignore=shutil.ignore_patterns("target"))
    return to


def replace(file: Path, old: str, new: str) -> None:
    """Edit a file; the old text has to be there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and give what it prints."""
    argv = ["git", "-c", "init.defaultBranch=main", *arguments]
    return subprocess.run(
        argv, cwd=folder, env=GIT_ENVIRON, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit_all(folder: Path, message: str = "change") -> str:
    """Commit everything in a folder, which becomes a repository if it is none. Gives the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
