"""GitHub's shapes: the JSON that the API answers with. (state, URL) -> JSON."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import quote

from tests.fakes.github_git import Entry, GitCommit
from tests.fakes.github_state import Comment, GitHubState

_USER_LINKS = [
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
]
_REPOSITORY_LINKS = [
    "forks",
    "keys",
    "collaborators",
    "teams",
    "hooks",
    "issue_events",
    "events",
    "assignees",
    "branches",
    "tags",
    "blobs",
    "git_tags",
    "git_refs",
    "trees",
    "statuses",
    "languages",
    "stargazers",
    "contributors",
    "subscribers",
    "subscription",
    "commits",
    "git_commits",
    "comments",
    "issue_comment",
    "contents",
    "compare",
    "merges",
    "archive",
    "downloads",
    "issues",
    "pulls",
    "milestones",
    "notifications",
    "labels",
    "releases",
    "deployments",
]
_API_DOCS = "https://docs.github.com/rest"


def node_id(*parts: object) -> str:
    """An opaque identifier, the same for the same thing."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def number_of(*parts: object) -> int:
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16)


def error(message: str, status: int, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"message": message, "documentation_url": _API_DOCS, "status": str(status)}
    return body if errors is None else {**body, "errors": errors}


def user(base: str, login: str) -> dict[str, Any]:
    url = f"{base}/users/{login}"
    return {
        "login": login,
        "id": number_of(login),
        "node_id": node_id("user", login),
        "avatar_url": f"{base}/avatars/{number_of(login)}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{login}",
        **{f"{name}_url": f"{url}/{name}" for name in _USER_LINKS},
        "type": "Bot" if login.endswith("[bot]") else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def own_user(base: str, login: str) -> dict[str, Any]:
    """What `GET /user` gives, as far as everybody may see it."""
    missing = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    times = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return {**user(base, login), **missing, **counts, **times}


def comment(base: str, state: GitHubState, each: Comment) -> dict[str, Any]:
    url = f"{base}/repos/{state.repository}/issues"
    return {
        "id": each.id,
        "node_id": node_id("comment", each.id),
        "url": f"{url}/comments/{each.id}",
        "html_url": f"{base}/{state.repository}/pull/{each.issue}#issuecomment-{each.id}",
        "issue_url": f"{url}/{each.issue}",
        "user": user(base, each.login) if each.login else None,
        "author_association": "CONTRIBUTOR",
        "body": each.body,
        "created_at": each.created_at,
        "updated_at": each.updated_at,
        "performed_via_github_app": None,
        "minimized": {"reason": each.minimized} if each.minimized else None,
    }


def repository(base: str, state: GitHubState) -> dict[str, Any]:
    owner, _, name = state.repository.partition("/")
    url = f"{base}/repos/{state.repository}"
    web = f"{base}/{state.repository}"
    counts = "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count "
    has = ["downloads", "issues", "pages", "projects", "wiki", "discussions"]
    times = dict.fromkeys(("created_at", "updated_at", "pushed_at"), "2026-01-01T00:00:00Z")
    return {
        "id": number_of(state.repository),
        "node_id": node_id("repository", state.repository),
        "name": name,
        "full_name": state.repository,
        "owner": user(base, owner),
        "private": state.private,
        "visibility": "private" if state.private else "public",
        "archived": state.archived,
        "disabled": False,
        "fork": False,
        "default_branch": "main",
        "url": url,
        "html_url": web,
        "clone_url": f"{web}.git",
        "git_url": f"git://{web.partition('//')[2]}.git",
        "ssh_url": f"git@localhost:{state.repository}.git",
        "svn_url": web,
        **{f"{each}_url": f"{url}/{each}" for each in _REPOSITORY_LINKS},
        **dict.fromkeys((counts + "network_count subscribers_count").split(), 0),
        **{f"has_{each}": True for each in has},
        **times,
        **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
    }


def git_ref(url: str, name: str, sha: str) -> dict[str, Any]:
    target = {"type": "commit", "sha": sha, "url": f"{url}/git/commits/{sha}"}
    return {"ref": name, "node_id": node_id(name), "url": f"{url}/git/{quote(name)}", "object": target}


def git_commit(url: str, each: GitCommit) -> dict[str, Any]:
    who = {
        "name": "github-actions[bot]",
        "email": "github-actions@users.noreply.github.com",
        "date": each.date,
    }
    return {
        "sha": each.sha,
        "node_id": node_id(each.sha),
        "url": f"{url}/git/commits/{each.sha}",
        "html_url": f"{url}/commit/{each.sha}",
        "author": who,
        "committer": who,
        "message": each.message,
        "tree": {"sha": each.tree, "url": f"{url}/git/trees/{each.tree}"},
        "parents": [
            {"sha": sha, "url": f"{url}/git/commits/{sha}", "html_url": f"{url}/commit/{sha}"}
            for sha in each.parents
        ],
        "verification": {
            "verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None
        },
    }  # fmt: skip


def git_tree(url: str, sha: str, entries: list[Entry]) -> dict[str, Any]:
    listed = []
    for each in entries:
        line: dict[str, Any] = {"path": each.path, "mode": each.mode, "type": each.type, "sha": each.sha}
        if each.size is not None:
            line["size"] = each.size
        listed.append({**line, "url": f"{url}/git/{each.type}s/{each.sha}"})
    return {"sha": sha, "url": f"{url}/git/trees/{sha}", "tree": listed, "truncated": False}


def blob(url: str, sha: str, content: bytes) -> dict[str, Any]:
    return {
        "sha": sha,
        "node_id": node_id(sha),
        "size": len(content),
        "url": f"{url}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }


def file(url: str, ref: str, entry: Entry, content: bytes | None) -> dict[str, Any]:
    """A file in the contents API; above 1 MB its content stays away."""
    path, ref = quote(entry.path), quote(ref)
    own = f"{url}/contents/{path}?ref={ref}"
    git = f"{url}/git/blobs/{entry.sha}"
    html = f"{url}/blob/{ref}/{path}"
    shape = {
        "type": "file",
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size,
        "url": own,
        "git_url": git,
        "html_url": html,
        "download_url": f"{url}/raw/{ref}/{path}",
        "_links": {"self": own, "git": git, "html": html},
    }
    if content is None:
        return shape
    is_large = len(content) > 1_000_000
    text = "" if is_large else base64.encodebytes(content).decode()
    return {**shape, "content": text, "encoding": "none" if is_large else "base64"}
