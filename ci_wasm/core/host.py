"""Host: what a module's imports are given when it runs here. (Module, stubs) -> Host.

| import      | is given                                                                      |
|-------------|-------------------------------------------------------------------------------|
| a function  | the value of its stub; without one, calling it is the trap `missing import`   |
| a global    | the value of its stub; without one, the module cannot be run                  |
| a memory    | one of its minimum, all zeros                                                 |
| a table     | one of its minimum, all null                                                  |
| a tag       | nothing: the module cannot be run                                             |
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from ci_wasm.core.behavior import Stub
from ci_wasm.core.module import FuncType, GlobalType, Import, MemoryType, Module, TableType
from ci_wasm.core.number import number_problem, spell_number
from ci_wasm.core.signature import NUMERIC_TYPES, print_type


class Given(Struct, frozen=True):
    """One import and what it is given: a number for a function that returns one and for a global, else None."""

    entry: Import
    value: str | None = None


class HostProblem(Struct, frozen=True):
    """Why the imports cannot be given what the configuration says. `is_fatal`: without it, the module cannot run.

    `subject` is the stub's rule, `stubs.GLOB`, or the import that has none.
    """

    message: str
    subject: str
    is_fatal: bool = True


class Host(Struct, frozen=True):
    """All that the module is given. Functions that are not in `given` trap."""

    given: tuple[Given, ...]
    problems: tuple[HostProblem, ...]


def make_host(module: Module, stubs: tuple[Stub, ...]) -> Host:
    """Find for each import what it is given; all problems at once."""
    given: list[Given] = []
    problems = [
        HostProblem(
            f"`stubs` has `{stub.glob}`, and the module imports nothing of this name",
            f"stubs.{stub.glob}",
            is_fatal=False,
        )
        for stub in stubs
        if not any(_fits(stub, entry) for entry in module.imports)
    ]
    for entry in module.imports:
        stub = next((stub for stub in stubs if _fits(stub, entry)), None)
        problem = _problem(entry, stub)
        if problem:
            problems.append(
                HostProblem(
                    f"the import `{_name(entry)}` {problem}", f"stubs.{stub.glob if stub else _name(entry)}"
                )
            )
        elif not isinstance(entry.type, FuncType) or stub:
            given.append(Given(entry, _value(entry, stub)))
    return Host(tuple(given), tuple(problems))


def _name(entry: Import) -> str:
    return f"{entry.module}.{entry.name}"


def _fits(stub: Stub, entry: Import) -> bool:
    is_stubbed = isinstance(entry.type, FuncType | GlobalType)
    return is_stubbed and (stub.glob == _name(entry) or fnmatchcase(_name(entry), stub.glob))


def _problem(entry: Import, stub: Stub | None) -> str:
    match entry.type:
        case FuncType() if stub is not None:
            return _function_problem(entry.type, stub)
        case GlobalType(value=value, shared=shared):
            if value not in NUMERIC_TYPES or shared:
                return f"is a `{print_type(entry.type)}`, which cannot be given here"
            if stub is None or stub.value is None:
                return f"is a `{print_type(entry.type)}`: give its value under `stubs`"
            return _as_clause(number_problem(value, stub.value))
        case MemoryType() if entry.type.shared or entry.type.page_size != 65536:
            return f"is a `{print_type(entry.type)}`, which cannot be given here"
        case TableType() if (
            entry.type.element not in {"funcref", "externref"} or entry.type.table64 or entry.type.shared
        ):
            return f"is a `{print_type(entry.type)}`, which cannot be given here"
        case FuncType() | MemoryType() | TableType():
            return ""
        case _:
            return "is an exception tag, which cannot be given here"


def _function_problem(type_: FuncType, stub: Stub) -> str:
    if not {*type_.params, *type_.results} <= NUMERIC_TYPES or len(type_.results) > 1:
        return f"is `{print_type(type_)}`: a stub takes numbers and returns one or none"
    if not type_.results:
        return "" if stub.value is None else f"returns nothing, and its stub says {stub.value}: write `null`"
    if stub.value is None:
        return f"returns an {type_.results[0]}, and its stub says `null`: give a number"
    return _as_clause(number_problem(type_.results[0], stub.value))


def _as_clause(problem: str) -> str:
    return f"has a stub that does not fit: {problem}" if problem else ""


def _value(entry: Import, stub: Stub | None) -> str | None:
    if stub is None or stub.value is None:
        return None
    match entry.type:
        case FuncType(results=results):
            return spell_number(results[0], stub.value)
        case GlobalType(value=value):
            return spell_number(value, stub.value)
        case _:
            return None
