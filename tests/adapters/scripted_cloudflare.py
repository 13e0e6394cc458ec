"""Scripted Cloudflare: the adapter against an API that answers from a script. Replies -> Deployment and requests."""

from __future__ import annotations

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.config.secret import Secret
from ci_wasm.core.preview import Deployment
from ci_wasm.core.script import ModuleType, WorkerModule
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.errors import DeployError
from tests.adapters.loopback import Loopback, Reply, refused, serve

TOKEN = "token-that-nobody-may-see"
ACCOUNT = "0" * 32

WORKER = Worker(
    "ci-wasm-e",
    "index.js",
    (
        WorkerModule("index.js", ModuleType.ES_MODULE, b"export default {};"),
        WorkerModule("pkg/a \u00e9.wasm", ModuleType.WASM, b"\0asm\r\n--"),
    ),
    "2026-07-01",
    ("nodejs_compat",),
    {"MODE": "preview", "NUMBER": 3, "LIST": ["\u2028", True]},
)
PROVENANCE = Provenance("c" * 40, 42, "https://github.com/acme/add/pull/42", "Add a carry")

PREVIEW = {
    "id": "6afe",
    "name": "pr-42",
    "slug": "pr-42",
    "urls": ["https://pr-42-ci-wasm-e.acme.workers.dev"],
}
DEPLOYMENT = {"id": "893907a2-5daf", "urls": ["https://893907a2-ci-wasm-e.acme.workers.dev"]}
NO_WORKER, NO_PREVIEW = refused(404, 10007), refused(404, 10025)


def client(server: Loopback, path: str = "") -> CloudflareWorkers:
    return CloudflareWorkers(server.url + path, ACCOUNT, Secret(TOKEN), sleep=lambda _: None, timeout=5)


def deploy(*replies: Reply) -> tuple[Deployment, Loopback]:
    """Deploy WORKER as pr-42: the Deployment, and the server with its record."""
    with serve(*replies) as server:
        return client(server).deploy_preview(WORKER, "pr-42", PROVENANCE), server


def refusal_of(*replies: Reply) -> tuple[DeployError, Loopback]:
    """The same where it is refused: the error, and the server with its record."""
    with serve(*replies) as server:
        try:
            client(server).deploy_preview(WORKER, "pr-42", PROVENANCE)
        except DeployError as error:
            return error, server
    raise AssertionError("it was deployed")


def short(calls: list[str]) -> list[str]:
    return [call.replace(f"/accounts/{ACCOUNT}/workers/workers", "W") for call in calls]
