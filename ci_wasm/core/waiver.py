"""Waiver: an exception that a person granted for one commit. (label, its events, push log) -> Waiver | NotWaived.

A label belongs to a pull request, a waiver to one commit, so there has to be proof that the label was set while that
commit was the head. Dates in commits prove nothing: their author chooses them. Two things do, both GitHub's own words:

| proof                                                   | what it shows                                   |
|---------------------------------------------------------|-------------------------------------------------|
| the payload of the `labeled` event that started the run | who set which label, and the head at that time  |
| the push log of the head's branch                       | when the commit became the head that it is now  |

docs/adr/0006 tells which attacks that answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from msgspec import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ci_wasm.core.event import PullRequest

# The API's word for `maintain` is `write`, and for `triage` `read`:
# https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
WRITERS = frozenset({"write", "maintain", "admin"})


class Allowance(Enum):
    """What a label may allow; the word is that of its key in ci-wasm.yml, as in `growth-label`."""

    GROWTH = "growth"
    BREAKING = "breaking"


class Labeling(Struct, frozen=True):
    """A label was set on a pull request, or taken off; `at` is GitHub's time, such as 2026-11-24T10:00:00Z."""

    label: str
    is_set: bool
    by: str
    is_person: bool
    at: str


class BranchTip(Struct, frozen=True):
    """The commit that a branch was last moved to, and GitHub's time of that."""

    commit: str
    at: str


class Waiver(Struct, frozen=True):
    """Somebody with write access lets one commit pass."""

    allowance: Allowance
    label: str
    by: str
    at: str
    commit: str

    @property
    def clause(self) -> str:
        """What a finding's message says of it, at its end."""
        return f", waived by `@{self.by}` at {moment(self.at)} for `{self.commit[:7]}`"


class NotWaived(Struct, frozen=True):
    """The label is set, and waives nothing here; `reason` is a sentence that says what would."""

    reason: str


def may_be_set(label: str, request: PullRequest, *, is_rerun: bool) -> bool:
    """Whether it is worth a request to ask for the label: the payload names it, or is that of an earlier attempt."""
    named = {name.casefold() for name in (*request.labels, request.label)}
    return is_rerun or label.casefold() in named


def decide_waiver(
    allowance: Allowance,
    label: str,
    events: Sequence[Labeling],
    request: PullRequest,
    permission_of: Callable[[str], str],
    tip: Callable[[], BranchTip | None],
) -> Waiver | NotWaived | None:
    """Whether a label waives its findings for the head of `request`; None where it is not set.

    `events` are those of the pull request, the oldest first. `permission_of` (of a login) and `tip` (of the head's branch)
    are asked only where the answer depends on them.
    """
    set_last = _standing(label, events)
    if set_last is None:
        return None
    if not set_last.is_person:
        return NotWaived(
            f"The label `{label}` waives nothing: `{set_last.by}` set it, and an exception is a person's to make."
        )
    if permission_of(set_last.by) not in WRITERS:
        return NotWaived(
            f"The label `{label}` waives nothing: `{set_last.by}` set it, who has no write access to this repository."
        )
    if not _is_told_by(request, set_last) and (doubt := _doubt(set_last, tip(), request.head_sha)):
        return NotWaived(
            f"The label `{label}` waives nothing here: {doubt}. Take it off and set it again to waive this commit."
        )
    return Waiver(allowance, set_last.label, set_last.by, set_last.at, request.head_sha)


def moment(at: str) -> str:
    """GitHub's time to the minute, as people write it."""
    return f"{at[:10]} {at[11:16]} UTC"


def _standing(label: str, events: Sequence[Labeling]) -> Labeling | None:
    """The event that set the label, where nothing took it off since. GitHub's names of labels ignore case."""
    of_label = [event for event in events if event.label.casefold() == label.casefold()]
    return of_label[-1] if of_label and of_label[-1].is_set else None


def _is_told_by(request: PullRequest, labeling: Labeling) -> bool:
    """Whether the run's own event is this labeling: an old run that is started again knows nothing of a later one."""
    return (
        request.action == "labeled"
        and request.label.casefold() == labeling.label.casefold()
        and request.sender == labeling.by
        and labeling.at <= request.updated_at
    )


def _doubt(labeling: Labeling, tip: BranchTip | None, commit: str) -> str:
    """Why the push log does not prove that the label was set for the commit; empty where it does."""
    if tip is None or tip.commit != commit:
        return f"`{commit[:7]}` is not what GitHub's log of pushes has last for this branch"
    # In the same second nobody knows which came first.
    if labeling.at <= tip.at:
        return f"it was set at {moment(labeling.at)}, and `{commit[:7]}` came at {moment(tip.at)}"
    return ""
