"""Modules: small values of the core for tests of what judges and renders them. keywords -> Module, Measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_wasm.core.measurement import Measurement, Sizes
from ci_wasm.core.module import (
    Count,
    Crate,
    Data,
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
        Function(index, name.split("#")[0], None, None, size, size, (fingerprints or {}).get(name))
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


def _import(name: str, type_: ExternType) -> Import:
    module, _, field = name.partition(".")
    return Import(module, field, type_)


def make_measured(raw: int, module: Module | None = None, *, gzip: int | None = None) -> Measurement:
    """A measurement of a given size."""
    sizes = Sizes(raw, raw // 2 if gzip is None else gzip, "zlib 1.3, brotli 1.2 quality 5", raw * 2 // 5)
    return Measurement(sizes, module or make_module(), "f" * 64, "rustc 1.95.0")
