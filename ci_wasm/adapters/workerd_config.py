"""Workerd's configuration: one Worker and what it may reach, as Cap'n Proto text. Program -> files beside config.capnp.

The format is workerd.capnp, https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from ci_wasm.adapters.shim_source import read_outside_sources, read_shim_source

# Cloudflare gives an isolate 128 MB; without this flag V8 would take what the machine has.
MEMORY_LIMIT_MB = 128

_OUTBOUND = """\
globalOutbound = (name = "outside", entrypoint = "Network"),
  cacheApiOutbound = (name = "outside", entrypoint = "Cache")"""

# The header by which the router hands `request.cf` to workerd as JSON; the Worker never sees it as a header.
CF_BLOB_HEADER = "cf-blob"


class ModuleKind(Enum):
    """How workerd treats a module; the values are the field names of `Worker.Module` in workerd.capnp."""

    ES_MODULE = "esModule"
    COMMON_JS = "commonJsModule"
    TEXT = "text"
    DATA = "data"
    WASM = "wasm"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ProgramModule:
    """One file of a Worker; `name` is only ever data here: it never becomes a path on this machine."""

    name: str
    kind: ModuleKind
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin that a Worker may send requests to: `text` is how a URL's origin is written, e.g. `https://a.example`."""

    text: str
    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Program:
    """What one workerd process runs. The first module is the entry; bindings may hold secrets.

    `reach` is all of the network that there is for it. `has_outside` False leaves out what answers its `fetch()` and keeps its
    cache, for a Worker that asks for neither: an isolate less, which is a sixth of workerd's start.
    """

    modules: tuple[ProgramModule, ...]
    compatibility_date: str
    compatibility_flags: tuple[str, ...] = ()
    text_bindings: Mapping[str, str] = field(default_factory=dict, repr=False)
    json_bindings: Mapping[str, str] = field(default_factory=dict, repr=False)
    reach: tuple[Origin, ...] = ()
    has_outside: bool = True


def is_shim(main_module: bytes) -> bool:
    """Whether a main module is the shim of raw modules, which has nothing to ask of anybody."""
    return main_module == read_shim_source().encode()


def write_program(program: Program, folder: Path) -> None:
    """Write modules and `config.capnp` into `folder`, which is made, readable by this user alone.

    Raises FileExistsError when the folder is there, and OSError.
    """
    folder.mkdir(mode=0o700, parents=True)
    for number, module in enumerate(program.modules):
        (folder / _file_name(number)).write_bytes(module.content)
    for name, source in read_outside_sources().items() if program.has_outside else ():
        (folder / name).write_text(source, encoding="utf-8")
    (folder / "config.capnp").write_text(config_text(program), encoding="ascii")


def config_text(program: Program) -> str:
    """The whole configuration: ASCII, `embed`s only files that `write_program` named."""
    return f"""\
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ["--max-old-space-size={MEMORY_LIMIT_MB}"],
  services = [
    (name = "main", worker = .main),{_list(['(name = "outside", worker = .outside)'] if program.has_outside else [])}
    (name = "nothing", network = (allow = [])),{_list(_origin_services(program))}
  ],
  sockets = [(name = "http", address = "unix:unset", http = (cfBlobHeader = "{CF_BLOB_HEADER}"), service = "main")],
);
const main :Workerd.Worker = (
  modules = [{_list(_modules(program))}],
  bindings = [{_list(_bindings(program))}],
  compatibilityDate = {quote(program.compatibility_date)},
  compatibilityFlags = [{_list(quote(flag) for flag in program.compatibility_flags)}],
  {_OUTBOUND if program.has_outside else 'globalOutbound = "nothing"'},
);
{_outside(program) if program.has_outside else ""}"""


def _outside(program: Program) -> str:
    return f"""\
const outside :Workerd.Worker = (
  modules = [{_list(f'(name = "{name}", esModule = embed "{name}")' for name in read_outside_sources())}],
  bindings = [{_list(_origin_bindings(program))}],
  compatibilityDate = "2026-01-01",
  globalOutbound = "nothing",
);
"""


def quote(text: str) -> str:
    r"""A Cap'n Proto string literal: printable ASCII as it is, every other byte of the UTF-8 form as `\xHH`.

    A lone surrogate, which JSON can smuggle in, becomes the replacement character.
    """
    raw = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
    return '"' + "".join(chr(byte) if _is_plain(byte) else f"\\x{byte:02x}" for byte in raw) + '"'


def _is_plain(byte: int) -> bool:
    return 0x20 <= byte < 0x7F and byte not in b'"\\'


def _file_name(number: int) -> str:
    return f"module-{number}"


def _modules(program: Program) -> Iterator[str]:
    for number, module in enumerate(program.modules):
        yield f'(name = {quote(module.name)}, {module.kind.value} = embed "{_file_name(number)}")'


def _bindings(program: Program) -> Iterator[str]:
    for name, text in program.text_bindings.items():
        yield f"(name = {quote(name)}, text = {quote(text)})"
    for name, document in program.json_bindings.items():
        yield f"(name = {quote(name)}, json = {quote(document)})"


def _origin_services(program: Program) -> Iterator[str]:
    for number, origin in enumerate(program.reach):
        address = quote(f"{origin.host}:{origin.port}")
        tls = f"https = (tlsOptions = (trustBrowserCas = true), certificateHost = {quote(origin.host)})"
        yield f'(name = "origin-{number}", external = (address = {address}, {tls if origin.tls else "http = ()"}))'


def _origin_bindings(program: Program) -> Iterator[str]:
    yield f'(name = "ORIGINS", json = {quote(json.dumps([origin.text for origin in program.reach]))})'
    for number, _ in enumerate(program.reach):
        yield f'(name = "ORIGIN_{number}", service = "origin-{number}")'


def _list(items: Iterable[str]) -> str:
    return "".join(f"\n    {item}," for item in items) + "\n  "
