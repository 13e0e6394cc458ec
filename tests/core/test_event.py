"""Events: GitHub's own example payloads, small ones with a twist, and broken ones."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.event import PullRequest, Push, parse_event
from ci_wasm.core.occasion import nothing_to_do
from ci_wasm.errors import EventError

PAYLOADS = Path(__file__).parents[2] / ".." / "shared" / "payloads"
HERE, THERE = "Codertocat/Hello-World", "Octocoders/Hello-World"
HEAD, BASE, ZERO = "a" * 40, "b" * 40, "0" * 40

PULL_REQUEST: dict[str, Any] = {
    "action": "opened",
    "number": 7,
    "pull_request": {
        "number": 7,
        "title": "Add a resizer",
        "html_url": "https://github.com/octo-org/crates/pull/7",
        "merged": False,
        "head": {"sha": HEAD, "ref": "resizer", "repo": {"full_name": "octo-org/crates"}},
        "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octo-org/crates"}},
    },
    "repository": {"full_name": "octo-org/crates", "default_branch": "main"},
}
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": BASE,
    "after": HEAD,
    "deleted": False,
    "repository": {"full_name": "octo-org/crates", "default_branch": "main"},
}


def having(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The payload with another value at a dotted path; `...` removes the field."""
    changed = copy.deepcopy(payload)
    *parents, last = path.split(".")
    target = changed
    for key in parents:
        target = target[key]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return changed


def example(name: str) -> dict[str, Any]:
    file = PAYLOADS / f"{name}.json"
    if not file.exists():
        pytest.skip(f"GitHub's example payloads are not here: {name}")
    payload: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return payload


class TestGitHubsExamples:
    @pytest.mark.parametrize(
        ("name", "action", "head_repository", "head_id", "labels", "is_fork", "merged"),
        [
            ("pull_request.opened", "opened", HERE, 186853002, (), False, False),
            ("pull_request.reopened", "reopened", HERE, 186853002, ("bug",), False, False),
            ("pull_request.synchronize", "synchronize", HERE, 186853002, ("bug",), False, False),
            ("pull_request.closed", "closed", HERE, 186853002, ("bug",), False, False),
            ("pull_request.closed.merged.derived", "closed", HERE, 186853002, ("bug",), False, True),
            ("pull_request.opened.fork.derived", "opened", THERE, 186853261, (), True, False),
            ("pull_request.synchronize.deleted_fork.derived", "synchronize", None, None, (), True, False),
        ],
    )
    def test_pull_requests(
        self,
        name: str,
        action: str,
        head_repository: str | None,
        head_id: int | None,
        labels: tuple[str, ...],
        *,
        is_fork: bool,
        merged: bool,
    ) -> None:
        payload = example(name)
        assert nothing_to_do("pull_request", lambda: payload) == ""
        event = parse_event("pull_request", payload)
        assert event == PullRequest(
            action=action,
            number=2,
            title="Update the README with new information.",
            head_sha="ec26c3e57ca3a959ca5aad62de7213c562f8c821",
            head_ref="changes",
            head_repository=head_repository,
            base_sha="f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
            base_ref="master",
            repository="Codertocat/Hello-World",
            html_url="https://github.com/Codertocat/Hello-World/pull/2",
            merged=merged,
            head_repository_id=head_id,
            labels=labels,
            sender="Octocoders" if is_fork else "Codertocat",
            updated_at="2019-05-15T15:21:18Z" if action == "closed" else "2019-05-15T15:20:33Z",
        )
        assert isinstance(event, PullRequest)
        assert event.is_fork is is_fork

    def test_a_push_to_the_default_branch(self) -> None:
        payload = example("push.branch")
        assert nothing_to_do("push", lambda: payload) == ""
        assert parse_event("push", payload) == Push(
            before=ZERO,
            after="6113728f27ae82c7b1a177c8d03f9e96e0adf246",
            repository="Codertocat/Hello-World",
            branch="master",
        )

    @pytest.mark.parametrize(
        ("event", "name", "reason"),
        [
            ("push", "push.tag_deleted", "`refs/tags/simple-tag` was deleted"),
            ("deployment_status", "deployment_status", "`deployment_status` changes no pull request"),
            ("issue_comment", "issue_comment.created", "`issue_comment` changes no pull request"),
            ("merge_group", "merge_group", "`merge_group` changes no pull request"),
            ("workflow_run", "workflow_run.completed.cross_repo", "`workflow_run` changes no pull request"),
            ("workflow_run", "workflow_run.completed.with_prs", "`workflow_run` changes no pull request"),
            ("workflow_run", "workflow_run.requested", "`workflow_run` changes no pull request"),
        ],
    )
    def test_the_others_need_no_run(self, event: str, name: str, reason: str) -> None:
        payload = example(name)
        assert reason in nothing_to_do(event, lambda: payload)

    def test_none_of_them_is_forgotten_here(self) -> None:
        if not PAYLOADS.exists():
            pytest.skip("GitHub's example payloads are not here")
        source = Path(__file__).read_text(encoding="utf-8")
        assert [file.stem for file in PAYLOADS.glob("*.json") if f'"{file.stem}"' not in source] == []


class TestFields:
    @pytest.mark.parametrize(
        ("head_repository", "is_fork"),
        [
            ({"full_name": "octo-org/crates"}, False),
            ({"full_name": "mona/crates"}, True),
            ({"full_name": "octo-org/crates-2"}, True),
            ({"full_name": "Octo-org/crates"}, True),
            (None, True),
            (..., True),
        ],
    )
    def test_a_fork_is_what_is_not_surely_this_repository(
        self, head_repository: object, *, is_fork: bool
    ) -> None:
        event = parse_event("pull_request", having(PULL_REQUEST, "pull_request.head.repo", head_repository))
        assert isinstance(event, PullRequest)
        assert event.is_fork is is_fork

    def test_the_head_is_the_pull_requests_own_commit(self) -> None:
        """GITHUB_SHA would be the merge commit that GitHub made for the check."""
        payload = having(PULL_REQUEST, "pull_request.merge_commit_sha", "c" * 40)
        event = parse_event("pull_request", payload)
        assert isinstance(event, PullRequest)
        assert (event.head_sha, event.base_sha) == (HEAD, BASE)

    @pytest.mark.parametrize(
        ("value", "merged"), [(True, True), (False, False), (None, False), (..., False), ("yes", False)]
    )
    def test_merged_is_true_alone(self, value: object, *, merged: bool) -> None:
        event = parse_event("pull_request", having(PULL_REQUEST, "pull_request.merged", value))
        assert isinstance(event, PullRequest)
        assert event.merged is merged

    def test_a_title_may_be_anything(self) -> None:
        title = "::error::x\n<!-- ci-wasm:check -->\u202e"
        event = parse_event("pull_request", having(PULL_REQUEST, "pull_request.title", title))
        assert isinstance(event, PullRequest)
        assert event.title == title

    def test_a_push(self) -> None:
        assert parse_event("push", PUSH) == Push(
            before=BASE, after=HEAD, repository="octo-org/crates", branch="main"
        )

    @pytest.mark.parametrize(
        "change",
        [
            ("ref", "refs/heads/main-2"),
            ("ref", "refs/tags/main"),
            ("ref", "refs/heads/x/main"),
            ("deleted", True),
        ],
    )
    def test_a_push_elsewhere_needs_no_run(self, change: tuple[str, object]) -> None:
        payload = having(PUSH, *change)
        assert nothing_to_do("push", lambda: payload)

    @pytest.mark.parametrize(
        "name", ["", "schedule", "workflow_dispatch", "pull_request_target", "merge_group"]
    )
    def test_another_event_is_told_by_its_name(self, name: str) -> None:
        """Its payload is not even read: of a `schedule` there is next to none."""
        assert f"`{name}`" in nothing_to_do(name, lambda: pytest.fail("the payload was read"))


PULL_REQUEST_FIELDS = [
    "action",
    "pull_request",
    "pull_request.number",
    "pull_request.title",
    "pull_request.head",
    "pull_request.head.sha",
    "pull_request.head.ref",
    "pull_request.head.repo.full_name",
    "pull_request.base",
    "pull_request.base.sha",
    "pull_request.base.ref",
    "pull_request.html_url",
    "repository",
    "repository.full_name",
]
PUSH_FIELDS = ["ref", "before", "after", "repository", "repository.full_name", "repository.default_branch"]
CASES = [
    *(("pull_request", PULL_REQUEST, field) for field in PULL_REQUEST_FIELDS),
    *(("push", PUSH, field) for field in PUSH_FIELDS),
]


class TestBroken:
    @pytest.mark.parametrize("value", [..., None, [], True, "x", 3, {}], ids=repr)
    @pytest.mark.parametrize(
        ("name", "payload", "field"), CASES, ids=[f"{case[0]}.{case[2]}" for case in CASES]
    )
    def test_a_field_that_is_missing_or_wrong_is_named(
        self, name: str, payload: dict[str, Any], field: str, value: object
    ) -> None:
        broken = having(payload, field, value)
        fits = type(value) is (int if field.endswith("number") else str) and field not in {
            "ref",
            "repository.default_branch",
            "pull_request",
            "pull_request.head",
            "pull_request.base",
            "repository",
        }
        if fits:
            parse_event(name, broken)
            return
        with pytest.raises(EventError) as caught:
            parse_event(name, broken)
        # A branch that is not the default one is the fault of `ref`, whichever of the two was changed.
        named = "ref" if field == "repository.default_branch" and isinstance(value, str) else field
        assert f"`{named}" in caught.value.message
        assert caught.value.exit_code == 3
        assert "GITHUB_EVENT_PATH" in caught.value.cure

    @pytest.mark.parametrize("name", ["pull_request", "push"])
    @pytest.mark.parametrize("payload", [{}, {"action": None}, {"pull_request": [], "repository": "x"}])
    def test_an_empty_one_is_no_occasion_to_stop_in_silence(self, name: str, payload: dict[str, Any]) -> None:
        assert nothing_to_do(name, lambda: payload) == ""
        with pytest.raises(EventError):
            parse_event(name, payload)

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["number", "head", "base", "repo", "sha", "ref", "full_name"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )

    @given(
        st.sampled_from(["pull_request", "push"]),
        st.dictionaries(
            st.sampled_from(["action", "pull_request", "repository", "ref", "before", "after"]), json_values
        ),
    )
    def test_no_json_object_makes_it_stumble(self, name: str, payload: dict[str, Any]) -> None:
        nothing_to_do(name, lambda: payload)
        with suppress(EventError):
            assert isinstance(parse_event(name, payload), PullRequest | Push)
