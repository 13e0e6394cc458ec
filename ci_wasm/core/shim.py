"""Shim: the Worker around a raw module, three files of which only data is generated. (module, commit) -> WorkerModules.

What it serves is specified in docs/shim.md; the code is ci_wasm/shim/shim.js, uploaded as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from ci_wasm.core.module import FuncType, Import, MemoryType, Module
from ci_wasm.core.script import ModuleType, WorkerModule
from ci_wasm.core.signature import NUMERIC_TYPES, print_type
from ci_wasm.errors import ArtifactError, ConfigError

SHIM_MAIN = "shim.js"
MANIFEST = "manifest.json"
WASM = "module.wasm"

_ALLOCATOR = {"alloc": FuncType(("i32",), ("i32",)), "dealloc": FuncType(("i32", "i32"), ())}
_HANDLER = FuncType(("i32", "i32"), ("i64",))
# The bytes ABI, version 1, and the HTTP ABI, version 2, by which a module answers every request itself. A module speaks
# one when it has all of its functions and a 32-bit `memory`; with both, it speaks the later.
BYTES_ABI = {**_ALLOCATOR, "handle": _HANDLER}
HTTP_ABI = {**_ALLOCATOR, "handle_http": _HANDLER}
# What compilers of reactors (TinyGo, Zig, C) export for the host to call once, before anything else.
INITIALIZE = "_initialize"

# URL parsers take these path segments away, percent-encoded or not: https://url.spec.whatwg.org/#path-state
_UNSPELLABLE = frozenset({"", ".", ".."})
_HEADER_VALUE = re.compile(r"[\x20-\x7e]+")
_SHOWN_IMPORTS = 5
_LISTED_IMPORTS = 100


def shim_modules(
    wasm: bytes, module: Module, *, worker: str, commit: str, cache_control: str | None, shim_source: str
) -> tuple[WorkerModule, ...]:
    """The files of a Worker that serves `wasm`; its main module is SHIM_MAIN.

    `module` describes `wasm`, `shim_source` is the text of shim.js, `cache_control` the header of successful answers
    (None: no-store). Raises ArtifactError for a module that the shim cannot run or that exports nothing to call, and
    ConfigError for a `cache_control` that no header can carry.
    """
    _check(module)
    if cache_control is not None and not _HEADER_VALUE.fullmatch(cache_control):
        raise ConfigError(
            f"`cache-control` of the Worker {worker} cannot be sent as a header: {cache_control!r}",
            cure="Write it as one line of ASCII, such as `public, max-age=60`.",
        )
    manifest = _manifest(module) | {"worker": worker, "commit": commit, "cacheControl": cache_control}
    return (
        WorkerModule(SHIM_MAIN, ModuleType.ES_MODULE, shim_source.encode()),
        WorkerModule(MANIFEST, ModuleType.TEXT, json.dumps(manifest).encode()),
        WorkerModule(WASM, ModuleType.WASM, wasm),
    )


def _check(module: Module) -> None:
    if module.layout != "core" or module.error is not None:
        reason = (
            f"it is malformed ({module.error.message})" if module.error else f"its layout is {module.layout}"
        )
        raise ArtifactError(
            f"the shim cannot serve this module: {reason}",
            cure="Build a core module for wasm32-unknown-unknown.",
        )
    if module.imports:
        raise _needs_imports(module.imports)


def _manifest(module: Module) -> dict[str, object]:
    functions = {export.name: export.type for export in module.exports if isinstance(export.type, FuncType)}
    speaks_http = _speaks(HTTP_ABI, module, functions)
    speaks_bytes = not speaks_http and _speaks(BYTES_ABI, module, functions)
    initializes = functions.get(INITIALIZE) == FuncType((), ())
    reserved = dict.fromkeys(functions, "the module answers every request itself") if speaks_http else {}
    reserved |= {name: "it is part of the bytes ABI" for name in BYTES_ABI if speaks_bytes}
    reserved |= {INITIALIZE: "it is called once, when the module starts"} if initializes else {}
    reasons = {name: reserved.get(name) or _why_not(name, type_) for name, type_ in functions.items()}
    served = [name for name, reason in reasons.items() if not reason]
    if not (served or speaks_bytes or speaks_http):
        raise _nothing_to_call(reasons)
    return {
        "schema": 1,
        "initialize": initializes,
        "bytes": speaks_bytes,
        "http": speaks_http,
        "exports": [_entry(name, functions[name]) for name in served],
        "notServed": [{"name": name, "reason": reason} for name, reason in reasons.items() if reason],
    }


def _speaks(abi: Mapping[str, FuncType], module: Module, functions: Mapping[str, FuncType]) -> bool:
    memory = next((export.type for export in module.exports if export.name == "memory"), None)
    is_plain = isinstance(memory, MemoryType) and not memory.memory64 and not memory.shared
    return is_plain and all(functions.get(name) == type_ for name, type_ in abi.items())


def _why_not(name: str, type_: FuncType) -> str | None:
    if name in _UNSPELLABLE:
        return "no URL can spell its name"
    if others := sorted({*type_.params, *type_.results} - NUMERIC_TYPES):
        return (
            f"its type is {print_type(type_)}, and {', '.join(others)} cannot be written in a URL or in JSON"
        )
    return None


def _entry(name: str, type_: FuncType) -> dict[str, object]:
    return {"name": name, "params": type_.params, "results": type_.results, "signature": print_type(type_)}


def _needs_imports(imports: tuple[Import, ...]) -> ArtifactError:
    names = [f"{imported.module}.{imported.name}" for imported in imports]
    more = f" and {len(names) - _SHOWN_IMPORTS} more" if len(names) > _SHOWN_IMPORTS else ""
    return ArtifactError(
        f"the shim cannot serve this module: it imports {', '.join(names[:_SHOWN_IMPORTS])}{more}, "
        "and a raw module gets nothing from its host",
        cure=_import_cure({imported.module for imported in imports}),
        detail="\n".join(_import_lines(imports)),
    )


def _import_lines(imports: tuple[Import, ...]) -> Iterator[str]:
    for imported in imports[:_LISTED_IMPORTS]:
        yield f"{imported.module}.{imported.name}: {print_type(imported.type)}"
    if len(imports) > _LISTED_IMPORTS:
        yield f"… and {len(imports) - _LISTED_IMPORTS} more"


def _import_cure(modules: set[str]) -> str:
    if any(name.startswith(("__wbindgen", "wbg", "./")) for name in modules):
        return "This crate uses wasm-bindgen, which brings JavaScript of its own: build it with worker-build."
    if any(name.startswith("wasi") for name in modules):
        return (
            "These are system calls of WASI: in Rust, build for wasm32-unknown-unknown instead of wasm32-wasip1; in other "
            "languages build without a runtime, or give the Worker a `main` that provides them (docs/languages.md)."
        )
    return (
        "Remove these imports (in Rust: `extern` blocks without a definition), or give the Worker a `main` of its own "
        "that provides them."
    )


def _nothing_to_call(reasons: dict[str, str | None]) -> ArtifactError:
    return ArtifactError(
        "the module exports no function that can be called over HTTP",
        cure='Export one with numbers as parameters and result: `#[no_mangle] pub extern "C" fn add(a: i32, b: i32) -> '
        'i32`, in a crate with `crate-type = ["cdylib"]`.',
        detail="\n".join(f"{name}: {reason}" for name, reason in reasons.items()),
    )
