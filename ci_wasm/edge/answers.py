"""Answers: records as the API shows them. record -> JSON object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ci_wasm.edge.bindings import public
from ci_wasm.edge.store import Build, Preview, Release, WorkerRecord

Json = dict[str, Any]

AUTHOR = "edge@localhost"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Workers answer: `http://{label}.{subdomain}.localhost:{port}`."""

    subdomain: str
    port: int

    @property
    def domain(self) -> str:
        """What follows the label, with the port."""
        return f"{self.subdomain}.localhost:{self.port}"

    def url(self, label: str) -> str:
        """The URL of a label."""
        return f"http://{label}.{self.domain}"

    def preview_url(self, preview: Preview, worker: WorkerRecord) -> str:
        """The URL that follows a preview's latest deployment."""
        return self.url(f"{preview.slug}-{worker.name}")

    def build_url(self, build: Build, worker: WorkerRecord) -> str:
        """The URL that stays with one upload."""
        return self.url(f"{build.id[:8]}-{worker.name}")


def envelope(result: object, info: Mapping[str, int] | None = None) -> Json:
    """A success: https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/"""
    return {"success": True, "errors": [], "messages": [], "result": result} | (
        {"result_info": info} if info else {}
    )


def failure(code: int, message: str) -> Json:
    """A refusal; pages about single codes exist for those of the Workers API."""
    error: Json = {"code": code, "message": message}
    if code >= 10000:
        error["documentation_url"] = f"https://developers.cloudflare.com/workers/platform/error-codes/{code}"
    return {"success": False, "errors": [error], "messages": [], "result": None}


def worker(record: WorkerRecord, addresses: Addresses) -> Json:
    """The Worker resource of `/workers/workers`."""
    return {
        "id": record.id,
        "name": record.name,
        "created_on": record.created_on,
        "updated_on": record.updated_on,
        "deployed_on": record.releases[-1].created_on if record.releases else None,
        **_settings(record),
        "subdomain": {
            **subdomain(record),
            "url": addresses.url(record.name),
            "preview_url_suffix": f"-{record.name}.{addresses.domain}",
        },
        "references": {
            "domains": [], "durable_objects": [], "dispatch_namespace_outbounds": [], "queues": [], "workers": [],
        },
        "previews_base_config": {},
    }  # fmt: skip


def _settings(record: WorkerRecord | Preview) -> Json:
    defaults: Json = {"logpush": False, "tags": [], "tail_consumers": [], "observability": {"enabled": False}}
    return defaults | record.settings


def subdomain(record: WorkerRecord) -> Json:
    """The switches of a Worker's workers.dev URLs."""
    return {"enabled": record.enabled, "previews_enabled": record.shows_previews}


def preview(record: Preview, owner: WorkerRecord, addresses: Addresses) -> Json:
    """The Preview resource."""
    return {
        "id": record.id,
        "name": record.name,
        "slug": record.slug,
        "urls": [addresses.preview_url(record, owner)],
        "worker_name": owner.name,
        **_settings(record),
        "created_on": record.created_on,
        "updated_on": record.updated_on,
        "deployed_on": record.deployments[-1].created_on if record.deployments else None,
    }


def preview_deployment(build: Build, of: Preview, owner: WorkerRecord, addresses: Addresses) -> Json:
    """A deployment of a preview."""
    return {
        "id": build.id,
        "preview_id": of.id,
        "preview_name": of.name,
        "urls": [addresses.build_url(build, owner)],
        "main_module": build.main_module,
        "compatibility_date": build.compatibility_date,
        "compatibility_flags": list(build.compatibility_flags),
        "limits": dict(build.limits),
        "annotations": dict(build.annotations),
        "env": {entry["name"]: _nameless(public(entry)) for entry in build.bindings},
        "migration_tag": None,
        "startup_time_ms": build.startup_ms,
        "created_on": build.created_on,
    }


def _nameless(entry: Json) -> Json:
    return {key: value for key, value in entry.items() if key != "name"}


def version(build: Build) -> Json:
    """A version with its resources."""
    return {
        **version_item(build),
        "resources": {
            "script": {"etag": build.etag, "last_deployed_from": build.source},
            "script_runtime": {
                "compatibility_date": build.compatibility_date,
                "compatibility_flags": list(build.compatibility_flags),
                "usage_model": "standard",
                "limits": dict(build.limits),
            },
            "bindings": [public(entry) for entry in build.bindings],
        },
        "startup_time_ms": build.startup_ms,
    }


def version_item(build: Build) -> Json:
    """A version in a list. Version URLs exist for each: what Cloudflare makes none for is refused here."""
    return {
        "id": build.id,
        "number": build.number,
        "metadata": {
            "created_on": build.created_on,
            "modified_on": build.created_on,
            "source": build.source,
            "author_email": AUTHOR,
            "has_preview": True,
            "hasPreview": True,
        },
        "annotations": {**build.annotations, "workers/triggered_by": "version_upload"},
    }


def release(record: Release) -> Json:
    """A deployment of versions."""
    return {
        "id": record.id,
        "source": record.source,
        "author_email": AUTHOR,
        "created_on": record.created_on,
        "strategy": "percentage",
        "versions": [{"version_id": key, "percentage": share} for key, share in record.shares.items()],
        "annotations": dict(record.annotations),
    }


def script(record: WorkerRecord) -> Json:
    """A Worker as the scripts API shows it."""
    latest = record.versions[-1] if record.versions else None
    return {
        "id": record.name,
        "tag": record.id,
        "tags": _settings(record)["tags"],
        "etag": latest.etag if latest else None,
        "usage_model": "standard",
        "compatibility_date": latest.compatibility_date if latest else None,
        "compatibility_flags": list(latest.compatibility_flags) if latest else [],
        "last_deployed_from": latest.source if latest else None,
        "migration_tag": None,
        "has_assets": False,
        "has_modules": True,
        "created_on": record.created_on,
        "modified_on": record.updated_on,
    }


def uploaded_script(record: WorkerRecord, build: Build) -> Json:
    """What `PUT scripts/N` answers; `deployment_id` is the version's id without hyphens, as wrangler expects it."""
    return script(record) | {
        "startup_time_ms": build.startup_ms,
        "deployment_id": build.id.replace("-", ""),
    }


def service(record: WorkerRecord) -> Json:
    """A Worker as the older services API shows it."""
    stamps = {"created_on": record.created_on, "modified_on": record.updated_on}
    environment = {"environment": "production", "script": script(record), **stamps}
    return {
        "id": record.name,
        "default_environment": environment,
        "environments": [{"environment": "production"}],
        **stamps,
    }


def script_settings(record: WorkerRecord) -> Json:
    """The settings that no version carries."""
    return _settings(record)


def version_settings(record: WorkerRecord) -> Json:
    """Script settings together with those of the latest version."""
    build = record.latest_version()
    return {
        **_settings(record),
        "bindings": [public(entry) for entry in build.bindings],
        "compatibility_date": build.compatibility_date,
        "compatibility_flags": list(build.compatibility_flags),
        "limits": dict(build.limits),
        "usage_model": "standard",
    }


def secrets(bindings: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Names and types of secrets."""
    return [public(entry) for entry in bindings if entry["type"] == "secret_text"]
