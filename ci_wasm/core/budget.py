"""Budget: a limit on one metric of a module. (Budget, base, head) -> BudgetResult.

| metric         | what it counts                                                   |
|----------------|------------------------------------------------------------------|
| raw            | bytes of the shipped file                                        |
| gzip           | bytes of the shipped file after `gzip -9`                        |
| brotli         | bytes of the shipped file after brotli at quality 5              |
| upload         | bytes of the whole Worker as it is uploaded, all its modules     |
| section.NAME   | bytes of all sections of this name, headers included             |
| function.max   | bytes of the largest function body                               |
| crate.NAME     | bytes of code charged to this crate                              |
| data           | bytes of the data segments                                       |
| memory         | bytes of the initial memory                                      |
| imports        | number of imports                                                |
| exports        | number of exports                                                |
| startup.fuel   | fuel of the module's start, about one for each instruction       |
| fuel.NAME      | fuel of the call of this name under `behavior`                   |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ci_wasm.core.execution import FUEL_FAMILY, STARTUP_FUEL, execution_value, is_fuel
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.measurement import Measurement
from ci_wasm.outcome import Done, Skipped

PLAIN_METRICS = (
    "raw",
    "gzip",
    "brotli",
    "upload",
    "function.max",
    "data",
    "memory",
    "imports",
    "exports",
    STARTUP_FUEL,
)
METRIC_FAMILIES = ("section.", "crate.", FUEL_FAMILY)
COUNTED_METRICS = frozenset({"imports", "exports"})


@dataclass(frozen=True, slots=True)
class GrowthLimit:
    """How much a metric may grow against the base: bytes (or a count), or a percentage of the base."""

    amount: int | None = None
    percent: float | None = None

    def allowed(self, base: int) -> int:
        """The largest value that the head may have."""
        return base + (self.amount if self.amount is not None else int(base * (self.percent or 0.0) / 100))


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits on one metric; at least one of them is set. `maximum` breaks the build, `warn` only warns."""

    metric: str
    maximum: int | None = None
    warn: int | None = None
    max_growth: GrowthLimit | None = None


class BudgetState(Enum):
    """How a metric stands against its limits."""

    WITHIN = "within"
    WARNED = "warned"
    BROKEN = "broken"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """A budget with what was measured; `base` is None where there is nothing to compare with."""

    budget: Budget
    measured: int | None
    base: int | None
    state: BudgetState
    findings: tuple[Finding, ...]


def is_metric(name: str) -> bool:
    """Whether a metric of this name exists."""
    return name in PLAIN_METRICS or any(
        name.startswith(family) and name != family for family in METRIC_FAMILIES
    )


def metric_value(metric: str, measurement: Measurement) -> int | None:
    """The metric's value; None where the module cannot tell it (crates of a stripped module)."""
    if is_fuel(metric):
        return execution_value(metric, measurement.execution)
    module = measurement.module
    family, _, name = metric.partition(".")
    if family == "section":
        return sum(section.size for section in module.sections if section.name == name)
    if family == "crate":
        return next(
            (crate.size for crate in module.crates if crate.name == name),
            0 if module.functions.named else None,
        )
    values: dict[str, int | None] = {
        "raw": measurement.sizes.raw,
        "gzip": measurement.sizes.gzip,
        "brotli": measurement.sizes.brotli,
        "upload": measurement.upload.value.raw if isinstance(measurement.upload, Done) else None,
        "function.max": max((function.size for function in module.largest), default=0),
        "data": module.data.size,
        "memory": sum(memory.minimum * memory.page_size for memory in module.memories),
        "imports": len(module.imports),
        "exports": len(module.exports),
    }
    return values[metric]


def judge_budget(budget: Budget, base: Measurement | None, head: Measurement) -> BudgetResult:
    """Hold one budget against a module and its base."""
    measured = metric_value(budget.metric, head)
    before = metric_value(budget.metric, base) if base else None
    if measured is None:
        finding = _unmeasured(budget.metric, head)
        return BudgetResult(budget, None, before, BudgetState.UNMEASURED, (finding,))
    findings = tuple(_limit_findings(budget, before, measured))
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        state = BudgetState.BROKEN
    else:
        state = BudgetState.WARNED if Severity.WARNING in severities else BudgetState.WITHIN
    return BudgetResult(budget, measured, before, state, findings)


def _limit_findings(budget: Budget, base: int | None, measured: int) -> Iterator[Finding]:
    if budget.maximum is not None and measured > budget.maximum:
        yield _over_maximum(budget.metric, budget.maximum, base, measured)
    elif budget.warn is not None and measured > budget.warn:
        over = quantity(budget.metric, measured - budget.warn)
        yield Finding(
            FindingKind.BUDGET_WARNING,
            Severity.WARNING,
            budget.metric,
            f"{_statement(budget.metric, measured)}, {over} over the warning line of "
            f"{quantity(budget.metric, budget.warn)}",
            "Look at what grew while there is room left.",
            measured,
            budget.warn,
        )
    if budget.max_growth is not None:
        yield from _growth_findings(budget.metric, budget.max_growth, base, measured)


def _over_maximum(metric: str, limit: int, base: int | None, measured: int) -> Finding:
    message = f"{_statement(metric, measured)}, {quantity(metric, measured - limit)} over its budget of {quantity(metric, limit)}"
    if base is not None and base > limit and measured <= base:
        return Finding(
            FindingKind.BUDGET_INHERITED,
            Severity.WARNING,
            metric,
            f"{message}, as it was on the base already",
            "This change did not cause it. Raise the budget or shrink the module in a change of its own.",
            measured,
            limit,
        )
    return Finding(
        FindingKind.BUDGET_EXCEEDED,
        Severity.ERROR,
        metric,
        message,
        "Look at what grew below; make it smaller, or raise `max` in ci-wasm.yml and say why.",
        measured,
        limit,
    )


def _growth_findings(metric: str, limit: GrowthLimit, base: int | None, measured: int) -> Iterator[Finding]:
    if base is None:
        yield Finding(
            FindingKind.BUDGET_UNMEASURED,
            Severity.NOTICE,
            metric,
            f"the growth of `{metric}` was not judged, because there is no base to compare with",
            "Let the job fetch the base commit (`fetch-depth: 0`), or record baselines on push to the default branch.",
        )
        return
    allowed = limit.allowed(base)
    if measured > allowed:
        words = f"{limit.percent:g} %" if limit.percent is not None else quantity(metric, limit.amount or 0)
        yield Finding(
            FindingKind.BUDGET_EXCEEDED,
            Severity.ERROR,
            metric,
            f"`{metric}` grew from {quantity(metric, base)} to {quantity(metric, measured)}, "
            f"{quantity(metric, measured - allowed)} more than the {words} that it may grow",
            "Look at what grew below; make it smaller, or raise `max-growth` in ci-wasm.yml and say why.",
            measured,
            allowed,
        )


def _unmeasured(metric: str, head: Measurement) -> Finding:
    reason = "the module has no function names"
    cure = 'Keep the name section in the build that is measured (`strip = false` or `strip = "debuginfo"`).'
    if is_fuel(metric):
        reason = "the call gave no result, or was not made"
        cure = "See what else is said about it; the fuel of a call that fails is no figure."
    if metric == "upload" and isinstance(head.upload, Skipped):
        reason = f"ci-wasm does not assemble this Worker: {head.upload.reason}"
        cure = "Put the budget on `raw`, which is the module alone."
    return Finding(
        FindingKind.BUDGET_UNMEASURED,
        Severity.WARNING,
        metric,
        f"`{metric}` cannot be measured: {reason}",
        cure,
    )


def _statement(metric: str, measured: int) -> str:
    return f"`{metric}` is {quantity(metric, measured)}"


def quantity(metric: str, value: int) -> str:
    """A value with its unit, exact: single bytes break budgets, and a rounded figure would hide that."""
    return f"{value:,}" if is_counted(metric) else f"{value:,} bytes"


def is_counted(metric: str) -> bool:
    """Whether a metric is a number of things, not of bytes."""
    return metric in COUNTED_METRICS or is_fuel(metric)
