"""Behavior: what calls of a module's exports must give, and at what cost. (BehaviorCall, CallResult) -> findings.

Values are texts, because JSON numbers lose 64-bit integers and have no NaN: integers in decimal (signed or unsigned),
floats as Python's `repr` gives them, `nan` for every NaN. The cost is wasmtime's fuel, about one unit for each instruction
that was run: the same in every run of one wasmtime, whatever the machine does besides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.module import FuncType, Module
from ci_wasm.core.signature import NUMERIC_TYPES, print_type


@dataclass(frozen=True, slots=True)
class BehaviorCall:
    """One call in an instance of its own. `expect` None leaves the results open; `trap` True asks for a trap instead."""

    export: str
    args: tuple[str, ...] = ()
    expect: tuple[str, ...] | None = None
    trap: bool = False
    max_fuel: int | None = None
    max_memory: int | None = None


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a call gave: its results, or why there are none. `memory` is bytes of linear memory afterwards."""

    call: BehaviorCall
    results: tuple[str, ...] | None
    failure: str = ""
    trapped: bool = False
    fuel: int = 0
    memory: int = 0


def called_type(call: BehaviorCall, module: Module) -> FuncType | None:
    """The type of the function that is called; None where the module exports no function of this name."""
    types = (export.type for export in module.exports if export.name == call.export)
    return next((type_ for type_ in types if isinstance(type_, FuncType)), None)


def problem_of(call: BehaviorCall, module: Module) -> str:
    """Why a call cannot be made of this module; empty where it can."""
    type_ = called_type(call, module)
    if type_ is None:
        return "the module exports no function of this name"
    if not {*type_.params, *type_.results} <= NUMERIC_TYPES:
        return f"its type is `{print_type(type_)}`, and only numbers can be passed"
    if len(type_.params) != len(call.args):
        return f"it takes {len(type_.params)} arguments, and {len(call.args)} are given"
    for index, (kind, text) in enumerate(zip(type_.params, call.args, strict=True)):
        if not _is_value(kind, text):
            return f"argument {index} is `{text}`, which is no {kind}"
    return ""


def signed_expectation(call: BehaviorCall, module: Module) -> BehaviorCall:
    """The call with integers that were written unsigned as wasmtime gives them back: signed."""
    type_ = called_type(call, module)
    if call.expect is None or type_ is None or len(type_.results) != len(call.expect):
        return call
    return replace(call, expect=tuple(map(_signed, type_.results, call.expect)))


def behavior_findings(result: CallResult) -> list[Finding]:
    """Judge one call: its results first, then its cost."""
    call = result.call
    if (result.results is None) != call.trap or (call.trap and not result.trapped):
        gave = (
            f"gave {_listed(result.results)}" if result.results is not None else f"failed: {result.failure}"
        )
        wanted = "a trap" if call.trap else _listed(call.expect) if call.expect is not None else "a result"
        return [_broken(result, f"{gave}, and {wanted} was expected")]
    if call.expect is not None and result.results is not None and not _equal(call.expect, result.results):
        return [_broken(result, f"gave {_listed(result.results)}, and {_listed(call.expect)} was expected")]
    return [
        *_over_limit(result, FindingKind.BEHAVIOR_FUEL, "fuel", result.fuel, call.max_fuel),
        *_over_limit(result, FindingKind.BEHAVIOR_MEMORY, "bytes of memory", result.memory, call.max_memory),
    ]


def describe_call(call: BehaviorCall) -> str:
    """The call as one writes it, `add(2, 3)`."""
    return f"{call.export}({', '.join(call.args)})"


def _broken(result: CallResult, what: str) -> Finding:
    text = describe_call(result.call)
    return Finding(
        FindingKind.BEHAVIOR_BROKEN,
        Severity.ERROR,
        text,
        f"`{text}` {what}",
        "Correct the function; if the new result is right, change `behavior` in ci-wasm.yml.",
    )


def _over_limit(
    result: CallResult, kind: FindingKind, unit: str, used: int, limit: int | None
) -> list[Finding]:
    if limit is None or used <= limit:
        return []
    text = describe_call(result.call)
    return [
        Finding(
            kind,
            Severity.ERROR,
            text,
            f"`{text}` used {used:,} {unit}, {used - limit:,} more than its limit of {limit:,}",
            "Look at what it does more than before; make it cheaper, or raise the limit in ci-wasm.yml and say why.",
            used,
            limit,
        )
    ]


def _is_value(kind: str, text: str) -> bool:
    try:
        if kind in {"f32", "f64"}:
            float(text)
            return True
        bits = int(kind[1:])
        return -(1 << (bits - 1)) <= int(text) < 1 << bits
    except ValueError:
        return False


def _equal(expected: tuple[str, ...], actual: tuple[str, ...]) -> bool:
    return len(expected) == len(actual) and all(
        _same(one, other) for one, other in zip(expected, actual, strict=True)
    )


def _same(expected: str, actual: str) -> bool:
    """Integers and floats exactly, every NaN like every other."""
    if expected == actual:
        return True
    try:
        wanted, given = float(expected), float(actual)
    except ValueError:
        return False
    # Integers are compared as texts above: two of 64 bits may be one float.
    is_float = not actual.lstrip("-").isdigit()
    return is_float and (wanted == given or (math.isnan(wanted) and math.isnan(given)))


def _signed(kind: str, text: str) -> str:
    if kind not in {"i32", "i64"} or not _is_value(kind, text):
        return text
    bits, value = int(kind[1:]), int(text)
    return str(value - (1 << bits) if value >= 1 << (bits - 1) else value)


def _listed(values: tuple[str, ...] | None) -> str:
    if not values:
        return "nothing"
    return f"`{', '.join(values)}`"
