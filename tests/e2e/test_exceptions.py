"""Exceptions: who may let a broken commit pass, told by whole runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import CONFIG, TOKEN, Job, Run
from tests.e2e.pull_requests import BREAKING, GROWTH, PullRequest
from tests.fakes.github_state import FORK


def set_by(login: str) -> Callable[[PullRequest], Run]:
    return lambda request: request.run(request.label(login))


def set_then_another_label(request: PullRequest) -> Run:
    request.label("mona")
    return request.run(request.label("tri", "bug"))


def set_then_rerun(request: PullRequest) -> Run:
    old = request.payload("opened")
    request.label("mona")
    return request.run(old, attempt=2)


def set_then_pushed(request: PullRequest) -> Run:
    request.label("mona")
    request.push("more")
    return request.run(request.payload())


def set_then_pushed_then_another_label(request: PullRequest) -> Run:
    request.label("mona")
    request.push("more")
    return request.run(request.label("tri", "bug"))


def pushed_back(request: PullRequest) -> Run:
    """The commit was waived once; the branch left it and is forced back to it."""
    first = request.head
    request.label("mona")
    request.push("more")
    request.job.checkout.commits["head"] = first
    request.updated = request.state.push("change", first, fork=request.fork)
    return request.run(request.payload())


def old_run_while_the_next_commit_is_waived(request: PullRequest) -> Run:
    old = request.payload("opened")
    request.push("more")
    request.label("mona")
    return request.run(old, attempt=2)


def old_label_run_after_it_was_taken_off(request: PullRequest) -> Run:
    old = request.label("mona")
    request.unlabel("mona")
    return request.run(old, attempt=2)


def old_label_run_while_the_next_commit_is_waived(request: PullRequest) -> Run:
    old = request.label("mona")
    request.unlabel("mona")
    request.push("more")
    request.label("mona")
    return request.run(old, attempt=2)


def taken_off(request: PullRequest) -> Run:
    request.label("mona")
    return request.run(request.unlabel("tri"))


def set_under_an_old_name(request: PullRequest) -> Run:
    """The label is called as ci-wasm wants it since somebody renamed it; it was set as another one."""
    request.label("mona", "old name")
    request.labels = {GROWTH}
    return request.run(request.payload("edited"))


def never_set(request: PullRequest) -> Run:
    return request.run(request.label("tri", "bug"))


@pytest.mark.parametrize(
    ("deed", "fork"),
    [
        pytest.param(set_by("mona"), False, id="by a person who may write"),
        pytest.param(set_by("mona"), True, id="the same on a fork's pull request"),
        pytest.param(set_then_another_label, False, id="another label later"),
        pytest.param(set_then_another_label, True, id="another label later, on a fork's pull request"),
        pytest.param(set_then_rerun, False, id="the failed run is started again"),
    ],
)
def test_it_passes(job: Job, deed: Callable[[PullRequest], Run], fork: bool) -> None:
    request = PullRequest(job, fork=fork)
    if fork:
        job.github.state.add_token(TOKEN, permissions=FORK)

    run = deed(request)

    assert run.exit_code == 0, run.stdout
    assert run.seen.outputs["headline"].endswith("over its budget of 1,024 bytes, waived")
    assert "**Waived by** `@mona` at 2026-11-24 09:0" in run.seen.summary
    assert request.checks() == ([] if fork else [(request.head, "success")])
    assert job.github.violations == []


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        pytest.param(never_set, "", id="another label"),
        pytest.param(set_by("stranger"), "`stranger` set it, who has no write access", id="a fork's author"),
        pytest.param(set_by("tri"), "`tri` set it, who has no write access", id="the triage role"),
        pytest.param(set_by("labeler[bot]"), "an exception is a person's to make", id="a bot"),
        pytest.param(set_then_pushed, "Take it off and set it again", id="set before the push"),
        pytest.param(set_then_pushed_then_another_label, "Take it off", id="another label after the push"),
        pytest.param(pushed_back, "Take it off and set it again", id="force push back to a waived commit"),
        pytest.param(
            old_run_while_the_next_commit_is_waived,
            "log of pushes",
            id="old run, the label is the next commit's",
        ),
        pytest.param(old_label_run_after_it_was_taken_off, "", id="old label run, taken off since"),
        pytest.param(
            old_label_run_while_the_next_commit_is_waived,
            "log of pushes",
            id="old label run, set again elsewhere",
        ),
        pytest.param(taken_off, "", id="taken off"),
        pytest.param(set_under_an_old_name, "", id="renamed"),
    ],
)
@pytest.mark.parametrize("fork", [False, True], ids=["own branch", "fork"])
def test_it_does_not_pass(job: Job, deed: Callable[[PullRequest], Run], words: str, fork: bool) -> None:
    request = PullRequest(job, fork=fork)

    run = deed(request)

    assert run.exit_code == 1, run.stdout
    assert "Waived" not in run.seen.summary
    assert ("waives nothing" in run.seen.summary) == bool(words)
    assert words in run.seen.summary
    assert [conclusion for _, conclusion in request.checks()] == ([] if fork else ["failure"])
    assert job.github.violations == []


def test_each_break_needs_its_label_and_both_can_be_set(job: Job) -> None:
    request = PullRequest(job, breaks_contract=True)

    runs = [
        request.run(payload)
        for payload in (request.payload("opened"), request.label("mona"), request.label("mona", BREAKING))
    ]

    assert [run.exit_code for run in runs] == [1, 1, 0]
    assert "the contract says" in runs[1].seen.outputs["headline"]
    (comment,) = job.github.state.comments.values()
    assert comment.body.count("**Waived by**") == 2
    findings = runs[2].report["workers"][0]["findings"]
    assert {finding["waiver"]["allowance"] for finding in findings} == {"growth", "breaking"}
    assert all(
        finding["severity"] == "warning" and ", waived by `@mona`" in finding["message"]
        for finding in findings
    )
    assert [conclusion for _, conclusion in request.checks()] == ["failure", "failure", "success"]


def test_the_next_push_needs_it_again_and_setting_it_again_helps(job: Job) -> None:
    request = PullRequest(job)
    codes = [request.run(request.label("mona")).exit_code]
    request.push("more")
    codes.append(request.run(request.payload()).exit_code)
    request.unlabel("mona")
    codes.append(request.run(request.label("mona")).exit_code)

    assert codes == [0, 1, 0]


def test_without_a_label_github_is_asked_nothing_more(job: Job) -> None:
    request = PullRequest(job)

    run = request.run(request.payload("opened"))

    assert run.exit_code == 1
    asked = {
        seen.path.partition("?")[0].removeprefix("/repos/octo-org/crates") for seen in job.github.requests
    }
    assert not any("events" in path or "permission" in path or "activity" in path for path in asked)


def test_labels_may_have_other_names_and_none(job: Job) -> None:
    config = f"{CONFIG}exceptions: {{growth-label: size ok, breaking-label: false}}\n"
    job.checkout.commit("head", {"ci-wasm.yml": config})
    request = PullRequest(job, breaks_contract=True)

    run = request.run(request.label("mona", "Size OK"))

    severities = {finding["kind"]: finding["severity"] for finding in run.report["workers"][0]["findings"]}
    assert severities["budget-exceeded"] == "warning"
    again = request.run(request.label("mona", BREAKING))
    assert (run.exit_code, again.exit_code) == (1, 1)


def test_a_target_event_is_none_of_ours(job: Job) -> None:
    """`pull_request_target` would run with the base's secrets: there is no run, and nothing is shown as passed."""
    request = PullRequest(job)

    run = job.run("pull_request_target", request.label("mona"))

    assert (run.exit_code, "Nothing to do" in run.stdout) == (0, True)
    assert job.github.requests == []
