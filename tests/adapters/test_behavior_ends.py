"""Behavior runner: a child that aborts, hangs or dies is a finding, and nothing foreign is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_wasm.adapters.behavior_runner import CHILD, MOST_CHILDREN, BehaviorRunner
from ci_wasm.core.behavior import TRAPS, Behavior, Scenario
from ci_wasm.core.rehearsal import rehearse
from ci_wasm.core.trial import make_trial
from tests.adapters.behaviors import RUNNER, assembled, call, failures, run
from tests.modules import READER


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


@pytest.mark.parametrize(
    ("tampering", "seen"),
    [
        # Nobody touches what was compiled: the first child leaves it, the others load it.
        (["", "", ""], ["compiled", "loaded", "loaded"]),
        # It is changed before the second child loads it, which compiles again.
        (["", "before", ""], ["compiled", "compiled", "loaded"]),
        # It is changed when the first child has ended: then it is not kept.
        (["after", "", ""], ["compiled", "compiled", "loaded"]),
    ],
)
def test_a_module_is_compiled_once_in_a_run_and_nothing_that_was_changed_is_loaded(
    tmp_path: Path, tampering: list[str], seen: list[str]
) -> None:
    mode, told = tmp_path / "mode", tmp_path / "told"
    body = f"""
mode = pathlib.Path({str(mode)!r}).read_text()
code = folder / "module.bin"
if mode == "before":
    code.write_bytes(b"foreign code")
before = code.stat().st_mtime_ns if code.exists() else 0
real()
with open({str(told)!r}, "a") as file:
    file.write("loaded " if code.stat().st_mtime_ns == before else "compiled ")
if mode == "after":
    code.write_bytes(b"foreign code")
"""
    runner = BehaviorRunner(child=child_program(tmp_path, body))

    for each in tampering:
        mode.write_text(each)
        assert run(call("add", "1", "1", expect=("2",)), runner=runner).findings == ()

    assert told.read_text().split() == seen


def test_the_kinds_of_traps_are_those_of_the_configuration() -> None:
    import runpy

    assert {*runpy.run_path(str(CHILD))["TRAPS"].values()} <= {*TRAPS}
