"""Admission: an upload that follows the rules and starts on workerd becomes a build. Upload -> Build, or Refusal."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ci_wasm.adapters.workerd_config import Program, ProgramModule, is_shim
from ci_wasm.edge.bindings import Binding, json_bindings, text_bindings
from ci_wasm.edge.call import Call, Edge
from ci_wasm.edge.refusal import invalid, not_here
from ci_wasm.edge.store import Build, now
from ci_wasm.edge.upload import Upload
from ci_wasm.errors import DeployError

# https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/: what an old client gets.
_DATE_BEFORE_DATES = "2021-11-02"

_TAG_MAX = 100
_MESSAGE_MAX = 1000


async def admit(
    edge: Edge, call: Call, upload: Upload, bindings: Sequence[Binding], number: int = 1
) -> Build:
    """Start the upload and give its record; 10021 with workerd's message when it does not start."""
    annotations = checked_annotations(upload.metadata)
    build = Build(
        id=str(uuid.uuid4()),
        created_on=now(),
        bindings=tuple(bindings),
        main_module=upload.modules[0].name,
        compatibility_date=_date(upload.metadata),
        compatibility_flags=_flags(upload.metadata),
        limits=_object(upload.metadata, "limits"),
        annotations=annotations,
        etag=_etag(upload.modules),
        startup_ms=0,
        source=call.source,
        number=number,
    )
    return await _started(edge, build, upload.modules)


async def _started(edge: Edge, build: Build, modules: tuple[ProgramModule, ...]) -> Build:
    about = {"id": build.id, "tag": build.annotations.get("workers/tag", ""), "timestamp": build.created_on}
    program = Program(
        modules,
        build.compatibility_date,
        build.compatibility_flags,
        text_bindings(build.bindings),
        json_bindings(build.bindings, about),
        edge.reach,
        has_outside=not is_shim(modules[0].content),
    )
    try:
        milliseconds = await edge.fleet.install(build.id, program)
    except DeployError as error:
        raise invalid(error.detail) from error
    return replace(build, startup_ms=round(milliseconds))


def refuse_what_does_not_run(metadata: Mapping[str, Any]) -> None:
    """Refuse the parts of a Worker that need more than modules and plain bindings."""
    if metadata.get("assets") or metadata.get("keep_assets"):
        raise not_here("static assets (`assets` in the metadata)")
    if metadata.get("migrations") or metadata.get("exports"):
        raise not_here("Durable Objects (`migrations` in the metadata)")


def checked_annotations(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The `workers/*` annotations: strings, a tag of at most 100 bytes, a message cut at 1000."""
    annotations = _object(metadata, "annotations")
    for name, value in annotations.items():
        if not isinstance(value, str):
            raise invalid(f"Annotation `{name}` must be a string.")
    if len(annotations.get("workers/tag", "").encode("utf-8", "replace")) > _TAG_MAX:
        raise invalid(f"Tag value is too large. Tags must be {_TAG_MAX} bytes or less.", 100102)
    if "workers/message" in annotations:
        annotations["workers/message"] = annotations["workers/message"][:_MESSAGE_MAX]
    annotations.pop("workers/triggered_by", None)
    return annotations


def _object(metadata: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = metadata.get(key)
    if value is not None and not isinstance(value, dict):
        raise invalid(f"`{key}` must be an object.")
    return dict(value or {})


def _date(metadata: Mapping[str, Any]) -> str:
    date = metadata.get("compatibility_date") or _DATE_BEFORE_DATES
    if not isinstance(date, str):
        raise invalid("`compatibility_date` must be a string such as 2026-07-01.")
    return date


def _flags(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    flags = metadata.get("compatibility_flags") or []
    if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
        raise invalid("`compatibility_flags` must be a list of strings.")
    return tuple(flags)


def _etag(modules: Sequence[ProgramModule]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        for field in (module.name.encode("utf-8", "replace"), module.kind.value.encode(), module.content):
            digest.update(len(field).to_bytes(8, "big") + field)
    return digest.hexdigest()
