"""The Workers adapter: the calls it sends, compared with wrangler's, and what is checked before they are sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers, binding, upload_annotations
from ci_wasm.config.secret import Secret
from ci_wasm.core.script import ModuleType, WorkerModule
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.errors import ConfigError, NetworkError
from tests.adapters.loopback import Recorded, Reply, as_json, content, ok, refused, serve
from tests.adapters.scripted_cloudflare import (
    ACCOUNT,
    DEPLOYMENT,
    NO_PREVIEW,
    NO_WORKER,
    PREVIEW,
    PROVENANCE,
    TOKEN,
    WORKER,
    client,
    deploy,
    short,
)

# What wrangler 4.164.0 sent to a recording server, and what it took for answers.
TRACES = Path(__file__).parent / "wrangler_traces"

LOOK = "GET W/ci-wasm-e/previews/pr-42"
CREATE_WORKER = "POST W"
CREATE_PREVIEW = "POST W/ci-wasm-e/previews"
UPLOAD = "POST W/ci-wasm-e/previews/6afe/deployments"

SEQUENCES = {
    "everything is new": ([NO_WORKER, ok({}), ok(PREVIEW), ok(DEPLOYMENT)], [LOOK, CREATE_WORKER, CREATE_PREVIEW, UPLOAD]),
    "the Worker is there": ([NO_PREVIEW, ok(PREVIEW), ok(DEPLOYMENT)], [LOOK, CREATE_PREVIEW, UPLOAD]),
    "the preview is there": ([ok(PREVIEW), ok(DEPLOYMENT)], [LOOK, UPLOAD]),
    "somebody else made the Worker meanwhile": (
        [NO_WORKER, refused(400, 10040), ok({}), ok(PREVIEW), ok(DEPLOYMENT)],
        [LOOK, CREATE_WORKER, "GET W/ci-wasm-e", CREATE_PREVIEW, UPLOAD],
    ),
    "the first attempt to make the preview went through unheard": (
        [NO_PREVIEW, Reply(reset=True), refused(409, 10040), ok(PREVIEW), ok(DEPLOYMENT)],
        [LOOK, CREATE_PREVIEW, CREATE_PREVIEW, LOOK, UPLOAD],
    ),
    "another upload holds the lock": (
        [ok(PREVIEW), refused(409, 10035), refused(409, 10035), ok(DEPLOYMENT)],
        [LOOK, UPLOAD, UPLOAD, UPLOAD],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_calls_of_a_deployment(name: str) -> None:
    replies, calls = SEQUENCES[name]

    deployment, server = deploy(*replies)

    assert short(server.calls) == calls
    assert (deployment.url, deployment.deployment_url, deployment.deployment_id) == (
        "https://pr-42-ci-wasm-e.acme.workers.dev",
        "https://893907a2-ci-wasm-e.acme.workers.dev",
        "893907a2-5daf",
    )


@pytest.mark.parametrize(("said", "expected"), [(12, 12), (0, 0), (None, None), ("12", None), (True, None)])
def test_what_cloudflare_says_of_the_start_is_kept(said: object, expected: int | None) -> None:
    deployment, _ = deploy(ok(PREVIEW), ok({**DEPLOYMENT, "startup_time_ms": said}))

    assert deployment.startup_ms == expected


def test_the_upload_form_carries_modules_bindings_and_provenance() -> None:
    _, server = deploy(ok(PREVIEW), ok(DEPLOYMENT))

    metadata, script, wasm = server.requests[-1].parts()
    assert json.loads(content(metadata)) == {
        "main_module": "index.js",
        "compatibility_date": "2026-07-01",
        "compatibility_flags": ["nodejs_compat"],
        "env": {
            "MODE": {"type": "plain_text", "text": "preview"},
            "NUMBER": {"type": "json", "json": 3},
            "LIST": {"type": "json", "json": ["\u2028", True]},
        },
        "annotations": {
            "workers/commit_sha": "c" * 40,
            "workers/pull_request_number": "42",
            "workers/pull_request_url": "https://github.com/acme/add/pull/42",
            "workers/message": "Add a carry",
        },
    }
    assert (script.get_content_type(), content(script)) == (
        "application/javascript+module",
        b"export default {};",
    )
    assert (wasm.get_content_type(), content(wasm)) == ("application/wasm", b"\0asm\r\n--")


# --- compared with what wrangler 4.164.0 sent -------------------------------------------------------------------------


def trace(name: str) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = json.loads((TRACES / f"{name}.json").read_text())
    return requests


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        # wrangler asks for the last deployment because of Durable Object migrations, which ci-wasm does not send.
        ("preview-new", ["/deployments/latest"]),
        # It updates the preview's settings where the config has some, and reads the Worker's URL.
        ("preview-again", ["/previews/pr-42 PATCH", "/deployments/latest", "/ci-wasm-e GET"]),
    ],
)
def test_the_requests_are_wranglers_with_wranglers_answers(name: str, left_out: list[str]) -> None:
    expected = [
        step
        for step in trace(name)
        if not any(f"{step['path']} {step['method']}".find(end) > 0 for end in left_out)
    ]
    with serve(
        *(as_json(step["response"]["status"], step["response"]["json"]) for step in expected)
    ) as server:
        deployment = client(server, "/client/v4").deploy_preview(WORKER, "pr-42", PROVENANCE)

    assert server.calls == [f"{step['method']} {step['path']}" for step in expected]
    for sent, step in zip(server.requests, expected, strict=True):
        compare(sent, step)
    assert deployment.url == "https://pr-42-ci-wasm-e.acme.workers.dev"


def compare(sent: Recorded, step: dict[str, Any]) -> None:
    theirs = step["headers"]
    assert sent.headers.get("content-type", "").split(";")[0] == theirs.get("content-type", "").split(";")[0]
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    if "json" in step:
        assert sent.json.items() <= step["json"].items()
    if "multipart" in step:
        ours = [
            (part.get_param("name", header="content-disposition"), part["content-type"])
            for part in sent.parts()
        ]
        mapped = [(part["name"], part["content_type"]) for part in step["multipart"]]
        assert ours == [entry for entry in mapped if entry[1] != "application/source-map"]
        metadata = json.loads(content(sent.parts()[0]))
        assert metadata.keys() <= step["multipart"][0]["json"].keys() | {"compatibility_flags", "annotations"}


def test_the_delete_request_is_wranglers() -> None:
    (step,) = trace("preview-delete")
    with serve(as_json(step["response"]["status"], step["response"]["json"])) as server:
        assert client(server, "/client/v4").delete_preview("ci-wasm-e", "pr-42")

    assert server.calls == [f"DELETE {step['path']}"]


# --- deleting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "deleted"),
    [
        (ok(None), True),
        (Reply(204), True),
        (NO_PREVIEW, False),
        (NO_WORKER, False),
        (refused(404, 10090), False),
    ],
)
def test_deleting_says_whether_there_was_something(reply: Reply, *, deleted: bool) -> None:
    with serve(reply) as server:
        assert client(server).delete_preview("add", "feature/x") is deleted

    assert short(server.calls) == ["DELETE W/add/previews/feature%2Fx"]


def test_names_cannot_leave_their_place_in_the_path() -> None:
    with serve(NO_PREVIEW) as server:
        client(server).delete_preview("../../scripts/add?force=true#", "a b\ud800")

    assert short(server.calls) == ["DELETE W/..%2F..%2Fscripts%2Fadd%3Fforce%3Dtrue%23/previews/a%20b%3F"]


# --- what is checked before anything is sent --------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}, object(), b"bytes"])
def test_a_variable_that_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="the variable `X`"):
        binding("X", value)


def test_an_account_that_is_not_set_is_said_before_any_request() -> None:
    with pytest.raises(ConfigError, match="account is not set"):
        CloudflareWorkers("http://127.0.0.1:1", "", Secret(TOKEN)).delete_preview("add", "pr-1")


@pytest.mark.parametrize(
    ("provenance", "expected"),
    [
        (Provenance("abc"), {"workers/commit_sha": "abc"}),
        (Provenance("a" * 65, 0), {"workers/commit_sha": "a" * 64, "workers/pull_request_number": "0"}),
        (Provenance("a", None, "https://x/" + "y" * 503), {"workers/commit_sha": "a"}),
        (Provenance("a", None, "", "é" * 500), {"workers/commit_sha": "a", "workers/message": "é" * 500}),
        (
            Provenance("a", None, "", "é" * 501),
            {"workers/commit_sha": "a", "workers/message": "é" * 498 + "…"},
        ),
        (Provenance("a", None, "", "\ud800"), {"workers/commit_sha": "a", "workers/message": "?"}),
    ],
)
def test_annotations_keep_cloudflares_limits(provenance: Provenance, expected: dict[str, str]) -> None:
    assert upload_annotations(provenance) == expected


def test_the_adapter_shows_no_token() -> None:
    workers = CloudflareWorkers("http://127.0.0.1:1", ACCOUNT, Secret(TOKEN))

    assert TOKEN not in repr(workers) + str(vars(workers))
    assert ACCOUNT not in repr(workers)


def test_a_large_upload_gets_time_in_proportion() -> None:
    large = Worker("add", "m", (WorkerModule("m", ModuleType.DATA, bytes(256 * 1024)),), "2026-07-01")
    slow = Reply(delay=0.6, body=ok(DEPLOYMENT).body)
    with serve(ok(PREVIEW), slow) as server:
        workers = CloudflareWorkers(server.url, ACCOUNT, Secret(TOKEN), sleep=lambda _: None, timeout=0.3)
        assert workers.deploy_preview(large, "pr-42", PROVENANCE).deployment_id == "893907a2-5daf"

    with serve(slow) as server, pytest.raises(NetworkError, match="timeout"):
        CloudflareWorkers(
            server.url, ACCOUNT, Secret(TOKEN), sleep=lambda _: None, timeout=0.3
        ).delete_preview("a", "b")


def test_httpx_is_imported_by_the_first_call_and_not_before() -> None:
    program = (
        "import sys; from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers; "
        "from ci_wasm.adapters.web import HttpxWeb; from ci_wasm.config.secret import Secret; "
        "CloudflareWorkers('http://127.0.0.1:1', 'a', Secret('t')); HttpxWeb(); print('httpx' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout == "False\n"
