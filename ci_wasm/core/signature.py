"""Signature: the type of an export or import as one line of text. Type -> text.

    (i32, i32) -> i32        a function; `-> ()` without results, `-> (i32, i64)` with several
    memory min=17 max=none   a memory
    table funcref min=1      a table
    global mut i32           a global
    tag (i32)                a tag

Value types are spelled as in the text format
(https://webassembly.github.io/spec/core/text/types.html), so `(ref null 3)` is one type. `core/pattern.py` reads it back.
"""

from __future__ import annotations

from typing import assert_never

from ci_wasm.core.module import ExternType, FuncType, GlobalType, MemoryType, TableType, TagType

# What a URL, JSON and a configuration file can spell.
NUMERIC_TYPES = frozenset({"i32", "i64", "f32", "f64"})


def print_type(type_: ExternType) -> str:
    """The one line for a type; `parse_pattern` of it matches this type and no other."""
    match type_:
        case FuncType():
            return _print_function(type_.params, type_.results)
        case MemoryType():
            size = "" if type_.page_size == 65536 else f" page-size={type_.page_size}"
            return f"memory{_print_limits(type_)}{size}{_words(shared=type_.shared, i64=type_.memory64)}"
        case TableType():
            words = _words(shared=type_.shared, i64=type_.table64)
            return f"table {type_.element}{_print_limits(type_)}{words}"
        case GlobalType():
            return f"global{_words(shared=type_.shared, mut=type_.mutable)} {type_.value}"
        case TagType():
            return f"tag ({', '.join(type_.params)})"
    assert_never(type_)


def _print_function(params: tuple[str, ...], results: tuple[str, ...]) -> str:
    # A lone reference type keeps the parentheses of a list: `-> (ref null 3)` would read as a list of nonsense.
    alone = len(results) == 1 and not results[0].startswith("(")
    return f"({', '.join(params)}) -> {results[0] if alone else '(' + ', '.join(results) + ')'}"


def _print_limits(type_: MemoryType | TableType) -> str:
    return f" min={type_.minimum} max={'none' if type_.maximum is None else type_.maximum}"


def _words(**flags: bool) -> str:
    return "".join(f" {name}" for name, on in flags.items() if on)
