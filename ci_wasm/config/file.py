"""File: read ci-wasm.yml and report every problem with its line, all at once. text -> ConfigFile."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ci_wasm.errors import ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.schema import ConfigFile

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the file, at a path such as ("workers", 0, "budgets", 1, "max")."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its name, its value, and the 1-based line of each path in it."""

    name: str
    value: object
    lines: dict[Path, int]

    def line(self, path: Path) -> int | None:
        """The line of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def parse_document(name: str, text: str) -> Document:
    """Parse YAML 1.1 as PyYAML's safe loader does; raises ConfigError with the line of a syntax error."""
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError(
            f"{name} is not valid YAML: {reason}",
            cure="Correct the syntax at this place; strings with `:` or `#` in them need quotes.",
            file=name,
            line=mark.line + 1 if mark else None,
        ) from None
    return Document(name, {} if value is None else value, dict(_lines((), node)) if node else {})


def _lines(path: Path, node: Any) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if node.id == "mapping":
        for key, value in node.value:
            yield from _lines((*path, key.value), value)
            yield (*path, key.value), key.start_mark.line + 1
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            yield from _lines((*path, index), value)


def read_config(document: Document) -> ConfigFile:
    """Check the document against the schema; raises one ConfigError with all problems."""
    import msgspec

    from ci_wasm.config.schema import ConfigFile

    problems = list(_problems((), document.value, msgspec.inspect.type_info(ConfigFile)))
    if problems:
        raise config_error(document, problems)
    return msgspec.convert(document.value, ConfigFile)


def config_error(document: Document, problems: list[Problem]) -> ConfigError:
    """One error for all problems, each on a line of its own with its place."""
    lines = [f"{_place(document, problem)}: {problem.message}" for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return ConfigError(
        f"{document.name} has {count}: {lines[0]}" if len(lines) == 1 else f"{document.name} has {count}",
        cure="Correct them; docs/configuration.md lists every key.",
        detail="" if len(lines) == 1 else "\n".join(lines),
        file=document.name,
        line=document.line(problems[0].path),
    )


def _place(document: Document, problem: Problem) -> str:
    line = document.line(problem.path)
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem.path).lstrip(".")
    return f"line {line}, {path}" if line and path else path or "the file"


def _problems(path: Path, value: object, info: Any) -> Iterator[Problem]:
    """Walk value and type side by side: msgspec itself stops at the first problem."""
    import msgspec

    info = getattr(info, "type", info) if type(info).__name__ == "Metadata" else info
    if isinstance(info, msgspec.inspect.UnionType) and isinstance(value, list):
        lists = (one for one in info.types if isinstance(one, msgspec.inspect.ListType))
        info = next(lists, info)
    if isinstance(info, msgspec.inspect.StructType):
        yield from _struct_problems(path, value, info)
    elif isinstance(info, msgspec.inspect.ListType) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _problems((*path, index), item, info.item_type)
    elif isinstance(info, msgspec.inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                yield Problem(path, f"the key `{key}` is not a text; put it in quotes")
            yield from _problems((*path, str(key)), item, info.value_type)
    elif isinstance(value, dict) and (struct := _struct_of(info)):
        yield from _struct_problems(path, value, struct)
    elif not _fits(value, info):
        yield Problem(path, f"{_expected(info)} is needed, {_found(value)} was found")


def _struct_of(info: Any) -> Any:
    """The one mapping among the types of a union, None where there is none."""
    kinds = (getattr(one, "type", one) for one in getattr(info, "types", ()))
    return next((kind for kind in kinds if type(kind).__name__ == "StructType"), None)


def _struct_problems(path: Path, value: object, info: Any) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, f"a mapping is needed, {_found(value)} was found")
        return
    fields = {field.encode_name: field for field in info.fields}
    for key, item in value.items():
        if key in fields:
            yield from _problems((*path, key), item, fields[key].type)
        else:
            yield Problem((*path, str(key)), _unknown_key(str(key), list(fields)))
    for name, field in fields.items():
        if field.required and name not in value:
            yield Problem(path, f"`{name}` is missing")


def _unknown_key(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}."
    return f"unknown key `{key}`; {hint}"


def _fits(value: object, info: Any) -> bool:
    import msgspec

    inspect = msgspec.inspect
    match info:
        case inspect.UnionType():
            return any(_fits(value, getattr(one, "type", one)) for one in info.types)
        case inspect.NoneType():
            return value is None
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            if not isinstance(value, int) or isinstance(value, bool):
                return False
            return (info.ge is None or value >= info.ge) and (info.le is None or value <= info.le)
        case inspect.FloatType():
            return isinstance(value, float)
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.LiteralType():
            return value in info.values
        case _:
            return False


def _expected(info: Any) -> str:
    import msgspec

    inspect = msgspec.inspect
    match info:
        case inspect.UnionType():
            kinds = [getattr(one, "type", one) for one in info.types]
            return " or ".join(_expected(one) for one in kinds)
        case inspect.NoneType():
            return "nothing"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return _expected_number(info.ge, info.le)
        case inspect.FloatType():
            return "a fraction"
        case inspect.StrType():
            return "a text"
        case inspect.LiteralType():
            return f"one of {', '.join(sorted(map(str, info.values)))}"
        case inspect.ListType():
            return "a list"
        case inspect.DictType() | inspect.StructType():
            return "a mapping"
        case _:
            return "another type"


def _expected_number(low: int | None, high: int | None) -> str:
    if high is not None:
        return f"a number from {low} to {high}"
    return "a number" if low is None else f"a number from {low} on"


def _found(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"`{value}`"
