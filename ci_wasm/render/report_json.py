"""Report JSON: the report for machines. Report -> JSON.

Dataclasses become objects, enums their values, types of exports and imports their signature lines, and an outcome
`{"state": "done", "value": …}`, `{"state": "skipped", "reason": …}` or `{"state": "failed", "code": …, …}`.
Sizes are bytes. `schema` rises when a key changes its meaning or goes; new keys may come at any time.
"""

from __future__ import annotations

import dataclasses
import json
from enum import Enum

import msgspec

from ci_wasm.core.module import FuncType, GlobalType, MemoryType, TableType, TagType
from ci_wasm.core.pattern import LimitsPattern, print_pattern
from ci_wasm.core.signature import print_type
from ci_wasm.outcome import Done, Failed, Skipped


def render_json(value: object, *, indent: int | None = 2) -> str:
    """Any value of the core as JSON text, ending with a newline."""
    return json.dumps(plain_value(value), indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def plain_value(value: object) -> object:
    """The same value made of dicts, lists, texts and numbers."""
    match value:
        case Done():
            return {"state": "done", "value": plain_value(value.value)}
        case Skipped():
            return {"state": "skipped", "reason": value.reason}
        case Failed():
            return {"state": "failed", **plain_fields(value)}
        case FuncType() | MemoryType() | TableType() | GlobalType() | TagType():
            return print_type(value)
        case LimitsPattern():
            return print_pattern(value)
        case Enum():
            return value.value
        case dict():
            return {str(key): plain_value(item) for key, item in value.items()}
        case tuple() | list():
            return [plain_value(item) for item in value]
        case frozenset() | set():
            return sorted(str(item) for item in value)
        case None | bool() | int() | float() | str():
            return value
        case _ if dataclasses.is_dataclass(value) or isinstance(value, msgspec.Struct):
            return plain_fields(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a report")


def plain_fields(value: object) -> dict[str, object]:
    """A record's fields by name, made plain."""
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
    else:
        names = tuple(field.name for field in dataclasses.fields(value))  # type: ignore[arg-type]
    return {name: plain_value(getattr(value, name)) for name in names}
