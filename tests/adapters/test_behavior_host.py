"""Behavior runner: what imports are given, how a module starts, and what of its memory is seen."""

from __future__ import annotations

import pytest

from ci_wasm.core.behavior import Stub
from ci_wasm.core.finding import FindingKind
from ci_wasm.outcome import Done
from tests.adapters.behaviors import assembled, call, failures, run

HOSTED = assembled("""
(module
  (import "env" "now" (func $now (result i64)))
  (import "env" "ratio" (func $ratio (param i32) (result f32)))
  (import "env" "log" (func $log (param i32)))
  (import "env" "base" (global $base i32))
  (import "env" "memory" (memory 2))
  (import "env" "table" (table 3 funcref))
  (func (export "sum") (result f32)
    (call $log (i32.const 1))
    (f32.add (call $ratio (i32.const 1)) (f32.convert_i32_s (i32.add (global.get $base) (memory.size)))))
  (func (export "now") (result i64) (call $now))
  (func (export "size") (result i32) (table.size)))
""")
STUBS = (
    Stub("env.now", "18446744073709551615"),
    Stub("env.rat*", "0.5"),
    Stub("env.log", None),
    Stub("env.base", "40"),
)


def test_stubs_give_functions_and_globals_their_values_and_memories_and_tables_are_there() -> None:
    trial = run(
        call("sum", expect=("42.5",), max_memory=131072),
        call("now", expect=("-1",)),
        call("size", expect=("3",)),
        wasm=HOSTED,
        stubs=STUBS,
    )

    assert trial.findings == ()
    assert {result.memory for result in trial.results} == {131072}


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        (
            Stub("env.now", None),
            "the import `env.now` returns an i64, and its stub says `null`: give a number",
        ),
        (Stub("env.now", "1.5"), "the import `env.now` has a stub that does not fit: `1.5` is no i64"),
        (Stub("env.log", "1"), "the import `env.log` returns nothing, and its stub says 1: write `null`"),
        (
            Stub("env.base", "4294967296"),
            "the import `env.base` has a stub that does not fit: `4294967296` is out",
        ),
        (Stub("env.base", None), "the import `env.base` is a `global i32`: give its value under `stubs`"),
    ],
)
def test_stubs_that_do_not_fit(stub: Stub, words: str) -> None:
    others = [each for each in STUBS if each.glob != stub.glob]

    trial = run(call("now"), wasm=HOSTED, stubs=[stub, *others])

    assert [finding.kind for finding in trial.findings] == [FindingKind.BEHAVIOR_INVALID]
    assert words in trial.findings[0].message
    assert failures(trial) == ["it was not made"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("(tag)", "is an exception tag"),
        ("(memory 1 2 shared)", "is a `memory min=1 max=2 shared`"),
        ("(global v128)", "is a `global v128`"),
        ("(table 1 exnref)", "is a `table exnref min=1 max=none`"),
    ],
)
def test_what_cannot_be_given_is_told(item: str, words: str) -> None:
    trial = run(call("f"), wasm=assembled(f'(module (import "env" "e" {item}) (func (export "f")))'))

    assert [finding.message for finding in trial.findings] == [
        f"the import `env.e` {words}, which cannot be given here"
    ]


def test_the_start_has_its_own_fuel_with_the_start_function_and_initialize() -> None:
    wasm = assembled("""
    (module (global $g (mut i32) (i32.const 0))
      (func $start (global.set $g (i32.const 20))) (start $start)
      (func (export "_initialize") (global.set $g (i32.add (global.get $g) (i32.const 2))))
      (func (export "get") (result i32) (global.get $g)))
    """)

    trial = run(call("get", expect=("22",)), wasm=wasm)

    assert trial.findings == ()
    assert isinstance(trial.execution, Done)
    assert trial.execution.value.startup is not None
    assert trial.execution.value.startup.fuel == 10
    assert trial.execution.value.engine.startswith("wasmtime ")


@pytest.mark.parametrize(
    ("wat", "words"),
    [
        ('(module (func $s unreachable) (start $s) (func (export "f")))', "it trapped: unreachable"),
        ('(module (func $s (loop (br 0))) (start $s) (func (export "f")))', "it used up 110,000 fuel"),
        (
            '(module (memory 1) (data (i32.const 65536) "x") (func (export "f")))',
            "out of bounds memory access",
        ),
        ('(module (memory 20000) (func (export "f")))', "memory"),
    ],
)
def test_a_start_that_fails_is_one_finding_and_no_call_is_made(wat: str, words: str) -> None:
    trial = run(call("f"), call("f", name="f#2"), wasm=assembled(wat), max_startup_fuel=1000)

    (finding,) = trial.findings
    assert (finding.kind, finding.subject) == (FindingKind.BEHAVIOR_BROKEN, "startup")
    assert words in finding.message
    assert failures(trial) == ["it was not made, because the module cannot be started"] * 2


def test_a_memory_that_is_not_exported_is_not_judged_and_another_name_counts_once() -> None:
    hidden = assembled('(module (memory 1) (func (export "f")))')
    twice = assembled('(module (memory (export "a") (export "b") 1) (func (export "f")))')

    refused = run(call("f", max_memory=1), wasm=hidden)

    assert "`max-memory` cannot be judged" in refused.findings[0].message
    assert run(call("f"), wasm=hidden).results[0].memory is None
    assert run(call("f", max_memory=65536), wasm=twice).findings == ()


def test_a_64_bit_memory_can_be_given() -> None:
    wasm = assembled(
        '(module (import "env" "large" (memory i64 3)) (func (export "f") (result i64) (memory.size)))'
    )

    assert run(call("f", expect=("3",), max_memory=3 << 16), wasm=wasm).findings == ()


def test_a_module_that_eats_all_memory_gets_no_more_than_its_process_may_have() -> None:
    # Each memory may have one GiB, but not six of them in a process that may have four.
    memories = "".join(f"(memory ${number} 0)" for number in range(6))
    sizes = "(i32.const 0)" + "".join(
        f"(i32.add (i32.eq (memory.grow ${number} (i32.const 16384)) (i32.const 0)))" for number in range(6)
    )
    wasm = assembled(f'(module {memories} (func (export "eat") (result i32) {sizes}))')

    (result,) = run(call("eat"), wasm=wasm).results

    assert result.results is not None
    assert 0 < int(result.results[0]) < 6
