"""Groups: sums over Workers, and what is said where a figure is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.budget import Budget, BudgetState
from ci_wasm.core.finding import FindingKind, Severity
from ci_wasm.core.group import Group, judge_group
from ci_wasm.core.metric import Margin
from tests.modules import make_measured, make_module

BUDGET = Budget("raw", maximum=100, max_growth=Margin(amount=10))


@pytest.mark.parametrize(
    ("bases", "heads", "state", "message"),
    [
        ({"a": 40, "b": 50}, {"a": 40, "b": 60}, BudgetState.WITHIN, None),
        # Workers outside of the group do not count.
        ({"a": 40, "b": 50, "c": 1}, {"a": 40, "b": 60, "c": 900}, BudgetState.WITHIN, None),
        (
            {"a": 40, "b": 50}, {"a": 41, "b": 60}, BudgetState.BROKEN,
            "`raw` of the group `edge` is 101 bytes, 1 byte over its budget of 100 bytes",
        ),
        ({"a": 40, "b": 50}, {"a": 20, "b": 81}, BudgetState.BROKEN, "`raw` of the group `edge` is 101 bytes"),
        (
            {"a": 30, "b": 30}, {"a": 30, "b": 41}, BudgetState.BROKEN,
            "`raw` of the group `edge` grew from 60 bytes to 71 bytes, 1 byte more than the 10 bytes that it may grow",
        ),
        ({"a": 90, "b": 30}, {"a": 90, "b": 29}, BudgetState.WARNED, "which is inherited"),
        (
            {"a": 30}, {"a": 30, "b": 41}, BudgetState.WITHIN,
            "the growth of `raw` of the group `edge` was not judged, because `b` has no base",
        ),
        (
            {"a": 30, "b": 30}, {"a": 30}, BudgetState.UNMEASURED,
            "`raw` of the group `edge` cannot be measured: `b` has no figure",
        ),
        ({}, {}, BudgetState.UNMEASURED, "`a` and `b` have no figure"),
    ],
)  # fmt: skip
def test_a_group(
    bases: Mapping[str, int], heads: Mapping[str, int], state: BudgetState, message: str | None
) -> None:
    before, after = ({name: make_measured(size) for name, size in each.items()} for each in (bases, heads))

    report = judge_group(Group("edge", ("a", "b"), (BUDGET,)), before, after)

    assert [result.state for result in report.budgets] == [state]
    assert bool(report.findings) == (message is not None)
    assert message is None or message in report.findings[0].message


def test_a_member_that_cannot_tell_the_metric_makes_the_sum_unmeasured() -> None:
    heads = {
        "a": make_measured(9, make_module(functions={"f": 1})),
        "b": make_measured(9, make_module(functions={"f": 1}, named=False)),
    }

    report = judge_group(Group("all", ("a", "b"), (Budget("crate.core", maximum=1),)), {}, heads)

    (finding,) = report.findings
    assert (finding.kind, finding.severity) == (FindingKind.BUDGET_UNMEASURED, Severity.WARNING)
    assert "`b` has no figure" in finding.message


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=300))
def test_a_groups_figure_is_the_sum(sizes: list[int]) -> None:
    heads = {f"w{index}": make_measured(size) for index, size in enumerate(sizes)}

    report = judge_group(Group("all", tuple(heads), (Budget("raw", maximum=1),)), heads, heads)

    assert [(result.base, result.measured) for result in report.budgets] == [(sum(sizes), sum(sizes))]
