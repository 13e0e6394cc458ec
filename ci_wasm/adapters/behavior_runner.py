"""Behavior runner: run a module in a child that may crash, hang or be killed. (module, Rehearsal) -> Run.

When a child dies, the call that it was at has that for its answer, and another child goes on with the next scenario. What
wasmtime compiled is kept in this process's own memory, for that child and for later runs of the same module: no folder
that a build script could write is trusted.
"""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci_wasm.adapters.behavior_request import CallFiles, make_request, most_seconds
from ci_wasm.adapters.process import Finished, run
from ci_wasm.core.behavior import Call, Scenario
from ci_wasm.core.call_result import Answer
from ci_wasm.core.number import spell_number
from ci_wasm.core.rehearsal import Rehearsal
from ci_wasm.core.trial import Run

CHILD = Path(__file__).with_name("behavior_child.py")
# Time is only for what fuel does not end, such as waiting: a slow machine must not change a result.
SECONDS = 30.0
# A module that ends every process is not worth more of them.
MOST_CHILDREN = 5
# Compiled code that is kept, in bytes; it is about 2.4 times as large as its module.
_MOST_KEPT = 256 << 20
# A line for each call has some 150 bytes, and more where a function has many results.
_MOST_OUTPUT = 64 << 20


@dataclass
class _Progress:
    """What is known of a run so far: an answer for each call of the scenarios, from the first one on."""

    scenarios: Sequence[Scenario]
    engine: str = "wasmtime"
    startup: Answer | None = None
    answers: list[Answer] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        """All calls, in order."""
        return [call for scenario in self.scenarios for call in scenario.calls]

    @property
    def left(self) -> list[Scenario]:
        """The scenarios without answers; it is never asked for in the middle of one."""
        done, left = len(self.answers), []
        for scenario in self.scenarios:
            if done <= 0:
                left.append(scenario)
            done -= len(scenario.calls)
        return left

    def give_up(self, failure: str) -> None:
        """The next call failed, and with it the rest of its scenario."""
        end = 0
        for scenario in self.scenarios:
            end += len(scenario.calls)
            if end > len(self.answers):
                break
        self.answers.append(Answer(failure=failure))
        self.skip(end, "an earlier call of the sequence failed")

    def skip(self, end: int, why: str) -> None:
        """No call up to the one with this number will be made."""
        missing = end - len(self.answers)
        self.answers += [Answer(failure=f"it was not made, because {why}", is_made=False)] * missing


class BehaviorRunner:
    """Keeps the `Behavior` port. `seconds` is what a step may take besides its fuel; `child` is the program that is run."""

    def __init__(self, *, seconds: float = SECONDS, child: Path = CHILD) -> None:
        self._seconds = seconds
        self._child = child
        self._compiled: dict[str, bytes] = {}

    def run(self, wasm: bytes, rehearsal: Rehearsal) -> Run:
        """Start a module, and make the calls of every scenario in an instance of its own."""
        progress = _Progress(rehearsal.scenarios)
        for _ in range(MOST_CHILDREN):
            self._advance(wasm, rehearsal, progress)
            if progress.startup is None or progress.startup.failure or not progress.left:
                break
        startup = progress.startup or Answer(failure="it was not started")
        why = "the module cannot be started" if startup.failure else f"{MOST_CHILDREN} processes ended before"
        progress.skip(len(progress.calls), why)
        return Run(progress.engine, startup, tuple(progress.answers))

    def _advance(self, wasm: bytes, rehearsal: Rehearsal, progress: _Progress) -> None:
        """Start a child for what is left, and take in what it said until its end."""
        key = hashlib.sha256(wasm).hexdigest()
        known = self._compiled.get(key)
        starts = progress.startup is None
        with tempfile.TemporaryDirectory(prefix="ci-wasm-behavior-") as name:
            files = CallFiles(Path(name))
            request = make_request(
                rehearsal, progress.left, files, seconds=self._seconds, size=len(wasm), starts=starts
            )
            compiled = hashlib.sha256(known).hexdigest() if known is not None else ""
            files.write("module.bin", known)
            files.write("module.wasm", wasm)
            files.write("request.json", json.dumps(request).encode())
            finished = run(
                # -I: what lies in the current folder must not be imported.
                [sys.executable, "-I", str(self._child), name, compiled],
                environ={"PATH": ""},
                cwd=Path(name),
                timeout=most_seconds(request),
                keep=_MOST_OUTPUT,
            )
            lines = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith(b"{")]
            made = lines.pop(0) if lines else {}
            progress.engine = made.get("engine", progress.engine)
            self._take_in(lines, finished, files, progress)
            self._keep(key, made.get("compiled"), files)

    def _take_in(
        self, lines: list[dict[str, Any]], finished: Finished, files: CallFiles, progress: _Progress
    ) -> None:
        if progress.startup is None:
            progress.startup = _answer(lines.pop(0), None, files) if lines else Answer(failure=_end(finished))
        if progress.startup.failure:
            return
        missing = progress.calls[len(progress.answers) :]
        progress.answers += [_answer(line, call, files) for line, call in zip(lines, missing, strict=False)]
        if len(lines) < len(missing):
            progress.give_up(_end(finished))

    def _keep(self, key: str, compiled: str | None, files: CallFiles) -> None:
        """Keep what the child compiled, if it is what the child says."""
        code = files.read("module.bin")
        if compiled is None or code is None or hashlib.sha256(code).hexdigest() != compiled:
            return
        self._compiled[key] = code
        while sum(map(len, self._compiled.values())) > _MOST_KEPT:
            del self._compiled[next(iter(self._compiled))]


def _answer(line: dict[str, Any], call: Call | None, files: CallFiles) -> Answer:
    if not line.get("made", True):
        return Answer(
            failure="it was not made, because an earlier call of the sequence failed", is_made=False
        )
    results, kinds = line.get("results"), line.get("kinds", ())
    return Answer(
        None if results is None else tuple(map(spell_number, kinds, results)),
        files.read_output(call) if call is not None and line.get("output") else None,
        failure=line.get("failure", ""),
        trap=line.get("trap", ""),
        fuel=line.get("fuel", 0),
        memory=line.get("memory"),
    )


def _end(finished: Finished) -> str:
    """Why there is no answer, from how the child ended."""
    if finished.timed_out or finished.returncode == -signal.SIGALRM:
        return f"it gave no result, and was ended after {finished.seconds:.0f} s"
    code = finished.returncode
    try:
        how = f"with {signal.Signals(-code).name}" if code < 0 else f"with the exit code {code}"
    except ValueError:
        how = f"with the signal {-code}"
    lines = [line.strip() for line in finished.error_text.splitlines()]
    # A panic of wasmtime says where, what, and how to learn more.
    said = [line for line in lines if line and not line.startswith(("note:", "thread "))]
    return f"the process that ran it ended {how}{f': {said[-1][:200]}' if said else ''}"
