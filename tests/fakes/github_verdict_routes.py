"""GitHub's routes for labels, permissions, pushes, check runs and statuses. Call -> Reply."""

from __future__ import annotations

from tests.fakes import github_verdict_shapes as shapes
from tests.fakes.github_routes import REPO, ROUTES, Call, Failure, Reply, issue_of, page_of, route

__all__ = ["REPO", "ROUTES"]  # with this file's routes


@route("GET", REPO + "/issues/{issue_number}/events", "pull-requests")
def list_events(call: Call) -> Reply:
    issue = issue_of(call)
    events = [each for each in call.state.label_events if each.issue == issue]
    return page_of(call, "events", [shapes.label_event(call.base, call.state, each) for each in events])


@route("GET", REPO + "/collaborators/{username}/permission", "metadata")
def get_permission(call: Call) -> Reply:
    login = call.path["username"]
    role = call.state.people.get(login)
    if role is None:
        raise Failure(404, f"{login} is not a user")
    return Reply(200, shapes.permission(call.base, login, role))


@route("GET", REPO + "/activity", "contents")
def list_activities(call: Call) -> Reply:
    repository = f"{call.path['owner']}/{call.path['repo']}"
    ref = f"refs/heads/{call.query['ref'].removeprefix('refs/heads/')}"
    found = [each for each in call.state.activities if (each.repository, each.ref) == (repository, ref)]
    shown = [shapes.activity(call.base, each) for each in reversed(found)]
    return Reply(200, shown[: int(call.query.get("per_page", "30"))])


@route("POST", REPO + "/check-runs", "checks", "write")
def create_check_run(call: Call) -> Reply:
    run = {"id": call.state.next_id(), "at": call.state.now(), **call.body, "annotations": []}
    call.state.check_runs[run["id"]] = run
    run["annotations"] += call.body.get("output", {}).get("annotations", [])
    return Reply(201, shapes.check_run(call.url, run))


@route("PATCH", REPO + "/check-runs/{check_run_id}", "checks", "write")
def edit_check_run(call: Call) -> Reply:
    run = call.state.check_runs.get(int(call.path["check_run_id"]))
    if run is None:
        raise Failure(404, "Not Found")
    # What a later call brings is added to what is there.
    run["annotations"] += call.body.get("output", {}).get("annotations", [])
    run.update({key: value for key, value in call.body.items() if key != "annotations"})
    return Reply(200, shapes.check_run(call.url, run))


@route("GET", REPO + "/commits/{ref}/check-runs", "checks")
def list_check_runs(call: Call) -> Reply:
    found = [
        run
        for run in call.state.check_runs.values()
        if run["head_sha"] == call.path["ref"] and run["name"] == call.query.get("check_name", run["name"])
    ]
    shown = [shapes.check_run(call.url, run) for run in reversed(found)]
    return Reply(200, {"total_count": len(shown), "check_runs": shown})


@route("POST", REPO + "/statuses/{sha}", "statuses", "write")
def create_status(call: Call) -> Reply:
    if len(call.body.get("description") or "") > 140:
        raise Failure(422, "Validation Failed", [{"resource": "Status", "code": "custom", "field": "description",
                                                  "message": "description is too long (maximum is 140 characters)"}])  # fmt: skip
    status = {"id": call.state.next_id(), "at": call.state.now(), "sha": call.path["sha"], **call.body}
    call.state.statuses.append({**status, "login": call.who.login})
    return Reply(201, shapes.status(call.base, call.url, call.state.statuses[-1]))


@route("GET", REPO + "/commits/{ref}/statuses", "statuses")
def list_statuses(call: Call) -> Reply:
    found = [each for each in reversed(call.state.statuses) if each["sha"] == call.path["ref"]]
    return Reply(200, [shapes.status(call.base, call.url, each) for each in found])
