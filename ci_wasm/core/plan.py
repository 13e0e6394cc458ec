"""Plan: decide what this run does. (Event, Circumstances) -> Plan.

| event                                            | plan          |
|--------------------------------------------------|---------------|
| pull_request opened, reopened, synchronize, ...  | Check         |
| pull_request closed                              | Teardown      |
| push to the default branch                       | Record        |
| everything else                                  | NothingToDo   |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from ci_wasm.core.event import Event, OtherEvent, PullRequest, Push

# Activity types after which the code or its base may have changed; `labeled` and its like leave the code as it was.
CHECKED_ACTIONS = frozenset({"opened", "reopened", "synchronize", "ready_for_review", "edited"})


class Strategy(Enum):
    """Where a preview lives, as `preview.strategy` of ci-wasm.yml spells it."""

    AUTO = "auto"
    PREVIEWS = "previews"
    LOCAL = "local"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan depends on besides the event: the setting, and which credentials this run was given."""

    strategy: Strategy
    has_cloudflare_token: bool
    has_github_token: bool


@dataclass(frozen=True, slots=True)
class Check:
    """Build, measure, judge, preview and comment. `strategy` is never AUTO here.

    `note` says, for the reader of the report, why the preview is where it is, when that was not the setting.
    """

    pull_request: PullRequest
    strategy: Strategy
    note: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Build, measure, enforce the budgets and store the result as the baseline of `commit`.

    `before` is the branch's previous commit, which the growth is told against.
    """

    commit: str
    before: str
    branch: str


@dataclass(frozen=True, slots=True)
class Teardown:
    """Delete the previews of a pull request that was closed."""

    pull_request: PullRequest


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """End at once with exit code 0; `reason` is one sentence for the log."""

    reason: str


Plan = Check | Record | Teardown | NothingToDo


def make_plan(event: Event, circumstances: Circumstances) -> Plan:
    """Choose the one plan for this event. Never raises: an event without a plan has the plan NothingToDo."""
    match event:
        case PullRequest():
            return _plan_pull_request(event, circumstances)
        case Push():
            return _plan_push(event)
        case OtherEvent():
            return NothingToDo(
                f"The event `{event.name}` changes no pull request and no baseline. ci-wasm acts on `pull_request` "
                "and on `push` to the default branch."
            )
    assert_never(event)


def _plan_pull_request(event: PullRequest, circumstances: Circumstances) -> Plan:
    if event.action == "closed":
        return _plan_closed(event, circumstances)
    if event.action not in CHECKED_ACTIONS:
        return NothingToDo(f"`pull_request: {event.action}` changes no code, so there is nothing to check again.")
    strategy, note = _preview_strategy(event, circumstances)
    return Check(event, strategy, note)


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


def _plan_push(event: Push) -> Plan:
    if event.deleted:
        return NothingToDo(f"`{event.ref}` was deleted: there is no commit to measure.")
    if not event.is_default_branch:
        return NothingToDo(
            f"`{event.ref}` is not the default branch (`{event.default_branch}`): only that one has a baseline."
        )
    return Record(event.after, event.before, event.default_branch)


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
