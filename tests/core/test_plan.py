"""Plan: the truth table of event, fork and credentials."""

from __future__ import annotations

import pytest

from ci_wasm.core.event import OtherEvent, PullRequest, Push
from ci_wasm.core.plan import Check, Circumstances, NothingToDo, Plan, Record, Strategy, Teardown, make_plan


def pull_request(action: str = "synchronize", *, fork: bool = False, deleted_fork: bool = False) -> PullRequest:
    head = None if deleted_fork else "stranger/demo" if fork else "demo/demo"
    return PullRequest(action, 7, "Title", "a" * 40, "change", head, "b" * 40, "main", "demo/demo", "https://x", False)


def push(ref: str = "refs/heads/main", *, deleted: bool = False) -> Push:
    return Push(ref, "b" * 40, "a" * 40, deleted, "demo/demo", "main")


def circumstances(strategy: Strategy = Strategy.AUTO, *, cloudflare: bool = True) -> Circumstances:
    return Circumstances(strategy, has_cloudflare_token=cloudflare, has_github_token=True)


AUTO, PREVIEWS, LOCAL, NONE = Strategy.AUTO, Strategy.PREVIEWS, Strategy.LOCAL, Strategy.NONE


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize", "ready_for_review", "edited"])
def test_every_action_that_may_change_code_is_checked(action: str) -> None:
    event = pull_request(action)

    assert make_plan(event, circumstances()) == Check(event, PREVIEWS)


@pytest.mark.parametrize(
    ("setting", "cloudflare", "fork", "expected", "has_note"),
    [
        (AUTO, True, False, PREVIEWS, False),
        (AUTO, True, True, PREVIEWS, False),
        (AUTO, False, False, LOCAL, True),
        (AUTO, False, True, LOCAL, True),
        (PREVIEWS, True, False, PREVIEWS, False),
        (PREVIEWS, False, True, LOCAL, True),
        # Asked for by name and not possible: the deploy stage fails and says which secret is missing.
        (PREVIEWS, False, False, PREVIEWS, False),
        (LOCAL, True, False, LOCAL, False),
        (LOCAL, False, True, LOCAL, False),
        (NONE, True, False, NONE, False),
        (NONE, False, True, NONE, False),
    ],
)
def test_the_strategy_follows_setting_and_credentials(
    setting: Strategy, cloudflare: bool, fork: bool, expected: Strategy, has_note: bool
) -> None:
    plan = make_plan(pull_request(fork=fork), circumstances(setting, cloudflare=cloudflare))

    assert isinstance(plan, Check)
    assert (plan.strategy, bool(plan.note)) == (expected, has_note)


def test_a_deleted_fork_is_a_fork() -> None:
    plan = make_plan(pull_request(deleted_fork=True), circumstances(cloudflare=False))

    assert isinstance(plan, Check)
    assert "fork" in plan.note


@pytest.mark.parametrize(
    ("setting", "cloudflare", "expected"),
    [
        (AUTO, True, Teardown),
        (PREVIEWS, True, Teardown),
        (AUTO, False, NothingToDo),
        (LOCAL, True, NothingToDo),
        (NONE, True, NothingToDo),
    ],
)
def test_closing_deletes_what_could_have_been_deployed(setting: Strategy, cloudflare: bool, expected: type[Plan]) -> None:
    plan = make_plan(pull_request("closed"), circumstances(setting, cloudflare=cloudflare))

    assert isinstance(plan, expected)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (pull_request("labeled"), "labeled"),
        (push("refs/heads/topic"), "not the default branch"),
        (push("refs/tags/v1"), "not the default branch"),
        (push(deleted=True), "was deleted"),
        (OtherEvent("issue_comment", "created"), "issue_comment"),
        (OtherEvent("schedule"), "schedule"),
    ],
)
def test_every_other_event_says_why_there_is_nothing_to_do(event: PullRequest | Push | OtherEvent, words: str) -> None:
    plan = make_plan(event, circumstances())

    assert isinstance(plan, NothingToDo)
    assert words in plan.reason


def test_a_push_to_the_default_branch_is_recorded() -> None:
    assert make_plan(push(), circumstances()) == Record("a" * 40, "b" * 40, "main")
