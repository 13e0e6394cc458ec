"""Scripts, versions, aliases and deployments, with what they serve. (requests) -> answers, pages."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ci_wasm.edge.store import KEPT
from tests.edge.edge_client import OK, EdgeClient, File, script


def says(word: str) -> list[File]:
    return [script(f"export default {{ fetch() {{ return new Response('{word}'); }} }};")]


def test_a_new_script_answers_once_its_url_is_enabled(client: EdgeClient, worker: str) -> None:
    put = client.put(worker, says("one")).result
    assert client.get(worker).status_code == 404
    assert "not enabled" in client.get(worker).text

    switched = client.call("POST", f"scripts/{worker}/subdomain", json={"enabled": True}).result
    assert switched == {"enabled": True, "previews_enabled": True}
    assert client.get(worker).text == "one"

    deployments = client.call("GET", f"scripts/{worker}/deployments").result["deployments"]
    version = deployments[0]["versions"][0]["version_id"]
    assert put["deployment_id"] == version.replace("-", "")
    assert client.get(f"{version[:8]}-{worker}").text == "one"

    client.call("DELETE", f"scripts/{worker}/subdomain")
    assert [client.get(label).status_code for label in (worker, f"{version[:8]}-{worker}")] == [404, 404]


def test_what_wrangler_reads_of_a_script_is_there(client: EdgeClient, worker: str) -> None:
    mode = {"name": "MODE", "type": "plain_text", "text": "x"}
    client.deploy(worker, says("one"), bindings=[mode])

    service = client.call("GET", f"services/{worker}").result
    settings = client.call("GET", f"scripts/{worker}/settings").result
    resource = client.call("GET", f"workers/{worker}").result

    assert service["default_environment"]["environment"] == "production"
    assert service["default_environment"]["script"]["tag"] == resource["id"]
    assert (settings["bindings"], settings["compatibility_date"]) == ([mode], "2026-07-01")
    assert resource["subdomain"]["url"] == f"http://{worker}.edge.localhost:{client.edge.port}"
    assert worker in [script["id"] for script in client.call("GET", "scripts").result]


def test_a_version_with_an_alias_is_not_what_the_worker_answers_with(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, says("production"))
    first = client.version(
        worker, says("first"), annotations={"workers/alias": "pr-7", "workers/tag": "t"}
    ).result
    assert first["metadata"]["has_preview"] is True
    assert first["number"] == 2
    assert first["annotations"]["workers/alias"] == "pr-7"
    labels = (worker, f"pr-7-{worker}", f"{first['id'][:8]}-{worker}")
    assert [client.get(label).text for label in labels] == ["production", "first", "first"]

    second = client.version(worker, says("second"), annotations={"workers/alias": "pr-7"}).result
    assert [client.get(label).text for label in labels] == ["production", "second", "first"]
    assert client.get(f"{second['id'][:8]}-{worker}").text == "second"

    listed = client.call("GET", f"scripts/{worker}/versions?deployable=true").result["items"]
    assert [item["number"] for item in listed] == [3, 2, 1]
    page = client.call("GET", f"scripts/{worker}/versions?per_page=2&page=2")
    assert ([item["number"] for item in page.result["items"]], page.info["total_count"]) == ([1], 3)
    assert client.call("GET", f"scripts/{worker}/versions/{first['id']}").result == first


def test_versions_can_be_refused_urls(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, says("production"))
    client.version(worker, says("hidden"), annotations={"workers/alias": "pr-7"})
    switches = {"enabled": True, "previews_enabled": False}

    answer = client.call("POST", f"scripts/{worker}/subdomain", json=switches).result

    assert answer == switches
    assert client.get(worker).text == "production"
    assert client.get(f"pr-7-{worker}").status_code == 404


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"annotations": {"workers/alias": "42-fix"}}, 10004),
        ({"annotations": {"workers/alias": "a" * 61}}, 100132),
        ({"migrations": {"new_tag": "v1"}}, 10211),
        ({"bindings": [{"name": "KV", "type": "kv_namespace", "namespace_id": "x"}]}, 100153),
        ({"bindings": [{"name": "GONE", "type": "inherit"}]}, 10057),
        ({"bindings": {}}, None),
        ({"bindings": 7}, 10021),
    ],
)
def test_what_is_wrong_with_a_version_has_a_code(
    client: EdgeClient, worker: str, metadata: dict[str, Any], code: int | None
) -> None:
    client.deploy(worker, says("production"))

    assert client.version(worker, says("new"), **metadata).code == code


def test_a_version_needs_its_worker(client: EdgeClient, worker: str) -> None:
    assert client.version(worker, says("one")).code == 10007


def test_a_deployment_splits_between_two_versions(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, says("old"))
    old = client.call("GET", f"scripts/{worker}/versions/latest").result["id"]
    new = client.version(worker, says("new")).result["id"]

    shares = [{"version_id": old, "percentage": 50}, {"version_id": new, "percentage": 50}]
    body = {"strategy": "percentage", "versions": shares, "annotations": {"workers/message": "canary"}}
    made = client.call("POST", f"scripts/{worker}/deployments", json=body).result
    seen = Counter(client.get(worker).text for _ in range(80))

    assert made["versions"] == shares
    assert made["annotations"] == {"workers/message": "canary", "workers/triggered_by": "deployment"}
    assert client.call("GET", f"scripts/{worker}/deployments").result["deployments"][0] == made
    assert client.call("GET", f"scripts/{worker}/deployments/{made['id']}").result == made
    # The chance that a fair coin gives less than 10 of 80 is 1 in 10^12.
    assert min(seen["old"], seen["new"]) >= 10


def test_a_version_is_deployed_and_rolled_back(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, says("old"))
    old = client.call("GET", f"scripts/{worker}/versions/latest").result["id"]
    new = client.version(worker, says("new")).result["id"]

    seen = []
    for version in (new, old):
        body = {"strategy": "percentage", "versions": [{"version_id": version, "percentage": 100}]}
        client.call("POST", f"scripts/{worker}/deployments", json=body)
        seen.append(client.get(worker).text)

    assert seen == ["new", "old"]


THERE = "THERE"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 10210),
        ({"strategy": "percentage"}, 10210),
        ({"strategy": "percentage", "versions": []}, 10210),
        ({"strategy": "all", "versions": [{"version_id": THERE, "percentage": 100}]}, 10210),
        ({"strategy": "percentage", "versions": [{"version_id": THERE, "percentage": 99}]}, 10210),
        ({"strategy": "percentage", "versions": [{"version_id": THERE, "percentage": 101}]}, 10210),
        ({"strategy": "percentage", "versions": [{"version_id": THERE, "percentage": "100"}]}, 10210),
        ({"strategy": "percentage", "versions": [{"version_id": THERE, "percentage": True}]}, 10210),
        ({"strategy": "percentage", "versions": [{"version_id": THERE, "percentage": 50}] * 2}, 10210),
        ({"strategy": "percentage", "versions": [THERE]}, 10210),
        ({"strategy": "percentage", "versions": [{"version_id": "gone", "percentage": 100}]}, 10071),
        ({"strategy": "percentage", "versions": [{"percentage": 100}]}, 10071),
    ],
)
def test_an_invalid_deployment_is_refused(
    client: EdgeClient, worker: str, body: dict[str, Any], code: int
) -> None:
    client.deploy(worker, says("one"))
    there = client.call("GET", f"scripts/{worker}/versions/latest").result["id"]
    for entry in body.get("versions", []):
        if isinstance(entry, dict) and entry.get("version_id") == THERE:
            entry["version_id"] = there

    assert client.call("POST", f"scripts/{worker}/deployments", json=body).code == code
    assert client.get(worker).text == "one"


def test_a_worker_made_for_previews_can_be_deployed_later(client: EdgeClient, worker: str) -> None:
    """What wrangler does for a Worker that is there: a version, and a deployment of it."""
    client.preview(worker, "pr-1", says("preview"))
    version = client.version(worker, says("production")).result["id"]
    body = {"strategy": "percentage", "versions": [{"version_id": version, "percentage": 100}]}
    client.call("POST", f"scripts/{worker}/deployments", json=body)
    client.call("POST", f"scripts/{worker}/subdomain", json={"enabled": True})

    assert [client.get(label).text for label in (worker, f"pr-1-{worker}")] == ["production", "preview"]


def test_script_settings_are_kept(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, says("one"))

    patch = {"tags": ["ci-wasm"], "observability": {"enabled": True}, "bindings": "ignored"}
    patched = client.call("PATCH", f"scripts/{worker}/script-settings", json=patch).result

    assert patched == {
        "tags": ["ci-wasm"],
        "observability": {"enabled": True},
        "logpush": False,
        "tail_consumers": [],
    }
    assert client.call("GET", f"scripts/{worker}/script-settings").result == patched


@pytest.mark.parametrize("path", ["scripts/{}?force=true", "services/{}?force=true", "workers/{}"])
def test_a_deleted_worker_is_gone(client: EdgeClient, worker: str, path: str) -> None:
    client.deploy(worker, says("one"))
    client.version(worker, says("two"), annotations={"workers/alias": "pr-7"})

    deleted = client.call("DELETE", path.format(worker))

    assert (deleted.status, deleted.result) == (200, None)
    assert [client.get(label).status_code for label in (worker, f"pr-7-{worker}")] == [404, 404]
    assert client.call("GET", f"services/{worker}").code == 10090


def test_old_versions_are_forgotten_unless_a_url_answers_with_them(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, says("deployed"))
    client.version(worker, says("aliased"), annotations={"workers/alias": "keep"})
    lost = client.version(worker, says("lost")).result["id"]
    for _ in range(KEPT):
        client.version(worker, [script(OK)])

    assert [client.get(label).text for label in (worker, f"keep-{worker}")] == ["deployed", "aliased"]
    assert client.call("GET", f"scripts/{worker}/versions/{lost}").code == 10071
    assert client.get(f"{lost[:8]}-{worker}").status_code == 404
