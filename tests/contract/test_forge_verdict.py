"""The port `Forge`, what waivers and checks need of it: the same promises in memory and on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_wasm.core.check_run import Annotation, CheckRun, CommitStatus
from ci_wasm.core.verdict import Conclusion, StatusState
from ci_wasm.errors import ForgeError
from tests.contract.forge_worlds import (
    EmulateWorld,
    MemoryWorld,
    VerdictWorld,
    emulate_server,
    loopback_world,
)

COMMIT, OTHER = "a" * 40, "b" * 40
CHECK = CheckRun(
    "ci-wasm",
    COMMIT,
    Conclusion.FAILURE,
    "`raw` is too large",
    "All of it.",
    "https://github.com/octo-org/crates/actions/runs/77",
    "77/attempts/1",
    (Annotation("error", "ci-wasm: add", "`raw` is too large", "ci-wasm.yml", 5),),
)
STATUS = CommitStatus("ci-wasm", COMMIT, StatusState.SUCCESS, "all hold", "https://preview.example")


@pytest.fixture(params=["memory", "loopback"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VerdictWorld]:
    if request.param == "memory":
        yield MemoryWorld()
    else:
        with loopback_world(tmp_path) as made:
            yield made


class TestLabelings:
    def test_there_are_none_at_first(self, world: VerdictWorld) -> None:
        assert world.forge().labelings(world.pull_request) == []

    def test_they_come_in_order_with_who_and_when(self, world: VerdictWorld) -> None:
        world.label("mona", "ci-wasm:allow-growth")
        world.label("labeler[bot]", "bug")
        world.label("boss", "ci-wasm:allow-growth", is_set=False)
        world.label("mona", "größe, x")
        found = world.forge().labelings(world.pull_request)
        assert [(each.label, each.is_set, each.by, each.is_person) for each in found] == [
            ("ci-wasm:allow-growth", True, "mona", True),
            ("bug", True, "labeler[bot]", False),
            ("ci-wasm:allow-growth", False, "boss", True),
            ("größe, x", True, "mona", True),
        ]
        times = [each.at for each in found]
        assert times == sorted(set(times))
        assert all(len(time) == 20 and time.endswith("Z") for time in times)

    def test_a_pull_request_that_is_not_there_is_an_error(self, world: VerdictWorld) -> None:
        with pytest.raises(ForgeError):
            world.forge().labelings(999)


@pytest.mark.parametrize(
    ("role", "permission"),
    [("admin", "admin"), ("maintain", "write"), ("write", "write"), ("triage", "read"), ("read", "read")],
)
def test_the_triage_role_is_no_write_access(world: VerdictWorld, role: str, permission: str) -> None:
    world.give("mona", role)
    assert world.forge().permission("mona") == permission


def test_who_is_unknown_has_no_permission(world: VerdictWorld) -> None:
    assert world.forge().permission("labeler[bot]") == "none"


class TestBranchTip:
    def test_a_branch_that_nobody_pushed_has_none(self, world: VerdictWorld) -> None:
        world.push("change-2", COMMIT)
        assert world.forge().branch_tip("change") is None

    def test_the_last_push_counts_and_its_time_is_after_the_earlier_ones(self, world: VerdictWorld) -> None:
        tips = []
        for commit in (COMMIT, OTHER, COMMIT):
            world.push("feat/größe #1", commit)
            tips.append(world.forge().branch_tip("feat/größe #1"))
        assert [tip.commit for tip in tips if tip] == [COMMIT, OTHER, COMMIT]
        times = [tip.at for tip in tips if tip]
        assert times == sorted(set(times))

    def test_a_forks_branch_of_the_same_name_is_another(self, world: VerdictWorld) -> None:
        world.push("change", COMMIT)
        world.push("change", OTHER, fork=71)
        own, fork = world.forge().branch_tip("change"), world.forge().branch_tip("change", 71)
        assert (own and own.commit, fork and fork.commit) == (COMMIT, OTHER)

    def test_times_of_labels_and_pushes_are_of_one_clock(self, world: VerdictWorld) -> None:
        world.push("change", COMMIT)
        world.label("mona", "x")
        world.push("change", OTHER)
        tip = world.forge().branch_tip("change")
        assert tip is not None
        assert tip.at > world.forge().labelings(world.pull_request)[0].at


class TestChecks:
    def test_a_check_run_stands_on_its_commit(self, world: VerdictWorld) -> None:
        url = world.forge().put_check_run(CHECK)
        assert url.startswith("http")
        assert world.checks(COMMIT) == [("ci-wasm", "failure")]
        assert world.checks(OTHER) == []

    def test_the_next_run_has_its_own_and_comes_last(self, world: VerdictWorld) -> None:
        passed = replace(CHECK, conclusion=Conclusion.SUCCESS, external_id="78/attempts/1", annotations=())
        for check in (CHECK, passed):
            world.forge().put_check_run(check)
        assert world.checks(COMMIT) == [("ci-wasm", "failure"), ("ci-wasm", "success")]

    @pytest.mark.parametrize("state", list(StatusState))
    def test_a_status_stands_on_its_commit(self, world: VerdictWorld, state: StatusState) -> None:
        world.forge().put_status(replace(STATUS, state=state))
        assert world.statuses(COMMIT) == [("ci-wasm", state.value)]
        assert world.statuses(OTHER) == []

    @pytest.mark.parametrize("url", ["", "https://x.example"])
    def test_addresses_may_be_missing(self, world: VerdictWorld, url: str) -> None:
        world.forge().put_status(replace(STATUS, target_url=url))
        world.forge().put_check_run(replace(CHECK, details_url=url))
        assert (len(world.checks(COMMIT)), len(world.statuses(COMMIT))) == (1, 1)


@pytest.mark.network
def test_an_emulator_that_nobody_here_wrote_takes_the_check_run(tmp_path: Path) -> None:
    with emulate_server(tmp_path) as url:
        world = EmulateWorld(url, "crates-checks").prepare()
        world.forge().write_file("data", "a", b"1", "One")
        commit = world.head("data")
        world.forge().put_check_run(replace(CHECK, commit=commit))
        assert world.checks(commit) == [("ci-wasm", "failure")]
