"""Workers: the Worker resource, and what is true of a Worker as a whole. (Edge, Call) -> result.

https://developers.cloudflare.com/api/resources/workers/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ci_wasm.edge import answers
from ci_wasm.edge.call import Call, Edge, paged
from ci_wasm.edge.names import check_worker_name
from ci_wasm.edge.refusal import invalid, not_here
from ci_wasm.edge.store import WorkerRecord, now

_SETTINGS = ("observability", "logpush", "tags", "tail_consumers")


async def list_workers(edge: Edge, call: Call) -> object:
    """GET Workers."""
    return paged(call, [answers.worker(worker, edge.addresses) for worker in edge.store.workers.values()], 20)


async def create_worker(edge: Edge, call: Call) -> object:
    """POST a Worker that nothing is deployed to yet."""
    body = await call.json()
    name = check_worker_name(body.get("name"))
    if name in edge.store.workers:
        raise invalid(f"A Worker named `{name}` already exists on this account.", 10040)
    worker = WorkerRecord(name)
    _apply(worker, body)
    edge.store.workers[name] = worker
    return answers.worker(worker, edge.addresses)


async def get_worker(edge: Edge, call: Call) -> object:
    """GET a Worker by name or id."""
    return answers.worker(call.worker(edge), edge.addresses)


async def update_worker(edge: Edge, call: Call) -> object:
    """PATCH or PUT a Worker's settings and switches."""
    body = await call.json()
    worker = call.worker(edge)
    if call.request.method == "PUT":
        worker.settings = {}
    _apply(worker, body)
    return answers.worker(worker, edge.addresses)


def _apply(worker: WorkerRecord, body: Mapping[str, Any]) -> None:
    if body.get("previews_base_config"):
        raise not_here("settings that all previews inherit (`previews_base_config`)")
    if switches := body.get("subdomain"):
        set_switches(worker, switches)
    worker.settings |= {key: body[key] for key in _SETTINGS if key in body}
    worker.updated_on = now()


def set_switches(worker: WorkerRecord, switches: object) -> None:
    """Set `enabled` and `previews_enabled`, each where it is given."""
    if not isinstance(switches, dict):
        raise invalid("`subdomain` must be an object.")
    for key in ("enabled", "previews_enabled"):
        if key in switches and not isinstance(switches[key], bool):
            raise invalid(f"`{key}` must be true or false.")
    worker.enabled = switches.get("enabled", worker.enabled)
    worker.previews_enabled = switches.get("previews_enabled", worker.previews_enabled)


async def delete_worker(edge: Edge, call: Call) -> object:
    """DELETE a Worker with its versions and previews: all processes are stopped."""
    delete(edge, call.worker(edge))
    return None


async def delete_service(edge: Edge, call: Call) -> object:
    """DELETE by the older services API."""
    delete(edge, call.worker(edge, 10090))
    return None


def delete(edge: Edge, worker: WorkerRecord) -> None:
    """Forget a Worker and everything that runs for it."""
    del edge.store.workers[worker.name]
    for build in worker.builds():
        edge.fleet.forget(build.id)


async def get_service(edge: Edge, call: Call) -> object:
    """GET by the older services API, by which wrangler asks whether a Worker is there."""
    return answers.service(call.worker(edge, 10090))


async def get_subdomain(edge: Edge, call: Call) -> object:
    """GET the switches of a Worker's URLs."""
    return answers.subdomain(call.worker(edge))


async def set_subdomain(edge: Edge, call: Call) -> object:
    """POST the switches of a Worker's URLs; `enabled` is required."""
    body = await call.json()
    worker = call.worker(edge)
    if "enabled" not in body:
        raise invalid("`enabled` is missing.")
    set_switches(worker, body)
    return answers.subdomain(worker)


async def delete_subdomain(edge: Edge, call: Call) -> object:
    """DELETE the URLs of a Worker: both switches off."""
    worker = call.worker(edge)
    worker.enabled = worker.previews_enabled = False
    return answers.subdomain(worker)


async def get_script_settings(edge: Edge, call: Call) -> object:
    """GET the settings that no version carries."""
    return answers.script_settings(call.worker(edge))


async def update_script_settings(edge: Edge, call: Call) -> object:
    """PATCH the settings that no version carries; the edge keeps them and does nothing else with them."""
    body = await call.json()
    worker = call.worker(edge)
    _apply(worker, {key: value for key, value in body.items() if key in _SETTINGS})
    return answers.script_settings(worker)
