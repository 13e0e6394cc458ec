"""Labels: who set which label when, who may write, and what was pushed last. (client, pull request) -> Labeling, BranchTip.

Every time here is GitHub's own: https://docs.github.com/en/rest/issues/events and
https://docs.github.com/en/rest/repos/repos#list-repository-activities
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ci_wasm.adapters.github_client import Client
from ci_wasm.adapters.github_refusals import Errand, Refused
from ci_wasm.core.waiver import BranchTip, Labeling

if TYPE_CHECKING:
    from github.NamedUser import NamedUser
    from github.Organization import Organization


class Labels:
    """What a label's worth depends on."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._repo = client.repo

    def labelings(self, pull_request: int) -> list[Labeling]:
        """Every setting and taking off of a label on a pull request, the oldest first."""
        target = f"pull request #{pull_request} of {self._client.repository}"
        errand = Errand(
            f"list the labels' events of pull request #{pull_request}", target, {"pull-requests": "read"}
        )
        return self._client.ask(errand, lambda: list(self._labelings(pull_request)))

    def permission(self, login: str) -> str:
        """A user's base role, `none` for somebody whom GitHub knows no permission of."""
        errand = Errand(f"tell the permission of {login}", f"the user {login}", {"metadata": "read"})
        try:
            return str(self._client.ask(errand, lambda: self._repo.get_collaborator_permission(login)))
        except Refused as refused:
            if refused.status == 404:
                return "none"
            raise

    def branch_tip(self, branch: str, fork: int | None) -> BranchTip | None:
        """The last entry of the log of pushes; a fork is asked for by its id, since its name can be given to another."""
        errand = Errand(f"tell the pushes to `{branch}`", "the branch's repository", {"contents": "read"})
        repository = self._repo.url if fork is None else f"/repositories/{fork}"
        ref = f"refs/heads/{branch}"
        entries = self._client.ask(errand, lambda: self._entries(repository, ref))
        last = next((entry for entry in entries if entry["ref"] == ref), None)
        return None if last is None else BranchTip(str(last["after"]), _moment(last["timestamp"]))

    def _labelings(self, pull_request: int) -> Iterator[Labeling]:
        for event in self._repo.get_issue(pull_request).get_events():
            if event.event not in {"labeled", "unlabeled"}:
                continue
            # The type says that there always is a user; of a deleted account GitHub may send null.
            actor: NamedUser | Organization | None = event.actor
            yield Labeling(
                label=event.label.name,
                is_set=event.event == "labeled",
                by=actor.login if actor else "ghost",
                is_person=actor is not None and actor.type == "User",
                at=_text(event.created_at),
            )

    def _entries(self, repository: str, ref: str) -> list[dict[str, Any]]:
        """Raises TypeError where the answer is no list of them."""
        requester = self._client.github.requester
        _, found = requester.requestJsonAndCheck(
            "GET", f"{repository}/activity", parameters={"ref": ref, "per_page": 1}
        )
        if not isinstance(found, list):
            raise TypeError("no list of activities")
        return [{key: entry[key] for key in ("ref", "after", "timestamp")} for entry in found]


def _moment(text: object) -> str:
    return _text(datetime.fromisoformat(str(text)))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
