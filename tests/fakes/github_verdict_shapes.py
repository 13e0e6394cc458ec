"""GitHub's shapes of labels' events, permissions, pushes, check runs and statuses. (state, URL) -> JSON."""

from __future__ import annotations

from typing import Any

from tests.fakes.github_shapes import node_id, user
from tests.fakes.github_state import Activity, GitHubState, LabelEvent


def label_event(base: str, state: GitHubState, each: LabelEvent) -> dict[str, Any]:
    return {
        "id": each.id,
        "node_id": node_id("event", each.id),
        "url": f"{base}/repos/{state.repository}/issues/events/{each.id}",
        "actor": user(base, each.login),
        "event": "labeled" if each.is_set else "unlabeled",
        "commit_id": None,
        "commit_url": None,
        "created_at": each.at,
        "label": {"name": each.label, "color": "ededed"},
        "performed_via_github_app": None,
    }


def permission(base: str, login: str, role: str) -> dict[str, Any]:
    """The base role, which folds two roles into others, and the role itself."""
    folded = {"triage": "read", "maintain": "write"}.get(role, role)
    return {"permission": folded, "role_name": role, "user": {**user(base, login), "role_name": role}}


def activity(base: str, each: Activity) -> dict[str, Any]:
    return {
        "id": each.id,
        "node_id": node_id("activity", each.id),
        "before": "0" * 40,
        "after": each.after,
        "ref": each.ref,
        "timestamp": each.at,
        "activity_type": "push",
        "actor": user(base, "mona"),
    }


def check_run(url: str, run: dict[str, Any]) -> dict[str, Any]:
    own, output = f"{url}/check-runs/{run['id']}", run.get("output") or {}
    return {
        "id": run["id"],
        "node_id": node_id("check", run["id"]),
        "head_sha": run["head_sha"],
        "external_id": run.get("external_id"),
        "url": own,
        "html_url": f"{url.replace('/repos/', '/')}/runs/{run['id']}",
        "details_url": run.get("details_url"),
        "status": run.get("status", "queued"),
        "conclusion": run.get("conclusion"),
        "started_at": run["at"],
        "completed_at": run["at"] if run.get("conclusion") else None,
        "output": {
            "title": output.get("title"),
            "summary": output.get("summary"),
            "text": output.get("text"),
            "annotations_count": len(run["annotations"]),
            "annotations_url": f"{own}/annotations",
        },
        "name": run["name"],
        "check_suite": {"id": 5},
        "app": None,
        "pull_requests": [],
    }


def status(base: str, url: str, each: dict[str, Any]) -> dict[str, Any]:
    return {
        "url": f"{url}/statuses/{each['sha']}",
        "avatar_url": None,
        "id": each["id"],
        "node_id": node_id("status", each["id"]),
        "state": each["state"],
        "description": each.get("description"),
        "target_url": each.get("target_url"),
        "context": each.get("context", "default"),
        "created_at": each["at"],
        "updated_at": each["at"],
        "creator": user(base, each["login"]),
    }
