"""Refusals of GitHub in words: what happened, why, what to do; and no token in any of them."""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ci_wasm.adapters.github_forge import GitHubForge
from ci_wasm.errors import CiWasmError, ForgeError
from tests.fakes.github_api import Fault, GitHubApi
from tests.fakes.github_state import FORK

TOKEN = "ghs_0123456789abcdefThisIsTheSecret"
COMMENTS = r"/issues/12/comments"
SECONDARY = {
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    "documentation_url": "https://docs.github.com/rest",
}
PRIMARY = {
    "message": "API rate limit exceeded for installation ID 1.",
    "documentation_url": "https://docs.github.com/rest",
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path / "git") as server:
        server.state.add_token(TOKEN)
        yield server


def put(api: GitHubApi, token: str = TOKEN, slept: list[float] | None = None) -> str:
    record = [] if slept is None else slept
    return GitHubForge(api.url, api.state.repository, token, sleep=record.append, timeout=2).put_comment(
        12, "check", "Fine."
    )


def refused(api: GitHubApi, token: str = TOKEN) -> CiWasmError:
    with pytest.raises(CiWasmError) as caught:
        put(api, token)
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert caught.value.__cause__ is None
    return caught.value


class TestPermissions:
    def test_a_read_only_token_gets_the_block_to_paste(self, api: GitHubApi) -> None:
        error = refused(api, api.state.add_token("fork", permissions=FORK))
        assert (
            error.message
            == "GitHub refused to comment on pull request #12: the job's token may not do this (403)"
        )
        assert "\n\npermissions:\n  contents: read\n  pull-requests: write\n\n" in error.cure
        assert "fork" in error.cure
        assert error.detail == "Resource not accessible by integration"
        assert error.exit_code == 7

    def test_a_personal_token_is_told_its_own_cure(self, api: GitHubApi) -> None:
        error = refused(api, api.state.add_token("mine", "mona", permissions=FORK))
        assert "personal access token may not do this" in error.message
        assert (
            error.cure == "Give the token these repository permissions: contents: read, pull requests: write."
        )

    def test_a_token_that_nobody_knows(self, api: GitHubApi) -> None:
        error = refused(api, "ghp_expired")
        assert error.message.endswith("it does not accept the token (401)")
        assert "github-token: ${{ github.token }}" in error.cure

    def test_a_repository_that_the_token_cannot_see(self, api: GitHubApi) -> None:
        api.state.private = True
        error = refused(api, api.state.add_token("blind", permissions={"contents": "read"}))
        assert (
            "pull request #12 of octo-org/crates does not exist or this token may not see it (404)"
            in error.message
        )
        assert "pull-requests: write" in error.cure

    def test_a_locked_conversation(self, api: GitHubApi) -> None:
        api.state.locked.add(12)
        assert "conversation is locked" in refused(api).message

    def test_an_archived_repository(self, api: GitHubApi) -> None:
        api.state.archived = True
        assert "repository is archived" in refused(api).message

    def test_single_sign_on(self, api: GitHubApi) -> None:
        words = {"message": "Resource protected by organization SAML enforcement.", "documentation_url": "x"}
        api.faults.append(Fault("GET", COMMENTS, 403, words))
        assert "single sign-on" in refused(api).message

    def test_a_body_beyond_the_limit(self, api: GitHubApi) -> None:
        forge = GitHubForge(api.url, api.state.repository, TOKEN)
        forge.put_comment(12, "check", "x" * 60_000)
        with pytest.raises(ForgeError, match="longer than 65,536 characters") as caught:
            forge.put_comment(12, "check", "x" * 70_000)
        assert "Body is too long" in caught.value.detail


class TestRateLimits:
    def test_the_hourly_limit_is_not_waited_for(self, api: GitHubApi) -> None:
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 1800)}
        api.faults.append(Fault("GET", COMMENTS, 403, PRIMARY, headers))
        assert "rate limit is used up and asks to wait 1,80" in refused(api).message

    def test_a_reset_within_reach_is_waited_for(self, api: GitHubApi) -> None:
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 20)}
        api.faults.append(Fault("GET", COMMENTS, 403, PRIMARY, headers))
        slept: list[float] = []
        assert put(api, slept=slept)
        assert 15 < sum(slept) < 25

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("status", [403, 429])
    def test_a_secondary_limit_is_waited_for(self, api: GitHubApi, method: str, status: int) -> None:
        api.faults.append(Fault(method, COMMENTS, status, SECONDARY, {"Retry-After": "7"}))
        slept: list[float] = []
        assert put(api, slept=slept)
        assert slept == [7]
        assert len(api.state.thread(12)) == 1

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_without_a_number_it_is_a_minute(self, api: GitHubApi, method: str) -> None:
        api.faults.append(Fault(method, COMMENTS, 403, SECONDARY))
        slept: list[float] = []
        assert put(api, slept=slept)
        assert slept == [60]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("status", [403, 429, 503])
    def test_an_hour_is_too_long(self, api: GitHubApi, method: str, status: int) -> None:
        api.faults.append(Fault(method, COMMENTS, status, SECONDARY, {"Retry-After": "3600"}, times=9))
        why = "its server failed (503)" if status == 503 else "the token's rate limit is used up"
        assert refused(api).message.endswith(f"{why} and asks to wait 3,600 s")
        assert len(api.sent(method, "/comments")) == 1

    def test_a_server_that_stays_broken_has_answered(self, api: GitHubApi) -> None:
        api.faults.append(Fault("GET", COMMENTS, 502, times=99))
        assert refused(api).message.endswith("its server failed (502)")
        assert len(api.requests) == 4

    def test_outages_are_waited_for_ever_longer(self, api: GitHubApi) -> None:
        api.faults.append(Fault("GET", COMMENTS, 502, times=3))
        slept: list[float] = []
        put(api, slept=slept)
        assert slept == [1, 2]


class TestNonsense:
    @pytest.mark.parametrize(
        "fault",
        [
            Fault("GET", COMMENTS, 200, "<html>Please log in to the proxy</html>"),
            Fault("GET", COMMENTS, 200, "{broken"),
            Fault("GET", COMMENTS, 200, {"not": "a list"}),
            Fault("GET", COMMENTS, 200, [{"id": "seven", "body": []}]),
            Fault("GET", COMMENTS, 200, [{"id": 7, "body": "<!-- ci-wasm:check -->"}]),
            Fault(
                "GET",
                COMMENTS,
                200,
                [{"id": 7, "body": "x"}],
                {"Link": '<http://elsewhere.test/next>; rel="next"'},
            ),
            Fault("GET", COMMENTS, 503, "{broken", {"Retry-After": "soon"}),
            Fault("GET", COMMENTS, 301, None, {"Location": "https://elsewhere.test/x"}),
            Fault("POST", COMMENTS, 201, "<html></html>"),
            Fault("POST", COMMENTS, 201, [1]),
            Fault("POST", COMMENTS, 201, {"id": 7, "html_url": None, "body": "x", "user": None}),
            Fault("POST", COMMENTS, 201, {}),
            Fault(
                "POST",
                COMMENTS,
                307,
                {"message": "Moved"},
                {"Location": "/repositories/1/issues/12/comments"},
            ),
        ],
        ids=range(13),
    )
    def test_what_is_not_githubs_answer_is_a_forge_error(self, api: GitHubApi, fault: Fault) -> None:
        api.faults.append(replace(fault, times=9))
        error = refused(api)
        assert isinstance(error, ForgeError)
        assert (
            error.message
            == f"{api.url} did not answer as GitHub does when asked to comment on pull request #12"
        )
        assert "GITHUB_API_URL" in error.cure

    @pytest.mark.parametrize(
        "answer", ["<html></html>", {"data": None}, {"data": {"viewer": None}}, [], {}, "{broken"]
    )
    def test_a_server_without_graphql_leaves_the_usual_name(self, api: GitHubApi, answer: object) -> None:
        put(api)
        api.faults.append(Fault("POST", "/graphql", 200, answer))
        GitHubForge(api.url, api.state.repository, TOKEN).put_comment(12, "check", "Two.")
        assert [each.body for each in api.state.thread(12)] == ["<!-- ci-wasm:check -->\nTwo."]


class TestTokens:
    @pytest.mark.parametrize("token", ["", f"{TOKEN}\n", f"{TOKEN} ", f"{TOKEN}é", f"a\tb{TOKEN}"])
    def test_one_that_cannot_be_sent_is_refused_without_being_quoted(
        self, api: GitHubApi, token: str
    ) -> None:
        assert isinstance(refused(api, token), ForgeError)
        assert api.requests == []

    def test_one_that_the_server_repeats_is_blotted_out(self, api: GitHubApi) -> None:
        api.faults.append(Fault("GET", COMMENTS, 400, {"message": f"token {TOKEN}?"}))
        assert refused(api).detail == "token ***?"

    def test_it_is_in_no_repr(self, api: GitHubApi) -> None:
        forge = GitHubForge(api.url, api.state.repository, TOKEN)
        forge.put_comment(12, "check", "Fine.")
        assert repr(forge) == f"GitHubForge(Client('{api.url}', 'octo-org/crates'))"

    def test_it_is_sent_in_a_header_and_nowhere_else(self, api: GitHubApi) -> None:
        put(api)
        for seen in api.requests:
            assert seen.headers["Authorization"] == f"token {TOKEN}"
            assert TOKEN not in seen.path + repr(seen.body)


def test_it_speaks_to_an_enterprise_server(tmp_path: Path) -> None:
    with GitHubApi(tmp_path / "git", prefix="/api/v3") as api:
        api.state.add_token(TOKEN)
        for body in ("One.", "Two."):
            forge = GitHubForge(api.url + "/", api.state.repository, TOKEN)
            forge.put_comment(12, "check", body)
        assert [each.body for each in api.state.thread(12)] == ["<!-- ci-wasm:check -->\nTwo."]
        assert [seen.path for seen in api.sent("POST", "graphql")] == ["/api/graphql"]
    assert api.violations == []


@pytest.mark.parametrize(
    ("url", "repository"), [("", "o/r"), ("ftp://x", "o/r"), ("https://x", "crates"), ("https://x", "a/b/c")]
)
def test_settings_that_cannot_be_right_are_named(url: str, repository: str) -> None:
    with pytest.raises(ForgeError, match=repository if url.startswith("https") else "URL of a GitHub API"):
        GitHubForge(url, repository, TOKEN).put_comment(12, "check", "Fine.")


def test_nothing_heavy_is_imported_before_the_first_request() -> None:
    """A run with nothing to do pays for what it uses."""
    code = (
        "import sys; from ci_wasm.adapters.github_forge import GitHubForge;"
        "from ci_wasm.adapters.actions_runner import make_runner;"
        "GitHubForge('https://api.github.com', 'o/r', 't');"
        "make_runner({'GITHUB_ACTIONS': 'true'}, sys.stdout).log('x');"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'github', 'requests', 'urllib3', 'httpx', 'actions_toolkit', 'jwt'}))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "x\n[]\n"
