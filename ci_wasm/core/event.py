"""Event: what happened on GitHub, reduced to what a run needs to know. (name, payload) -> Event.

Field names follow the webhook payloads:
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ci_wasm.errors import EventError


class PullRequest(Struct, frozen=True):
    """A `pull_request` event. `head_repository` is None when the fork has been deleted since.

    `label` is the one that was set or taken off, where that is the event; `updated_at` is GitHub's time.
    """

    action: str
    number: int
    title: str
    head_sha: str
    head_ref: str
    head_repository: str | None
    base_sha: str
    base_ref: str
    repository: str
    html_url: str
    merged: bool
    head_repository_id: int | None = None
    labels: tuple[str, ...] = ()
    label: str = ""
    sender: str = ""
    updated_at: str = ""

    @property
    def is_fork(self) -> bool:
        """A deleted fork counts as a fork: nothing about it may be trusted either."""
        return self.head_repository != self.repository


class Push(Struct, frozen=True):
    """A `push` to the default branch; `before` and `after` are commits, all zeros where there is none."""

    before: str
    after: str
    repository: str
    branch: str


Event = PullRequest | Push


def parse_event(name: str, payload: Mapping[str, object]) -> Event:
    """Read a webhook payload for which `occasion.nothing_to_do` found no reason to stop.

    Raises EventError naming the first field that is missing or of the wrong type.
    """
    return _pull_request(payload) if name == "pull_request" else _push(payload)


def _pull_request(payload: Mapping[str, object]) -> PullRequest:
    # The fork's repository is null once the fork is deleted, so it alone may be absent.
    has_head_repository = _get(payload, "pull_request.head.repo") is not None
    return PullRequest(
        action=_text(payload, "action"),
        number=_number(payload, "pull_request.number"),
        title=_text(payload, "pull_request.title"),
        head_sha=_text(payload, "pull_request.head.sha"),
        head_ref=_text(payload, "pull_request.head.ref"),
        head_repository=_text(payload, "pull_request.head.repo.full_name") if has_head_repository else None,
        base_sha=_text(payload, "pull_request.base.sha"),
        base_ref=_text(payload, "pull_request.base.ref"),
        repository=_text(payload, "repository.full_name"),
        html_url=_text(payload, "pull_request.html_url"),
        merged=_get(payload, "pull_request.merged") is True,
        head_repository_id=_number_if_any(payload, "pull_request.head.repo.id"),
        labels=_label_names(payload),
        label=_text_if_any(payload, "label.name"),
        sender=_text_if_any(payload, "sender.login"),
        updated_at=_text_if_any(payload, "pull_request.updated_at"),
    )


def _push(payload: Mapping[str, object]) -> Push:
    return Push(
        branch=_branch(payload),
        before=_text(payload, "before"),
        after=_text(payload, "after"),
        repository=_text(payload, "repository.full_name"),
    )


def _branch(payload: Mapping[str, object]) -> str:
    ref, branch = _text(payload, "ref"), _text(payload, "repository.default_branch")
    if ref != f"refs/heads/{branch}":
        raise _broken("ref", f"`refs/heads/{branch}`", ref)
    return branch


def _label_names(payload: Mapping[str, object]) -> tuple[str, ...]:
    labels = _get(payload, "pull_request.labels")
    listed = labels if isinstance(labels, list) else []
    return tuple(
        name for label in listed if isinstance(label, Mapping) and isinstance(name := label.get("name"), str)
    )


def _get(payload: Mapping[str, object], path: str) -> object:
    value: object = payload
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _text(payload: Mapping[str, object], path: str) -> str:
    value = _get(payload, path)
    if isinstance(value, str):
        return value
    raise _broken(path, "a string", value)


def _text_if_any(payload: Mapping[str, object], path: str) -> str:
    """A text that only exceptions depend on: without it there is no exception, which is the safe side."""
    value = _get(payload, path)
    return value if isinstance(value, str) else ""


def _number_if_any(payload: Mapping[str, object], path: str) -> int | None:
    value = _get(payload, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(payload: Mapping[str, object], path: str) -> int:
    value = _get(payload, path)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _broken(path, "a number", value)


def _broken(path: str, expected: str, value: object) -> EventError:
    found = "nothing" if value is None else f"a {type(value).__name__}"
    return EventError(
        f"the event payload has no usable `{path}`: {expected} is needed, {found} was found",
        cure="Run ci-wasm in a job that GitHub started for this event, and leave GITHUB_EVENT_PATH alone; "
        "to try an event at home, take a payload from GitHub's webhook documentation.",
    )
