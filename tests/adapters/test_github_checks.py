"""Check runs, statuses and labels under faults: one of each, whatever the network does; few requests; clear refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_wasm.adapters.github_forge import GitHubForge
from ci_wasm.core.check_run import Annotation, CheckRun, CommitStatus
from ci_wasm.core.verdict import Conclusion, StatusState
from ci_wasm.core.waiver import BranchTip
from ci_wasm.errors import ForgeError
from tests.fakes.github_api import Fault, GitHubApi
from tests.fakes.github_state import FORK, WRITER

COMMIT = "a" * 40
CHECK = CheckRun(
    "ci-wasm", COMMIT, Conclusion.FAILURE, "broken", "All of it.", "https://x.example", "77/attempts/1"
)
STATUS = CommitStatus("ci-wasm", COMMIT, StatusState.ERROR, "does not compile", "https://x.example")
Put = Callable[[GitHubForge], object]
FAULTS = [
    (502, True, False),
    (500, False, False),
    (None, True, True),
    (None, False, True),
]


class Desk:
    """A server, and a forge on it that sleeps nowhere."""

    def __init__(self, api: GitHubApi) -> None:
        self.api = api
        self.slept: list[float] = []

    def forge(self, **permissions: str) -> GitHubForge:
        scopes = {**WRITER, "statuses": "write", **permissions}
        token = self.api.state.add_token("t", permissions=scopes)
        return GitHubForge(self.api.url, self.api.state.repository, token, sleep=self.slept.append, timeout=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with GitHubApi(tmp_path / "git") as api:
        yield Desk(api)
    assert api.violations == []


def notes(count: int) -> tuple[Annotation, ...]:
    severities = ("error", "warning", "notice")
    return tuple(
        Annotation(severities[index % 3], f"title {index}", f"message {index}", "ci-wasm.yml", index + 1)
        for index in range(count)
    )


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_every_annotation_arrives_and_no_call_has_more_than_fifty(desk: Desk, count: int, calls: int) -> None:
    desk.forge().put_check_run(replace(CHECK, annotations=notes(count)))

    [run] = desk.api.state.check_runs.values()
    assert [each["message"] for each in run["annotations"]] == [f"message {index}" for index in range(count)]
    assert [seen.method for seen in desk.api.requests] == ["POST", *["PATCH"] * (calls - 1)]
    if count:
        assert run["annotations"][0] == {
            "path": "ci-wasm.yml",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "failure",
            "title": "title 0",
            "message": "message 0",
        }


@pytest.mark.parametrize(("status", "after", "drop"), FAULTS)
def test_a_fault_leaves_one_check_run(desk: Desk, status: int | None, after: bool, drop: bool) -> None:
    desk.api.faults.append(Fault("POST", "/check-runs", status, after=after, drop=drop))

    url = desk.forge().put_check_run(replace(CHECK, annotations=notes(60)))

    [run] = desk.api.state.check_runs.values()
    assert url.endswith(f"/runs/{run['id']}")
    assert len(run["annotations"]) == 60
    assert len(desk.api.sent("POST")) == (1 if after else 2)


@pytest.mark.parametrize(("status", "after", "drop"), FAULTS)
def test_a_fault_leaves_one_status(desk: Desk, status: int | None, after: bool, drop: bool) -> None:
    desk.api.faults.append(Fault("POST", "/statuses/", status, after=after, drop=drop))

    desk.forge().put_status(STATUS)

    assert [(each["context"], each["state"]) for each in desk.api.state.statuses] == [("ci-wasm", "error")]


def test_a_run_of_another_attempt_is_not_taken_for_ours(desk: Desk) -> None:
    desk.forge().put_check_run(replace(CHECK, external_id="77/attempts/0", conclusion=Conclusion.SUCCESS))
    desk.api.faults.append(Fault("POST", "/check-runs", 502))

    desk.forge().put_check_run(CHECK)

    runs = list(desk.api.state.check_runs.values())
    assert [run["conclusion"] for run in runs] == ["success", "failure"]


def test_a_status_of_another_verdict_is_not_taken_for_ours(desk: Desk) -> None:
    desk.forge().put_status(replace(STATUS, state=StatusState.SUCCESS))
    desk.api.faults.append(Fault("POST", "/statuses/", 502))

    desk.forge().put_status(STATUS)

    assert [each["state"] for each in desk.api.state.statuses] == ["success", "error"]


@pytest.mark.parametrize(
    "put",
    [lambda forge: forge.put_check_run(CHECK), lambda forge: forge.put_status(STATUS)],
    ids=["check", "status"],
)
def test_a_server_that_stays_broken_is_an_error_and_not_a_flood(desk: Desk, put: Put) -> None:
    desk.api.faults.append(Fault("POST", "/", 503, times=99))

    with pytest.raises(ForgeError, match="server failed \\(503\\)"):
        put(desk.forge())

    assert len(desk.api.sent("POST")) == 3


@pytest.mark.parametrize(
    ("put", "scope"),
    [
        (lambda forge: forge.put_check_run(CHECK), "checks"),
        (lambda forge: forge.put_status(STATUS), "statuses"),
    ],
)
def test_a_token_that_may_not_is_told_the_permission(desk: Desk, put: Put, scope: str) -> None:
    forge = desk.forge(**{**FORK, scope: "read"})

    with pytest.raises(ForgeError) as caught:
        put(forge)

    assert f"permissions:\n  {scope}: write" in caught.value.cure
    assert len(desk.api.requests) == 1


def test_what_github_cuts_is_cut_before(desk: Desk) -> None:
    note = replace(notes(1)[0], title="t" * 999, message="m" * 99_999)
    desk.forge().put_check_run(replace(CHECK, title="x" * 999, annotations=(note,)))
    desk.forge().put_status(replace(STATUS, description="y" * 999))

    [run] = desk.api.state.check_runs.values()
    assert len(run["output"]["title"]) == len(run["annotations"][0]["title"]) == 255
    assert len(run["annotations"][0]["message"]) < 64 * 1024
    assert len(desk.api.state.statuses[0]["description"]) == 140


def test_all_pages_of_a_long_history_of_labels_are_read(desk: Desk) -> None:
    for number in range(230):
        desk.api.state.set_label("mona", f"label-{number}", is_set=number % 2 == 0)

    found = desk.forge().labelings(12)

    assert [each.label for each in found] == [f"label-{number}" for number in range(230)]
    assert len(desk.api.requests) == 3


def test_an_account_that_was_deleted_is_nobody(desk: Desk) -> None:
    """GitHub's description knows no such event; its answers for comments do."""
    event = {"event": "labeled", "actor": None, "label": {"name": "x"}, "created_at": "2026-11-24T10:00:00Z"}
    desk.api.faults.append(Fault("GET", "/events", 200, [event, {"event": "renamed"}]))

    [found] = desk.forge().labelings(12)

    assert (found.by, found.is_person, found.at) == ("ghost", False, "2026-11-24T10:00:00Z")


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
        ("2026-11-24T10:00:00.999Z", "2026-11-24T10:00:00Z"),
        ("2026-11-24T12:30:00+02:30", "2026-11-24T10:00:00Z"),
    ],
)
def test_times_of_pushes_become_one_form(desk: Desk, given: str, at: str) -> None:
    desk.api.state.push("change", COMMIT, at=given)

    assert desk.forge().branch_tip("change") == BranchTip(COMMIT, at)


@pytest.mark.parametrize("answer", [{}, [3], [{"ref": "refs/heads/change"}], None, "<html>"], ids=repr)
def test_an_answer_that_is_no_log_is_an_error(desk: Desk, answer: object) -> None:
    desk.api.faults.append(Fault("GET", "/activity", 200, answer))

    with pytest.raises(ForgeError):
        desk.forge().branch_tip("change")


def test_a_log_of_another_branch_proves_nothing(desk: Desk) -> None:
    entry = {"ref": "refs/heads/main", "after": COMMIT, "timestamp": "2026-11-24T10:00:00Z"}
    desk.api.faults.append(Fault("GET", "/activity", 200, [entry]))

    assert desk.forge().branch_tip("change") is None


@pytest.mark.parametrize("login", ["a/b", "x?y=z", "..", "ü"])
def test_a_login_is_never_a_path(desk: Desk, login: str) -> None:
    assert desk.forge().permission(login) == "none"
    assert len(desk.api.requests) == 1
