"""Git store: objects and references, kept by git itself in a bare repository. folder -> GitStore."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_IDENTITY = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"


class RefError(Exception):
    """A reference cannot be created or moved; the text is GitHub's."""


@dataclass(frozen=True)
class GitCommit:
    """A commit as `git cat-file` shows it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    date: str


@dataclass(frozen=True)
class Entry:
    """One line of a tree; `size` is None for what is no blob."""

    path: str
    mode: str
    type: str
    sha: str
    size: int | None


class GitStore:
    """A bare repository whose branch `main` has one commit, made when it is first needed.

    Every method may raise CalledProcessError where git finds the request wrong.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._is_made = False

    def write_blob(self, content: bytes) -> str:
        return self._git("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def read_blob(self, sha: str) -> bytes | None:
        return self._git("cat-file", "blob", sha) if self.type_of(sha) == "blob" else None

    def write_tree(self, base: str | None, files: Sequence[tuple[str, str, str]]) -> str:
        """A tree like `base` with (mode, sha, path) put into it."""
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
            if base:
                self._git("read-tree", base, env=index)
            lines = "".join(f"{mode} {sha}\t{path}\n" for mode, sha, path in files)
            self._git("update-index", "--add", "--replace", "--index-info", stdin=lines.encode(), env=index)
            return self._git("write-tree", env=index).decode().strip()

    def entries(self, tree: str, path: str = "") -> list[Entry]:
        """The entries of a tree-ish, or the one at `path`."""
        lines = self._git("ls-tree", "-l", "-z", tree, *([path] if path else [])).decode().split("\0")
        found = []
        for line in filter(None, lines):
            head, _, name = line.partition("\t")
            mode, kind, sha, size = head.split()
            found.append(Entry(name, mode, kind, sha, None if size == "-" else int(size)))
        return found

    def write_commit(self, message: str, tree: str, parents: Sequence[str]) -> str:
        name, _, mail = _IDENTITY.partition(" <")
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
               for part, value in (("NAME", name), ("EMAIL", mail.rstrip(">")))}  # fmt: skip
        options = [option for parent in parents for option in ("-p", parent)]
        text = self._git("commit-tree", tree, *options, stdin=message.encode(), env=who)
        return text.decode().strip()

    def read_commit(self, sha: str) -> GitCommit | None:
        if self.type_of(sha) != "commit":
            return None
        text = self._git("show", "-s", "--format=%T%n%P%n%cI%n%B", sha).decode()
        tree, parents, date, message = text.split("\n", 3)
        return GitCommit(sha, tree, tuple(parents.split()), message.rstrip("\n"), date)

    def resolve(self, name: str) -> str | None:
        """The commit of a branch, tag or SHA."""
        done = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return done.stdout.decode().strip() or None

    def ref(self, name: str) -> str | None:
        """The SHA that `refs/...` points to."""
        done = self._run("rev-parse", "--verify", "--quiet", name)
        return done.stdout.decode().strip() or None

    def create_ref(self, name: str, sha: str) -> None:
        if self._run("update-ref", name, sha, "0" * 40).returncode:
            raise RefError("Reference already exists")

    def move_ref(self, name: str, sha: str, *, force: bool) -> None:
        old = self.ref(name)
        if old is None:
            raise RefError("Reference does not exist")
        if not force and self._run("merge-base", "--is-ancestor", old, sha).returncode:
            raise RefError("Update is not a fast forward")
        self._git("update-ref", name, sha, old)

    def delete_ref(self, name: str) -> None:
        self._git("update-ref", "-d", name)

    def type_of(self, sha: str) -> str | None:
        done = self._run("cat-file", "-t", sha)
        return done.stdout.decode().strip() or None

    def log(self, branch: str) -> list[GitCommit]:
        """The commits of a branch, the newest first."""
        shas = self._run("rev-list", f"refs/heads/{branch}").stdout.decode().split()
        return [commit for commit in map(self.read_commit, shas) if commit]

    def check(self) -> None:
        """`git fsck`: every object is well-formed."""
        if self._is_made:
            self._git("fsck", "--strict", "--no-dangling")

    def _make(self) -> None:
        with self._lock:
            if self._is_made:
                return
            self._is_made = True
            self._folder.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", ".")
            tree = self.write_tree(None, [("100644", self.write_blob(b"# crates\n"), "README.md")])
            self.create_ref("refs/heads/main", self.write_commit("First", tree, []))

    def _git(self, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> bytes:
        done = self._run(*arguments, stdin=stdin, env=env)
        done.check_returncode()
        return done.stdout

    def _run(
        self, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        self._make()
        # gc.auto: no background process may outlive a test.
        command = ["git", "-c", "gc.auto=0", *arguments]
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(self._folder),
            **(env or {}),
        }
        return subprocess.run(
            command, cwd=self._folder, input=stdin, env=environ, capture_output=True, check=False
        )
