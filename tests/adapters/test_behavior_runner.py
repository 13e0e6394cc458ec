"""Behavior runner: calls in real wasmtime, in a child that may crash, hang or run out of everything."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from ci_wasm.adapters.behavior_runner import BehaviorRunner
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.behavior import BehaviorCall, CallResult, behavior_findings
from ci_wasm.core.finding import FindingKind

WAT = """
(module
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "add64") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func (export "nan") (result f32) (f32.div (f32.const 0) (f32.const 0)))
  (func (export "both") (param i32) (result i32 i64) (local.get 0) (i64.const -1))
  (func (export "nothing"))
  (func (export "trap") unreachable)
  (func (export "log") (call $log (i32.const 1)))
  (func (export "forever") (loop $again (br $again)))
  (func (export "grow") (param i32) (drop (memory.grow (local.get 0))))
  (func (export "ref") (result externref) (ref.null extern))
  (func $recurse (export "recurse") (result i32) (call $recurse))
  (global $count (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)))
"""
WASM = bytes(wat2wasm(WAT))
MODULE = WasmtimeModuleReader().read(WASM)
RUNNER = BehaviorRunner()


def kinds(call: BehaviorCall) -> list[FindingKind]:
    (result,) = RUNNER.call(WASM, MODULE, [call])
    return [finding.kind for finding in behavior_findings(result)]


def call(
    export: str, *args: str, expect: tuple[str, ...] | None = None, **limits: int | bool
) -> BehaviorCall:
    return BehaviorCall(export, args, expect, **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "made",
    [
        call("add", "2", "3", expect=("5",)),
        call("add", "2147483647", "1", expect=("-2147483648",)),
        call("add", "2147483647", "1", expect=("2147483648",)),
        call("add", "4294967295", "1", expect=("0",)),
        call("add64", "9007199254740993", "0", expect=("9007199254740993",)),
        call("add64", "18446744073709551615", "0", expect=("-1",)),
        call("half", "5", expect=("2.5",)),
        call("half", "inf", expect=("inf",)),
        call("half", "nan", expect=("nan",)),
        call("nan", expect=("nan",)),
        call("both", "7", expect=("7", "-1")),
        call("nothing", expect=()),
        call("add", "2", "3"),
        call("trap", trap=True),
        call("log", trap=True),
        call("recurse", trap=True),
        call("add", "2", "3", max_fuel=4),
        call("grow", "1", max_memory=131072),
    ],
)
def test_calls_that_give_what_they_should(made: BehaviorCall) -> None:
    assert kinds(made) == []


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (call("add", "2", "3", expect=("6",)), FindingKind.BEHAVIOR_BROKEN, "gave `5`, and `6` was expected"),
        (
            call("add64", "9007199254740993", "0", expect=("9007199254740992",)),
            FindingKind.BEHAVIOR_BROKEN,
            "gave `9007199254740993`",
        ),
        (call("both", "7", expect=("7",)), FindingKind.BEHAVIOR_BROKEN, "gave `7, -1`, and `7` was expected"),
        (call("nothing", expect=("1",)), FindingKind.BEHAVIOR_BROKEN, "gave nothing, and `1` was expected"),
        (call("trap"), FindingKind.BEHAVIOR_BROKEN, "unreachable"),
        (call("add", "1", "2", trap=True), FindingKind.BEHAVIOR_BROKEN, "gave `3`, and a trap was expected"),
        (call("log"), FindingKind.BEHAVIOR_BROKEN, "env::log"),
        (call("gone"), FindingKind.BEHAVIOR_BROKEN, "exports no function of this name"),
        (call("memory"), FindingKind.BEHAVIOR_BROKEN, "exports no function of this name"),
        (call("add", "1"), FindingKind.BEHAVIOR_BROKEN, "takes 2 arguments, and 1 are given"),
        (call("add", "1", "x"), FindingKind.BEHAVIOR_BROKEN, "argument 1 is `x`, which is no i32"),
        (call("add", "1", "4294967296"), FindingKind.BEHAVIOR_BROKEN, "which is no i32"),
        (call("add", "1", "-2147483649"), FindingKind.BEHAVIOR_BROKEN, "which is no i32"),
        (call("ref"), FindingKind.BEHAVIOR_BROKEN, "only numbers can be passed"),
        (call("gone", trap=True), FindingKind.BEHAVIOR_BROKEN, "a trap was expected"),
        (
            call("add", "2", "3", max_fuel=3),
            FindingKind.BEHAVIOR_FUEL,
            "used 4 fuel, 1 more than its limit of 3",
        ),
        (call("grow", "2", max_memory=131072), FindingKind.BEHAVIOR_MEMORY, "used 196,608 bytes of memory"),
        (call("forever", max_fuel=1000), FindingKind.BEHAVIOR_BROKEN, "fuel"),
    ],
)
def test_calls_that_do_not(made: BehaviorCall, kind: FindingKind, words: str) -> None:
    (result,) = RUNNER.call(WASM, MODULE, [made])

    (finding,) = behavior_findings(result)
    assert finding.kind is kind
    assert words in finding.message


def test_each_call_has_an_instance_of_its_own_and_the_same_fuel() -> None:
    results = RUNNER.call(WASM, MODULE, [call("count", expect=("1",))] * 20)

    assert [result.results for result in results] == [("1",)] * 20
    assert len({result.fuel for result in results}) == 1


def test_one_failure_does_not_cost_the_other_calls_their_answers() -> None:
    results = RUNNER.call(
        WASM, MODULE, [call("gone"), call("add", "1", "1"), call("trap"), call("add", "2", "2")]
    )

    assert [result.results for result in results] == [None, ("2",), None, ("4",)]


def test_an_endless_loop_without_a_limit_is_ended() -> None:
    results: tuple[CallResult, ...] = BehaviorRunner(seconds=1.0).call(
        WASM, MODULE, [call("add", "1", "1"), call("forever")]
    )

    assert results[0].results == ("2",)
    assert "without a result" in results[1].failure


def test_a_module_that_cannot_be_instantiated_says_why() -> None:
    wasm = bytes(wat2wasm('(module (import "env" "m" (memory 1)) (func (export "f")))'))

    (result,) = RUNNER.call(wasm, WasmtimeModuleReader().read(wasm), [call("f")])

    assert "env::m" in result.failure
