"""Occasion: why an event needs no run at all. (name, payload) -> reason, or nothing.

Most events of a busy repository end here, so this file imports nothing: even dataclasses would double the time that
such a run takes. What passes is parsed by `event` and judged by `plan`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CLOSED = "closed"


def nothing_to_do(name: str, read_payload: Callable[[], Mapping[str, object]]) -> str:
    """One sentence for the log, or an empty text where the event may have a plan.

    `read_payload` is called only for events whose name does not decide. A payload that lacks what is asked here passes:
    parsing it reports that better.
    """
    if name == "pull_request":
        # Whatever happened to it, a label or an assignee: a run that ended at once would leave a green check where a red one was.
        return ""
    if name == "push":
        return _push(read_payload())
    return (
        f"The event `{name}` changes no pull request and no baseline. ci-wasm acts on `pull_request` and on `push` to the "
        "default branch."
    )


def _push(payload: Mapping[str, object]) -> str:
    ref, repository = payload.get("ref"), payload.get("repository")
    default = repository.get("default_branch") if isinstance(repository, dict) else None
    if not isinstance(ref, str) or not isinstance(default, str):
        return ""
    if payload.get("deleted") is True:
        return f"`{ref}` was deleted: there is no commit to measure."
    if ref != f"refs/heads/{default}":
        return f"`{ref}` is not the default branch (`{default}`): only that one has a baseline."
    return ""
