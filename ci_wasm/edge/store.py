"""Store: what was uploaded and where it answers; in memory, gone when the edge ends. names -> records, or Refusal.

Records that state what happened (a version, a deployment) are frozen; a Worker and a preview change.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from ci_wasm.edge.bindings import Binding
from ci_wasm.edge.refusal import (
    Refusal,
    deployment_missing,
    nothing_deployed,
    preview_missing,
    version_missing,
    worker_missing,
)

T = TypeVar("T")

# Cloudflare keeps 100; each of ours keeps its modules on this machine's disk.
KEPT = 20
PREVIEWS_MAX = 100


def now() -> str:
    """The time as the API writes it: UTC, microseconds, Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Build:
    """One upload that runs: a version of a Worker, or a deployment of a preview. `id` is a UUID."""

    id: str
    created_on: str
    bindings: tuple[Binding, ...] = field(repr=False)
    main_module: str
    compatibility_date: str
    compatibility_flags: tuple[str, ...]
    limits: Mapping[str, Any]
    annotations: Mapping[str, str]
    etag: str
    startup_ms: int
    source: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Release:
    """Which versions a Worker's own URL answers with: `shares` maps version ids to percentages that make 100."""

    id: str
    created_on: str
    shares: Mapping[str, float]
    annotations: Mapping[str, str]
    source: str


@dataclass(slots=True)
class Preview:
    """A preview; its URL answers with the last of `deployments`."""

    name: str
    slug: str
    settings: dict[str, Any]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_on: str = field(default_factory=now)
    updated_on: str = field(default_factory=now)
    deployments: list[Build] = field(default_factory=list)

    def deployment(self, which: str) -> Build:
        """By id or `latest`; 10222 when there is none at all, 10336 when not that one."""
        if not self.deployments:
            raise nothing_deployed("This Preview")
        if which == "latest":
            return self.deployments[-1]
        found = next((build for build in self.deployments if build.id == which), None)
        return _required(found, deployment_missing(which))


@dataclass(slots=True)
class WorkerRecord:
    """A Worker. `previews_enabled` None: nobody said, it follows `enabled`."""

    name: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_on: str = field(default_factory=now)
    updated_on: str = field(default_factory=now)
    enabled: bool = False
    previews_enabled: bool | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    versions: list[Build] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    previews: dict[str, Preview] = field(default_factory=dict)
    uploads: int = 0

    @property
    def shows_previews(self) -> bool:
        """Whether version and alias URLs answer."""
        return self.enabled if self.previews_enabled is None else self.previews_enabled

    def version(self, version_id: str) -> Build:
        """By id; 10071 when it is not there."""
        found = next((build for build in self.versions if build.id == version_id), None)
        return _required(found, version_missing(version_id))

    def latest_version(self) -> Build:
        """The last one uploaded, deployed or not; 10222 when there is none."""
        return _required(self.versions[-1] if self.versions else None, nothing_deployed("This Worker"))

    def preview(self, identifier: str) -> Preview:
        """By id, slug or name; 10025 when it is not there."""
        previews = self.previews.values()
        found = next((one for one in previews if identifier in (one.id, one.slug, one.name)), None)
        return _required(found, preview_missing())

    def builds(self) -> Iterator[Build]:
        """Everything of this Worker that can run."""
        yield from self.versions
        for preview in self.previews.values():
            yield from preview.deployments

    def live_versions(self) -> set[str]:
        """Ids of the versions that the Worker's own URL or an alias answers with."""
        deployed = self.releases[-1].shares if self.releases else ()
        return {*deployed, *self.aliases.values()}

    def forget_old_versions(self) -> list[Build]:
        """Drop and give the versions beyond the newest `KEPT` that no URL but their own answers with."""
        live = self.live_versions()
        dropped = [build for build in self.versions[:-KEPT] if build.id not in live]
        self.versions = [build for build in self.versions if build not in dropped]
        return dropped


class Store:
    """All Workers of the one account."""

    def __init__(self) -> None:
        self.workers: dict[str, WorkerRecord] = {}

    def worker(self, identifier: str, code: int = 10007) -> WorkerRecord:
        """By name or id; refuses with `code` when it is not there."""
        found = self.workers.get(identifier)
        found = found or next((worker for worker in self.workers.values() if worker.id == identifier), None)
        return _required(found, worker_missing(code))

    def answering(self, label: str) -> Build | str:
        """What answers at `{label}.{subdomain}.localhost`, or one sentence that says why nothing does."""
        if worker := self.workers.get(label):
            return _own_url(worker)
        sentences: list[str] = []
        for prefix, name in _splits(label):
            if worker := self.workers.get(name):
                found = _prefixed_url(worker, prefix)
                if isinstance(found, Build):
                    return found
                sentences.append(found)
        return sentences[0] if sentences else f"No Worker answers to the name {label}."


def _splits(label: str) -> Iterable[tuple[str, str]]:
    for position, character in enumerate(label):
        if character == "-":
            yield label[:position], label[position + 1 :]


def _own_url(worker: WorkerRecord) -> Build | str:
    if not worker.releases:
        return f"The Worker {worker.name} has no deployment yet."
    if not worker.enabled:
        return f"The Worker {worker.name} is deployed, but its workers.dev URL is not enabled."
    shares = worker.releases[-1].shares
    chosen = random.choices(list(shares), list(shares.values()))[0]  # noqa: S311 - it spreads load, no more
    return worker.version(chosen)


def _prefixed_url(worker: WorkerRecord, prefix: str) -> Build | str:
    for preview in worker.previews.values():
        if preview.slug == prefix:
            return (
                preview.deployments[-1]
                if preview.deployments
                else f"The preview {prefix} has no deployment yet."
            )
        if found := _by_prefix(preview.deployments, prefix):
            return found
    version = worker.aliases.get(prefix)
    found = worker.version(version) if version else _by_prefix(worker.versions, prefix)
    if found is None:
        return f"The Worker {worker.name} has no preview, alias, version or deployment called {prefix}."
    if not worker.shows_previews:
        return f"The preview URLs of the Worker {worker.name} are not enabled."
    return found


def _by_prefix(builds: Iterable[Build], prefix: str) -> Build | None:
    return next((build for build in builds if build.id[:8] == prefix), None)


def _required(found: T | None, refusal: Refusal) -> T:
    if found is None:
        raise refusal
    return found
