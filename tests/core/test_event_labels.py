"""Events: what exceptions need to know of a label's event."""

from __future__ import annotations

import pytest

from ci_wasm.core.event import PullRequest, parse_event
from tests.core.test_event import PULL_REQUEST, having


def test_a_labels_event_names_the_label_and_who_set_it() -> None:
    payload = having(PULL_REQUEST, "action", "labeled") | {
        "label": {"name": "ci-wasm:allow-growth"},
        "sender": {"login": "mona"},
    }
    payload = having(payload, "pull_request.labels", [{"name": "bug"}, {"name": "ci-wasm:allow-growth"}])
    payload = having(payload, "pull_request.updated_at", "2026-11-24T10:00:00Z")
    payload = having(payload, "pull_request.head.repo.id", 7)
    event = parse_event("pull_request", payload)
    assert isinstance(event, PullRequest)
    assert (event.label, event.sender, event.updated_at, event.head_repository_id, event.labels) == (
        "ci-wasm:allow-growth", "mona", "2026-11-24T10:00:00Z", 7, ("bug", "ci-wasm:allow-growth")
    )  # fmt: skip


@pytest.mark.parametrize("value", [None, 3, "x", {}, [], [3], [{"name": 3}], [{}]], ids=repr)
@pytest.mark.parametrize("field", ["pull_request.labels", "label", "sender", "pull_request.head.repo.id"])
def test_what_only_exceptions_need_may_be_missing(field: str, value: object) -> None:
    """Without it there is no exception; the rest of the run does not depend on it."""
    event = parse_event("pull_request", having(PULL_REQUEST, field, value))
    assert isinstance(event, PullRequest)
    assert (event.labels, event.label, event.sender) == ((), "", "")
