"""Plan: the truth table of event, fork and credentials."""

from __future__ import annotations

import pytest

from ci_wasm.core.event import PullRequest, Push
from ci_wasm.core.occasion import nothing_to_do
from ci_wasm.core.plan import Check, Circumstances, NothingToDo, Plan, Record, Strategy, Teardown, make_plan


def pull_request(
    action: str = "synchronize", *, fork: bool = False, deleted_fork: bool = False
) -> PullRequest:
    head = None if deleted_fork else "stranger/demo" if fork else "demo/demo"
    return PullRequest(
        action, 7, "Title", "a" * 40, "change", head, "b" * 40, "main", "demo/demo", "https://x", False
    )


def circumstances(strategy: Strategy = Strategy.AUTO, *, cloudflare: bool = True) -> Circumstances:
    return Circumstances(strategy, has_cloudflare_token=cloudflare)


AUTO, PREVIEWS, LOCAL, NONE = Strategy.AUTO, Strategy.PREVIEWS, Strategy.LOCAL, Strategy.NONE


@pytest.mark.parametrize(
    "action",
    ["opened", "reopened", "synchronize", "ready_for_review", "edited", "labeled", "unlabeled", "assigned"],
)
def test_every_action_but_closing_is_checked(action: str) -> None:
    event = pull_request(action)

    assert make_plan(event, circumstances()) == Check(event, PREVIEWS)


@pytest.mark.parametrize("is_rerun", [True, False])
def test_a_check_knows_whether_its_event_is_old(is_rerun: bool) -> None:
    plan = make_plan(pull_request(), Circumstances(AUTO, has_cloudflare_token=True, is_rerun=is_rerun))

    assert isinstance(plan, Check)
    assert plan.is_rerun is is_rerun


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
def test_closing_deletes_what_could_have_been_deployed(
    setting: Strategy, cloudflare: bool, expected: type[Plan]
) -> None:
    plan = make_plan(pull_request("closed"), circumstances(setting, cloudflare=cloudflare))

    assert isinstance(plan, expected)


def test_a_push_to_the_default_branch_is_recorded() -> None:
    event = Push("b" * 40, "a" * 40, "demo/demo", "main")

    assert make_plan(event, circumstances()) == Record("a" * 40, "b" * 40, "main")


MAIN = {"repository": {"default_branch": "main"}}


@pytest.mark.parametrize(
    ("name", "payload", "words"),
    [
        (
            "push",
            {"ref": "refs/heads/topic", **MAIN},
            "`refs/heads/topic` is not the default branch (`main`)",
        ),
        ("push", {"ref": "refs/tags/v1", **MAIN}, "not the default branch"),
        ("push", {"ref": "refs/heads/main", "deleted": True, **MAIN}, "was deleted"),
        ("issue_comment", {"action": "created"}, "The event `issue_comment` changes"),
        ("workflow_dispatch", {}, "The event `workflow_dispatch` changes"),
    ],
)
def test_every_other_event_says_why_there_is_nothing_to_do(
    name: str, payload: dict[str, object], words: str
) -> None:
    assert words in nothing_to_do(name, lambda: payload)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", {"action": "opened"}),
        ("pull_request", {"action": "closed"}),
        # Whatever it is: a run that ended at once would leave a green check where a red one was.
        ("pull_request", {"action": "labeled", "label": {"name": "bug"}}),
        ("pull_request", {"action": "assigned"}),
        ("push", {"ref": "refs/heads/main", **MAIN}),
        # Broken payloads pass: parsing them says what is missing.
        ("pull_request", {}),
        ("push", {"ref": 1}),
        ("push", {"ref": "refs/heads/main", "repository": []}),
    ],
)
def test_what_may_have_a_plan_passes(name: str, payload: dict[str, object]) -> None:
    assert nothing_to_do(name, lambda: payload) == ""
