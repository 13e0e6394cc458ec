"""The module reader: what it says of readable modules, read by the real analyzer in wasmtime."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import wasmtime

from ci_wasm.adapters.analyzer import ANALYZER
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import (
    Count,
    Crate,
    Data,
    Elements,
    Entries,
    Export,
    ExternType,
    Function,
    Functions,
    FuncType,
    Garbage,
    GlobalType,
    Import,
    Memory,
    MemoryType,
    Module,
    Section,
    Segment,
    TableType,
    TagType,
)

WAT = Path(__file__).resolve().parents[1] / "wat"
SHARED = MemoryType(1, 16, shared=True)
WIDE = MemoryType(3, None, memory64=True)
FINE = MemoryType(10, 20, page_size=1)


@pytest.fixture(scope="module")
def reader() -> WasmtimeModuleReader:
    return WasmtimeModuleReader()


def assemble(name: str) -> bytes:
    return bytes(wasmtime.wat2wasm((WAT / f"{name}.wat").read_text(encoding="utf-8")))


def test_the_tutorials_module(reader: WasmtimeModuleReader) -> None:
    assert reader.read(assemble("add")) == Module(
        schema=1,
        layout="core",
        size=70,
        error=None,
        features=(),
        sections=(
            Section("preamble", 0, 8),
            Section("type", 8, 9),
            Section("function", 17, 4),
            Section("memory", 21, 5),
            Section("export", 26, 18),
            Section("code", 44, 11),
            Section("custom.name", 55, 15),
        ),
        imports=(),
        exports=(
            Export("memory", MemoryType(17, None)),
            Export("add", FuncType(("i32", "i32"), ("i32",))),
        ),
        entries=Entries(0, 2),
        memories=(Memory(17, None, shared=False, memory64=False, page_size=65536, imported=False),),
        tables=(),
        globals=Count(0, 0),
        tags=Count(0, 0),
        start=None,
        functions=Functions(count=1, imported=0, size=8, named=1),
        largest=(Function(0, "add", None, None, 8, 8, None),),
        crates=(Crate(None, 8, 1),),
        garbage=Garbage(0, 0),
        data=Data(0, 0),
        names="name-section",
        elements=Elements(0, 0),
    )


def test_every_kind_of_import_and_export(reader: WasmtimeModuleReader) -> None:
    module = reader.read(assemble("entities"))
    assert module.error is None
    assert module.imports == (
        Import("env", "memory", SHARED),
        Import("env", "table", TableType("funcref", 2, 20)),
        Import("env", "stack", GlobalType("i32", mutable=True)),
        Import("env", "base", GlobalType("i32", mutable=False)),
        Import("env", "failure", TagType(("i32", "i64"), ())),
    )
    expected: tuple[tuple[str, ExternType], ...] = (
        ("wide", WIDE),
        ("fine", FINE),
        ("refs", TableType("externref", 1, None)),
        ("wide-refs", TableType("funcref", 4, 8, table64=True)),
        ("answer", GlobalType("i64", mutable=False)),
        ("count", GlobalType("f32", mutable=True)),
        ("stop", TagType(("f64",), ())),
        ("memory", SHARED),
        ("failure", TagType(("i32", "i64"), ())),
    )
    assert module.exports == tuple(Export(name, type_) for name, type_ in expected)
    assert [(memory.minimum, memory.imported) for memory in module.memories] == [
        (1, True),
        (3, False),
        (10, False),
    ]
    assert [(table.element, table.imported) for table in module.tables] == [
        ("funcref", True),
        ("externref", False),
        ("funcref", False),
    ]
    assert (module.globals, module.tags) == (Count(2, 3), Count(1, 2))
    assert module.features == (
        "custom-page-sizes",
        "exceptions",
        "memory64",
        "multi-memory",
        "mutable-globals",
        "reference-types",
        "simd",
        "threads",
    )


def test_value_types_that_wasmtimes_own_reading_aborts_on(reader: WasmtimeModuleReader) -> None:
    module = reader.read(assemble("types"))
    assert module.error is None
    types = {entry.name: entry.type for entry in module.imports}
    assert types["numbers"] == FuncType(("i32", "i64", "f32", "f64", "v128"), ("i32",))
    assert types["concrete"] == FuncType(
        ("(ref 0)", "(ref null 0)", "(ref 1)", "(ref null 2)", "(ref null 3)"), ()
    )
    assert module.exports[0] == Export("pair", FuncType(("i32",), ("i32", "(ref null 0)")))


def test_segments_and_the_start_function(reader: WasmtimeModuleReader) -> None:
    module = reader.read(assemble("segments"))
    hello, late = Segment(0, None, 16, 12, None), Segment(1, "late", None, 5, "other")
    assert (module.data, module.start, module.error) == (Data(2, 17, (hello, late)), 0, None)
    assert module.elements == Elements(2, 3)
    assert [section.name for section in module.sections if section.name.startswith("custom.")] == [
        "custom.build_id",
        "custom.producers",
        "custom.name",
    ]


def test_functions_by_size_and_by_crate(reader: WasmtimeModuleReader) -> None:
    wasm = assemble("names")
    module = reader.read(wasm)
    assert [(function.name, function.crate, function.size) for function in module.largest] == [
        ("core::fmt::write", "core", 7),
        ("core::fmt::write", "core", 7),
        ("app::route", "app", 7),
        ("<app::Router as core::ops::drop::Drop>::drop", "app", 6),
        ("memcpy", None, 6),
        ("handle", None, 5),
        ("function[6]", None, 3),
    ]
    assert module.largest[0].symbol == "_ZN4core3fmt5write17h0123456789abcdefE"
    assert module.largest[4].symbol is None
    assert module.crates == (Crate(None, 14, 3), Crate("core", 14, 2), Crate("app", 13, 2))
    assert reader.read(wasm, functions=2).largest == module.largest[:2]
    assert reader.read(wasm, functions=None).largest == module.largest
    assert reader.read(wasm, functions=0).largest == ()


def test_names_of_any_text_arrive_whole(reader: WasmtimeModuleReader) -> None:
    name = 'quote" back\\slash \x00\x01\x1f\x7f \u2028 \U0001f980 </script>'
    escaped = "".join(f"\\{byte:02x}" for byte in name.encode())
    wasm = bytes(wasmtime.wat2wasm(f'(module (func (export "{escaped}")))'))
    assert reader.read(wasm).exports[0].name == name


def test_the_analyzer_reads_itself(reader: WasmtimeModuleReader) -> None:
    wasm = ANALYZER.read_bytes()
    module = reader.read(wasm, functions=None)
    assert module.error is None
    assert module.imports == ()
    exports = {export.name: export.type for export in module.exports}
    assert exports["alloc"] == FuncType(("i32",), ("i32",))
    assert exports["analyze"] == FuncType(("i32", "i32"), ("i64",))
    assert sum(section.size for section in module.sections) == len(wasm) == module.size
    assert sum(function.size for function in module.largest) == module.functions.size
    assert len(module.largest) == module.functions.count


def test_bodies_are_checked_unless_the_caller_waives_it(reader: WasmtimeModuleReader) -> None:
    ill_typed = assemble("add").replace(b"\x20\x00\x20\x01\x6a", b"\x20\x00\x20\x01\x7c")
    error = reader.read(ill_typed).error
    assert error is not None
    assert (error.section, error.offset) == ("code", 53)
    assert "type mismatch" in error.message
    assert reader.read(ill_typed, check_bodies=False).error is None


@pytest.mark.parametrize("name", ["entities", "names", "types"])
def test_what_is_stored_comes_back_the_same(reader: WasmtimeModuleReader, name: str) -> None:
    module = reader.read(assemble(name))
    assert msgspec.json.decode(msgspec.json.encode(module), type=Module) == module


def test_importing_the_adapter_costs_nothing() -> None:
    probe = "import sys, ci_wasm.adapters.module_reader; print({'wasmtime', 'msgspec'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
