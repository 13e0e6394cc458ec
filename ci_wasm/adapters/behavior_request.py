"""Behavior request: what the child is told, and the files by which bytes come and go. (Rehearsal, scenarios) -> JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci_wasm.core.behavior import Call, Scenario
from ci_wasm.core.host import Given
from ci_wasm.core.module import FuncType, GlobalType, MemoryType, TableType
from ci_wasm.core.rehearsal import Rehearsal

# A call without a limit may use this much: a dozen seconds of work, and an end to every endless loop.
DEFAULT_FUEL = 10_000_000_000
# Room above a call's own limit, so that the report can say by how much it was missed.
_FUEL_FACTOR = 100
_MOST_FUEL = 1 << 62
# Slower than any machine that anybody waits for.
_FUEL_PER_SECOND = 100_000_000
_COMPILE_SECONDS_PER_MEGABYTE = 4.0


@dataclass
class CallFiles:
    """The folder of one child: input and output of each call that passes bytes."""

    folder: Path
    _numbers: dict[str, int] = field(default_factory=dict)

    def write(self, name: str, content: bytes | None) -> None:
        """Write a file, where there is something to write."""
        if content is not None:
            (self.folder / name).write_bytes(content)

    def read(self, name: str) -> bytes | None:
        """A file's content, None where there is none."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def give_input(self, call: Call) -> str | None:
        """Write what goes in; gives the file's path, None for a call that passes no bytes."""
        if call.input is None:
            return None
        number = self._numbers.setdefault(call.name, len(self._numbers))
        self.write(f"input-{number}", call.input.content)
        return str(self.folder / f"input-{number}")

    def output_of(self, call: Call) -> str:
        """Where the child writes what comes out."""
        return str(self.folder / f"output-{self._numbers.get(call.name, 0)}")

    def read_output(self, call: Call) -> bytes:
        """What came out."""
        return Path(self.output_of(call)).read_bytes()


def make_request(
    rehearsal: Rehearsal,
    scenarios: Sequence[Scenario],
    files: CallFiles,
    *,
    seconds: float,
    size: int,
    starts: bool,
) -> dict[str, Any]:
    """The child's instructions; `starts` asks for the start as a measurement of its own, `size` is the module's."""
    fuel = fuel_of(rehearsal.max_startup_fuel)
    return {
        "compileSeconds": seconds + _COMPILE_SECONDS_PER_MEGABYTE * size / 1_000_000,
        "startFuel": fuel,
        "startSeconds": _seconds(seconds, fuel),
        "measuresStart": starts,
        "initializes": rehearsal.initializes,
        "memories": rehearsal.memories,
        "given": [_given(each) for each in rehearsal.host.given],
        "scenarios": [
            [_call(call, rehearsal.types[call.export], files, seconds) for call in scenario.calls]
            for scenario in scenarios
        ],
    }


def most_seconds(request: Mapping[str, Any]) -> float:
    """How long a child may take that keeps to its own limits, and some more to start and end."""
    calls = [call["seconds"] for scenario in request["scenarios"] for call in scenario]
    starts = request["startSeconds"] * (len(request["scenarios"]) + 1)
    return float(request["compileSeconds"] + starts + sum(calls) + 10)


def fuel_of(limit: int | None) -> int:
    """What a step may use: more than its limit, but not without end."""
    if limit is None:
        return DEFAULT_FUEL
    return min(_MOST_FUEL, max(2 * limit, min(_FUEL_FACTOR * limit + 10_000, DEFAULT_FUEL)))


def _seconds(seconds: float, fuel: int) -> float:
    return seconds + fuel / _FUEL_PER_SECOND


def _call(call: Call, type_: FuncType, files: CallFiles, seconds: float) -> dict[str, Any]:
    fuel = fuel_of(call.max_fuel)
    return {
        "export": call.export,
        "args": call.args,
        "params": type_.params,
        "results": type_.results,
        "input": files.give_input(call),
        "output": files.output_of(call),
        "trap": bool(call.trap),
        "fuel": fuel,
        "seconds": _seconds(seconds, fuel),
    }


def _given(given: Given) -> dict[str, Any]:
    """One import that gets something; the rest are functions that trap."""
    entry = given.entry
    name = {"module": entry.module, "name": entry.name, "value": given.value}
    match entry.type:
        case FuncType(params=params, results=results):
            return {**name, "kind": "func", "params": params, "results": results}
        case GlobalType(value=value, mutable=mutable):
            return {**name, "kind": "global", "type": value, "mutable": mutable}
        case MemoryType(minimum=minimum, maximum=maximum, memory64=memory64):
            return {**name, "kind": "memory", "minimum": minimum, "maximum": maximum, "memory64": memory64}
        case TableType(element=element, minimum=minimum, maximum=maximum):
            return {**name, "kind": "table", "element": element, "minimum": minimum, "maximum": maximum}
        case _:
            raise AssertionError(entry)  # core/host.py gives nothing to a tag
