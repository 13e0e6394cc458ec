"""Behavior runner: calls of numbers in real wasmtime, alone and in sequences."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_wasm.core.behavior import Call, Scenario, Stub
from ci_wasm.core.finding import FindingKind
from tests.adapters.behaviors import call, run


@pytest.mark.parametrize(
    "made",
    [
        call("add", "2", "3", expect=("5",)),
        call("add", "2147483647", "1", expect=("-2147483648",)),
        call("add", "2147483647", "1", expect=("2147483648",)),
        call("add", "0xffffffff", "1", expect=("0",)),
        call("add64", "9007199254740993", "0", expect=("9007199254740993",)),
        call("add64", "18446744073709551615", "0", expect=("-1",)),
        call("half", "5", expect=("2.5",)),
        call("half", "inf", expect=("inf",)),
        call("half", "NaN", expect=("nan",)),
        call("half", "-0.0", expect=("-0.0",)),
        call("nan", expect=("nan",)),
        call("idf32", "0.1", expect=("0.1",)),
        call("sqrt", "2", expect=("1.4142135",)),
        call("sqrt", "2", expect=("1.4142134",), ulp=1),
        call("minus_zero", expect=("0",), ulp=0),
        call("both", "7", expect=("7", "-1")),
        call("nothing", expect=()),
        call("add", "2", "3"),
        call("trap", trap="any"),
        call("trap", trap="unreachable"),
        call("div", "0", trap="integer divide by zero"),
        call("div", "-1", trap="integer overflow"),
        call("load", "65536", trap="out of bounds memory access"),
        call("trunc", "nan", trap="invalid conversion to integer"),
        call("indirect", "1", trap="uninitialized element"),
        call("indirect", "2", trap="out of bounds table access"),
        call("wrong", trap="indirect call type mismatch"),
        call("recurse", trap="call stack exhausted"),
        call("log", trap="missing import"),
        call("grow", "1", expect=("1",), max_memory=131072),
        # More than a memory may have here: the specification's way to say so.
        call("grow", "20000", expect=("-1",)),
    ],
)
def test_calls_that_give_what_they_should(made: Call) -> None:
    trial = run(made)

    assert (trial.findings, [result.as_expected for result in trial.results]) == ((), [True])


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (call("add", "2", "3", expect=("6",)), FindingKind.BEHAVIOR_BROKEN, "gave `5`, and `6` was expected"),
        (
            call("add64", "9007199254740993", "0", expect=("9007199254740992",)),
            FindingKind.BEHAVIOR_BROKEN,
            "gave `9007199254740993`",
        ),
        (call("minus_zero", expect=("0",)), FindingKind.BEHAVIOR_BROKEN, "gave `-0.0`, and `0.0` was"),
        (
            call("sqrt", "2", expect=("1.4142133",), ulp=1),
            FindingKind.BEHAVIOR_BROKEN,
            "was expected (`ulp` 1)",
        ),
        (call("trap"), FindingKind.BEHAVIOR_BROKEN, "failed: it trapped: unreachable"),
        (call("div", "0", trap="unreachable"), FindingKind.BEHAVIOR_BROKEN, "and the trap `unreachable` was"),
        (call("add", "1", "2", trap="any"), FindingKind.BEHAVIOR_BROKEN, "gave `3`, and a trap was expected"),
        (
            call("log"),
            FindingKind.BEHAVIOR_BROKEN,
            "it called the import `env.log`, for which `stubs` has no",
        ),
        (call("grow", "2", max_memory=131072), FindingKind.BEHAVIOR_MEMORY, "used 196,608 bytes of memory"),
        (call("forever", max_fuel=1000), FindingKind.BEHAVIOR_BROKEN, "it used up 110,000 fuel without"),
        (call("gone"), FindingKind.BEHAVIOR_INVALID, "exports no function of this name"),
        (call("nothin"), FindingKind.BEHAVIOR_INVALID, "did you mean `nothing`?"),
        (call("memory"), FindingKind.BEHAVIOR_INVALID, "exports no function of this name"),
        (call("gone", trap="any"), FindingKind.BEHAVIOR_INVALID, "exports no function of this name"),
        (call("add", "1"), FindingKind.BEHAVIOR_INVALID, "`args` has 1 argument, and the function has 2"),
        (call("both", "7", expect=("7",)), FindingKind.BEHAVIOR_INVALID, "`expect` has 1 result, and the"),
        (call("add", "1", "2.5"), FindingKind.BEHAVIOR_INVALID, "args[1]: `2.5` is no i32"),
        (
            call("add", "1", "4294967296"),
            FindingKind.BEHAVIOR_INVALID,
            "`4294967296` is out of the range of i32",
        ),
        (call("add", "1", "-2147483649"), FindingKind.BEHAVIOR_INVALID, "is out of the range of i32"),
        (call("sqrt", "1e39"), FindingKind.BEHAVIOR_INVALID, "`1e39` is out of the range of f32"),
        (call("sqrt", "1", expect=("1e39",)), FindingKind.BEHAVIOR_INVALID, "expect[0]: `1e39` is out"),
        (call("add", "1", "1", expect=("2",), ulp=1), FindingKind.BEHAVIOR_INVALID, "`ulp` is for floats"),
        (call("ref"), FindingKind.BEHAVIOR_INVALID, "only numbers can be passed"),
    ],
)
def test_calls_that_do_not(made: Call, kind: FindingKind, words: str) -> None:
    trial = run(made)

    (finding,) = trial.findings
    assert finding.kind is kind
    assert words in finding.message
    assert "\n" not in finding.message
    assert not trial.results[0].as_expected


def test_all_problems_of_all_calls_come_at_once() -> None:
    trial = run(
        call("gone"),
        call("add", "x", "4294967296", expect=("1", "2")),
        call("add", "1", "1", name="good", expect=("2",)),
        stubs=[Stub("env.nw", "1")],
    )

    assert [finding.message for finding in trial.findings] == [
        "`stubs` has `env.nw`, and the module imports nothing of this name",
        "`gone()` cannot be called: the module exports no function of this name",
        "`add(x, 4294967296)` cannot be called: args[0]: `x` is no i32",
        "`add(x, 4294967296)` cannot be called: args[1]: `4294967296` is out of the range of i32",
        "`add(x, 4294967296)` cannot be called: `expect` has 2 results, and the function has 1 result",
    ]
    assert trial.results[2].results == ("2",)


INTEGERS = {bits: st.integers(-(1 << (bits - 1)), (1 << bits) - 1) for bits in (32, 64)}


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("id32"), INTEGERS[32].map(str)),
            st.tuples(st.just("id64"), INTEGERS[64].map(str)),
            st.tuples(st.just("idf32"), st.floats(width=32).map(repr)),
            st.tuples(st.just("idf64"), st.floats().map(repr)),
        ),
        min_size=1,
        max_size=50,
    )
)
def test_every_value_comes_back_as_it_went_in(values: list[tuple[str, str]]) -> None:
    trial = run(
        *(call(export, text, name=f"{place}", expect=(text,)) for place, (export, text) in enumerate(values))
    )

    assert trial.findings == ()


@pytest.mark.parametrize(
    ("export", "value"),
    [
        ("id64", str((1 << 63) - 1)),
        ("id64", str(-(1 << 63))),
        ("id32", str(-(1 << 31))),
        ("idf32", "3.4028235e+38"),
        ("idf32", "1e-45"),
        ("idf32", "16777217"),
        ("idf64", "5e-324"),
        ("idf64", "1.7976931348623157e+308"),
    ],
)
def test_extremes_come_back(export: str, value: str) -> None:
    assert run(call(export, value, expect=(value,))).findings == ()


def test_each_call_has_an_instance_of_its_own_and_a_sequence_has_one() -> None:
    alone = run(*(call("count", name=f"{number}") for number in range(3)))
    together = run(Scenario(tuple(call("count", name=f"{number}") for number in range(3))))

    assert [result.results for result in alone.results] == [("1",), ("1",), ("1",)]
    assert [result.results for result in together.results] == [("1",), ("2",), ("3",)]


def test_a_sequence_goes_on_after_a_trap_that_is_asked_for_and_ends_with_any_other() -> None:
    kept = run(Scenario((call("count"), call("trap", trap="any"), call("count", name="2", expect=("2",)))))
    ended = run(Scenario((call("count"), call("trap"), call("count", name="2"))), call("count", name="3"))

    assert kept.findings == ()
    assert [finding.subject for finding in ended.findings] == ["trap"]
    assert [result.results for result in ended.results] == [("1",), None, None, ("1",)]
    assert "an earlier call of the sequence failed" in ended.results[2].failure


def test_a_thousand_runs_of_a_call_give_one_fuel_number_beside_a_busy_process() -> None:
    calls = [call("add", "2", "3", name=f"{number}", expect=("5",)) for number in range(1000)]
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        beside = run(*calls)
    finally:
        busy.kill()
        busy.wait()
    alone = run(*calls)

    assert {result.fuel for result in (*beside.results, *alone.results)} == {4}
    assert (len(beside.results), beside.findings) == (1000, ())
