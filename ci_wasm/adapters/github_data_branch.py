"""Data branch: files on a branch of their own, through the Git database API. (branch, path, bytes) -> commit.

https://docs.github.com/en/rest/git: blob -> tree -> commit -> reference; the reference moves only forward, so
a writer that lost a race finds out, and puts its file on top of the other one's commit.
"""

from __future__ import annotations

import base64
import random
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from ci_wasm.adapters.github_client import Client, pause_after
from ci_wasm.adapters.github_refusals import Errand, Refused
from ci_wasm.errors import CiWasmError, ConfigError, ForgeError, NetworkError

if TYPE_CHECKING:
    from github.GitCommit import GitCommit

# In each round of a race at least one writer lands: this many may write at once.
_CONFLICTS = 16
_OUTAGES = 3
_RACE_SIGNS = (
    "fast forward",
    "fast-forward",
    "already exists",
    "does not exist",
    "cannot be updated",
    "expected",
)


class DataBranch:
    """One branch that holds data and no code."""

    def __init__(self, client: Client, branch: str) -> None:
        self._client = client
        self._branch = branch
        self._repo = client.repo

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where branch or file are missing, an error where the repository is."""
        _check(path)
        errand = self._errand(f"read `{path}` on the branch `{self._branch}`", "read")
        try:
            return self._client.ask(errand, lambda: self._content(path))
        except Refused as refused:
            if refused.status != 404:
                raise
        # "Not found" is also what a token hears that may not see the repository.
        self._client.ask(errand, self._repo.complete)
        return None

    def write(self, path: str, content: bytes, message: str) -> None:
        """Commit one file. What is there already makes no commit. Raises ForgeError or NetworkError."""
        _check(path)
        errand = self._errand(f"write `{path}` to the branch `{self._branch}`", "write")
        text = base64.b64encode(content).decode()
        blob: str | None = None
        tries = _Tries()
        while True:
            try:
                blob = blob or self._client.ask(
                    errand, lambda: self._repo.create_git_blob(text, "base64").sha
                )
                return self._client.ask(errand, partial(self._commit, errand, path, blob, message))
            except (Refused, NetworkError) as failure:
                self._client.sleep(tries.pause_after(failure))

    def _errand(self, doing: str, level: str) -> Errand:
        return Errand(doing, f"the repository {self._client.repository}", {"contents": level})

    def _content(self, path: str) -> bytes:
        found = self._repo.get_contents(path, ref=self._branch)
        if isinstance(found, list) or found.type != "file":
            raise ForgeError(
                f"`{path}` on the branch `{self._branch}` is not a file",
                cure="Keep ci-wasm's data branch for ci-wasm alone, or name another branch.",
            )
        if found.encoding == "base64":
            return base64.b64decode(found.content or "")
        # From 1 MB on the contents API leaves the content out; the blobs API gives up to 100 MB.
        return base64.b64decode(self._repo.get_git_blob(found.sha).content)

    def _commit(self, errand: Errand, path: str, blob: str, message: str) -> None:
        from github import InputGitTreeElement
        from github.GithubObject import NotSet

        tip = self._tip(errand)
        entry = InputGitTreeElement(path, "100644", "blob", sha=blob)
        tree = self._repo.create_git_tree([entry], tip.tree if tip else NotSet)
        if tip and tip.tree.sha == tree.sha:
            return
        commit = self._repo.create_git_commit(message, tree, [tip] if tip else [])
        if tip is None:
            self._repo.create_git_ref(f"refs/heads/{self._branch}", commit.sha)
            return
        # `GitRef.edit` would use the URL in the answer, which some servers fill with the one for reading.
        url = f"{self._repo.url}/git/refs/{quote(f'heads/{self._branch}')}"
        self._repo.requester.requestJsonAndCheck("PATCH", url, input={"sha": commit.sha, "force": False})

    def _tip(self, errand: Errand) -> GitCommit | None:
        try:
            sha = self._client.ask(errand, lambda: self._repo.get_git_ref(f"heads/{self._branch}").object.sha)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return self._repo.get_git_commit(sha)


class _Tries:
    """How often a write was tried, and why it has to be tried again."""

    def __init__(self) -> None:
        self._conflicts = 0
        self._outages = 0

    def pause_after(self, failure: CiWasmError) -> float:
        """Seconds to wait before the next try; raises `failure` where there is none."""
        if isinstance(failure, Refused) and _is_lost_race(failure):
            self._conflicts += 1
            if self._conflicts >= _CONFLICTS:
                raise ForgeError(
                    f"other jobs kept moving the data branch: {self._conflicts} attempts lost the race",
                    cure="Run the job again; give the workflow a `concurrency:` group if it starts many.",
                    detail=failure.said,
                )
            return random.uniform(0, min(0.1 * 2**self._conflicts, 3))  # noqa: S311 - hides nothing
        # Every step may be repeated: objects are named by their content, and the tip is read afresh.
        self._outages += 1
        pause = pause_after(failure, self._outages)
        if pause is None or self._outages >= _OUTAGES:
            raise failure
        return pause


def _is_lost_race(refused: Refused) -> bool:
    """Whether somebody moved, made or deleted the reference in between; a rule that forbids it is no race."""
    words = refused.said.lower()
    return refused.status in (409, 422) and any(sign in words for sign in _RACE_SIGNS)


def _check(path: str) -> None:
    if any(part in ("", ".", "..", ".git") for part in path.split("/")) or not path.isprintable():
        raise ConfigError(
            f"`{path}` cannot be a file on a branch",
            cure="Use a relative path with `/` between its parts and without `.`, `..` or `.git` among them.",
        )
