"""Behaviors: modules and calls for the tests of the behavior runner. (calls) -> Trial."""

from __future__ import annotations

from collections.abc import Sequence

from wasmtime import wat2wasm

from ci_wasm.adapters.behavior_runner import BehaviorRunner
from ci_wasm.core.behavior import Behavior, Call, Scenario, Stub
from ci_wasm.core.rehearsal import rehearse
from ci_wasm.core.trial import Trial, make_trial
from tests.modules import READER

WAT = """
(module
  (import "env" "log" (func $log (param i32)))
  (import "env" "now" (func $now (result i64)))
  (memory (export "memory") 1)
  (table 2 funcref) (elem (i32.const 0) $nothing)
  (type $number (func (result i32)))
  (type $void (func))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "add64") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "id32") (param i32) (result i32) (local.get 0))
  (func (export "id64") (param i64) (result i64) (local.get 0))
  (func (export "idf32") (param f32) (result f32) (local.get 0))
  (func (export "idf64") (param f64) (result f64) (local.get 0))
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func (export "sqrt") (param f32) (result f32) (f32.sqrt (local.get 0)))
  (func (export "nan") (result f32) (f32.reinterpret_i32 (i32.const 0xffa00001)))
  (func (export "minus_zero") (result f64) (f64.const -0))
  (func (export "both") (param i32) (result i32 i64) (local.get 0) (i64.const -1))
  (func $nothing (export "nothing"))
  (func (export "trap") unreachable)
  (func (export "div") (param i32) (result i32) (i32.div_s (i32.const 0x80000000) (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "trunc") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
  (func (export "indirect") (param i32) (call_indirect (type $void) (local.get 0)))
  (func (export "wrong") (result i32) (call_indirect (type $number) (i32.const 0)))
  (func (export "log") (call $log (i32.const 1)))
  (func (export "now") (result i64) (call $now))
  (func (export "forever") (loop $again (br $again)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "ref") (result externref) (ref.null extern))
  (func $recurse (export "recurse") (result i32) (call $recurse))
  (global $count (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)))
"""
WASM = bytes(wat2wasm(WAT))
MODULE = READER.read(WASM)
RUNNER = BehaviorRunner()


def run(
    *calls: Call | Scenario,
    wasm: bytes = WASM,
    stubs: Sequence[Stub] = (),
    runner: BehaviorRunner = RUNNER,
    max_startup_fuel: int | None = None,
) -> Trial:
    scenarios = tuple(each if isinstance(each, Scenario) else Scenario((each,)) for each in calls)
    behavior = Behavior(scenarios, tuple(stubs), max_startup_fuel)
    rehearsal = rehearse(behavior, MODULE if wasm is WASM else READER.read(wasm))
    return make_trial(behavior, rehearsal, runner.run(wasm, rehearsal) if rehearsal.can_start else None)


def assembled(wat: str) -> bytes:
    return bytes(wat2wasm(wat))


def call(export: str, *args: str, expect: tuple[str, ...] | None = None, **more: object) -> Call:
    return Call(str(more.pop("name", export)), export, args, expect, **more)  # type: ignore[arg-type]


def failures(trial: Trial) -> list[str]:
    return [result.failure for result in trial.results if result.failure]
