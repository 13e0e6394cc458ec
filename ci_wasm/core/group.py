"""Group: Workers whose figures count together. (Group, bases, heads) -> GroupReport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ci_wasm.core.budget import Budget, BudgetResult, Figures, judge_figures, unmeasured
from ci_wasm.core.finding import Finding
from ci_wasm.core.measurement import Measurement
from ci_wasm.core.metric import metric_value


class Group(Struct, frozen=True):
    """Budgets on the sum over Workers, which are given by name."""

    name: str
    workers: tuple[str, ...]
    budgets: tuple[Budget, ...]


class GroupReport(Struct, frozen=True):
    """A group with what was measured of it: each result holds sums."""

    name: str
    workers: tuple[str, ...]
    budgets: tuple[BudgetResult, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for result in self.budgets for finding in result.findings)


def judge_group(
    group: Group, bases: Mapping[str, Measurement], heads: Mapping[str, Measurement]
) -> GroupReport:
    """Hold a group's budgets against what was measured, by Worker name; one that is missing there has no figure."""
    results = tuple(_judge(group, budget, bases, heads) for budget in group.budgets)
    return GroupReport(group.name, group.workers, results)


def _judge(
    group: Group, budget: Budget, bases: Mapping[str, Measurement], heads: Mapping[str, Measurement]
) -> BudgetResult:
    """A sum that lacks a Worker would be too small, and would hold where the whole does not: then there is none."""
    subject = f"`{budget.metric}` of the group `{group.name}`"
    before, after = (_figures(budget.metric, group.workers, measured) for measured in (bases, heads))
    base, head = _sum(before.values()), _sum(after.values())
    if head is None:
        cure = "See what is said of these Workers, or take them out of the group."
        return unmeasured(budget, subject, f"{_without(after)} no figure", cure, base=base)
    no_base = f"{_without(before)} no base" if base is None else ""
    return judge_figures(budget, Figures(subject, base, head, no_base))


def _figures(
    metric: str, workers: Iterable[str], measured: Mapping[str, Measurement]
) -> dict[str, int | None]:
    return {name: metric_value(metric, measured[name]) if name in measured else None for name in workers}


def _sum(figures: Iterable[int | None]) -> int | None:
    values = list(figures)
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _without(figures: Mapping[str, int | None]) -> str:
    """The Workers without a figure, the first few by name: "`a`, `b` and 3 more have"."""
    missing = [f"`{name}`" for name, value in figures.items() if value is None]
    shown = missing if len(missing) <= 3 else [*missing[:2], f"{len(missing) - 2} more"]
    listed = " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
    return f"{listed} {'has' if len(missing) == 1 else 'have'}"
