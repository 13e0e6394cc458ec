"""Budget: limits on one metric, of a module or of a group. (Budget, base, head) -> BudgetResult.

| limit       | is broken where the head is                                                    |
|-------------|--------------------------------------------------------------------------------|
| max         | above it by more than the noise; by less, that is a warning                    |
| warn        | above it (a warning)                                                           |
| max-growth  | larger than the base by more than it, and by more than the noise               |
| warn-growth | the same (a warning)                                                           |
| min-shrink  | not smaller than the base by at least that much, with the noise to its favor   |

A `max` that the base breaks already is inherited: it is not told as this change's work, but with its own share.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from ci_wasm.core.execution import is_fuel
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.measurement import Measurement
from ci_wasm.core.metric import (
    NO_NOISE,
    Margin,
    margin_words,
    metric_value,
    quantity,
    signed_quantity,
    why_unmeasured,
)
from ci_wasm.outcome import Skipped

NO_BASE = "there is no base to compare with"


class Inherited(Enum):
    """What a `max` that the base breaks already means, as `inherited` spells it."""

    FAIL = "fail"
    WARN = "warn"


class Budget(Struct, frozen=True):
    """The limits on one metric; at least one of them is set.

    `ratchet` asks for a proposal to lower `maximum` where less is needed (core/ratchet.py).
    """

    metric: str
    maximum: int | None = None
    warn: int | None = None
    max_growth: Margin | None = None
    warn_growth: Margin | None = None
    min_shrink: Margin | None = None
    noise: Margin = NO_NOISE
    inherited: Inherited = Inherited.WARN
    ratchet: bool = False

    @property
    def needs_base(self) -> bool:
        """Whether one of the limits compares with the base."""
        return any((self.max_growth, self.warn_growth, self.min_shrink))


class BudgetState(Enum):
    """How a metric stands against its limits."""

    WITHIN = "within"
    WARNED = "warned"
    BROKEN = "broken"
    UNMEASURED = "unmeasured"


class BudgetResult(Struct, frozen=True):
    """A budget with what was measured; `base` is None where there is nothing to compare with."""

    budget: Budget
    measured: int | None
    base: int | None
    state: BudgetState
    findings: tuple[Finding, ...]


class Figures(Struct, frozen=True):
    """A metric of base and head. `subject` is how a sentence names it: "`raw`", or "`raw` of the group `edge`"."""

    subject: str
    base: int | None
    head: int
    no_base: str = NO_BASE


def judge_budget(budget: Budget, base: Measurement | None, head: Measurement) -> BudgetResult:
    """Hold one budget against a module and its base."""
    measured = metric_value(budget.metric, head)
    before = metric_value(budget.metric, base) if base else None
    if measured is None:
        return unmeasured(budget, f"`{budget.metric}`", *why_unmeasured(budget.metric, head), base=before)
    return judge_figures(
        budget, Figures(f"`{budget.metric}`", before, measured, _why_no_base(budget.metric, base))
    )


def _why_no_base(metric: str, base: Measurement | None) -> str:
    """Why the base has no such figure, where it has none."""
    if base is None:
        return NO_BASE
    if is_fuel(metric) and isinstance(base.execution, Skipped):
        return base.execution.reason
    return "the base has no such figure"


def unmeasured(
    budget: Budget, subject: str, reason: str, cure: str, *, base: int | None = None
) -> BudgetResult:
    """The result of a budget whose metric has no value."""
    finding = Finding(
        FindingKind.BUDGET_UNMEASURED,
        Severity.WARNING,
        budget.metric,
        f"{subject} cannot be measured: {reason}",
        cure,
    )
    return BudgetResult(budget, None, base, BudgetState.UNMEASURED, (finding,))


def judge_figures(budget: Budget, figures: Figures) -> BudgetResult:
    """Hold one budget against two values."""
    findings = (*_ceiling_findings(budget, figures), *_base_findings(budget, figures))
    severities = {finding.severity for finding in findings}
    state = BudgetState.WARNED if Severity.WARNING in severities else BudgetState.WITHIN
    if Severity.ERROR in severities:
        state = BudgetState.BROKEN
    return BudgetResult(budget, figures.head, figures.base, state, findings)


def _ceiling_findings(budget: Budget, figures: Figures) -> Iterator[Finding]:
    if budget.maximum is not None and figures.head > budget.maximum:
        yield _over_maximum(budget, budget.maximum, figures)
    elif budget.warn is not None and figures.head > budget.warn:
        over = quantity(budget.metric, figures.head - budget.warn)
        yield Finding(
            FindingKind.BUDGET_WARNING,
            Severity.WARNING,
            budget.metric,
            f"{_statement(budget, figures)}, {over} over the warning line of "
            f"{quantity(budget.metric, budget.warn)}",
            "Look at what grew while there is room left.",
            figures.head,
            budget.warn,
        )


def _over_maximum(budget: Budget, limit: int, figures: Figures) -> Finding:
    over = quantity(budget.metric, figures.head - limit)
    message = f"{_statement(budget, figures)}, {over} over its budget of {quantity(budget.metric, limit)}"
    kind, severity = FindingKind.BUDGET_EXCEEDED, Severity.ERROR
    cure = "Look at what grew below; make it smaller, or raise `max` in ci-wasm.yml and say why."
    bearable = limit + budget.noise.of(limit)
    if figures.head <= bearable:
        kind, severity = FindingKind.BUDGET_NOISE, Severity.WARNING
        message += f", which is {_noise(budget)}"
        cure = "It fails as soon as it is over by more: make it smaller, or raise `max` in ci-wasm.yml."
    elif figures.base is not None and figures.base > bearable:
        kind = FindingKind.BUDGET_INHERITED
        severity = Severity.ERROR if budget.inherited is Inherited.FAIL else Severity.WARNING
        message += f", which is inherited: {_share(budget, limit, figures.base, figures.head)}"
        cure = _inherited_cure(figures.base, figures.head)
    return Finding(kind, severity, budget.metric, message, cure, figures.head, limit)


def _share(budget: Budget, limit: int, base: int, head: int) -> str:
    own = signed_quantity(budget.metric, head - base) if head != base else "nothing"
    over = quantity(budget.metric, base - limit)
    return f"the base is over it by {over} already, and the share of this change is {own}"


def _inherited_cure(base: int, head: int) -> str:
    if head > base:
        return "Take back what this change adds, or raise `max` in ci-wasm.yml and say why; `max-growth` limits the share."
    return "This change did not cause it. Raise the budget or shrink the module in a change of its own."


def _base_findings(budget: Budget, figures: Figures) -> Iterator[Finding]:
    """What compares with the base: where there is none, that is said once."""
    if not budget.needs_base:
        return
    if figures.base is None:
        yield Finding(
            FindingKind.BUDGET_UNMEASURED,
            Severity.NOTICE,
            budget.metric,
            f"the growth of {figures.subject} was not judged, because {figures.no_base}",
            "Let the job fetch the base commit (`fetch-depth: 0`), or record baselines on push to the default branch.",
        )
        return
    yield from _growth_findings(budget, figures, figures.base)
    if budget.min_shrink is not None:
        yield from _shrink_findings(budget, budget.min_shrink, figures, figures.base)


def _growth_findings(budget: Budget, figures: Figures, base: int) -> Iterator[Finding]:
    """The gravest limit that growth is beyond, and no other."""
    limits = (
        ("max-growth", budget.max_growth, FindingKind.BUDGET_EXCEEDED, Severity.ERROR),
        ("warn-growth", budget.warn_growth, FindingKind.BUDGET_WARNING, Severity.WARNING),
    )
    for key, limit, kind, severity in limits:
        if limit is None or figures.head <= base + limit.of(base):
            continue
        allowed = base + max(limit.of(base), budget.noise.of(base))
        message = f"{figures.subject} grew from {quantity(budget.metric, base)} to {quantity(budget.metric, figures.head)}, "
        words = f"the {margin_words(budget.metric, limit)} that it may grow"
        if figures.head <= allowed:
            yield _noted(budget, f"{message}more than {words}, but {_noise(budget)}", figures.head, allowed)
            return
        cure = f"Look at what grew below; make it smaller, or raise `{key}` in ci-wasm.yml and say why."
        over = quantity(budget.metric, figures.head - base - limit.of(base))
        more = f"{message}{over} more than {words}" + (" without a warning" if key == "warn-growth" else "")
        yield Finding(kind, severity, budget.metric, more, cure, figures.head, allowed)
        return


def _shrink_findings(budget: Budget, limit: Margin, figures: Figures, base: int) -> Iterator[Finding]:
    goal = base - limit.of(base)
    if figures.head <= goal:
        return
    change = "is as large as its base"
    if figures.head != base:
        verb = "grew" if figures.head > base else "shrank"
        change = f"{verb} from {quantity(budget.metric, base)} to {quantity(budget.metric, figures.head)}"
    missing = quantity(budget.metric, figures.head - goal)
    message = f"{figures.subject} {change}, {missing} short of the {margin_words(budget.metric, limit)} that it must shrink"
    if figures.head <= goal + budget.noise.of(base):
        yield _noted(budget, f"{message}, but {_noise(budget)}", figures.head, goal)
        return
    cure = "Remove more, or lower `min-shrink` in ci-wasm.yml; take it out once the cleaning up is done."
    kind = FindingKind.BUDGET_EXCEEDED
    yield Finding(kind, Severity.ERROR, budget.metric, message, cure, figures.head, goal)


def _noted(budget: Budget, message: str, measured: int, limit: int) -> Finding:
    cure = "Nothing has to be done; set `noise` of the budget in ci-wasm.yml where less than that matters."
    kind = FindingKind.BUDGET_NOISE
    return Finding(kind, Severity.NOTICE, budget.metric, message, cure, measured, limit)


def _noise(budget: Budget) -> str:
    return f"within the noise of {budget.metric}, {margin_words(budget.metric, budget.noise)}"


def _statement(budget: Budget, figures: Figures) -> str:
    return f"{figures.subject} is {quantity(budget.metric, figures.head)}"
