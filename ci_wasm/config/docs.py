"""Docs: the tables and the JSON Schema of the configuration, from the code that reads it. schema -> text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import msgspec
from msgspec import inspect

from ci_wasm.config import schema
from ci_wasm.config.inputs import INPUTS, OUTPUTS

# Every section of ci-wasm.yml with the path at which it stands.
_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "top level": schema.ConfigFile,
    "workers[]": schema.WorkerEntry,
    "workers[].build": schema.BuildEntry,
    "workers[].budgets[]": schema.BudgetEntry,
    "workers[].contract": schema.ContractEntry,
    "workers[].behavior[]": schema.BehaviorEntry,
    "workers[].behavior[].sequence[]": schema.CallEntry,
    "workers[].behavior[].input": schema.InputEntry,
    "workers[].behavior[].output": schema.OutputEntry,
    "workers[].startup": schema.StartupEntry,
    "workers[].smoke[]": schema.SmokeEntry,
    "groups[]": schema.GroupEntry,
    "preview": schema.PreviewEntry,
    "baseline": schema.BaselineEntry,
    "exceptions": schema.ExceptionsEntry,
}


def json_schema() -> str:
    """The JSON Schema of ci-wasm.yml, for editors."""
    return json.dumps(msgspec.json.schema(schema.ConfigFile), indent=2) + "\n"


def configuration_tables() -> str:
    """Every key of ci-wasm.yml, a table for each section."""
    return "\n\n".join(_section(path, struct) for path, struct in _SECTIONS.items()) + "\n"


def inputs_table() -> str:
    """The action's inputs."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |"
        for name, (default, text) in INPUTS.items()
    ]
    return "\n".join(["| input | default | |", "|---|---|---|", *rows]) + "\n"


def outputs_table() -> str:
    """The action's outputs."""
    return (
        "\n".join(
            ["| output | |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in OUTPUTS.items())]
        )
        + "\n"
    )


def _section(path: str, struct: type[msgspec.Struct]) -> str:
    heading = f"### {path}" if path == "top level" else f"### `{path}`"
    rows = "\n".join(_rows(struct))
    return f"{heading}\n{(struct.__doc__ or '').strip()}\n\n| key | type | default | |\n|---|---|---|---|\n{rows}"


def _rows(struct: type[msgspec.Struct]) -> Iterator[str]:
    for field in cast("inspect.StructType", inspect.type_info(struct)).fields:
        extra = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
        text = (extra or {}).get("description", "")
        yield f"| `{field.encode_name}` | {_kind(field.type)} | {_default(field)} | {text} |"


def _kind(info: Any) -> str:
    match info:
        case inspect.Metadata():
            return _kind(info.type)
        case inspect.UnionType():
            return " or ".join(_kind(one) for one in info.types)
        case inspect.LiteralType():
            return " ".join(f"`{value}`" for value in sorted(map(str, info.values)))
        case inspect.ListType():
            return f"list of {_kind(info.item_type)}"
        case inspect.DictType():
            return f"mapping to {_kind(info.value_type)}"
        case inspect.StructType():
            return "mapping"
        case inspect.NoneType():
            return "null"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() if info.le is not None:
            return f"number {info.ge}–{info.le}"
        case inspect.IntType():
            return "number"
        case inspect.FloatType():
            return "fraction"
        case _:
            return "text"


def _default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    default = field.default
    if isinstance(default, bool | int) or (isinstance(default, str) and default):
        return f"`{str(default).lower()}`"
    return ""
