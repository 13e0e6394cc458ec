"""Modules: small values of the core for tests of what judges and renders them. keywords -> Module, Measurement."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.dependencies import Dependencies
from ci_wasm.core.growth import Growth, make_growth
from ci_wasm.core.measurement import NOT_ASSEMBLED, Measurement, Upload
from ci_wasm.core.module import (
    Count,
    Crate,
    Data,
    Entries,
    Export,
    ExternType,
    Function,
    Functions,
    FuncType,
    Garbage,
    Import,
    MemoryType,
    Module,
    Section,
)
from ci_wasm.core.sizes import Sizes
from ci_wasm.outcome import Done

READER = WasmtimeModuleReader()
ADD = FuncType(("i32", "i32"), ("i32",))
MEMORY = MemoryType(17, None)


def make_module(  # noqa: PLR0913 (each part may be left out)
    *,
    exports: Mapping[str, ExternType] | None = None,
    imports: Mapping[str, ExternType] | None = None,
    features: Sequence[str] = (),
    sections: Mapping[str, int] | None = None,
    functions: Mapping[str, int] | None = None,
    crates: Mapping[str | None, int] | None = None,
    fingerprints: Mapping[str, str] | None = None,
    listed: int | None = None,
    named: bool = True,
) -> Module:
    """A module whose parts are given by name; imports are keyed `module.name`. `listed` cuts the list of functions.

    What follows a `#` in a function's name makes it another function of the same name.
    """
    sizes = sorted((functions or {}).items(), key=lambda item: -item[1])
    largest = [
        Function(index, name.split("#")[0], None, None, size, size, _fingerprint(fingerprints, name))
        for index, (name, size) in enumerate(sizes)
    ]
    parts = {"preamble": 8, **(sections or {})}
    return Module(
        schema=1,
        layout="core",
        size=sum(parts.values()),
        error=None,
        features=tuple(features),
        sections=tuple(Section(name, 0, size) for name, size in parts.items()),
        imports=tuple(_import(name, type_) for name, type_ in (imports or {}).items()),
        exports=tuple(Export(name, type_) for name, type_ in (exports or {}).items()),
        entries=Entries(len(imports or {}), len(exports or {})),
        memories=(),
        tables=(),
        globals=Count(0, 0),
        tags=Count(0, 0),
        start=None,
        functions=Functions(len(largest), 0, sum(size for _, size in sizes), len(largest) if named else 0),
        largest=tuple(largest[:listed]),
        crates=tuple(Crate(name, size, 1) for name, size in (crates or {}).items()),
        garbage=Garbage(0, 0),
        data=Data(0, 0),
        names="name-section" if named else "none",
    )


def _fingerprint(words: Mapping[str, str] | None, name: str) -> str | None:
    """Any word, as hexadecimal digits."""
    return f"{zlib.crc32(words[name].encode()):016x}" if words and name in words else None


def _import(name: str, type_: ExternType) -> Import:
    module, _, field = name.partition(".")
    return Import(module, field, type_)


def make_measured(
    raw: int,
    module: Module | None = None,
    *,
    gzip: int | None = None,
    dependencies: Dependencies | None = None,
    upload: Upload | None = None,
) -> Measurement:
    """A measurement of a given size."""
    sizes = Sizes(raw, raw // 2 if gzip is None else gzip, "zlib 1.3, brotli 1.2 quality 5", raw * 2 // 5)
    return Measurement(
        sizes,
        module or make_module(),
        "f" * 64,
        "rustc 1.95.0",
        dependencies,
        Done(upload) if upload else NOT_ASSEMBLED,
    )


def grow(base: Measurement, head: Measurement) -> Growth:
    """What changed between two measurements, matched by the real analyzer."""
    return make_growth(base, head, READER.match(base.module, head.module))
