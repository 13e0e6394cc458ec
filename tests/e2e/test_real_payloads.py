"""Real payloads: whole runs on events as GitHub sends them, with this test's commits put in their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, TOKEN, Job
from tests.e2e.test_action_run import worker
from tests.fakes.github_api import GitHubApi

PAYLOADS = ROOT.parent / "shared" / "payloads"


def payload(name: str) -> dict[str, Any]:
    path = PAYLOADS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"GitHub's example payloads are not here: {name}")
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def pull_request(job: Job, name: str) -> dict[str, Any]:
    value = payload(name)
    value["pull_request"]["head"]["sha"] = job.checkout.commits["head"]
    value["pull_request"]["base"]["sha"] = job.checkout.commits["base"]
    return value


@pytest.fixture
def real(job: Job, tmp_path: Path) -> Iterator[Job]:
    """The job of a repository that is called as in the payloads, with their pull request."""
    example = payload("pull_request.opened")
    with GitHubApi(tmp_path / "real", repository=example["repository"]["full_name"]) as github:
        github.state.add_token(TOKEN)
        github.state.pull_requests.add(example["number"])
        yield Job(job.checkout, github, job.edge, tmp_path)


def test_a_pull_request_is_checked_commented_and_torn_down(real: Job) -> None:
    number = payload("pull_request.opened")["number"]

    opened = real.run("pull_request", pull_request(real, "pull_request.opened"))

    assert opened.exit_code == 0, opened.stdout
    assert [comment.issue for comment in real.github.state.comments.values()] == [number]
    assert f"pr-{number}-add" in opened.seen.outputs["preview-url"]
    closing = pull_request(real, "pull_request.opened") | {"action": "closed"}
    closed = real.run("pull_request", closing)
    assert (closed.exit_code, "was deleted" in closed.stdout) == (0, True)


def test_a_fork_is_judged_without_secrets(real: Job) -> None:
    run = real.run("pull_request", pull_request(real, "pull_request.opened.fork.derived"), cloudflare=False)

    assert run.exit_code == 0, run.stdout
    assert worker(run)["preview"]["value"]["public"] is False
    assert real.github.sent("POST", "comments") == []


def test_a_push_to_the_default_branch_is_recorded(real: Job) -> None:
    push = payload("push.branch")

    run = real.run("push", push)

    assert run.exit_code == 0, run.stdout
    (commit,) = real.github.state.git.log("ci-wasm-data")
    assert push["after"][:12] in commit.message


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("push", "push.tag_deleted"),
        ("merge_group", "merge_group"),
        ("issue_comment", "issue_comment.created"),
        ("deployment_status", "deployment_status"),
        ("workflow_run", "workflow_run.completed.cross_repo"),
    ],
)
def test_other_events_say_why_there_is_nothing_to_do(real: Job, event: str, name: str) -> None:
    run = real.run(event, payload(name))

    assert run.exit_code == 0
    assert "Nothing to do" in run.stdout
    assert real.github.requests == []
