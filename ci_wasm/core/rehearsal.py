"""Rehearsal: what of a behavior can be run on a module, and what is wrong with the rest. (Behavior, Module) -> Rehearsal.

A module is known only when it was built, so these problems come after those of the file; each names its place there.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from ci_wasm.core.behavior import BYTES_FUNCTION, BYTES_HELPERS, Behavior, Call, Scenario
from ci_wasm.core.host import Host, make_host
from ci_wasm.core.module import FuncType, MemoryType, Module
from ci_wasm.core.number import number_problem, spell_number
from ci_wasm.core.signature import NUMERIC_TYPES, print_type

# What compilers of reactors (TinyGo, Zig, C) export for the host to call once, before anything else.
INITIALIZE = "_initialize"
MEMORY = "memory"


class CallProblem(Struct, frozen=True):
    """Why a call cannot be made of this module."""

    call: Call
    message: str


class Rehearsal(Struct, frozen=True):
    """The scenarios without problems, with their numbers in one spelling, and the problems of the others.

    `types` are those of the exported functions; `initializes` says that `_initialize` has to be called first; `memories`
    is how many there are.
    """

    scenarios: tuple[Scenario, ...]
    problems: tuple[CallProblem, ...]
    host: Host
    types: dict[str, FuncType]
    initializes: bool
    memories: int
    max_startup_fuel: int | None

    @property
    def can_start(self) -> bool:
        """Whether every import is given something, so that there can be an instance."""
        return not any(problem.is_fatal for problem in self.host.problems)


def rehearse(behavior: Behavior, module: Module) -> Rehearsal:
    """Hold everything that is asked against the module; all problems at once."""
    types = {export.name: export.type for export in module.exports if isinstance(export.type, FuncType)}
    problems = tuple(
        CallProblem(call, message) for call in behavior.calls for message in _problems(call, module, types)
    )
    refused = {problem.call.name for problem in problems}
    return Rehearsal(
        scenarios=tuple(
            Scenario(tuple(_spell(call, types[call.export]) for call in scenario.calls))
            for scenario in behavior.scenarios
            if not any(call.name in refused for call in scenario.calls)
        ),
        problems=problems,
        host=make_host(module, behavior.stubs),
        types=types,
        initializes=types.get(INITIALIZE) == FuncType((), ()),
        memories=len(module.memories),
        max_startup_fuel=behavior.max_startup_fuel,
    )


def _problems(call: Call, module: Module, types: dict[str, FuncType]) -> Iterator[str]:
    type_ = types.get(call.export)
    if type_ is None:
        yield f"the module exports no function of this name{_hint(call.export, types)}"
    elif call.input is not None:
        yield from _bytes_problems(type_, module, types)
    elif not {*type_.params, *type_.results} <= NUMERIC_TYPES:
        yield f"its type is `{print_type(type_)}`, and only numbers can be passed"
    else:
        yield from _number_problems("args", "argument", type_.params, call.args)
        yield from _number_problems("expect", "result", type_.results, call.expect)
        if call.ulp is not None and not {"f32", "f64"} & {*type_.results}:
            yield f"`ulp` is for floats, and its type is `{print_type(type_)}`"
    if call.max_memory is not None and not _shows_memory(module):
        yield "`max-memory` cannot be judged, because the module does not export its memory"


def _number_problems(
    key: str, word: str, types: tuple[str, ...], texts: tuple[str, ...] | None
) -> Iterator[str]:
    if texts is None:
        return
    if len(types) != len(texts):
        yield f"`{key}` has {_counted(len(texts), word)}, and the function has {_counted(len(types), word)}"
        return
    for index, (type_, text) in enumerate(zip(types, texts, strict=True)):
        if problem := number_problem(type_, text):
            yield f"{key}[{index}]: {problem}"


def _bytes_problems(type_: FuncType, module: Module, types: dict[str, FuncType]) -> Iterator[str]:
    """The bytes ABI, version 1: docs/shim.md."""
    if type_ != BYTES_FUNCTION:
        yield f"its type is `{print_type(type_)}`, and a function of bytes is `{print_type(BYTES_FUNCTION)}`"
    for name, wanted in BYTES_HELPERS.items():
        if types.get(name) != wanted:
            yield f"for bytes the module has to export `{name}: {print_type(wanted)}` (docs/shim.md)"
    memory = next((export.type for export in module.exports if export.name == MEMORY), None)
    if not isinstance(memory, MemoryType) or memory.memory64 or memory.shared:
        yield f"for bytes the module has to export a 32-bit `{MEMORY}` that is not shared (docs/shim.md)"


def _shows_memory(module: Module) -> bool:
    """Whether the size of every memory can be seen: the host's own, and those that are exported."""
    exported = sum(isinstance(export.type, MemoryType) for export in module.exports)
    return exported >= sum(not memory.imported for memory in module.memories)


def _spell(call: Call, type_: FuncType) -> Call:
    if call.input is not None:
        return call
    expect = call.expect
    return replace(
        call,
        args=tuple(map(spell_number, type_.params, call.args)),
        expect=None if expect is None else tuple(map(spell_number, type_.results, expect)),
    )


def _counted(count: int, word: str) -> str:
    return f"1 {word}" if count == 1 else f"{count} {word}s"


def _hint(name: str, types: dict[str, FuncType]) -> str:
    import difflib

    close = difflib.get_close_matches(name, types, n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""
