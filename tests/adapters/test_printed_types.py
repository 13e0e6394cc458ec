"""Printed types: the text format of an export or import -> the line that reports and contracts show of it."""

from __future__ import annotations

import pytest

from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.signature import print_type
from tests.adapters.raw_modules import assemble

READER = WasmtimeModuleReader()
# Types by index: a function, a struct, an array, a continuation.
TYPES = """
  (type $callback (func (param i32) (result i32)))
  (type $pair (struct (field i32) (field (mut f64))))
  (type $bytes (array (mut i8)))
  (type $task (cont $callback))
"""
NUMBERS = ("i32", "i64", "f32", "f64", "v128")
ABSTRACT = ("func", "extern", "any", "eq", "i31", "struct", "array", "exn", "cont")
BOTTOMS = ("none", "nofunc", "noextern", "noexn", "nocont")
# As the text format abbreviates a reference that may be null.
SHORT = {heap: f"{heap}ref" for heap in ABSTRACT} | {
    "none": "nullref", "nofunc": "nullfuncref", "noextern": "nullexternref", "noexn": "nullexnref",
    "nocont": "nullcontref",
}  # fmt: skip
CONCRETE = {"$callback": "0", "$pair": "1", "$bytes": "2", "$task": "3"}

VALUE_TYPES = [(number, number) for number in NUMBERS]
VALUE_TYPES += [(f"(ref null {heap})", SHORT[heap]) for heap in (*ABSTRACT, *BOTTOMS)]
VALUE_TYPES += [(f"(ref {heap})", f"(ref {heap})") for heap in (*ABSTRACT, *BOTTOMS)]
VALUE_TYPES += [(f"(ref null {name})", f"(ref null {index})") for name, index in CONCRETE.items()]
VALUE_TYPES += [(f"(ref {name})", f"(ref {index})") for name, index in CONCRETE.items()]


def printed(entity: str) -> str:
    """The line for the one import of a module with the types above."""
    module = READER.read(assemble(f'(module {TYPES} (import "host" "it" {entity}))'))
    assert module.error is None, module.error
    (entry,) = module.imports
    return print_type(entry.type)


@pytest.mark.parametrize(("text", "line"), VALUE_TYPES)
def test_a_value_type_in_a_signature(text: str, line: str) -> None:
    result = f"({line})" if line.startswith("(") else line

    assert printed(f"(func (param i32 {text}) (result {text}))") == f"(i32, {line}) -> {result}"
    assert printed(f"(func (result {text} i64))") == f"() -> ({line}, i64)"
    assert printed(f"(global {text})") == f"global {line}"
    assert printed(f"(tag (param {text}))") == f"tag ({line})"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("(func)", "() -> ()"),
        ("(memory 17)", "memory min=17 max=none"),
        ("(memory 0 65536)", "memory min=0 max=65536"),
        ("(memory 1 16 shared)", "memory min=1 max=16 shared"),
        ("(memory i64 3)", "memory min=3 max=none i64"),
        ("(memory i64 1 281474976710656)", "memory min=1 max=281474976710656 i64"),
        ("(memory i64 1 2 shared)", "memory min=1 max=2 shared i64"),
        ("(memory 10 20 (pagesize 1))", "memory min=10 max=20 page-size=1"),
        ("(memory i64 4294967296 (pagesize 1))", "memory min=4294967296 max=none page-size=1 i64"),
        ("(table 2 20 funcref)", "table funcref min=2 max=20"),
        ("(table 1 externref)", "table externref min=1 max=none"),
        ("(table i64 4 8 funcref)", "table funcref min=4 max=8 i64"),
        ("(table 0 (ref null $pair))", "table (ref null 1) min=0 max=none"),
        ("(global (mut v128))", "global mut v128"),
        ("(global (mut (ref $callback)))", "global mut (ref 0)"),
        ("(tag)", "tag ()"),
        ("(tag (param i32 i64))", "tag (i32, i64)"),
    ],
)
def test_an_entity(text: str, line: str) -> None:
    assert printed(text) == line
    # What a module hands on has the type that it got.
    kind, _, rest = text[1:-1].partition(" ")
    handing_on = f'(module {TYPES} (import "a" "b" ({kind} $it {rest})) (export "it" ({kind} $it)))'
    exports = READER.read(assemble(handing_on)).exports
    assert [print_type(export.type) for export in exports] == [line]
