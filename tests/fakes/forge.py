"""Forge in memory: keeps the port `Forge` over plain lists. Hub -> InMemoryForge."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass, field

from ci_wasm.core.check_run import CheckRun, CommitStatus
from ci_wasm.core.waiver import BranchTip, Labeling
from ci_wasm.errors import ConfigError, ForgeError


@dataclass
class HubComment:
    """A comment on a pull request."""

    id: int
    pull_request: int
    login: str
    body: str


@dataclass(frozen=True)
class HubCommit:
    """A commit of a data branch: its message and all files."""

    message: str
    files: dict[str, bytes]


@dataclass
class Hub:
    """What all forges of one repository share."""

    repository: str = "octo-org/crates"
    pull_requests: set[int] = field(default_factory=lambda: {12})
    comments: list[HubComment] = field(default_factory=list)
    branches: dict[str, list[HubCommit]] = field(default_factory=dict)
    labelings: list[Labeling] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    tips: dict[tuple[str, int | None], BranchTip] = field(default_factory=dict)
    check_runs: list[CheckRun] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> str:
        """A time later than every earlier one."""
        minutes, seconds = divmod(next(self.ids) - 1000, 60)
        return f"2026-11-24T09:{minutes:02}:{seconds:02}Z"

    def set_label(self, login: str, label: str, *, is_set: bool = True) -> str:
        """Somebody sets a label or takes it off; gives the time."""
        self.labelings.append(Labeling(label, is_set, login, not login.endswith("[bot]"), self.now()))
        return self.labelings[-1].at

    def say(self, login: str, body: str, pull_request: int = 12) -> HubComment:
        """Somebody comments."""
        comment = HubComment(next(self.ids), pull_request, login, body)
        self.comments.append(comment)
        return comment


class InMemoryForge:
    """A hub as one login sees it. With `refusal`, every call raises it."""

    def __init__(
        self, hub: Hub | None = None, login: str = "github-actions[bot]", *, refusal: ForgeError | None = None
    ) -> None:
        self.hub = hub or Hub()
        self.login = login
        self.refusal = refusal

    def put_comment(self, pull_request: int, key: str, body: str) -> str:
        self._maybe_refuse()
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", key):
            raise ConfigError(f"`{key}` cannot be the key of a comment", cure="Use letters and digits.")
        if pull_request not in self.hub.pull_requests:
            raise ForgeError(f"no pull request #{pull_request}", cure="Check the number.")
        marker = f"<!-- ci-wasm:{key} -->"
        text = body if body.partition("\n")[0].strip() == marker else f"{marker}\n{body}"
        with self.hub.lock:
            comment, *younger = self._mine(pull_request, marker) or [
                self.hub.say(self.login, text, pull_request)
            ]
            comment.body = text
            self.hub.comments = [each for each in self.hub.comments if each not in younger]
        return f"https://github.test/{self.hub.repository}/pull/{pull_request}#issuecomment-{comment.id}"

    def labelings(self, pull_request: int) -> list[Labeling]:
        self._maybe_refuse("labelings")
        if pull_request not in self.hub.pull_requests:
            raise ForgeError(f"no pull request #{pull_request}", cure="Check the number.")
        return list(self.hub.labelings)

    def permission(self, login: str) -> str:
        self._maybe_refuse("permission")
        return self.hub.permissions.get(login, "none")

    def branch_tip(self, branch: str, fork: int | None = None) -> BranchTip | None:
        self._maybe_refuse("branch_tip")
        return self.hub.tips.get((branch, fork))

    def put_check_run(self, check: CheckRun) -> str:
        self._maybe_refuse("put_check_run")
        self.hub.check_runs.append(check)
        return f"https://github.test/{self.hub.repository}/runs/{next(self.hub.ids)}"

    def put_status(self, status: CommitStatus) -> None:
        self._maybe_refuse("put_status")
        self.hub.statuses.append(status)

    def read_file(self, branch: str, path: str) -> bytes | None:
        self._maybe_refuse()
        _check(path)
        with self.hub.lock:
            commits = self.hub.branches.get(branch)
            return commits[-1].files.get(path) if commits else None

    def write_file(self, branch: str, path: str, content: bytes, message: str) -> None:
        self._maybe_refuse()
        _check(path)
        with self.hub.lock:
            commits = self.hub.branches.setdefault(branch, [])
            before = commits[-1].files if commits else {}
            if before.get(path) != content:
                commits.append(HubCommit(message, {**before, path: content}))

    def _mine(self, pull_request: int, marker: str) -> list[HubComment]:
        return [
            each
            for each in self.hub.comments
            if (each.pull_request, each.login) == (pull_request, self.login)
            and each.body.partition("\n")[0].strip() == marker
        ]

    def _maybe_refuse(self, call: str = "") -> None:
        self.hub.asked.append(call)
        if self.refusal:
            raise self.refusal


def _check(path: str) -> None:
    if any(part in ("", ".", "..", ".git") for part in path.split("/")) or not path.isprintable():
        raise ConfigError(f"`{path}` cannot be a file on a branch", cure="Use a relative path.")
