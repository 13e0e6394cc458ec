"""Previews: the Previews resource of the Workers API. (Edge, Call) -> result.

https://developers.cloudflare.com/workers/previews/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ci_wasm.edge import answers
from ci_wasm.edge.admission import admit, refuse_what_does_not_run
from ci_wasm.edge.bindings import mapped, resolve
from ci_wasm.edge.call import Call, Edge, paged
from ci_wasm.edge.names import check_preview_name
from ci_wasm.edge.refusal import NAME_INVALID, invalid, preview_missing
from ci_wasm.edge.store import KEPT, PREVIEWS_MAX, Preview, WorkerRecord, now
from ci_wasm.edge.upload import read_upload

_SETTINGS = ("observability", "logpush", "tags", "tail_consumers")


def _found(edge: Edge, call: Call) -> tuple[WorkerRecord, Preview]:
    worker = call.worker(edge)
    return worker, worker.preview(call.params["preview"])


async def list_previews(edge: Edge, call: Call) -> object:
    """GET previews: newest first, or those of one `slug` or `name`."""
    worker = call.worker(edge)
    query = call.request.query_params
    found = [
        answers.preview(preview, worker, edge.addresses)
        for preview in reversed(worker.previews.values())
        if query.get("slug", preview.slug) == preview.slug and query.get("name", preview.name) == preview.name
    ]
    return paged(call, found, per_page=10)


async def create_preview(edge: Edge, call: Call) -> object:
    """POST previews: a name and settings; it answers nothing until it has a deployment."""
    worker = call.worker(edge)
    body = await call.json()
    slug = check_preview_name(body.get("name"), worker.name)
    for other in worker.previews.values():
        if slug == other.slug:
            raise invalid(
                f"A Preview named `{other.name}` with the slug `{slug}` already exists.", NAME_INVALID
            )
    preview = Preview(body["name"], slug, _settings(body))
    worker.previews[preview.id] = preview
    for oldest in list(worker.previews.values())[:-PREVIEWS_MAX]:
        _delete(edge, worker, oldest)
    return answers.preview(preview, worker, edge.addresses)


async def get_preview(edge: Edge, call: Call) -> object:
    """GET one preview."""
    worker, preview = _found(edge, call)
    return answers.preview(preview, worker, edge.addresses)


async def update_preview(edge: Edge, call: Call) -> object:
    """PATCH or PUT the settings of a preview; its name and slug stay."""
    worker, preview = _found(edge, call)
    body = _settings(await call.json())
    preview.settings = body if call.request.method == "PUT" else preview.settings | body
    preview.updated_on = now()
    return answers.preview(preview, worker, edge.addresses)


async def delete_preview(edge: Edge, call: Call) -> object:
    """DELETE a preview: its processes are stopped, its URLs answer 404."""
    worker, preview = _found(edge, call)
    _delete(edge, worker, preview)
    return None


def _delete(edge: Edge, worker: WorkerRecord, preview: Preview) -> None:
    worker.previews.pop(preview.id, None)
    for build in preview.deployments:
        edge.fleet.forget(build.id)


async def create_deployment(edge: Edge, call: Call) -> object:
    """POST a deployment: the preview's URL answers with it from now on; before, it had to start."""
    _found(edge, call)
    upload = await read_upload(call.request)
    refuse_what_does_not_run(upload.metadata)
    worker, preview = _found(edge, call)
    earlier = {build.id: build.bindings for build in preview.deployments}
    bindings = resolve(mapped(upload.metadata.get("env", {})), earlier, strict=True)
    build = await admit(edge, call, upload, bindings)
    if preview.id not in worker.previews or edge.store.workers.get(worker.name) is not worker:
        edge.fleet.forget(build.id)  # deleted while the upload started
        raise preview_missing()
    if preview.deployments:
        edge.fleet.retire(preview.deployments[-1].id)
    preview.deployments.append(build)
    preview.updated_on = now()
    for old in preview.deployments[:-KEPT]:
        edge.fleet.forget(old.id)
    del preview.deployments[:-KEPT]
    return answers.preview_deployment(build, preview, worker, edge.addresses)


async def list_deployments(edge: Edge, call: Call) -> object:
    """GET deployments, newest first."""
    worker, preview = _found(edge, call)
    builds = reversed(preview.deployments)
    return paged(
        call, [answers.preview_deployment(build, preview, worker, edge.addresses) for build in builds]
    )


async def get_deployment(edge: Edge, call: Call) -> object:
    """GET a deployment by id, or `latest`."""
    worker, preview = _found(edge, call)
    build = preview.deployment(call.params["deployment"])
    return answers.preview_deployment(build, preview, worker, edge.addresses)


async def delete_deployment(edge: Edge, call: Call) -> object:
    """DELETE a deployment that the preview's URL does not answer with."""
    _, preview = _found(edge, call)
    build = preview.deployment(call.params["deployment"])
    if build is preview.deployments[-1]:
        raise invalid("Cannot delete the active deployment. Deploy a different version first.", 10338)
    preview.deployments.remove(build)
    edge.fleet.forget(build.id)
    return None


def _settings(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in _SETTINGS if key in body}
