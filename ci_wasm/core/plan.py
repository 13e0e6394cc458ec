"""Plan: decide what this run does. (Event, Circumstances) -> Plan.

| event                                                   | plan                       |
|---------------------------------------------------------|----------------------------|
| pull_request, whatever happened to it                   | Check                      |
| pull_request closed, and it may have a preview          | Teardown                   |
| pull_request closed otherwise                           | NothingToDo                |
| push to the default branch                              | Record                     |
| everything else                                         | ends in `occasion` already |
"""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from msgspec import Struct

from ci_wasm.core.event import Event, PullRequest, Push
from ci_wasm.core.occasion import CLOSED


class Strategy(Enum):
    """Where a preview lives, as `preview.strategy` of ci-wasm.yml spells it."""

    AUTO = "auto"
    PREVIEWS = "previews"
    LOCAL = "local"
    NONE = "none"


class Circumstances(Struct, frozen=True):
    """What a plan depends on besides the event: the setting, and whether this run may deploy to Cloudflare.

    `is_rerun`: the event is that of an earlier attempt, so that labels may have changed since.
    """

    strategy: Strategy
    has_cloudflare_token: bool
    is_rerun: bool = False


class Check(Struct, frozen=True):
    """Build, measure, judge, preview and comment. `strategy` is never AUTO here.

    `note` says, for the reader of the report, why the preview is where it is, when that was not the setting.
    """

    pull_request: PullRequest
    strategy: Strategy
    note: str = ""
    is_rerun: bool = False


class Record(Struct, frozen=True):
    """Build, measure, enforce the budgets and store the result as the baseline of `commit`.

    `before` is the branch's previous commit, which the growth is told against.
    """

    commit: str
    before: str
    branch: str


class Teardown(Struct, frozen=True):
    """Delete the previews of a pull request that was closed."""

    pull_request: PullRequest


class NothingToDo(Struct, frozen=True):
    """End at once with exit code 0; `reason` is one sentence for the log."""

    reason: str


Plan = Check | Record | Teardown | NothingToDo


def make_plan(event: Event, circumstances: Circumstances) -> Plan:
    """Choose the one plan for this event. Never raises."""
    match event:
        case PullRequest() if event.action == CLOSED:
            return _plan_closed(event, circumstances)
        case PullRequest():
            strategy, note = _preview_strategy(event, circumstances)
            return Check(event, strategy, note, circumstances.is_rerun)
        case Push():
            return Record(event.after, event.before, event.branch)
    assert_never(event)


def _plan_closed(event: PullRequest, circumstances: Circumstances) -> Plan:
    if circumstances.strategy in {Strategy.LOCAL, Strategy.NONE}:
        return NothingToDo(
            f"Pull request #{event.number} is closed, and with `preview.strategy: {circumstances.strategy.value}` "
            "it has no preview to delete."
        )
    if not circumstances.has_cloudflare_token:
        return NothingToDo(
            f"Pull request #{event.number} is closed. Without a Cloudflare token this run made no preview, "
            "so there is none to delete."
        )
    return Teardown(event)


def _preview_strategy(event: PullRequest, circumstances: Circumstances) -> tuple[Strategy, str]:
    wanted = circumstances.strategy
    if wanted in {Strategy.LOCAL, Strategy.NONE} or circumstances.has_cloudflare_token:
        return (Strategy.PREVIEWS if wanted is Strategy.AUTO else wanted), ""
    if event.is_fork:
        return Strategy.LOCAL, (
            "GitHub gives no secrets to pull requests from forks, so the preview ran on the runner instead of on Cloudflare."
        )
    if wanted is Strategy.AUTO:
        return Strategy.LOCAL, (
            "No Cloudflare token was given, so the preview ran on the runner. Set `cloudflare-api-token` and "
            "`cloudflare-account-id` for a public preview URL."
        )
    # Asked for by name: the deploy stage reports the missing token as the failure that it is.
    return wanted, ""
