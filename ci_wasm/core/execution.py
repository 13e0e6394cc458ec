"""Execution: what running a module cost, as budgets, baselines and comparisons use it. -> Execution.

Fuel is wasmtime's count of what ran, about one for each instruction: the same in every run of one version, whatever the
machine does besides. Between versions it may differ, and so it does between two calls: both are told apart here, because
a wrong difference is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ci_wasm.outcome import Done, Skipped

STARTUP_FUEL = "startup.fuel"
FUEL_FAMILY = "fuel."


class Cost(Struct, frozen=True, gc=False):
    """What a call took. `memory` is bytes of linear memory afterwards, which never shrinks; None where it cannot be seen.

    `digest` stands for everything that was asked of the module: costs of different questions do not compare.
    """

    fuel: int
    memory: int | None
    digest: str


class Execution(Struct, frozen=True):
    """The costs of one module. `engine` names the wasmtime; `calls` are keyed by name, those that came to their end."""

    engine: str
    startup: Cost | None = None
    calls: Mapping[str, Cost] = {}


NOT_RUN = Skipped("no calls were made of the module")


def execution_value(metric: str, execution: Done[Execution] | Skipped) -> int | None:
    """The fuel that a metric counts, None where it is not known: `startup.fuel`, or `fuel.` and a call's name."""
    if not isinstance(execution, Done):
        return None
    made = execution.value
    cost = made.startup if metric == STARTUP_FUEL else made.calls.get(metric.removeprefix(FUEL_FAMILY))
    return cost.fuel if cost else None


def is_fuel(metric: str) -> bool:
    """Whether a metric counts fuel."""
    return metric == STARTUP_FUEL or metric.startswith(FUEL_FAMILY)


def comparable_execution(
    base: Done[Execution] | Skipped, head: Done[Execution] | Skipped
) -> Done[Execution] | Skipped:
    """What of the base's costs the head's may be compared with."""
    if not isinstance(head, Done):
        return base
    if not isinstance(base, Done):
        return Skipped(f"the base has no figures: {base.reason}")
    before, after = base.value, head.value
    if before.engine != after.engine:
        return Skipped(
            f"the base was recorded with {before.engine}, this run has {after.engine}, and fuel of two versions does not "
            "compare"
        )
    return Done(
        replace(
            before,
            startup=before.startup if _is_one_question(before.startup, after.startup) else None,
            calls={
                name: cost
                for name, cost in before.calls.items()
                if _is_one_question(cost, after.calls.get(name))
            },
        )
    )


def _is_one_question(one: Cost | None, other: Cost | None) -> bool:
    return one is not None and other is not None and one.digest == other.digest
