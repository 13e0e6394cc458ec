"""Behavior runner: make calls of a module in a child that may crash, hang or be killed. (module, calls) -> CallResults."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ci_wasm.adapters.process import Finished, run
from ci_wasm.core.behavior import BehaviorCall, CallResult, called_type, problem_of, signed_expectation
from ci_wasm.core.module import Module

CHILD = Path(__file__).with_name("behavior_child.py")
# Compiling takes about half a second for each megabyte, a call at most as long as its fuel lasts.
SECONDS = 30.0
SECONDS_PER_MEGABYTE = 2.0
# Fuel where a call names no limit; the child has the same number for instantiation.
DEFAULT_FUEL = 10_000_000_000
# Room above a call's own limit, so that the report can say by how much it was missed.
FUEL_FACTOR = 100


class BehaviorRunner:
    """Keeps the `Behavior` port. `environ` finds nothing but the interpreter: the child gets none of it."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    def call(self, wasm: bytes, module: Module, calls: Sequence[BehaviorCall]) -> tuple[CallResult, ...]:
        """Make every call in an instance of its own; one that cannot be made or answered says so in its result."""
        calls = [signed_expectation(call, module) for call in calls]
        problems = [problem_of(call, module) for call in calls]
        possible = [call for call, problem in zip(calls, problems, strict=True) if not problem]
        results = iter(self._run(wasm, module, possible) if possible else ())
        return tuple(
            CallResult(call, None, problem) if problem else next(results)
            for call, problem in zip(calls, problems, strict=True)
        )

    def _run(self, wasm: bytes, module: Module, calls: Sequence[BehaviorCall]) -> list[CallResult]:
        with tempfile.TemporaryDirectory(prefix="ci-wasm-behavior-") as name:
            folder = Path(name)
            (folder / "module.wasm").write_bytes(wasm)
            (folder / "calls.json").write_text(
                json.dumps([_request(call, module) for call in calls]), encoding="utf-8"
            )
            finished = run(
                [sys.executable, "-I", str(CHILD), str(folder)],
                environ={"PATH": ""},
                cwd=folder,
                timeout=self._seconds + SECONDS_PER_MEGABYTE * len(wasm) / 1_000_000,
            )
        answers = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith(b"{")]
        answered = [_result(call, answer) for call, answer in zip(calls, answers, strict=False)]
        ended = _end(finished)
        return [*answered, *(CallResult(call, None, ended) for call in calls[len(answered) :])]


def _request(call: BehaviorCall, module: Module) -> Mapping[str, object]:
    type_ = called_type(call, module)
    kinds = type_.params if type_ else ()
    fuel = DEFAULT_FUEL if call.max_fuel is None else min(FUEL_FACTOR * call.max_fuel + 10_000, DEFAULT_FUEL)
    return {"export": call.export, "args": call.args, "kinds": kinds, "fuel": fuel}


def _result(call: BehaviorCall, answer: Mapping[str, Any]) -> CallResult:
    results = answer.get("results")
    return CallResult(
        call,
        None if results is None else tuple(results),
        failure=answer.get("failure", ""),
        trapped=answer.get("trapped", False),
        fuel=answer.get("fuel", 0),
        memory=answer.get("memory", 0),
    )


def _end(finished: Finished) -> str:
    if finished.timed_out:
        return f"it was ended after {finished.seconds:.0f} s without a result"
    lines = finished.stderr.decode("utf-8", "replace").strip().splitlines()
    reason = f": {lines[-1][:200]}" if lines else ""
    return f"the process that ran it ended with {finished.returncode}{reason}"
