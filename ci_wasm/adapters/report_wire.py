"""Report wire: a stored report.json as the core's record again. JSON -> Report.

The other way round is `render/report_json.py`. Keys that this version does not know are passed over, and keys that an
older one did not write have their default, so that reports of one schema can be read by any version of it.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from ci_wasm.core.module import FuncType
from ci_wasm.core.pattern import SignatureError, parse_type
from ci_wasm.core.report import SCHEMA, Report
from ci_wasm.errors import ConfigError
from ci_wasm.outcome import Done, Failed, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

_STATES = {"done": Done, "skipped": Skipped, "failed": Failed}


class ShapeError(ValueError):
    """A value has no place in a report; the message says where and why."""


def read_report(path: Path) -> Report:
    """Read a stored report; raises ConfigError for a file that is missing, or that holds something else."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from None
    return decode_report(content, path)


def decode_report(content: bytes, path: Path) -> Report:
    """What `render_json` wrote; raises ConfigError for anything else."""
    try:
        plain = json.loads(content)
    except ValueError as error:
        raise _refusal(path, f"is no JSON: {error}") from None
    schema = plain.get("schema") if isinstance(plain, dict) else None
    if schema != SCHEMA:
        found = "has no schema" if schema is None else f"has the schema {schema!r}"
        raise _refusal(path, f"is no report of this version: it {found}, and ci-wasm reads schema {SCHEMA}")
    try:
        return cast("Report", _decode(Report, plain, "report"))
    except ShapeError as error:
        raise _refusal(path, f"is not shaped as a report: {error}") from None


def _refusal(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"{path} {' '.join(reason.split())}",
        cure="Give the path of a report.json that ci-wasm wrote: the output `report` names it.",
    )


def _decode(type_: Any, value: object, place: str) -> object:
    origin = get_origin(type_)
    if origin in {Union, types.UnionType}:
        return _decode_union(get_args(type_), value, place)
    if origin is tuple:
        item = get_args(type_)[0]
        return tuple(
            _decode(item, each, f"{place}[{index}]")
            for index, each in enumerate(_checked(list, value, place))
        )
    if origin is not None and issubclass(origin, Mapping):
        item = get_args(type_)[1]
        return {
            key: _decode(item, each, f"{place}.{key}") for key, each in _checked(dict, value, place).items()
        }
    if origin is frozenset:
        return frozenset(_checked(list, value, place))
    if origin is not None:
        return _decode_record(origin, value, place, get_args(type_))
    if isinstance(type_, type) and (dataclasses.is_dataclass(type_) or issubclass(type_, msgspec.Struct)):
        return _decode_record(type_, value, place)
    return _decode_scalar(type_, value, place)


def _decode_union(options: tuple[Any, ...], value: object, place: str) -> object:
    if value is None and types.NoneType in options:
        return None
    if FuncType in options:
        return _of_text(parse_type, value, place)
    states = {get_origin(option) or option: option for option in options}
    if states.keys() & {Done, Skipped, Failed}:
        state = _checked(dict, value, place).get("state")
        option = states.get(_STATES.get(state)) if isinstance(state, str) else None
        if option is None:
            raise ShapeError(f"`{place}.state` is {state!r}")
        return _decode(option, value, place)
    errors = []
    for option in options:
        try:
            return _decode(option, value, place)
        except ShapeError as error:
            errors.append(error)
    raise errors[-1]


def _decode_record(type_: type, value: object, place: str, arguments: tuple[Any, ...] = ()) -> object:
    """A dataclass or struct; `arguments` are what a generic one is made of (Done alone is, and of its value)."""
    plain = _checked(dict, value, place)
    hints = {"value": arguments[0]} if arguments else _hints(type_)
    known = {
        name: _decode(hint, plain[name], f"{place}.{name}") for name, hint in hints.items() if name in plain
    }
    try:
        return type_(**known)
    except TypeError as error:
        raise ShapeError(f"`{place}`: {error}") from None


@cache
def _hints(type_: type) -> Mapping[str, Any]:
    fields = (
        type_.__struct_fields__
        if issubclass(type_, msgspec.Struct)
        else [field.name for field in dataclasses.fields(type_)]  # type: ignore[arg-type]
    )
    hints = get_type_hints(type_)
    return {name: hints[name] for name in fields}


def _decode_scalar(type_: Any, value: object, place: str) -> object:
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _of_text(type_, value, place)
    if type_ is float and isinstance(value, int) and not isinstance(value, bool):
        # JSON has one kind of number.
        return value
    return _checked(type_, value, place)


def _of_text(make: Callable[[Any], object], value: object, place: str) -> object:
    try:
        return make(_checked(str, value, place))
    except (SignatureError, ValueError) as error:
        raise ShapeError(f"`{place}`: {error}") from None


def _checked(type_: Any, value: object, place: str) -> Any:
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise ShapeError(f"`{place}` should be of type {type_.__name__}, and is {type(value).__name__}")
    return value
