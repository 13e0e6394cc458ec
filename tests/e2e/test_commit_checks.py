"""Commit checks: what stands on a commit after a whole run."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import CONFIG, TOKEN, Job
from tests.e2e.pull_requests import PullRequest
from tests.fakes.github_state import WRITER


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
