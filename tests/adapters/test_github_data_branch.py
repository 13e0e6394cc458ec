"""The data branch under faults: every write lands once, or says why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_wasm.adapters.github_forge import GitHubForge
from ci_wasm.errors import ForgeError
from tests.fakes.github_api import Fault, GitHubApi
from tests.fakes.github_state import FORK, WRITER

NOT_FORWARD = {"message": "Update is not a fast forward", "documentation_url": "https://docs.github.com/rest"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path / "git") as server:
        server.state.add_token("writer", permissions=WRITER)
        server.state.add_token("reader", permissions=FORK)
        yield server
    assert server.violations == []
    server.state.git.check()


def forge(api: GitHubApi, token: str = "writer") -> GitHubForge:
    return GitHubForge(api.url, api.state.repository, token, sleep=lambda _: None, timeout=2)


def messages(api: GitHubApi) -> list[str]:
    return [commit.message for commit in api.state.git.log("data")]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("method", "path", "earlier"),
    [
        ("POST", "blobs", ["Old"]),
        ("POST", "trees", ["Old"]),
        ("POST", "commits", ["Old"]),
        ("PATCH", "refs", ["Old"]),
        ("POST", "commits", []),
        ("POST", "refs", []),
    ],
)
def test_a_fault_at_any_step_leaves_one_commit(
    api: GitHubApi, method: str, path: str, earlier: list[str], *, after: bool
) -> None:
    for message in earlier:
        forge(api).write_file("data", "old", b"1", message)
    api.faults = [Fault(method, f"/git/{path}", 502, after=after), Fault("GET", "/git/ref/", drop=True)]
    forge(api).write_file("data", "new", b"2", "New")
    assert [fault.times for fault in api.faults] == [0, 0]
    assert messages(api) == ["New", *earlier]
    assert forge(api).read_file("data", "new") == b"2"


def test_a_lost_race_is_run_again_on_top_of_the_winner(api: GitHubApi) -> None:
    forge(api).write_file("data", "first", b"1", "First")
    api.faults.append(
        Fault(
            "PATCH", "/git/refs/", None, act=lambda: forge(api).write_file("data", "theirs", b"2", "Theirs")
        )
    )
    forge(api).write_file("data", "ours", b"3", "Ours")
    assert messages(api) == ["Ours", "Theirs", "First"]
    assert [forge(api).read_file("data", path) for path in ("first", "theirs", "ours")] == [b"1", b"2", b"3"]


def test_two_that_make_the_branch_at_once_both_land(api: GitHubApi) -> None:
    api.faults.append(
        Fault("POST", "/git/refs", None, act=lambda: forge(api).write_file("data", "theirs", b"2", "Theirs"))
    )
    forge(api).write_file("data", "ours", b"3", "Ours")
    assert messages(api) == ["Ours", "Theirs"]


def test_a_branch_that_is_deleted_meanwhile_is_made_again(api: GitHubApi) -> None:
    forge(api).write_file("data", "first", b"1", "First")
    api.faults.append(
        Fault(
            "PATCH",
            "/git/refs/",
            None,
            act=lambda: api.state.git.delete_ref("refs/heads/data"),
        )
    )
    forge(api).write_file("data", "ours", b"3", "Ours")
    assert messages(api) == ["Ours"]


def test_somebody_who_always_wins_ends_it_with_words(api: GitHubApi) -> None:
    forge(api).write_file("data", "first", b"1", "First")
    api.faults.append(Fault("PATCH", "/git/refs/", 422, NOT_FORWARD, times=99))
    with pytest.raises(ForgeError, match="16 attempts lost the race") as caught:
        forge(api).write_file("data", "ours", b"3", "Ours")
    assert "concurrency" in caught.value.cure
    assert len(api.sent("PATCH")) == 16


def test_a_server_that_stays_broken_ends_it_soon(api: GitHubApi) -> None:
    api.faults.append(Fault("POST", "/git/trees", 500, times=99))
    with pytest.raises(ForgeError, match="server failed"):
        forge(api).write_file("data", "ours", b"3", "Ours")
    assert len(api.sent("POST", "/git/trees")) == 3


def test_a_protected_branch_is_no_race(api: GitHubApi) -> None:
    forge(api).write_file("data", "first", b"1", "First")
    api.state.protected.add("data")
    with pytest.raises(ForgeError, match="rule or branch protection") as caught:
        forge(api).write_file("data", "ours", b"3", "Ours")
    assert "Exempt" in caught.value.cure
    assert len(api.sent("PATCH")) == 1


def test_a_refusal_that_is_no_race_is_not_repeated(api: GitHubApi) -> None:
    words = {"message": "Invalid request.", "documentation_url": "https://docs.github.com/rest"}
    api.faults.append(Fault("POST", "/git/trees", 422, words, times=9))
    with pytest.raises(ForgeError, match="finds the request wrong"):
        forge(api).write_file("data", "ours", b"3", "Ours")
    assert len(api.sent("POST", "/git/trees")) == 1


def test_a_repository_without_commits_says_what_to_do(api: GitHubApi) -> None:
    empty = {"message": "Git Repository is empty.", "documentation_url": "https://docs.github.com/rest"}
    api.faults.append(Fault("POST", "/git/blobs", 409, empty))
    with pytest.raises(ForgeError, match="no commit yet"):
        forge(api).write_file("data", "ours", b"3", "Ours")


def test_a_token_that_may_only_read_gets_the_block_to_paste(api: GitHubApi) -> None:
    with pytest.raises(ForgeError) as caught:
        forge(api, "reader").write_file("data", "ours", b"3", "Ours")
    assert caught.value.message == (
        "GitHub refused to write `ours` to the branch `data`: the job's token may not do this (403)"
    )
    assert "permissions:\n  contents: write\n" in caught.value.cure
    assert api.state.git.ref("refs/heads/data") is None


def test_a_repository_that_the_token_cannot_see_is_no_missing_file(api: GitHubApi) -> None:
    """A baseline that is "missing" for this reason would let every growth pass."""
    api.state.private = True
    api.state.add_token("blind", permissions={"pull-requests": "write"})
    with pytest.raises(ForgeError, match="may not see it"):
        forge(api, "blind").read_file("data", "a")
    with pytest.raises(ForgeError, match="may not see it"):
        GitHubForge(api.url, "octo-org/other", "writer").read_file("data", "a")


def test_reading_needs_no_more_than_a_read_only_token(api: GitHubApi) -> None:
    forge(api).write_file("data", "a", b"1", "One")
    assert forge(api, "reader").read_file("data", "a") == b"1"
    assert forge(api, "reader").read_file("data", "b") is None


def test_a_folder_is_not_a_file(api: GitHubApi) -> None:
    forge(api).write_file("data", "a/b", b"1", "One")
    with pytest.raises(ForgeError, match="`a` on the branch `data` is not a file"):
        forge(api).read_file("data", "a")


def test_it_costs_few_requests(api: GitHubApi) -> None:
    counts = []
    for content in (b"1", b"2", b"2"):
        before = len(api.requests)
        forge(api).write_file("data", "a", content, "Record")
        counts.append(len(api.requests) - before)
    before = len(api.requests)
    forge(api).read_file("data", "a")
    assert [*counts, len(api.requests) - before] == [5, 6, 4, 1]
