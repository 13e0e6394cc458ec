"""Startup stage: measure what starting a Worker costs, beside its base where that was built now. (head, base) -> Startup."""

from __future__ import annotations

from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.startup import Startup
from ci_wasm.core.worker import Worker
from ci_wasm.errors import ArtifactError, CiWasmError
from ci_wasm.head import Head, assemble
from ci_wasm.outcome import Done, Outcome, Skipped
from ci_wasm.ports import World

# The files name the commit: with one for both, two Workers that are the same compare as equal.
_COMMIT = "0" * 40


def measure_startup(
    world: World, worker: WorkerSettings, head: Outcome[Head], base: Head | None
) -> Done[Startup] | Skipped:
    """Start head and base in turn. What keeps it from being measured is a reason, and fails nothing."""
    if worker.startup.runs == 0:
        return Skipped("`startup.runs` is 0")
    if not isinstance(head, Done):
        return Skipped("there is no module to start")
    try:
        after = _assemble(world, worker, head.value)
        before = _assemble_base(world, worker, base)
        if after == before:
            return Skipped("the Worker is the same as on the base")
        return Done(world.startup.measure(after, before, worker.startup.runs))
    except CiWasmError as error:
        return Skipped(error.message)


def _assemble_base(world: World, worker: WorkerSettings, base: Head | None) -> Worker | None:
    """None also where the base is no Worker that could be started: then there is nothing to compare with."""
    try:
        return None if base is None else _assemble(world, worker, base)
    except ArtifactError:
        return None


def _assemble(world: World, worker: WorkerSettings, built: Head) -> Worker:
    return assemble(world, built.build, built.measurement.module, worker, _COMMIT)
