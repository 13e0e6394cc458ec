"""Checks: the verdict on a commit, as a check run and as a commit status. (client, CheckRun) -> URL.

Neither is sent twice because an answer was lost: after a failure it is looked for first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ci_wasm.adapters.github_client import Client, pause_after
from ci_wasm.adapters.github_refusals import Errand, Refused
from ci_wasm.core.check_run import Annotation, CheckRun, CommitStatus
from ci_wasm.errors import NetworkError

if TYPE_CHECKING:
    from github.CheckRun import CheckRun as MadeCheckRun

T = TypeVar("T")

# https://docs.github.com/en/rest/checks/runs: at most 50 annotations a call; what a later call brings is added to them.
MAX_ANNOTATIONS = 50
# GitHub's limits are 64 KB for a message, 255 characters for a title, and 140 for a status's description.
MAX_MESSAGE = 16_000
MAX_TITLE = 255
MAX_DESCRIPTION = 140
_ATTEMPTS = 3
_LEVELS = {"error": "failure", "warning": "warning", "notice": "notice"}


class CommitChecks:
    """What stands beside a commit."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._repo = client.repo

    def put_check_run(self, check: CheckRun) -> str:
        """Create a check run that has ended; gives its URL. Raises ForgeError or NetworkError."""
        errand = self._errand("create a check run", check.commit, "checks")
        pages = [
            check.annotations[start : start + MAX_ANNOTATIONS]
            for start in range(0, len(check.annotations), MAX_ANNOTATIONS)
        ] or [()]
        run = self._once(errand, lambda: self._create(check, pages[0]), lambda: self._find(check))
        for page in pages[1:]:
            self._client.ask(errand, lambda page=page: run.edit(output=_output(check, page)))  # type: ignore[misc]
        return run.html_url or ""

    def put_status(self, status: CommitStatus) -> None:
        """Create a commit status. Raises ForgeError or NetworkError."""
        errand = self._errand("create a commit status", status.commit, "statuses")
        self._once(errand, lambda: self._create_status(status), lambda: self._find_status(status))

    def _once(self, errand: Errand, create: Callable[[], T], find: Callable[[], T | None]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._client.ask(errand, create)
            except (NetworkError, Refused) as failure:
                pause = pause_after(failure, attempt)
                if pause is None:
                    raise
                self._client.sleep(pause)
                # It may have been made although the answer was an error, or was lost.
                found = self._client.ask(errand, find)
                if found is not None:
                    return found
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _errand(self, doing: str, commit: str, scope: str) -> Errand:
        return Errand(
            f"{doing} for {commit[:7]}", f"commit {commit[:7]} of {self._client.repository}", {scope: "write"}
        )

    def _create(self, check: CheckRun, annotations: tuple[Annotation, ...]) -> MadeCheckRun:
        from github.GithubObject import NotSet

        return self._repo.create_check_run(
            check.name,
            check.commit,
            details_url=check.details_url or NotSet,
            external_id=check.external_id,
            status="completed",
            conclusion=check.conclusion.value,
            output=_output(check, annotations),
        )

    def _find(self, check: CheckRun) -> MadeCheckRun | None:
        runs = self._repo.get_commit(check.commit).get_check_runs(check_name=check.name)
        return next((run for run in runs if run.external_id == check.external_id), None)

    def _create_status(self, status: CommitStatus) -> bool:
        # `Commit.create_status` would ask for the whole commit first; `get_statuses` uses an address that is not described.
        self._repo.requester.requestJsonAndCheck(
            "POST",
            f"{self._repo.url}/statuses/{status.commit}",
            input={
                "state": status.state.value,
                "context": status.context,
                "description": status.description[:MAX_DESCRIPTION],
                **({"target_url": status.target_url} if status.target_url else {}),
            },
        )
        return True

    def _find_status(self, status: CommitStatus) -> bool | None:
        """Whether the latest of this context says what ours says."""
        url = f"{self._repo.url}/commits/{status.commit}/statuses"
        _, statuses = self._repo.requester.requestJsonAndCheck("GET", url, parameters={"per_page": 100})
        latest: dict[str, Any] = next((each for each in statuses if each["context"] == status.context), {})
        given = (status.state.value, status.description[:MAX_DESCRIPTION], status.target_url)
        there = (latest.get("state"), latest.get("description"), latest.get("target_url") or "")
        return True if there == given else None


def _output(check: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    output: dict[str, Any] = {"title": check.title[:MAX_TITLE], "summary": check.summary}
    return {**output, "annotations": [_annotation(each) for each in annotations]} if annotations else output


def _annotation(each: Annotation) -> dict[str, str | int]:
    return {
        "path": each.file or "",
        "start_line": each.line or 1,
        "end_line": each.line or 1,
        "annotation_level": _LEVELS[each.severity],
        "title": each.title[:MAX_TITLE],
        "message": each.message[:MAX_MESSAGE],
    }
