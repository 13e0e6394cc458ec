"""Shape: say what of a parsed file does not fit the schema, and keep what does. Document -> Shaped."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import inspect

from ci_wasm.config.file import Document, Path, Problem, Shaped
from ci_wasm.config.schema import ConfigFile

# Stands in for what cannot be used: it is reported, and nothing that would be said of the stand-in is.
_STAND_INS = {"metric": "raw", "path": "/"}


def fit_document(document: Document) -> Shaped:
    """Check the document against the schema. All problems are found: msgspec itself stops at the first."""
    fitting = _Fitting()
    fitting.problems += [
        Problem(path, "the key stands here a second time; the first one would be lost")
        for path in document.duplicates
    ]
    value = fitting.fit((), document.value, inspect.type_info(ConfigFile))
    config = msgspec.convert({} if value is _NOTHING else value, ConfigFile)
    return Shaped(config, fitting.problems, frozenset(fitting.unusable))


_NOTHING = object()


@dataclass
class _Fitting:
    """Walks value and type side by side."""

    problems: list[Problem] = field(default_factory=list)
    unusable: set[Path] = field(default_factory=set)

    def fit(self, path: Path, value: object, info: Any) -> object:
        """What of the value fits the type; _NOTHING where none of it does."""
        info = _plain(info)
        match info, value:
            case inspect.StructType(), dict():
                return self._struct(path, value, info)
            case inspect.ListType(), list():
                return [
                    self._fit_or_stand_in((*path, index), each, info.item_type)
                    for index, each in enumerate(value)
                ]
            case inspect.DictType(), dict():
                return self._mapping(path, value, info)
            case inspect.UnionType(), list() if items := _of_kind(info, inspect.ListType):
                return self.fit(path, value, items)
            case inspect.UnionType(), dict() if struct := _of_kind(info, inspect.StructType):
                return self._struct(path, value, struct)
            case _ if _fits(value, info):
                return value
            case _:
                return self._refused(path, f"{_expected(info)} is needed, {_found(value)} was found")

    def _refused(self, path: Path, message: str) -> object:
        self.problems.append(Problem(path, message))
        self.unusable.add(path)
        return _NOTHING

    def _fit_or_stand_in(self, path: Path, value: object, info: Any) -> object:
        fitting = self.fit(path, value, info)
        return _stand_in(path, _plain(info)) if fitting is _NOTHING else fitting

    def _struct(self, path: Path, value: dict[object, object], info: Any) -> dict[str, object]:
        fields = {field.encode_name: field for field in info.fields}
        kept: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str) or key not in fields:
                self._refused((*path, str(key)), _unknown_key(str(key), list(fields)))
            elif (fitting := self.fit((*path, key), item, fields[key].type)) is not _NOTHING:
                kept[key] = fitting
        for name, wanted in fields.items():
            if not wanted.required or name in kept:
                continue
            if name not in value:
                self.problems.append(Problem(path, f"`{name}` is missing"))
                self.unusable.add((*path, name))
            kept[name] = _stand_in((*path, name), _plain(wanted.type))
        return kept

    def _mapping(self, path: Path, value: dict[object, object], info: Any) -> dict[str, object]:
        kept = {}
        for key, item in value.items():
            if not isinstance(key, str):
                self._refused((*path, str(key)), f"the key `{key}` is not a text; put it in quotes")
            elif (fitting := self.fit((*path, key), item, info.value_type)) is not _NOTHING:
                kept[key] = fitting
        return kept


def _plain(info: Any) -> Any:
    return info.type if isinstance(info, inspect.Metadata) else info


def _of_kind(info: Any, kind: type) -> Any:
    """The one mapping, or the one list, among the types of a union; None where there is none."""
    return next((each for one in info.types if isinstance(each := _plain(one), kind)), None)


def _stand_in(path: Path, info: Any) -> object:
    """A value of the type that nothing is wrong with."""
    if isinstance(info, inspect.StructType):
        return {
            wanted.encode_name: _stand_in((*path, wanted.encode_name), _plain(wanted.type))
            for wanted in info.fields
            if wanted.required
        }
    return 0 if isinstance(info, inspect.IntType) else _STAND_INS.get(str(path[-1]), "x")


def _unknown_key(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}."
    return f"unknown key `{key}`; {hint}"


def _fits(value: object, info: Any) -> bool:
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
