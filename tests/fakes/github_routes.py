"""GitHub's routes: what each call of the API does. Call -> Reply."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import github_shapes as shapes
from tests.fakes.github_git import Entry, RefError
from tests.fakes.github_state import Comment, GitHubState, Identity

REPO = "/repos/{owner}/{repo}"
MAX_BODY = 65_536


@dataclass(frozen=True)
class Call:
    """One request; `base` is the API's own URL as the client wrote it."""

    state: GitHubState
    who: Identity
    base: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    @property
    def url(self) -> str:
        return f"{self.base}/repos/{self.state.repository}"


@dataclass(frozen=True)
class Reply:
    """One answer; no body where `body` is None."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Failure(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.reply = Reply(status, shapes.error(message, status, errors))


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """One operation and the permission that it needs (None: any token)."""

    method: str
    template: str
    scope: str | None
    level: str
    handle: Handler


ROUTES: list[Route] = []


def route(
    method: str, template: str, scope: str | None = None, level: str = "read"
) -> Callable[[Handler], Handler]:
    def register(handle: Handler) -> Handler:
        ROUTES.append(Route(method, template, scope, level, handle))
        return handle

    return register


@route("GET", "/user")
def get_user(call: Call) -> Reply:
    if call.who.is_installation:
        raise Failure(403, "Resource not accessible by integration")
    return Reply(200, shapes.own_user(call.base, call.who.login))


@route("GET", REPO, "metadata")
def get_repository(call: Call) -> Reply:
    return Reply(200, shapes.repository(call.base, call.state))


@route("GET", REPO + "/issues/{issue_number}/comments", "pull-requests")
def list_comments(call: Call) -> Reply:
    thread = call.state.thread(issue_of(call))
    return page_of(call, "comments", [shapes.comment(call.base, call.state, each) for each in thread])


@route("POST", REPO + "/issues/{issue_number}/comments", "pull-requests", "write")
def create_comment(call: Call) -> Reply:
    issue = issue_of(call)
    if issue in call.state.locked:
        raise Failure(403, "Unable to create comment because issue is locked.")
    created = call.state.add_comment(call.who.login, _comment_body(call), issue=issue)
    return Reply(201, shapes.comment(call.base, call.state, created))


@route("GET", REPO + "/issues/comments/{comment_id}", "pull-requests")
def get_comment(call: Call) -> Reply:
    return Reply(200, shapes.comment(call.base, call.state, _comment(call)))


@route("PATCH", REPO + "/issues/comments/{comment_id}", "pull-requests", "write")
def edit_comment(call: Call) -> Reply:
    comment = _comment(call)
    comment.body, comment.updated_at = _comment_body(call), call.state.now()
    return Reply(200, shapes.comment(call.base, call.state, comment))


@route("DELETE", REPO + "/issues/comments/{comment_id}", "pull-requests", "write")
def delete_comment(call: Call) -> Reply:
    del call.state.comments[_comment(call).id]
    return Reply(204)


@route("GET", REPO + "/contents/{path}", "contents")
def get_contents(call: Call) -> Reply:
    git, ref, path = call.state.git, call.query.get("ref", "main"), call.path["path"]
    commit = git.resolve(ref)
    if commit is None:
        raise Failure(404, f"No commit found for the ref {ref}")
    found = git.entries(commit, path)
    if not found:
        raise Failure(404, "Not Found")
    if found[0].type == "tree":
        inside = [Entry(f"{path}/{each.path}", each.mode, each.type, each.sha, each.size or 0)
                  for each in git.entries(found[0].sha)]  # fmt: skip
        return Reply(200, [shapes.file(call.url, ref, each, None) for each in inside])
    return Reply(200, shapes.file(call.url, ref, found[0], git.read_blob(found[0].sha)))


@route("GET", REPO + "/git/ref/{ref}", "contents")
def get_ref(call: Call) -> Reply:
    name = f"refs/{call.path['ref']}"
    sha = call.state.git.ref(name)
    if sha is None:
        raise Failure(404, "Not Found")
    return Reply(200, shapes.git_ref(call.url, name, sha))


@route("POST", REPO + "/git/refs", "contents", "write")
def create_ref(call: Call) -> Reply:
    name, sha = call.body["ref"], call.body["sha"]
    _guard(call, name, sha)
    try:
        call.state.git.create_ref(name, sha)
    except RefError as error:
        raise Failure(422, str(error)) from None
    return Reply(201, shapes.git_ref(call.url, name, sha))


@route("PATCH", REPO + "/git/refs/{ref}", "contents", "write")
def move_ref(call: Call) -> Reply:
    name, sha = f"refs/{call.path['ref']}", call.body["sha"]
    _guard(call, name, sha)
    try:
        call.state.git.move_ref(name, sha, force=call.body.get("force", False))
    except RefError as error:
        raise Failure(422, str(error)) from None
    return Reply(200, shapes.git_ref(call.url, name, sha))


@route("GET", REPO + "/git/commits/{commit_sha}", "contents")
def get_commit(call: Call) -> Reply:
    commit = call.state.git.read_commit(call.path["commit_sha"])
    if commit is None:
        raise Failure(404, "Not Found")
    return Reply(200, shapes.git_commit(call.url, commit))


@route("POST", REPO + "/git/commits", "contents", "write")
def create_commit(call: Call) -> Reply:
    git = call.state.git
    if git.type_of(call.body["tree"]) != "tree":
        raise Failure(422, "Tree SHA does not exist")
    if any(git.type_of(parent) != "commit" for parent in call.body.get("parents", [])):
        raise Failure(422, "Parent SHA does not exist or is not a commit object")
    commit = git.read_commit(
        git.write_commit(call.body["message"], call.body["tree"], call.body.get("parents", []))
    )
    assert commit is not None
    return Reply(201, shapes.git_commit(call.url, commit))


@route("GET", REPO + "/git/trees/{tree_sha}", "contents")
def get_tree(call: Call) -> Reply:
    sha = call.path["tree_sha"]
    if call.state.git.type_of(sha) != "tree":
        raise Failure(404, "Not Found")
    return Reply(200, shapes.git_tree(call.url, sha, call.state.git.entries(sha)))


@route("POST", REPO + "/git/trees", "contents", "write")
def create_tree(call: Call) -> Reply:
    git, base = call.state.git, call.body.get("base_tree")
    if base is not None and git.type_of(base) != "tree":
        raise Failure(422, "base_tree is not a valid tree oid")
    files = []
    for each in call.body["tree"]:
        sha = each.get("sha") or git.write_blob(each["content"].encode())
        if git.type_of(sha) != "blob":
            raise Failure(422, "tree.sha is not a valid blob")
        files.append((each["mode"], sha, each["path"]))
    tree = git.write_tree(base, files)
    return Reply(201, shapes.git_tree(call.url, tree, git.entries(tree)))


@route("GET", REPO + "/git/blobs/{file_sha}", "contents")
def get_blob(call: Call) -> Reply:
    content = call.state.git.read_blob(call.path["file_sha"])
    if content is None:
        raise Failure(404, "Not Found")
    return Reply(200, shapes.blob(call.url, call.path["file_sha"], content))


@route("POST", REPO + "/git/blobs", "contents", "write")
def create_blob(call: Call) -> Reply:
    content = call.body["content"]
    is_base64 = call.body.get("encoding") == "base64"
    sha = call.state.git.write_blob(base64.b64decode(content) if is_base64 else content.encode())
    return Reply(201, {"sha": sha, "url": f"{call.url}/git/blobs/{sha}"})


def page_of(call: Call, name: str, items: list[Any]) -> Reply:
    """One page of a list, with the links to the others."""
    size, page = min(int(call.query.get("per_page", "30")), 100), int(call.query.get("page", "1"))
    last = max((len(items) + size - 1) // size, 1)
    url = f"{call.url}/issues/{call.path['issue_number']}/{name}?per_page={size}&page="
    links = []
    if page < last:
        links += [f'<{url}{page + 1}>; rel="next"', f'<{url}{last}>; rel="last"']
    if page > 1:
        links += [f'<{url}1>; rel="first"', f'<{url}{page - 1}>; rel="prev"']
    shown = items[(page - 1) * size : page * size]
    return Reply(200, shown, {"Link": ", ".join(links)} if links else {})


def issue_of(call: Call) -> int:
    number = int(call.path["issue_number"])
    if number not in call.state.pull_requests:
        raise Failure(404, "Not Found")
    return number


def _comment(call: Call) -> Comment:
    comment = call.state.comments.get(int(call.path["comment_id"]))
    if comment is None:
        raise Failure(404, "Not Found")
    return comment


def _comment_body(call: Call) -> str:
    body: str = call.body["body"]
    if not body.strip():
        field = {"resource": "IssueComment", "code": "missing_field", "field": "body"}
        raise Failure(422, "Validation Failed", [field])
    # Not in the OpenAPI description; the words are those of GitHub's answer.
    if len(body) > MAX_BODY:
        words = f"Body is too long (maximum is {MAX_BODY} characters)"
        too_long = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": words}
        raise Failure(422, "Validation Failed", [too_long])
    return body


def _guard(call: Call, name: str, sha: str) -> None:
    if call.state.git.type_of(sha) is None:
        raise Failure(422, "Object does not exist")
    if name.removeprefix("refs/heads/") in call.state.protected:
        raise Failure(422, "Repository rule violations found\n\nCannot update this protected ref.")
