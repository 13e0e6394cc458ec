"""Execution: which figures of a base the head is compared with, and the budgets on them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ci_wasm.core.behavior import Behavior, Call, Payload, Scenario, Stub, digest_calls
from ci_wasm.core.budget import Budget, BudgetState, judge_budget
from ci_wasm.core.execution import NOT_RUN, Cost, Execution, comparable_execution, execution_value
from ci_wasm.core.finding import FindingKind
from ci_wasm.core.measurement import Measurement
from ci_wasm.core.metric import Margin, is_metric
from ci_wasm.core.trial import fuel_budgets
from ci_wasm.outcome import Done, Skipped
from tests.modules import make_measured

HEAD = Execution("wasmtime 50", Cost(10, 0, "s"), {"add": Cost(6, 0, "a"), "new": Cost(1, 0, "n")})


def executed(execution: Execution) -> Measurement:
    return replace(make_measured(100), execution=Done(execution))


@pytest.mark.parametrize(
    ("base", "startup", "calls"),
    [
        (Execution("wasmtime 50", Cost(9, 0, "s"), {"add": Cost(4, 0, "a")}), 9, {"add": 4}),
        # The arguments, the steps before it or the stubs were others: the same name says nothing.
        (Execution("wasmtime 50", Cost(9, 0, "s"), {"add": Cost(4, 0, "b")}), 9, {}),
        (Execution("wasmtime 50", Cost(9, 0, "t"), {"add": Cost(4, 0, "a")}), None, {"add": 4}),
        (Execution("wasmtime 50", None, {"gone": Cost(4, 0, "g")}), None, {}),
    ],
)
def test_figures_of_the_same_questions_compare(
    base: Execution, startup: int | None, calls: dict[str, int]
) -> None:
    compared = comparable_execution(Done(base), Done(HEAD))

    assert execution_value("startup.fuel", compared) == startup
    assert isinstance(compared, Done)
    assert {name: cost.fuel for name, cost in compared.value.calls.items()} == calls


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        (
            Done(Execution("wasmtime 40", HEAD.startup, HEAD.calls)),
            "recorded with wasmtime 40, this run has wasmtime 50",
        ),
        (NOT_RUN, "the base has no figures: no calls were made of the module"),
    ],
)
def test_other_figures_are_told_and_not_compared(base: Done[Execution] | Skipped, reason: str) -> None:
    compared = comparable_execution(base, Done(HEAD))

    assert isinstance(compared, Skipped)
    assert reason in compared.reason
    assert execution_value("fuel.add", compared) is None


@pytest.mark.parametrize(
    ("budget", "before", "after", "kinds", "state"),
    [
        (Budget("fuel.add", maximum=6), None, 6, [], BudgetState.WITHIN),
        (Budget("fuel.add", maximum=5), None, 6, [FindingKind.BUDGET_EXCEEDED], BudgetState.BROKEN),
        (Budget("fuel.add", warn=5), None, 6, [FindingKind.BUDGET_WARNING], BudgetState.WARNED),
        (Budget("fuel.add", maximum=5), 7, 6, [FindingKind.BUDGET_INHERITED], BudgetState.WARNED),
        (Budget("fuel.add", max_growth=Margin(percent=10)), 100, 110, [], BudgetState.WITHIN),
        (
            Budget("fuel.add", max_growth=Margin(percent=10)),
            100,
            111,
            [FindingKind.BUDGET_EXCEEDED],
            BudgetState.BROKEN,
        ),
        (Budget("startup.fuel", maximum=5), 1, 6, [FindingKind.BUDGET_EXCEEDED], BudgetState.BROKEN),
        (Budget("startup.fuel", max_growth=Margin(amount=4)), 1, 5, [], BudgetState.WITHIN),
        (Budget("fuel.none", maximum=5), 1, 6, [FindingKind.BUDGET_UNMEASURED], BudgetState.UNMEASURED),
    ],
)
def test_every_limit_holds_for_fuel(
    budget: Budget, before: int | None, after: int, kinds: list[FindingKind], state: BudgetState
) -> None:
    def measured(fuel: int) -> Measurement:
        return executed(Execution("wasmtime 50", Cost(fuel, 0, "s"), {"add": Cost(fuel, 0, "a")}))

    assert is_metric(budget.metric)
    result = judge_budget(budget, None if before is None else measured(before), measured(after))

    assert [finding.kind for finding in result.findings] == kinds
    assert result.state is state
    assert "bytes" not in "".join(finding.message for finding in result.findings)


def test_limits_beside_a_call_and_the_start_are_budgets() -> None:
    calls = (Call("add", "add", max_fuel=5), Call("failed", "f", max_fuel=5), Call("free", "f"))
    behavior = Behavior((Scenario(calls),), max_startup_fuel=9)

    assert list(fuel_budgets(behavior, Done(HEAD))) == [
        Budget("startup.fuel", maximum=9),
        Budget("fuel.add", maximum=5),
    ]
    assert list(fuel_budgets(behavior, NOT_RUN)) == []


def test_the_digest_of_a_call_stands_for_all_that_led_to_it() -> None:
    add, other = Call("a", "add", ("1",)), Call("a", "add", ("2",))
    last = Call("l", "last", input=Payload("x", b"x"))

    def digest(*calls: Call, stubs: tuple[Stub, ...] = ()) -> str:
        return list(digest_calls(Scenario(calls), stubs))[-1]

    assert digest(add, last) == digest(replace(add, name="b", max_fuel=1), last)
    different = {
        digest(add, last),
        digest(other, last),
        digest(last),
        digest(add, replace(last, input=Payload("x", b"y"))),
        digest(add, last, stubs=(Stub("env.now", "1"),)),
    }
    assert len(different) == 5


@pytest.mark.parametrize(
    ("behavior", "asked"),
    [
        (Behavior(), False),
        (Behavior(stubs=(Stub("a.b", "1"),)), False),
        (Behavior(max_startup_fuel=0), True),
        (Behavior(measures_startup=True), True),
        (Behavior((Scenario((Call("f", "f"),)),)), True),
    ],
)
def test_a_module_runs_only_where_something_is_asked_of_it(behavior: Behavior, asked: bool) -> None:
    assert behavior.is_asked is asked
