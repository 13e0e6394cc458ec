"""Edge client: what tests say to a local edge, plain HTTP over loopback. (method, path) -> (status, code, result)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from ci_wasm.edge.serve import LocalEdge

# (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
ADD_WASM = bytes.fromhex("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b")
ESM, WASM = "application/javascript+module", "application/wasm"
META = {"main_module": "index.js", "compatibility_date": "2026-07-01"}
OK = "export default { fetch() { return new Response('ok'); } };"

File = tuple[str, bytes, str]
Part = tuple[str, tuple[str | None, bytes | str, str]]


@dataclass(frozen=True)
class Reply:
    """An answer of the API: HTTP status, `errors[0].code` or None, `errors[0].message` or "", result."""

    status: int
    code: int | None
    message: str
    result: Any
    info: Any


def script(source: str, name: str = "index.js") -> File:
    """An ES module."""
    return (name, source.encode(), ESM)


def form(metadata: object, files: Sequence[File], field: str | None = None) -> list[Part]:
    """The parts of an upload; `field` is the name of every file's part, by default that of the file."""
    parts: list[Part] = [("metadata", (None, json.dumps(metadata), "application/json"))]
    return parts + [(field or name, (name, content, media_type)) for name, content, media_type in files]


class EdgeClient:
    """Speaks to one edge, as its account's owner."""

    def __init__(self, edge: LocalEdge) -> None:
        self.edge = edge
        self.http = httpx.Client(timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        files: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call the API; a path that does not start with `/` is below the account's `/workers/`."""
        url = self.edge.api_url + (
            path if path.startswith("/") else f"/accounts/{self.edge.account}/workers/{path}"
        )
        authorization = {"authorization": f"Bearer {self.edge.token}"}
        sent = self.http.request(
            method, url, json=json, files=files, content=content, headers=authorization | dict(headers or {})
        )
        return read(sent)

    def preview(
        self, worker: str, name: str, files: Sequence[File], env: object = None, **metadata: object
    ) -> Reply:
        """Deploy a preview, with the Worker and the preview made where they are missing."""
        found = self.call("GET", f"workers/{worker}/previews/{name}")
        if found.code == 10007:
            assert self.call("POST", "workers", json={"name": worker}).status == 200
        if found.code:
            assert self.call("POST", f"workers/{worker}/previews", json={"name": name}).status == 200
        parts = form(META | {"env": env or {}} | metadata, files, "files")
        return self.call("POST", f"workers/{worker}/previews/{name}/deployments", files=parts)

    def deploy(self, worker: str, files: Sequence[File], **metadata: object) -> Reply:
        """Deploy a Worker and enable its URL."""
        put = self.put(worker, files, **metadata)
        assert put.status == 200, put
        assert self.call("POST", f"scripts/{worker}/subdomain", json={"enabled": True}).status == 200
        return put

    def put(self, worker: str, files: Sequence[File], **metadata: object) -> Reply:
        """PUT a script."""
        query = "?excludeScript=true&bindings_inherit=strict"
        return self.call("PUT", f"scripts/{worker}{query}", files=form(META | metadata, files))

    def version(self, worker: str, files: Sequence[File], **metadata: object) -> Reply:
        """POST a version."""
        path = f"scripts/{worker}/versions?bindings_inherit=strict"
        return self.call("POST", path, files=form(META | metadata, files))

    def get(self, url: str, path: str = "/", **options: Any) -> httpx.Response:
        """GET from a URL or a label of the edge."""
        return self.request("GET", url, path, **options)

    def request(self, method: str, url: str, path: str = "/", **options: Any) -> httpx.Response:
        """Request a Worker. Not every resolver knows names below localhost, so it goes to 127.0.0.1 by Host header."""
        host = urlsplit(url).netloc or f"{url}.edge.localhost:{self.edge.port}"
        headers = {"host": host} | options.pop("headers", {})
        return self.http.request(
            method, f"http://127.0.0.1:{self.edge.port}{path}", headers=headers, **options
        )


def read(answer: httpx.Response) -> Reply:
    """An API answer, whose envelope must be whole."""
    envelope = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert {"success", "errors", "messages", "result"} <= envelope.keys() <= {
        "success", "errors", "messages", "result", "result_info",
    }  # fmt: skip
    assert envelope["success"] is (answer.status_code == 200) is (envelope["errors"] == [])
    error: dict[str, Any] = envelope["errors"][0] if envelope["errors"] else {"code": None, "message": ""}
    return Reply(
        answer.status_code, error["code"], error["message"], envelope["result"], envelope.get("result_info")
    )
