"""Exceptions: who may let a broken commit pass, told by whole runs; and what stands on the commit afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from wasmtime import wat2wasm

from tests.e2e.conftest import CONFIG, TOKEN, WIDE_ADD, Job, Run
from tests.fakes.github_state import FORK, WRITER

GROWTH, BREAKING = "ci-wasm:allow-growth", "ci-wasm:allow-breaking"
FORK_ID = 71
NOTE = "{} waives nothing"


class PullRequest:
    """A pull request whose head breaks its budget (and its contract, where asked), and what people do with it."""

    def __init__(self, job: Job, *, breaks_contract: bool = False, fork: bool = False) -> None:
        self.job = job
        self.fork = FORK_ID if fork else None
        self.state = job.github.state
        self.state.people |= {"mona": "write", "tri": "triage", "stranger": "read"}
        self.state.forks[FORK_ID] = "x/y"
        self.labels: set[str] = set()
        self.updated = ""
        self.wide = WIDE_ADD if breaks_contract else WIDE_ADD.replace("i64", "i32")
        self.head = self.push("head")

    def push(self, text: str) -> str:
        module = self.wide.replace("(memory 1)", f'(memory 1) (data (i32.const 2000) "{text}")')
        self.head = self.job.checkout.commit("head", {"add.wasm": bytes(wat2wasm(module))})
        self.updated = self.state.push("change", self.head, fork=self.fork)
        return self.head

    def label(self, login: str, name: str = GROWTH) -> dict[str, Any]:
        """Somebody sets a label; gives the payload of GitHub's event."""
        self.labels.add(name)
        self.updated = self.state.set_label(login, name)
        return self.payload("labeled") | {"label": {"name": name}, "sender": {"login": login}}

    def unlabel(self, login: str, name: str = GROWTH) -> dict[str, Any]:
        self.labels.discard(name)
        self.updated = self.state.set_label(login, name, is_set=False)
        return self.payload("unlabeled") | {"label": {"name": name}, "sender": {"login": login}}

    def payload(self, action: str = "synchronize") -> dict[str, Any]:
        """What GitHub says of the pull request as it is now."""
        payload: Any = self.job.pull_request(action, fork=self.fork is not None)
        payload["pull_request"] |= {
            "labels": [{"name": name} for name in self.labels],
            "updated_at": self.updated,
        }
        payload["pull_request"]["head"]["repo"] = {
            **payload["pull_request"]["head"]["repo"],
            "id": self.fork or 1,
        }
        payload["sender"] = {"login": "mona"}
        return dict(payload)

    def run(self, payload: dict[str, Any], *, attempt: int = 1, **inputs: str) -> Run:
        """The run of an event: in a checkout of the commit that the event is about."""
        sha = payload["pull_request"]["head"]["sha"]
        self.job.checkout.git("checkout", "--quiet", sha)
        given = {"preview": "none", **{name.replace("_", "-"): value for name, value in inputs.items()}}
        return self.job.run("pull_request", payload, inputs=given, attempt=attempt)

    def checks(self) -> list[tuple[str, str]]:
        return [(run["head_sha"], run["conclusion"]) for run in self.state.check_runs.values()]


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


def test_the_check_run_has_the_report_and_its_annotations(job: Job) -> None:
    request = PullRequest(job, breaks_contract=True)

    run = request.run(request.payload("opened"))

    (check,) = job.github.state.check_runs.values()
    assert check["output"]["title"] == run.seen.outputs["headline"]
    assert check["output"]["summary"].strip() == run.comment.strip()
    assert check["external_id"] == "https://github.com/octo-org/crates/actions/runs/77/attempts/1"
    assert [each["annotation_level"] for each in check["annotations"]] == ["failure"] * 2
    assert [(each["path"], each["start_line"]) for each in check["annotations"]] == [
        ("ci-wasm.yml", CONFIG.splitlines().index("    budgets: [{metric: raw, max: 1 KiB}]") + 1),
        (
            "ci-wasm.yml",
            CONFIG.splitlines().index('    contract: {exports: {add: "(i32, i32) -> i32"}}') + 1,
        ),
    ]
    errors = [each for each in run.seen.annotations if each.severity == "error"]
    assert [each.properties["file"] for each in errors] == ["ci-wasm.yml"] * 2


@pytest.mark.parametrize(
    ("checks", "runs", "statuses"),
    [("check-run", 1, 0), ("commit-status", 0, 1), ("both", 1, 1), ("none", 0, 0)],
)
def test_the_input_says_where_the_verdict_stands(job: Job, checks: str, runs: int, statuses: int) -> None:
    job.github.state.add_token(TOKEN, permissions={**WRITER, "statuses": "write"})
    request = PullRequest(job)

    run = request.run(request.payload("opened"), checks=checks)

    shown = job.github.state
    assert (run.exit_code, len(shown.check_runs), len(shown.statuses)) == (1, runs, statuses)
    assert all(status["state"] == "failure" and status["sha"] == request.head for status in shown.statuses)


@pytest.mark.parametrize("checks", ["check-run", "commit-status", "both"])
def test_a_token_that_may_not_costs_a_note_alone(job: Job, checks: str) -> None:
    job.github.state.add_token(TOKEN, permissions={**WRITER, "checks": "read"})

    run = job.run("pull_request", job.pull_request(), inputs={"checks": checks, "preview": "none"})

    assert run.exit_code == 0
    told = [each.message for each in run.seen.annotations if each.severity == "notice"]
    assert len(told) == (2 if checks == "both" else 1)
    assert all(": write" in message and "checks: none" in message for message in told)
