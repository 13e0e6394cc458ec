"""The sticky comment under faults: exactly one, whatever the network, other jobs and people do meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ci_wasm.adapters.github_forge import GitHubForge
from ci_wasm.errors import ForgeError, NetworkError
from tests.fakes.github_api import Fault, GitHubApi

BOT = "github-actions[bot]"
MARKER = "<!-- ci-wasm:check -->"
COMMENTS = r"/issues/12/comments"


class Desk:
    """A server, a forge on it, and the seconds that the forge slept instead of sleeping."""

    def __init__(self, api: GitHubApi) -> None:
        self.api = api
        self.slept: list[float] = []

    def forge(self, login: str = BOT) -> GitHubForge:
        token = self.api.state.add_token(f"token-of-{login}", login)
        return GitHubForge(self.api.url, self.api.state.repository, token, sleep=self.slept.append, timeout=1)

    def put(self, body: str = "Fine.") -> str:
        return self.forge().put_comment(12, "check", body)

    def bodies(self) -> list[str]:
        return [comment.body for comment in self.api.state.thread(12)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with GitHubApi(tmp_path / "git") as api:
        yield Desk(api)
    assert api.violations == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", COMMENTS, 502, after=True),
        Fault("POST", COMMENTS, 500, after=False),
        Fault("POST", COMMENTS, after=True, drop=True),
        Fault("POST", COMMENTS, after=False, drop=True),
        Fault("POST", COMMENTS, 502, after=True, times=2),
        Fault("POST", COMMENTS, 502, "<html>Unicorn!</html>", after=True),
        Fault("GET", COMMENTS, 502, times=3),
        Fault("GET", COMMENTS, drop=True, times=2),
    ],
    ids=lambda fault: (
        f"{fault.method}-{fault.status}-{'after' if fault.after else 'before'}-{fault.drop}-x{fault.times}"
    ),
)
def test_a_fault_while_creating_leaves_one_comment(desk: Desk, fault: Fault) -> None:
    desk.api.faults.append(replace(fault))
    url = desk.put()
    assert desk.bodies() == [f"{MARKER}\nFine."]
    assert url.endswith(f"#issuecomment-{desk.api.state.thread(12)[0].id}")


def test_after_a_lost_answer_it_looks_before_it_posts_again(desk: Desk) -> None:
    desk.api.faults.append(Fault("POST", COMMENTS, 502, after=True))
    desk.put()
    assert [(seen.method, seen.status) for seen in desk.api.requests if "/issues/" in seen.path][:3] == [
        ("GET", 200), ("POST", 502), ("GET", 200)
    ]  # fmt: skip
    assert len(desk.api.sent("POST", "/comments")) == 1


def test_an_answer_that_takes_too_long_is_looked_for(desk: Desk) -> None:
    """The server carries the request out half a second after the client has given up on it."""
    desk.api.faults.append(Fault("POST", COMMENTS, None, seconds=1.3))
    token = desk.api.state.add_token("t")
    GitHubForge(desk.api.url, desk.api.state.repository, token, sleep=time.sleep, timeout=1).put_comment(
        12, "check", "Fine."
    )
    assert desk.bodies() == [f"{MARKER}\nFine."]


def test_a_fault_while_editing_is_sent_again(desk: Desk) -> None:
    desk.put("Old.")
    desk.api.faults.append(Fault("PATCH", "/issues/comments/", 502, after=True, times=2))
    desk.put("New.")
    assert desk.bodies() == [f"{MARKER}\nNew."]


def test_a_server_that_stays_broken_is_an_error_and_not_a_flood(desk: Desk) -> None:
    desk.api.faults.append(Fault("POST", COMMENTS, 503, times=99))
    with pytest.raises(ForgeError, match="server failed \\(503\\)"):
        desk.put()
    assert desk.bodies() == []
    assert len(desk.api.sent("POST", "/comments")) == 3


def test_one_that_is_deleted_between_finding_and_editing_is_made_again(desk: Desk) -> None:
    desk.put("Old.")
    desk.api.faults.append(Fault("PATCH", "/issues/comments/", None, act=desk.api.state.comments.clear))
    desk.put("New.")
    assert desk.bodies() == [f"{MARKER}\nNew."]


def test_one_that_is_deleted_between_finding_and_looking_is_made_again(desk: Desk) -> None:
    desk.put("Old.")
    desk.api.faults.append(Fault("GET", "/issues/comments/", None, act=desk.api.state.comments.clear))
    desk.put("New.")
    assert desk.bodies() == [f"{MARKER}\nNew."]


def test_a_job_that_was_faster_keeps_its_comment_with_our_words(desk: Desk) -> None:
    def faster() -> None:
        desk.api.state.add_comment(BOT, f"{MARKER}\nTheirs.")

    desk.api.faults.append(Fault("POST", COMMENTS, None, act=faster))
    url = desk.put("Ours.")
    [comment] = desk.api.state.thread(12)
    assert comment.body == f"{MARKER}\nOurs."
    assert url.endswith(f"-{comment.id}")


def test_a_job_that_was_slower_loses_its_comment(desk: Desk) -> None:
    def slower() -> None:
        if desk.api.state.thread(12):
            desk.api.state.add_comment(BOT, f"{MARKER}\nTheirs.")

    desk.api.faults.append(Fault("GET", COMMENTS, None, act=slower, times=2))
    desk.put("Ours.")
    assert desk.bodies() == [f"{MARKER}\nOurs."]


def test_a_duplicate_that_the_other_job_deletes_first_is_no_error(desk: Desk) -> None:
    for body in ("One.", "Two."):
        desk.api.state.add_comment(BOT, f"{MARKER}\n{body}")
    younger = desk.api.state.thread(12)[1].id
    desk.api.faults.append(
        Fault("DELETE", f"/issues/comments/{younger}", None, act=lambda: desk.api.state.comments.pop(younger))
    )
    desk.put("Three.")
    assert desk.bodies() == [f"{MARKER}\nThree."]


def test_a_comment_that_somebody_hid_stays_hidden_and_a_new_one_is_shown(desk: Desk) -> None:
    desk.api.state.add_comment(BOT, f"{MARKER}\nHidden.", minimized="outdated")
    desk.put("New.")
    desk.put("Newer.")
    assert desk.bodies() == [f"{MARKER}\nHidden.", f"{MARKER}\nNewer."]


def test_a_comment_of_a_deleted_account_is_not_ours(desk: Desk) -> None:
    desk.api.state.add_comment(None, f"{MARKER}\nA ghost's.")
    desk.put()
    assert desk.bodies() == [f"{MARKER}\nA ghost's.", f"{MARKER}\nFine."]


def test_windows_line_ends_are_no_change(desk: Desk) -> None:
    desk.api.state.add_comment(BOT, f"{MARKER}\r\nFine.\r\n\r\n| a |\r\n")
    desk.put("Fine.\n\n| a |\n\n")
    assert desk.api.sent("PATCH") == []


@pytest.mark.parametrize("login", [BOT, "our-app[bot]", "mona"])
@pytest.mark.parametrize("has_graphql", [True, False])
def test_every_kind_of_token_finds_its_own_comment(desk: Desk, login: str, *, has_graphql: bool) -> None:
    """GitHub forbids `GET /user` to installations; who cannot learn its name still ends with one comment."""
    desk.api.state.has_graphql = has_graphql
    for body in ("One.", "Two.", "Three."):
        desk.forge(login).put_comment(12, "check", body)
    assert [(each.login, each.body) for each in desk.api.state.thread(12)] == [(login, f"{MARKER}\nThree.")]


def test_it_costs_few_requests(desk: Desk) -> None:
    """GITHUB_TOKEN has 1,000 an hour for a whole repository."""
    counts = []
    forge = desk.forge()
    for body in ("One.", "Two.", "Two."):
        before = len(desk.api.requests)
        forge.put_comment(12, "check", body)
        counts.append(len(desk.api.requests) - before)
    assert counts == [3, 4, 2]
    assert "per_page=100" in desk.api.requests[0].path


def test_nobody_listens(desk: Desk) -> None:
    forge = GitHubForge("http://127.0.0.1:9", "octo-org/crates", "t", sleep=desk.slept.append)
    with pytest.raises(
        NetworkError, match="did not answer when asked to comment on pull request #12"
    ) as caught:
        forge.put_comment(12, "check", "Fine.")
    assert caught.value.exit_code == 9
