"""Raw modules: text format -> the bytes and their Module, read by wasmtime."""

from __future__ import annotations

import functools

import wasmtime

from ci_wasm.core.module import (
    Count,
    Data,
    Entries,
    Export,
    ExternType,
    Functions,
    FuncType,
    Garbage,
    GlobalType,
    Import,
    MemoryType,
    Module,
    TableType,
)


@functools.cache
def assemble(wat: str) -> bytes:
    """The binary of a module in the text format."""
    return bytes(wasmtime.wat2wasm(wat))


def describe(wasm: bytes) -> Module:
    """What the shim needs to know of a module; nothing is measured."""
    config = wasmtime.Config()
    config.wasm_memory64 = True
    module = wasmtime.Module(wasmtime.Engine(config), wasm)
    return Module(
        schema=1,
        layout="core",
        size=len(wasm),
        error=None,
        features=(),
        sections=(),
        imports=tuple(Import(item.module, item.name or "", _type(item.type)) for item in module.imports),
        exports=tuple(Export(item.name, _type(item.type)) for item in module.exports),
        entries=Entries(len(module.imports), len(module.exports)),
        memories=(),
        tables=(),
        globals=Count(0, 0),
        tags=Count(0, 0),
        start=None,
        functions=Functions(0, 0, 0, 0),
        largest=(),
        crates=(),
        garbage=Garbage(0, 0),
        data=Data(0, 0),
        names="none",
    )


def _type(type_: object) -> ExternType:
    if isinstance(type_, wasmtime.FuncType):
        return FuncType(
            tuple(str(value) for value in type_.params), tuple(str(value) for value in type_.results)
        )
    if isinstance(type_, wasmtime.MemoryType):
        return MemoryType(type_.limits.min, type_.limits.max, memory64=type_.is_64)
    if isinstance(type_, wasmtime.GlobalType):
        return GlobalType(str(type_.content), type_.mutable)
    assert isinstance(type_, wasmtime.TableType)
    return TableType(str(type_.element), type_.limits.min, type_.limits.max)
