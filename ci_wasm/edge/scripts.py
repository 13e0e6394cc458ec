"""Scripts: versions of a Worker and what is deployed of them. (Edge, Call) -> result.

https://developers.cloudflare.com/workers/versions-and-deployments/
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ci_wasm.edge import answers
from ci_wasm.edge.admission import admit, checked_annotations, refuse_what_does_not_run
from ci_wasm.edge.bindings import listed, resolve
from ci_wasm.edge.call import Call, Edge, paged
from ci_wasm.edge.names import check_alias, check_worker_name
from ci_wasm.edge.refusal import DEPLOYMENT_INVALID, Refusal, deployment_missing, invalid, worker_missing
from ci_wasm.edge.store import Build, Release, WorkerRecord, now
from ci_wasm.edge.upload import Upload, read_upload


async def list_scripts(edge: Edge, _call: Call) -> object:
    """GET scripts."""
    return [answers.script(worker) for worker in edge.store.workers.values()]


async def put_script(edge: Edge, call: Call) -> object:
    """PUT a script: a new version, deployed at once; the Worker is made when it is not there.

    A new Worker has no URL until `POST subdomain` enables it.
    """
    name = check_worker_name(call.params["worker"])
    upload = await read_upload(call.request)
    refuse_what_does_not_run(upload.metadata)
    worker = edge.store.workers.get(name) or WorkerRecord(name)
    build = await _version(edge, call, worker, upload)
    if edge.store.workers.setdefault(name, worker) is not worker:
        edge.fleet.forget(build.id)
        raise Refusal(409, 10035, "Multiple attempts to modify a resource at the same time.")
    _record(edge, worker, build)
    _deploy(edge, worker, {build.id: 100}, {"workers/triggered_by": "upload"}, call.source)
    return answers.uploaded_script(worker, build)


async def create_version(edge: Edge, call: Call) -> object:
    """POST a version: it runs at its own URL, and at that of its alias, but not at the Worker's."""
    worker = call.worker(edge)
    upload = await read_upload(call.request)
    if upload.metadata.get("migrations"):
        raise invalid(
            "Versions with Durable Object migrations cannot be uploaded: deploy the Worker instead.", 10211
        )
    refuse_what_does_not_run(upload.metadata)
    alias = checked_annotations(upload.metadata).get("workers/alias")
    if alias is not None:
        check_alias(alias, worker.name)
    build = await _version(edge, call, worker, upload)
    if edge.store.workers.get(worker.name) is not worker:
        edge.fleet.forget(build.id)  # deleted while the upload started
        raise worker_missing()
    _record(edge, worker, build)
    if alias is not None:
        _point(edge, worker, alias, build)
    return answers.version(build)


async def _version(edge: Edge, call: Call, worker: WorkerRecord, upload: Upload) -> Build:
    earlier = {build.id: build.bindings for build in worker.versions}
    keep = upload.metadata.get("keep_bindings") or []
    if not isinstance(keep, list):
        raise invalid("`keep_bindings` must be a list of binding types.")
    entries = listed(upload.metadata.get("bindings") or [])
    bindings = resolve(entries, earlier, keep=keep, strict=call.flag("bindings_inherit", "strict"))
    worker.uploads += 1
    return await admit(edge, call, upload, bindings, number=worker.uploads)


def _record(edge: Edge, worker: WorkerRecord, build: Build) -> None:
    worker.versions.append(build)
    worker.updated_on = now()
    for old in worker.forget_old_versions():
        edge.fleet.forget(old.id)


def _point(edge: Edge, worker: WorkerRecord, alias: str, build: Build) -> None:
    before = worker.aliases.get(alias)
    worker.aliases[alias] = build.id
    if before and before not in worker.live_versions():
        edge.fleet.retire(before)


def _deploy(
    edge: Edge, worker: WorkerRecord, shares: Mapping[str, float], annotations: Mapping[str, str], source: str
) -> Release:
    before = set(worker.releases[-1].shares) if worker.releases else set()
    release = Release(str(uuid.uuid4()), now(), shares, annotations, source)
    worker.releases.append(release)
    for old in before - worker.live_versions():
        edge.fleet.retire(old)
    return release


async def list_versions(edge: Edge, call: Call) -> object:
    """GET versions, newest first; `deployable=true` gives all in one page."""
    items = [answers.version_item(build) for build in reversed(call.worker(edge).versions)]
    if call.flag("deployable", "true"):
        return {"items": items}
    page = paged(call, items, per_page=10)
    return type(page)({"items": page.items}, page.info)


async def get_version(edge: Edge, call: Call) -> object:
    """GET a version by id, or `latest`."""
    worker = call.worker(edge)
    which = call.params["version"]
    return answers.version(worker.latest_version() if which == "latest" else worker.version(which))


async def list_releases(edge: Edge, call: Call) -> object:
    """GET deployments; the first one is active."""
    return {"deployments": [answers.release(record) for record in reversed(call.worker(edge).releases)]}


async def get_release(edge: Edge, call: Call) -> object:
    """GET a deployment by id."""
    wanted = call.params["deployment"]
    for record in call.worker(edge).releases:
        if record.id == wanted:
            return answers.release(record)
    raise deployment_missing(wanted)


async def create_release(edge: Edge, call: Call) -> object:
    """POST a deployment of one or two versions whose percentages make 100."""
    body = await call.json()
    worker = call.worker(edge)
    shares = _shares(worker, body)
    annotations = checked_annotations(body) | {"workers/triggered_by": "deployment"}
    for version in shares:
        await edge.fleet.warm(version)
    return answers.release(_deploy(edge, worker, shares, annotations, call.source))


def _shares(worker: WorkerRecord, body: Mapping[str, Any]) -> dict[str, float]:
    versions = body.get("versions")
    if body.get("strategy") != "percentage" or not isinstance(versions, list) or not 1 <= len(versions) <= 2:
        raise _not_deployable('it needs `"strategy": "percentage"` and one or two `versions`')
    shares: dict[str, float] = {}
    for entry in versions:
        share = entry.get("percentage") if isinstance(entry, dict) else None
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 100:
            raise _not_deployable("each version needs a `percentage` from 0 to 100")
        shares[worker.version(str(entry.get("version_id"))).id] = share
    if len(shares) != len(versions) or round(sum(shares.values()), 2) != 100:
        raise _not_deployable("the percentages of different versions must make 100")
    return shares


def _not_deployable(reason: str) -> Refusal:
    return invalid(f"Invalid deployment: {reason}.", DEPLOYMENT_INVALID)


async def get_settings(edge: Edge, call: Call) -> object:
    """GET the settings of the script and of its latest version."""
    return answers.version_settings(call.worker(edge))


async def list_secrets(edge: Edge, call: Call) -> object:
    """GET the names of the latest version's secrets."""
    worker = call.worker(edge)
    return answers.secrets(worker.versions[-1].bindings if worker.versions else ())
