"""Budgets: every limit on every metric, noise, what is inherited, and what the sentences say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_wasm.core.budget import Budget, BudgetState, Figures, Inherited, judge_budget, judge_figures
from ci_wasm.core.execution import Cost, Execution
from ci_wasm.core.finding import FindingKind, Severity
from ci_wasm.core.measurement import Measurement, Upload
from ci_wasm.core.metric import METRIC_FAMILIES, PLAIN_METRICS, Margin, metric_value, noise_of
from ci_wasm.core.module import Data, Memory
from ci_wasm.core.ratchet import needed_ceiling
from ci_wasm.outcome import Done
from tests.modules import ADD, make_measured, make_module

PERCENT = Margin(percent=10)
BYTES = Margin(amount=5)
NOISE = Margin(percent=2)
OVER, WARNED = (FindingKind.BUDGET_EXCEEDED, Severity.ERROR), (FindingKind.BUDGET_WARNING, Severity.WARNING)
INHERITED = (FindingKind.BUDGET_INHERITED, Severity.WARNING)
NOTED, NOISY = (FindingKind.BUDGET_NOISE, Severity.NOTICE), (FindingKind.BUDGET_NOISE, Severity.WARNING)
UNKNOWN = (FindingKind.BUDGET_UNMEASURED, Severity.NOTICE)


@pytest.mark.parametrize(
    ("budget", "base", "head", "found"),
    [
        # max: a ceiling, exact without noise.
        (Budget("raw", maximum=100), None, 100, []),
        (Budget("raw", maximum=100), None, 101, [OVER]),
        (Budget("raw", maximum=100), 100, 101, [OVER]),
        (Budget("raw", maximum=0), None, 1, [OVER]),
        # max within the noise: a warning, whatever the base was.
        (Budget("gzip", maximum=100, noise=NOISE), None, 102, [NOISY]),
        (Budget("gzip", maximum=100, noise=NOISE), 102, 102, [NOISY]),
        (Budget("gzip", maximum=100, noise=NOISE), 200, 102, [NOISY]),
        (Budget("gzip", maximum=100, noise=NOISE), None, 103, [OVER]),
        # A base within the noise was no break, so what breaks is this change's own.
        (Budget("gzip", maximum=100, noise=NOISE), 102, 103, [OVER]),
        (Budget("gzip", maximum=100, noise=NOISE), 103, 103, [INHERITED]),
        (Budget("raw", maximum=100, noise=Margin(amount=3)), None, 103, [NOISY]),
        # max that the base breaks already: inherited, and `inherited` decides.
        (Budget("raw", maximum=100), 101, 150, [INHERITED]),
        (Budget("raw", maximum=100), 110, 110, [INHERITED]),
        (Budget("raw", maximum=100), 110, 101, [INHERITED]),
        (Budget("raw", maximum=100), 110, 100, []),
        (Budget("raw", maximum=100, inherited=Inherited.FAIL), 110, 105, [(INHERITED[0], Severity.ERROR)]),
        (Budget("raw", maximum=100, max_growth=BYTES), 110, 116, [INHERITED, OVER]),
        # warn
        (Budget("raw", warn=80), None, 80, []),
        (Budget("raw", warn=80), None, 81, [WARNED]),
        (Budget("raw", maximum=100, warn=80), None, 81, [WARNED]),
        (Budget("raw", maximum=100, warn=80), None, 101, [OVER]),
        # max-growth and warn-growth, in percent and in bytes
        (Budget("raw", max_growth=PERCENT), 100, 110, []),
        (Budget("raw", max_growth=PERCENT), 100, 111, [OVER]),
        (Budget("raw", max_growth=BYTES), 100, 105, []),
        (Budget("raw", max_growth=BYTES), 100, 106, [OVER]),
        (Budget("raw", max_growth=Margin(amount=0)), 100, 100, []),
        (Budget("raw", max_growth=Margin(amount=0)), 100, 101, [OVER]),
        (Budget("raw", max_growth=BYTES), 100, 1, []),
        (Budget("raw", max_growth=PERCENT), 0, 1, [OVER]),
        (Budget("raw", warn_growth=PERCENT), 100, 111, [WARNED]),
        (Budget("raw", max_growth=PERCENT, warn_growth=BYTES), 100, 106, [WARNED]),
        (Budget("raw", max_growth=PERCENT, warn_growth=BYTES), 100, 111, [OVER]),
        # Growth below the noise breaks nothing, and that is said.
        (Budget("gzip", max_growth=Margin(percent=1), noise=NOISE), 100, 101, []),
        (Budget("gzip", max_growth=Margin(percent=1), noise=NOISE), 100, 102, [NOTED]),
        (Budget("gzip", max_growth=Margin(percent=1), noise=NOISE), 100, 103, [OVER]),
        (Budget("gzip", max_growth=PERCENT, noise=NOISE), 100, 110, []),
        (Budget("gzip", max_growth=PERCENT, noise=NOISE), 100, 111, [OVER]),
        (Budget("gzip", warn_growth=Margin(amount=0), noise=NOISE), 100, 102, [NOTED]),
        (Budget("gzip", max_growth=Margin(amount=1), warn_growth=Margin(amount=0), noise=NOISE), 100, 102, [NOTED]),
        # min-shrink
        (Budget("raw", min_shrink=PERCENT), 100, 90, []),
        (Budget("raw", min_shrink=PERCENT), 100, 91, [OVER]),
        (Budget("raw", min_shrink=BYTES), 100, 95, []),
        (Budget("raw", min_shrink=BYTES), 100, 100, [OVER]),
        (Budget("raw", min_shrink=BYTES), 100, 120, [OVER]),
        (Budget("gzip", min_shrink=PERCENT, noise=NOISE), 100, 92, [NOTED]),
        (Budget("gzip", min_shrink=PERCENT, noise=NOISE), 100, 93, [OVER]),
        # Without a base, that is said once.
        (Budget("raw", max_growth=BYTES, warn_growth=BYTES, min_shrink=BYTES), None, 9, [UNKNOWN]),
        (Budget("raw", maximum=5, max_growth=BYTES), None, 9, [OVER, UNKNOWN]),
    ],
)  # fmt: skip
def test_limits(
    budget: Budget, base: int | None, head: int, found: list[tuple[FindingKind, Severity]]
) -> None:
    result = judge_figures(budget, Figures("`it`", base, head))

    assert [(finding.kind, finding.severity) for finding in result.findings] == found
    gravest = {severity for _, severity in found}
    expected = BudgetState.BROKEN if Severity.ERROR in gravest else BudgetState.WITHIN
    if expected is BudgetState.WITHIN and Severity.WARNING in gravest:
        expected = BudgetState.WARNED
    assert result.state is expected


def measured(value: int) -> Measurement:
    """A measurement in which every metric has this value."""
    module = make_module(
        exports={f"e{index}": ADD for index in range(value)},
        imports={f"m.i{index}": ADD for index in range(value)},
        sections={"code": value},
        functions={"big": value, "small": 1},
        crates={"core": value},
    )
    module = replace(
        module,
        data=Data(1, value),
        memories=(Memory(value, None, shared=False, memory64=False, page_size=1, imported=False),),
    )
    made = make_measured(value, module, gzip=value, upload=Upload(value, None))
    cost = Cost(fuel=value, memory=0, digest="")
    execution = Execution("wasmtime 1", cost, {"add": cost})
    return replace(made, sizes=replace(made.sizes, brotli=value), execution=Done(execution))


METRICS = [*PLAIN_METRICS, "section.code", "crate.core", "fuel.add"]


def test_the_metrics_of_these_tests_are_all() -> None:
    assert all(any(name.startswith(family) for name in METRICS) for family in METRIC_FAMILIES)
    assert [metric_value(metric, measured(40)) for metric in METRICS] == [40] * len(METRICS)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("limit", "found"),
    [
        ({"maximum": 60}, OVER),
        ({"warn": 60}, WARNED),
        ({"max_growth": PERCENT}, OVER),
        ({"max_growth": BYTES}, OVER),
        ({"warn_growth": BYTES}, WARNED),
        ({"min_shrink": PERCENT}, OVER),
        ({"min_shrink": BYTES}, OVER),
    ],
)
def test_every_limit_works_for_every_metric(
    metric: str, limit: dict[str, Any], found: tuple[FindingKind, Severity]
) -> None:
    budget = Budget(metric, noise=noise_of(metric), **limit)

    broken = judge_budget(budget, measured(50), measured(70))
    kept = judge_budget(budget, measured(50), measured(40))

    assert [(finding.kind, finding.severity) for finding in broken.findings] == [found]
    assert (kept.findings, kept.state) == ((), BudgetState.WITHIN)


@pytest.mark.parametrize(
    ("budget", "base", "head", "words"),
    [
        (Budget("raw", maximum=100), None, 101, "`it` is 101 bytes, 1 byte over its budget of 100 bytes"),
        (
            Budget("raw", maximum=100), 110, 113,
            ("13 bytes over its budget of 100 bytes, which is inherited: the base is over it by 10 bytes already, "
            "and the share of this change is +3 bytes"),
        ),
        (Budget("raw", maximum=100), 110, 107, "the share of this change is −3 bytes"),
        (Budget("raw", maximum=100), 110, 110, "the share of this change is nothing"),
        (
            Budget("gzip", maximum=1000, noise=noise_of("gzip")), None, 1015,
            "15 bytes over its budget of 1,000 bytes, which is within the noise of gzip, 1.5 %",
        ),
        (
            Budget("gzip", max_growth=Margin(percent=0.5), noise=noise_of("gzip")), 1000, 1010,
            ("`it` grew from 1,000 bytes to 1,010 bytes, more than the 0.5 % that it may grow, but within the noise of "
            "gzip, 1.5 %"),
        ),
        (Budget("raw", max_growth=BYTES), 100, 107, "2 bytes more than the 5 bytes that it may grow"),
        (Budget("raw", warn_growth=BYTES), 100, 107, "2 bytes more than the 5 bytes that it may grow without a warning"),
        (Budget("exports", maximum=3), None, 5, "`it` is 5, 2 over its budget of 3"),
        (
            Budget("raw", min_shrink=PERCENT), 100, 95,
            "`it` shrank from 100 bytes to 95 bytes, 5 bytes short of the 10 % that it must shrink",
        ),
        (Budget("raw", min_shrink=BYTES), 100, 100, "`it` is as large as its base, 5 bytes short of the 5 bytes"),
    ],
)  # fmt: skip
def test_what_is_said(budget: Budget, base: int | None, head: int, words: str) -> None:
    (finding,) = judge_figures(budget, Figures("`it`", base, head)).findings

    assert words in finding.message


@given(
    st.integers(0, 10**9),
    st.none() | st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.floats(0, 20),
    st.sampled_from(list(Inherited)),
)
def test_a_ceiling_that_is_kept_is_never_told_and_one_that_is_broken_always(
    limit: int, base: int | None, head: int, percent: float, inherited: Inherited
) -> None:
    budget = Budget("raw", maximum=limit, noise=Margin(percent=percent), inherited=inherited)

    result = judge_figures(budget, Figures("`it`", base, head))

    assert bool(result.findings) == (head > limit)
    if result.state is BudgetState.BROKEN:
        assert head > limit + budget.noise.of(limit)


@pytest.mark.parametrize(
    ("budget", "head", "needed"),
    [
        (Budget("raw", maximum=100, ratchet=True), 80, 80),
        (Budget("raw", maximum=100), 80, None),
        (Budget("gzip", maximum=1000, noise=NOISE, ratchet=True), 500, 510),
        (Budget("raw", maximum=100, warn=90, ratchet=True), 80, 91),
    ],
)
def test_what_a_ratchet_needs(budget: Budget, head: int, needed: int | None) -> None:
    assert needed_ceiling(judge_figures(budget, Figures("`it`", None, head))) == needed
