"""Module wire: the analyzer's JSON answer as the core's records, and back for what is stored. JSON <-> Module.

msgspec decodes unions only of tagged structs, so the types of exports and imports have a struct each here; everything
else is decoded straight into the core's dataclasses.
"""

from __future__ import annotations

from dataclasses import fields

import msgspec

from ci_wasm.core import module as core


class _Type(msgspec.Struct, tag_field="kind", frozen=True):
    pass


class _Func(_Type, tag="func", frozen=True):
    params: tuple[str, ...]
    results: tuple[str, ...]


class _Memory(_Type, tag="memory", frozen=True):
    minimum: int
    maximum: int | None
    shared: bool
    memory64: bool
    page_size: int


class _Table(_Type, tag="table", frozen=True):
    element: str
    minimum: int
    maximum: int | None
    table64: bool
    shared: bool


class _Global(_Type, tag="global", frozen=True):
    value: str
    mutable: bool
    shared: bool


class _Tag(_Type, tag="tag", frozen=True):
    params: tuple[str, ...]
    results: tuple[str, ...]


_AnyType = _Func | _Memory | _Table | _Global | _Tag


class _Import(msgspec.Struct, frozen=True):
    module: str
    name: str
    type: _AnyType


class _Export(msgspec.Struct, frozen=True):
    name: str
    type: _AnyType


class ModuleWire(msgspec.Struct, frozen=True):
    """The answer's shape; see analyzer/README.md."""

    schema: int
    layout: str
    size: int
    error: core.ModuleError | None
    features: tuple[str, ...]
    sections: tuple[core.Section, ...]
    imports: tuple[_Import, ...]
    exports: tuple[_Export, ...]
    memories: tuple[core.Memory, ...]
    tables: tuple[core.Table, ...]
    globals: core.Count
    tags: core.Count
    start: int | None
    functions: core.Functions
    largest: tuple[core.Function, ...]
    crates: tuple[core.Crate, ...]
    garbage: core.Garbage
    data: core.Data
    names: str


_CORE: dict[type[_AnyType], type[core.ExternType]] = {
    _Func: core.FuncType,
    _Memory: core.MemoryType,
    _Table: core.TableType,
    _Global: core.GlobalType,
    _Tag: core.TagType,
}
_WIRE = {of_core: wire for wire, of_core in _CORE.items()}


def decode_module(answer: bytes | memoryview) -> core.Module:
    """Read an answer; raises msgspec.ValidationError or DecodeError where it has another shape."""
    return to_module(msgspec.json.decode(answer, type=ModuleWire))


def to_module(wire: ModuleWire) -> core.Module:
    """The core's record of a decoded answer."""
    # A module with 75,000 exports has some 500 types.
    entries: tuple[_Import | _Export, ...] = (*wire.imports, *wire.exports)
    types = {type_: _to_core(type_) for type_ in {entry.type for entry in entries}}
    values = {field: getattr(wire, field) for field in wire.__struct_fields__}
    values["imports"] = tuple(
        core.Import(entry.module, entry.name, types[entry.type]) for entry in wire.imports
    )
    values["exports"] = tuple(core.Export(entry.name, types[entry.type]) for entry in wire.exports)
    return core.Module(**values)


def to_wire(module: core.Module) -> ModuleWire:
    """The other way round, for storing."""
    values = {field.name: getattr(module, field.name) for field in fields(module)}
    values["imports"] = tuple(
        _Import(entry.module, entry.name, _to_wire(entry.type)) for entry in module.imports
    )
    values["exports"] = tuple(_Export(entry.name, _to_wire(entry.type)) for entry in module.exports)
    return ModuleWire(**values)


def _to_core(type_: _AnyType) -> core.ExternType:
    return _CORE[type(type_)](*msgspec.structs.astuple(type_))


def _to_wire(type_: core.ExternType) -> _AnyType:
    return _WIRE[type(type_)](*(getattr(type_, field.name) for field in fields(type_)))
