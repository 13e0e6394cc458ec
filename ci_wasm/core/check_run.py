"""Check run: the verdict as GitHub shows it on a commit. report -> CheckRun, CommitStatus.

https://docs.github.com/en/rest/checks/runs and https://docs.github.com/en/rest/commits/statuses; the texts in them are
made by render/check_run.py.
"""

from __future__ import annotations

from msgspec import Struct

from ci_wasm.core.verdict import Conclusion, StatusState


class Annotation(Struct, frozen=True):
    """One annotation; `severity` is error, warning or notice; `file` is relative to the repository's root."""

    severity: str
    title: str
    message: str
    file: str | None = None
    line: int | None = None


class CheckRun(Struct, frozen=True):
    """A check run that has ended. `external_id` is the same for the same attempt of the same run.

    `annotations` all have a file: GitHub takes none without.
    """

    name: str
    commit: str
    conclusion: Conclusion
    title: str
    summary: str
    details_url: str
    external_id: str
    annotations: tuple[Annotation, ...] = ()


class CommitStatus(Struct, frozen=True):
    """A commit status; of those with one `context` the latest counts."""

    context: str
    commit: str
    state: StatusState
    description: str
    target_url: str
