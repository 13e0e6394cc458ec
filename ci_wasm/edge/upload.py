"""Upload: the multipart form by which a Worker arrives, read and checked. Request -> Upload.

https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ci_wasm.adapters.workerd_config import ModuleKind, ProgramModule
from ci_wasm.edge.refusal import BODY_UNREADABLE, TOO_LARGE, UPLOAD_UNREADABLE, Refusal, invalid

MIB = 1024 * 1024
SIZE_LIMIT = 64 * MIB
# Modules, metadata and form around them: what is longer is read to its end, but not kept.
_FORM_LIMIT = SIZE_LIMIT + 36 * MIB
_METADATA_LIMIT = 4 * MIB
_MODULES_MAX = 10_000
_NAME_MAX = 1024

_KINDS = {
    "application/javascript+module": ModuleKind.ES_MODULE,
    "text/javascript+module": ModuleKind.ES_MODULE,
    "application/javascript": ModuleKind.COMMON_JS,
    "text/javascript": ModuleKind.COMMON_JS,
    "application/wasm": ModuleKind.WASM,
    "text/plain": ModuleKind.TEXT,
    "application/octet-stream": ModuleKind.DATA,
    "application/json": ModuleKind.JSON,
}
_SOURCE_MAP = "application/source-map"


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that follows the rules; the main module comes first. The metadata may hold secrets."""

    metadata: dict[str, Any] = field(repr=False)
    modules: tuple[ProgramModule, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    filename: str | None
    content_type: str
    content: bytes


async def read_upload(request: Request) -> Upload:
    """Read a form of `metadata` and one part for each module, whose filename is the module's name.

    Refuses with 10001 (no form), 10006 (broken form, missing part), 10026 (metadata), 10027 (size), 10021 (module).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise Refusal(415, 10001, "Content-Type must be one of: multipart/form-data.")
    parts = await _parts(request)
    metadata = _metadata(parts)
    modules = tuple(
        _module(part) for part in parts if part.name != "metadata" and part.content_type != _SOURCE_MAP
    )
    _check_size(modules)
    return Upload(metadata, _main_first(modules, metadata))


class _TooLong(Exception):
    pass


async def _parts(request: Request) -> list[_Part]:
    body = _bounded(request)
    parser = MultiPartParser(
        request.headers, body, max_files=_MODULES_MAX, max_fields=_MODULES_MAX, max_part_size=_METADATA_LIMIT
    )
    try:
        form = await parser.parse()
    except _TooLong:
        raise _too_large() from None
    except MultiPartException as error:
        raise _unreadable(error.message) from error
    try:
        return [await _part(name, value) for name, value in form.multi_items()]
    finally:
        await form.close()


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > _FORM_LIMIT:
            raise _TooLong
        yield chunk


async def _part(name: str, value: str | UploadFile) -> _Part:
    if isinstance(value, str):
        return _Part(name, None, "", value.encode())
    content_type = (value.content_type or "").partition(";")[0].strip().lower()
    return _Part(name, value.filename or "", content_type, await value.read())


def _metadata(parts: list[_Part]) -> dict[str, Any]:
    found = [part.content for part in parts if part.name == "metadata"]
    if len(found) != 1:
        raise _unreadable(f"the form must have one part named `metadata`, and has {len(found)}")
    try:
        metadata = json.loads(found[0])
    except (ValueError, RecursionError) as error:
        raise invalid(
            f"Could not parse request body: the part `metadata` is not JSON ({error}).", BODY_UNREADABLE
        ) from error
    if not isinstance(metadata, dict):
        raise invalid(
            "Could not parse request body: the part `metadata` is not a JSON object.", BODY_UNREADABLE
        )
    return metadata


def _module(part: _Part) -> ProgramModule:
    name = part.filename
    if name is None:
        raise _unreadable(f"the part {part.name[:80]!r} has no filename, which is the module's name")
    if not _is_module_name(name):
        raise invalid(f"Uncaught Error: {name[:80]!r} is not a module name.")
    if part.content_type not in _KINDS:
        raise invalid(
            f"Uncaught Error: module {name!r} has the content type {part.content_type or '(none)'!r}, which the local "
            f"edge does not run. It runs {', '.join(_KINDS)}."
        )
    return ProgramModule(name, _KINDS[part.content_type], part.content)


def _is_module_name(name: str) -> bool:
    """Whether workerd can keep it in its virtual file system; what it cannot becomes an internal error there."""
    return (
        0 < len(name) <= _NAME_MAX
        and name.isprintable()
        and not name.startswith("/")
        and ".." not in name.split("/")
        and any(step not in ("", ".") for step in name.split("/"))
    )


def _check_size(modules: tuple[ProgramModule, ...]) -> None:
    if sum(len(module.content) for module in modules) > SIZE_LIMIT:
        raise _too_large()


def _main_first(modules: tuple[ProgramModule, ...], metadata: dict[str, Any]) -> tuple[ProgramModule, ...]:
    if "body_part" in metadata:
        raise invalid(
            "Version uploads require ES Modules syntax: `main_module` instead of `body_part`.", 10216
        )
    main = metadata.get("main_module")
    if not isinstance(main, str):
        raise _unreadable("the metadata has no `main_module`")
    for module in modules:
        if module.name == main:
            if module.kind is not ModuleKind.ES_MODULE:
                raise invalid(f"Uncaught Error: the main module {main!r} is not an ES module.")
            return (module, *(other for other in modules if other is not module))
    sent = ", ".join(repr(module.name) for module in modules[:5]) or "no file"
    raise _unreadable(f"`main_module` is {main[:80]!r}, and the uploaded files are {sent}")


def _unreadable(reason: str) -> Refusal:
    return invalid(f"Failed to parse Worker upload: {reason}.", UPLOAD_UNREADABLE)


def _too_large() -> Refusal:
    return invalid(
        f"Worker exceeds the size limit of {SIZE_LIMIT // MIB} MiB. Reduce your script size.", TOO_LARGE
    )
