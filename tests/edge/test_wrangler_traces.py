"""Requests that wrangler 4.164.0 sent, sent again: the edge answers each with the fields that it had. (trace) -> shapes.

Those of `wrangler preview` are in the repository; CI_WASM_TRACES may name a folder with more (JSON lists of exchanges).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_wasm.edge.serve import LocalEdge
from tests.edge.edge_client import ADD_WASM, OK, EdgeClient, File, Reply, form

IN_REPOSITORY = Path(__file__).parent.parent / "adapters" / "wrangler_traces"
MORE = Path(os.environ.get("CI_WASM_TRACES", "none"))

FLOWS = [
    [IN_REPOSITORY / f"{name}.json" for name in ("preview-new", "preview-again", "preview-delete")],
    [MORE / f"{name}.json" for name in ("e1-preview-new-worker-missing", "e2-preview-again", "e3-preview-delete")],
    [
        MORE / f"{name}.json"
        for name in (
            "a4-versions-upload-worker-missing", "a1-deploy-new", "a2-deploy-existing", "a3-versions-upload-alias",
            "a5-versions-deploy-split", "a6-versions-deploy-100", "a7-rollback", "a9-deployments-status",
            "a14-delete",
        )
    ],
    [MORE / f"{name}.json" for name in ("d4-query-module", "d1d-name-override")],
]  # fmt: skip

ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ACCOUNT = "0" * 32
# Not known to the edge and not read by wrangler: what a Worker exports, who uploaded it, the recorder's own.
UNREAD = {"handlers", "named_handlers", "author_id", "pipeline_hash", "mutable_pipeline_id", "entry_point"}
# Bindings and migrations of kinds that the edge refuses are taken out of the requests, and so are not in the answers.
RUNS_HERE = {"plain_text", "json", "secret_text", "version_metadata", "inherit"}
# Paths that the edge does not serve and says so.
UNSERVED = re.compile(r"/(schedules|routes|domains/\w+)$")


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow[0].stem)
def test_every_recorded_request_is_answered_in_the_recorded_shape(flow: list[Path]) -> None:
    if missing := [path.name for path in flow if not path.exists()]:
        pytest.skip(f"CI_WASM_TRACES names no folder with {missing}")
    ids = {ACCOUNT: "local"}
    with LocalEdge() as edge, EdgeClient(edge) as client:
        for path in flow:
            for exchange in json.loads(path.read_text()):
                if UNSERVED.search(exchange["path"]):
                    continue
                reply = send(client, exchange, ids)
                recorded = exchange["response"]
                problem = f"{path.stem}: {exchange['method']} {exchange['path']}: {reply}"
                assert reply.status == recorded["status"], problem
                assert [reply.code] == [
                    error["code"] for error in recorded["json"]["errors"]
                ] or reply.code is None, problem
                assert list(missing_in(reply.result, recorded["json"]["result"])) == [], problem
                learn(ids, recorded["json"]["result"], reply.result)


def send(client: EdgeClient, exchange: dict[str, Any], ids: dict[str, str]) -> Reply:
    path = replaced(exchange["path"].removeprefix("/client/v4"), ids)
    query = "&".join(f"{name}={value}" for name, value in exchange["query"].items())
    body = json.loads(replaced(json.dumps(exchange["json"]), ids)) if "json" in exchange else None
    files = parts(exchange["multipart"]) if "multipart" in exchange else None
    headers = {"user-agent": "wrangler/4.164.0"}
    return client.call(exchange["method"], f"{path}?{query}", json=body, files=files, headers=headers)


def parts(recorded: list[dict[str, Any]]) -> Any:
    metadata: dict[str, Any] = {}
    files: list[File] = []
    for part in recorded:
        if part["name"] == "metadata":
            metadata = part["json"]
        else:
            content = {"application/wasm": ADD_WASM, "application/source-map": b"{}"}.get(
                part["content_type"], OK.encode()
            )
            files.append((part["filename"], content, part["content_type"]))
    metadata.pop("migrations", None)
    metadata["env"] = {
        name: entry for name, entry in metadata.get("env", {}).items() if entry["type"] in RUNS_HERE
    }
    metadata["bindings"] = [entry for entry in metadata.get("bindings", []) if entry["type"] in RUNS_HERE]
    return form(metadata, files, "files" if recorded[-1]["name"] == "files" else None)


def replaced(text: str, ids: dict[str, str]) -> str:
    return ID.sub(lambda match: ids.get(match[0], match[0]), text)


def missing_in(ours: Any, recorded: Any, path: str = "result") -> Iterator[str]:
    """Paths of what was recorded and is not in our answer."""
    if isinstance(recorded, dict):
        if not isinstance(ours, dict):
            yield f"{path} is {ours!r}"
            return
        for key, value in recorded.items():
            if key in UNREAD:
                continue
            if key not in ours:
                yield f"{path}.{key}"
            elif key not in ("env", "bindings", "annotations"):
                yield from missing_in(ours[key], value, f"{path}.{key}")
    elif isinstance(recorded, list):
        for number, value in enumerate(recorded):
            if number >= len(ours):
                yield f"{path}[{number}]"
            else:
                yield from missing_in(ours[number], value, f"{path}[{number}]")
    elif isinstance(recorded, str) != isinstance(ours, str) and None not in (recorded, ours):
        yield f"{path}: {ours!r} is not of the type of {recorded!r}"


def learn(ids: dict[str, str], recorded: Any, ours: Any) -> None:
    """Pair the identifiers of the recorded answer with those of ours."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in recorded.keys() & ours.keys():
            learn(ids, recorded[key], ours[key])
    elif isinstance(recorded, list) and isinstance(ours, list):
        for one, other in zip(recorded, ours, strict=False):
            learn(ids, one, other)
    elif (
        isinstance(recorded, str) and isinstance(ours, str) and ID.fullmatch(recorded) and ID.fullmatch(ours)
    ):
        ids.setdefault(recorded, ours)
