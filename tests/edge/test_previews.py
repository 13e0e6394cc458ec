"""The Previews resource, from creation to deletion, with what it serves. (requests) -> answers, pages."""

from __future__ import annotations

from tests.edge.edge_client import ADD_WASM, OK, WASM, EdgeClient, script

ADD = [
    script("""
import wasm from "./add.wasm";
const { exports } = new WebAssembly.Instance(wasm);
export default {
  fetch(request, env) {
    const query = new URL(request.url).searchParams;
    return Response.json({ sum: exports.add(+query.get("a"), +query.get("b")), mode: env.MODE });
  },
};"""),
    ("add.wasm", ADD_WASM, WASM),
]


def says(word: str) -> list[tuple[str, bytes, str]]:
    return [script(f"export default {{ fetch() {{ return new Response('{word}'); }} }};")]


def test_a_preview_from_nothing_to_deleted(client: EdgeClient, worker: str) -> None:
    """The calls of `wrangler preview`, a new commit, and the end of the pull request."""
    previews = f"workers/{worker}/previews"
    port = client.edge.port
    assert client.call("GET", f"{previews}/pr-42").code == 10007
    subdomain = {"enabled": True, "previews_enabled": True}
    made = client.call("POST", "workers", json={"name": worker, "subdomain": subdomain}).result
    assert made["subdomain"] == subdomain | {
        "url": f"http://{worker}.edge.localhost:{port}",
        "preview_url_suffix": f"-{worker}.edge.localhost:{port}",
    }

    assert client.call("GET", f"{previews}/pr-42").code == 10025
    preview = client.call("POST", previews, json={"name": "pr-42", "observability": {"enabled": True}}).result
    url = f"http://pr-42-{worker}.edge.localhost:{port}"
    assert (preview["slug"], preview["urls"], preview["deployed_on"]) == ("pr-42", [url], None)
    assert client.call("GET", f"{previews}/{preview['id']}/deployments/latest").code == 10222
    assert client.get(url).status_code == 404
    assert "has no deployment yet" in client.get(url).text

    annotations = {
        "workers/commit_sha": "c" * 40,
        "workers/pull_request_number": "42",
        "workers/message": "m" * 2000,
    }
    mode = {"MODE": {"type": "plain_text", "text": "preview"}}
    first = client.preview(worker, "pr-42", ADD, mode, annotations=annotations).result
    assert first["preview_id"] == preview["id"]
    assert first["urls"] == [f"http://{first['id'][:8]}-{worker}.edge.localhost:{port}"]
    assert first["env"] == mode
    assert first["annotations"] == annotations | {"workers/message": "m" * 1000}
    assert first["startup_time_ms"] > 0
    for address in (url, first["urls"][0]):
        assert client.get(address, "/?a=2&b=40").json() == {"sum": 42, "mode": "preview"}

    second = client.preview(worker, "pr-42", says("second")).result
    assert client.get(url).text == "second"
    assert client.get(second["urls"][0]).text == "second"
    assert client.get(first["urls"][0], "/?a=1&b=1").json()["sum"] == 2
    deployments = client.call("GET", f"{previews}/pr-42/deployments").result
    assert [one["id"] for one in deployments] == [second["id"], first["id"]]
    assert client.call("GET", f"{previews}/pr-42/deployments/latest").result == second
    assert client.call("GET", f"{previews}/pr-42/deployments/{first['id']}").result == first

    assert client.call("DELETE", f"{previews}/pr-42").result is None
    for address in (url, first["urls"][0], second["urls"][0]):
        assert client.get(address).status_code == 404
    assert client.call("DELETE", f"{previews}/pr-42").code == 10025


def test_a_preview_is_found_by_id_slug_and_encoded_name(client: EdgeClient, worker: str) -> None:
    client.call("POST", "workers", json={"name": worker})
    made = client.call("POST", f"workers/{worker}/previews", json={"name": "feature/Log.in"}).result
    worker_id = client.call("GET", f"workers/{worker}").result["id"]

    found = [
        client.call("GET", f"workers/{owner}/previews/{one}").result
        for owner in (worker, worker_id)
        for one in (made["id"], "feature-log-in", "feature%2FLog.in")
    ]

    assert found == [made] * 6
    assert made["slug"] == "feature-log-in"


def test_settings_are_kept_and_nothing_else_is(client: EdgeClient, worker: str) -> None:
    client.call("POST", "workers", json={"name": worker})
    client.call("POST", f"workers/{worker}/previews", json={"name": "pr-1", "tags": ["a"]})

    patch = {"observability": {"enabled": True}, "name": "pr-2", "id": "x"}
    patched = client.call("PATCH", f"workers/{worker}/previews/pr-1", json=patch).result
    put = client.call("PUT", f"workers/{worker}/previews/pr-1", json={"logpush": True}).result

    assert (patched["name"], patched["tags"], patched["observability"]) == ("pr-1", ["a"], {"enabled": True})
    assert (put["tags"], put["observability"], put["logpush"]) == ([], {"enabled": False}, True)


def test_two_names_with_one_slug_are_refused(client: EdgeClient, worker: str) -> None:
    client.call("POST", "workers", json={"name": worker})
    client.call("POST", f"workers/{worker}/previews", json={"name": "a/b"})

    reply = client.call("POST", f"workers/{worker}/previews", json={"name": "a.b"})

    assert (reply.status, reply.code) == (400, 10016)


def test_an_upload_that_does_not_start_leaves_the_preview_as_it_was(client: EdgeClient, worker: str) -> None:
    before = client.preview(worker, "pr-1", says("before")).result

    refused = client.preview(worker, "pr-1", [script("nonsense(")])

    assert refused.code == 10021
    assert client.get(f"pr-1-{worker}").text == "before"
    assert client.call("GET", f"workers/{worker}/previews/pr-1/deployments/latest").result == before


def test_the_same_upload_again_changes_nothing_but_the_deployment(client: EdgeClient, worker: str) -> None:
    first = client.preview(worker, "pr-1", ADD).result
    second = client.preview(worker, "pr-1", ADD).result

    changing = ("id", "urls", "created_on", "startup_time_ms")
    assert {key: value for key, value in first.items() if key not in changing} == {
        key: value for key, value in second.items() if key not in changing
    }
    assert client.get(f"pr-1-{worker}", "/?a=1&b=2").json() == {"sum": 3}


def test_previews_of_one_worker_do_not_touch_each_other(client: EdgeClient, worker: str) -> None:
    for name in ("pr-1", "pr-2", "pr-3"):
        client.preview(worker, name, says(name))
    client.call("DELETE", f"workers/{worker}/previews/pr-2")

    assert [client.get(f"pr-{n}-{worker}").status_code for n in (1, 2, 3)] == [200, 404, 200]
    assert [client.get(f"pr-{n}-{worker}").text for n in (1, 3)] == ["pr-1", "pr-3"]


def test_only_a_deployment_that_is_not_active_can_be_deleted(client: EdgeClient, worker: str) -> None:
    first, second = (client.preview(worker, "pr-1", says(word)).result for word in ("one", "two"))
    deployments = f"workers/{worker}/previews/pr-1/deployments"

    assert client.call("DELETE", f"{deployments}/{second['id']}").code == 10338
    assert client.call("DELETE", f"{deployments}/latest").code == 10338
    assert client.call("DELETE", f"{deployments}/{first['id']}").status == 200
    assert client.get(first["urls"][0]).status_code == 404
    assert client.get(f"pr-1-{worker}").text == "two"


def test_a_deleted_worker_takes_its_previews_along(client: EdgeClient, worker: str) -> None:
    client.preview(worker, "pr-1", [script(OK)])

    assert client.call("DELETE", f"workers/{worker}").status == 200
    assert client.get(f"pr-1-{worker}").status_code == 404
    assert client.call("GET", f"workers/{worker}/previews/pr-1").code == 10007
