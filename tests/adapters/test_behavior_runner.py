"""Behavior runner: calls in real wasmtime, in a child that may crash, hang or run out of everything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from ci_wasm.adapters.behavior_runner import CHILD, MOST_CHILDREN, BehaviorRunner
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.behavior import TRAPS, Behavior, Call, OutputRule, Payload, Scenario, Stub
from ci_wasm.core.finding import FindingKind
from ci_wasm.core.rehearsal import rehearse
from ci_wasm.core.trial import Trial, make_trial
from ci_wasm.outcome import Done

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
READER = WasmtimeModuleReader()
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


@pytest.mark.slow
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


# --- imports ---

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


def test_an_exception_tag_cannot_be_given() -> None:
    trial = run(call("f"), wasm=assembled('(module (import "env" "e" (tag)) (func (export "f")))'))

    assert "the import `env.e` is an exception tag, which cannot be given here" in trial.findings[0].message


# --- the start ---


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


# --- bytes ---

BYTES = assembled("""
(module
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 1024))
  (global $freed (mut i32) (i32.const 0))
  (func (export "alloc") (param i32) (result i32)
    (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
  (func (export "dealloc") (param i32 i32) (global.set $freed (i32.add (global.get $freed) (i32.const 1))))
  (func (export "freed") (result i32) (global.get $freed))
  (func (export "echo") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
  (func (export "null") (param i32 i32) (result i64) (i64.const 5))
  (func (export "outside") (param i32 i32) (result i64) (i64.const 0x0001fffc_00000008))
  (func (export "none") (param i32 i32) (result i64) (i64.const 0)))
""")


def bytes_call(export: str, content: bytes, rule: OutputRule | None = None, **more: object) -> Call:
    return Call(export, export, input=Payload("these bytes", content), output=rule, **more)  # type: ignore[arg-type]


def equals(content: bytes) -> OutputRule:
    return OutputRule(equals=Payload("those bytes", content))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (bytes_call("echo", b"hello", equals(b"hello")), ""),
        (bytes_call("echo", b"", equals(b"")), ""),
        (bytes_call("echo", bytes(range(256)) * 400, equals(bytes(range(256)) * 400)), ""),
        (bytes_call("echo", b"hello", OutputRule(contains=Payload('"ell"', b"ell"))), ""),
        (bytes_call("none", b"hello", equals(b"")), ""),
        (bytes_call("null", b"x", trap="bad pointer"), ""),
        (bytes_call("null", b"x"), "failed: it gave a null pointer, and a result was expected"),
        (bytes_call("outside", b"x"), "it gave 8 bytes at 131,068, which is outside of its memory"),
        (
            bytes_call("echo", b"help", equals(b"hell")),
            "gave 4 bytes `help`, and those bytes was expected: byte 3 is 0x70 instead of 0x6c",
        ),
        (
            bytes_call("echo", b"hel", equals(b"hell")),
            "it has 3 bytes instead of 4, and is the same up to there",
        ),
        (
            bytes_call("echo", b"\x00\xff", OutputRule(contains=Payload('"x"', b"x"))),
            'gave 2 bytes `00 ff`, which does not contain "x"',
        ),
        (
            bytes_call("echo", b"x", OutputRule(sha256="0" * 64)),
            "with the SHA-256 2d711642b726b04401627ca9fbac32f5",
        ),
        (bytes_call("echo", b"x" * 200_000), "which is outside of its memory"),
        (
            bytes_call("freed", b"x"),
            "its type is `() -> i32`, and a function of bytes is `(i32, i32) -> i64`",
        ),
    ],
)
def test_bytes_go_in_and_come_out_by_the_abi_of_the_shim(made: Call, words: str) -> None:
    trial = run(made, wasm=BYTES)

    messages = [finding.message for finding in trial.findings]
    assert (len(messages), words in "".join(messages)) == (1 if words else 0, True)


def test_what_was_given_is_taken_back() -> None:
    trial = run(
        Scenario((bytes_call("echo", b"x"), bytes_call("none", b"x"), call("freed", expect=("3",)))),
        wasm=BYTES,
    )

    assert trial.findings == ()


def test_bytes_need_the_whole_abi() -> None:
    wasm = assembled('(module (func (export "handle") (param i32 i32) (result i64) (i64.const 0)))')

    messages = [finding.message for finding in run(bytes_call("handle", b""), wasm=wasm).findings]

    assert [
        word in message for word, message in zip(("`alloc", "`dealloc", "`memory`"), messages, strict=True)
    ]


# --- what is not seen, and what ends the child ---


def test_a_memory_that_is_not_exported_is_not_judged_and_another_name_counts_once() -> None:
    hidden = assembled('(module (memory 1) (func (export "f")))')
    twice = assembled('(module (memory (export "a") (export "b") 1) (func (export "f")))')

    refused = run(call("f", max_memory=1), wasm=hidden)

    assert "`max-memory` cannot be judged" in refused.findings[0].message
    assert run(call("f"), wasm=hidden).results[0].memory is None
    assert run(call("f", max_memory=65536), wasm=twice).findings == ()


def test_types_that_wasmtime_cannot_tell_cost_nobody_their_answers() -> None:
    wasm = assembled(
        '(module (import "env" "v" (func (param v128))) (func (export "v") (param v128)) (func (export "f")))'
    )

    assert run(call("f"), wasm=wasm).findings == ()


def test_an_abort_is_a_finding_and_the_other_calls_are_made() -> None:
    # The bindings abort the process when they read this type; what the analyzer says of it is made up to get there.
    wasm = assembled(
        '(module (func (export "v") (param v128)) (func (export "f") (result i32) (i32.const 7)))'
    )
    told = READER.read(
        assembled('(module (func (export "v") (param i32)) (func (export "f") (result i32) (i32.const 7)))')
    )
    behavior = Behavior((Scenario((call("v", "1"),)), Scenario((call("f"),))))
    rehearsal = rehearse(behavior, told)

    trial = make_trial(behavior, rehearsal, RUNNER.run(wasm, rehearsal))

    (finding,) = trial.findings
    assert "the process that ran it ended with SIGABRT" in finding.message
    assert trial.results[1].results == ("7",)


def test_a_hang_that_uses_no_fuel_is_ended() -> None:
    wasm = assembled("""
    (module (memory (export "memory") 1 1 shared)
      (func (export "wait") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
      (func (export "f") (result i32) (i32.const 7)))
    """)
    runner = BehaviorRunner(seconds=1.0)

    trial = run(call("wait", max_fuel=1000), call("f", expect=("7",)), wasm=wasm, runner=runner)

    (finding,) = trial.findings
    assert "it gave no result, and was ended after" in finding.message
    assert trial.results[1].results == ("7",)


def child_program(folder: Path, body: str) -> Path:
    """Another program in the place of the child; `real(...)` of it is the child itself."""
    program = folder / "child.py"
    program.write_text(
        f"""
import json, os, pathlib, runpy, signal, sys
folder = pathlib.Path(sys.argv[1])
request = json.loads((folder / "request.json").read_bytes())
def real():
    runpy.run_path({str(CHILD)!r}, run_name="__main__")
def say(**line):
    print(json.dumps(line), flush=True)
{body}
""",
        encoding="utf-8",
    )
    return program


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "the process that ran it ended with SIGSEGV"),
        ("sys.exit('out of ideas')", "the process that ran it ended with the exit code 1: out of ideas"),
        ("signal.raise_signal(signal.SIGALRM)", "it gave no result, and was ended after"),
        ("pass", "the process that ran it ended with the exit code 0"),
    ],
)
def test_a_child_that_ends_before_the_start_is_one_finding(tmp_path: Path, body: str, words: str) -> None:
    trial = run(
        call("add", "1", "1"), call("nothing"), runner=BehaviorRunner(child=child_program(tmp_path, body))
    )

    (finding,) = trial.findings
    assert words in finding.message
    assert finding.subject == "startup"


def test_children_that_end_at_every_call_are_not_started_for_ever(tmp_path: Path) -> None:
    body = f"""
with open({str(tmp_path / "started")!r}, "a") as file:
    file.write("x")
say(engine="wasmtime 1")
if request["measuresStart"]:
    say(fuel=1, memory=0)
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGSEGV)
"""
    calls = [call("nothing", name=f"{number}") for number in range(20)]

    trial = run(*calls, runner=BehaviorRunner(child=child_program(tmp_path, body)))

    assert len((tmp_path / "started").read_text()) == MOST_CHILDREN
    assert len(trial.findings) == MOST_CHILDREN
    assert failures(trial)[-1] == f"it was not made, because {MOST_CHILDREN} processes ended before"


def test_a_module_is_compiled_once_in_a_run_and_nothing_that_was_changed_is_loaded(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    body = f"""
before = (folder / "module.bin").exists()
if before and (pathlib.Path({str(tmp_path)!r}) / "change").exists():
    (folder / "module.bin").write_bytes(b"foreign code")
real()
with open({str(seen)!r}, "a") as file:
    file.write(json.dumps([before, (folder / "module.bin").read_bytes() == b"foreign code"]) + "\\n")
"""
    runner = BehaviorRunner(child=child_program(tmp_path, body))

    results = [run(call("add", "1", "1", expect=("2",)), runner=runner) for _ in range(2)]
    (tmp_path / "change").touch()
    results.append(run(call("add", "1", "1", expect=("2",)), runner=runner))

    assert [trial.findings for trial in results] == [(), (), ()]
    # Compiled, loaded, and compiled again because what lay there was not what this run had compiled.
    assert [json.loads(line) for line in seen.read_text().splitlines()] == [
        [False, False],
        [True, False],
        [True, False],
    ]


def test_the_kinds_of_traps_are_those_of_the_configuration() -> None:
    import runpy

    assert {*runpy.run_path(str(CHILD))["TRAPS"].values()} <= {*TRAPS}
