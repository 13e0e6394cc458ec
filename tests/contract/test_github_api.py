"""The GitHub API on loopback: that it is held against GitHub's description, and that this can fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.fakes.github_api import GitHubApi
from tests.fakes.github_contract import EXTRACT, request_problems, response_problems
from tests.fakes.github_state import FORK
from tests.fakes.github_verdict_routes import REPO, ROUTES

COMMENTS = REPO + "/issues/{issue_number}/comments"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    with GitHubApi(tmp_path / "git") as server:
        server.state.add_token("t")
        server.state.add_token("reader", permissions=FORK)
        server.state.add_token("person", "mona")
        yield server


def ask(api: GitHubApi, method: str, path: str, body: Any = None, *, token: str = "t") -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = Request(api.url + path, data, {"Authorization": f"Bearer {token}"}, method=method)
    try:
        with urlopen(request) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_it_serves_what_the_extract_describes_and_nothing_else() -> None:
    described = {
        (method.upper(), path)
        for path, methods in json.loads(EXTRACT.read_text(encoding="utf-8"))["paths"].items()
        for method in methods
    }
    assert {(route.method, route.template) for route in ROUTES} == described


def test_a_request_that_githubs_description_forbids_is_noticed(api: GitHubApi) -> None:
    status, _ = ask(api, "POST", "/repos/octo-org/crates/issues/12/comments", {"body": 7})
    ask(api, "GET", "/repos/octo-org/crates/issues/12/comments?per_page=many&label=x")
    assert status == 422
    assert [problem.partition("comments")[2] for problem in sorted(api.violations)] == [
        ": per_page is no integer: many",
        ": unknown query parameter label",
        ", request: body: 7 is not of type 'string'",
    ]
    assert api.state.comments == {}


def test_an_answer_that_githubs_description_forbids_is_noticed(api: GitHubApi) -> None:
    _, made = ask(api, "POST", "/repos/octo-org/crates/issues/12/comments", {"body": "Fine."})
    assert response_problems(COMMENTS, "POST", 201, made) == []
    for name, value in (
        ("id", "7"),
        ("html_url", None),
        ("created_at", "yesterday"),
        ("user", {"login": "mona"}),
    ):
        problems = response_problems(COMMENTS, "POST", 201, {**made, name: value})
        assert problems, name
        assert all(f"/comments, 201: {name}" in problem for problem in problems)
    assert response_problems(COMMENTS, "POST", 200, made) == [
        f"POST {COMMENTS}: 200 is not in GitHub's description"
    ]
    assert api.violations == []


def test_a_call_that_github_does_not_know_is_noticed() -> None:
    assert request_problems("/repos/{owner}/{repo}/comment", "POST", {}, {}) == [
        "POST /repos/{owner}/{repo}/comment is not in GitHub's description"
    ]


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/user", "person", 200),
        ("GET", "/user", "t", 403),
        ("GET", "/user", "nobody", 401),
        ("GET", "/repos/octo-org/crates", "reader", 200),
        ("GET", "/repos/octo-org/other", "t", 404),
        ("GET", "/repos/octo-org/crates/contents/README.md", "reader", 200),
        ("GET", "/repos/octo-org/crates/contents/README.md?ref=nowhere", "t", 404),
        ("GET", "/repos/octo-org/crates/git/ref/heads/main", "reader", 200),
        ("GET", "/repos/octo-org/crates/git/ref/heads/mai", "t", 404),
        ("DELETE", "/repos/octo-org/crates/issues/comments/1001", "reader", 403),
        ("DELETE", "/repos/octo-org/crates/issues/comments/1001", "t", 204),
        ("DELETE", "/repos/octo-org/crates/issues/comments/9", "t", 404),
        ("GET", "/repos/octo-org/crates/issues/13/comments", "t", 404),
        ("GET", "/nowhere", "t", 404),
    ],
)
def test_every_answer_keeps_the_description(
    api: GitHubApi, method: str, path: str, token: str, status: int
) -> None:
    api.state.add_comment("mona", "Hello")
    assert ask(api, method, path, token=token)[0] == status
    assert api.violations == []


def test_the_objects_of_git_can_be_read_again(api: GitHubApi) -> None:
    repository = "/repos/octo-org/crates"
    commit = ask(api, "GET", f"{repository}/git/ref/heads/main")[1]["object"]["sha"]
    tree = ask(api, "GET", f"{repository}/git/commits/{commit}")[1]["tree"]["sha"]
    [entry] = ask(api, "GET", f"{repository}/git/trees/{tree}")[1]["tree"]
    assert (entry["path"], ask(api, "GET", f"{repository}/git/blobs/{entry['sha']}")[1]["size"]) == (
        "README.md",
        9,
    )
    assert api.violations == []
