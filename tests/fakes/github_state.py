"""GitHub's state: what a repository holds that git does not, and who may do what. () -> GitHubState."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.github_git import GitStore

_LEVELS = ("none", "read", "write")
# What a workflow's `permissions:` may name; a token that names one scope has none of the others.
WRITER = {"contents": "write", "pull-requests": "write", "checks": "write", "metadata": "read"}
FORK = {"contents": "read", "pull-requests": "read", "checks": "read", "metadata": "read"}


@dataclass(frozen=True)
class Identity:
    """Who a token speaks for; an installation (GITHUB_TOKEN, a GitHub App) is a bot without `GET /user`."""

    login: str
    is_installation: bool
    permissions: Mapping[str, str]

    def may(self, scope: str, level: str) -> bool:
        return _LEVELS.index(self.permissions.get(scope, "none")) >= _LEVELS.index(level)


@dataclass
class Comment:
    """A comment on a pull request; `minimized` is why somebody hid it."""

    id: int
    issue: int
    login: str | None
    body: str
    created_at: str
    updated_at: str
    minimized: str | None = None


@dataclass(frozen=True)
class LabelEvent:
    """Somebody set a label or took it off."""

    id: int
    issue: int
    label: str
    is_set: bool
    login: str
    at: str


@dataclass(frozen=True)
class Activity:
    """A line of a repository's log of pushes; `repository` is its full name."""

    id: int
    repository: str
    ref: str
    after: str
    at: str


@dataclass
class GitHubState:
    """One repository. `lock` makes each request atomic, as a database would."""

    repository: str
    git: GitStore
    pull_requests: set[int] = field(default_factory=lambda: {12})
    private: bool = False
    archived: bool = False
    locked: set[int] = field(default_factory=set)
    protected: set[str] = field(default_factory=set)
    has_graphql: bool = True
    comments: dict[int, Comment] = field(default_factory=dict)
    label_events: list[LabelEvent] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    # The roles of people: read, triage, write, maintain or admin.
    people: dict[str, str] = field(default_factory=dict)
    # The names of forks by their id.
    forks: dict[int, str] = field(default_factory=dict)
    check_runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, Identity] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1001)
        self._clock = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def now(self) -> str:
        """A time later than every earlier one."""
        self._clock += timedelta(seconds=1)
        return self._clock.strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_token(
        self,
        token: str,
        login: str = "github-actions[bot]",
        *,
        permissions: Mapping[str, str] = WRITER,
    ) -> str:
        """Make a token known; logins in `[bot]` are installations."""
        self.tokens[token] = Identity(login, login.endswith("[bot]"), permissions)
        return token

    def add_comment(
        self, login: str | None, body: str, *, issue: int = 12, minimized: str | None = None
    ) -> Comment:
        """Somebody comments."""
        with self.lock:
            now = self.now()
            comment = Comment(next(self._ids), issue, login, body, now, now, minimized)
            self.comments[comment.id] = comment
            return comment

    def set_label(self, login: str, label: str, *, is_set: bool = True, issue: int = 12, at: str = "") -> str:
        """Somebody sets a label or takes it off; gives GitHub's time."""
        with self.lock:
            event = LabelEvent(next(self._ids), issue, label, is_set, login, at or self.now())
            self.label_events.append(event)
            return event.at

    def push(self, branch: str, commit: str, *, fork: int | None = None, at: str = "") -> str:
        """Somebody moves a branch; gives GitHub's time."""
        with self.lock:
            repository = self.repository if fork is None else self.forks[fork]
            entry = Activity(next(self._ids), repository, f"refs/heads/{branch}", commit, at or self.now())
            self.activities.append(entry)
            return entry.at

    def next_id(self) -> int:
        return next(self._ids)

    def thread(self, issue: int) -> list[Comment]:
        """The comments of one pull request, the oldest first."""
        return [comment for comment in self.comments.values() if comment.issue == issue]
