"""Head: a Worker of a checkout, built and measured. (World, tree, WorkerSettings) -> Head."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.build import Build, PrebuiltSource, strip_names
from ci_wasm.core.entry import ENTRY_MAIN, entry_modules
from ci_wasm.core.measurement import Measurement, Upload, make_measurement
from ci_wasm.core.module import Module, require_core_module
from ci_wasm.core.rehearsal import rehearse
from ci_wasm.core.script import WorkerModule
from ci_wasm.core.shim import SHIM_MAIN, shim_modules
from ci_wasm.core.trial import Trial, make_trial
from ci_wasm.core.worker import Worker
from ci_wasm.errors import ArtifactError
from ci_wasm.outcome import Done, Skipped
from ci_wasm.ports import World


class Head(Struct, frozen=True):
    """A built and measured module; `build` holds the bytes that a preview uploads, `trial` what running them showed."""

    build: Build
    measurement: Measurement
    trial: Trial = field(default_factory=Trial)


def measure_tree(world: World, tree: Path, worker: WorkerSettings) -> Head:
    """Build one Worker's module in a checkout, and measure what would ship."""
    if isinstance(worker.source, PrebuiltSource):
        build = world.toolchain.read_prebuilt(tree, worker.source)
    else:
        build = world.toolchain.build(tree, worker.source)
    if worker.strip_names:
        build = strip_names(build)
    return Head(build, measure(world, build, worker))


def measure(world: World, build: Build, worker: WorkerSettings) -> Measurement:
    """Read and weigh a built module; raises ArtifactError when it is not a valid core module."""
    sizes = world.scales.start(build.wasm)
    module = require_core_module(world.reader.read(build.wasm, functions=None), build.path)
    upload = start_upload(world, build, module, worker)
    has_twin = build.named_wasm is not build.wasm
    named = world.reader.read(build.named_wasm, functions=None) if has_twin else None
    return make_measurement(
        module,
        sizes(),
        sha256=hashlib.sha256(build.wasm).hexdigest(),
        named=named,
        toolchain=build.toolchain,
        dependencies=build.dependencies,
        upload=upload(),
    )


def try_module(world: World, head: Head, worker: WorkerSettings) -> Head:
    """Make the calls that the Worker's behavior asks for, where it asks for any: only then is the module compiled."""
    if not worker.behavior.is_asked:
        return head
    rehearsal = rehearse(worker.behavior, head.measurement.module)
    run = world.behavior.run(head.build.wasm, rehearsal) if rehearsal.can_start else None
    trial = make_trial(worker.behavior, rehearsal, run)
    return replace(head, measurement=replace(head.measurement, execution=trial.execution), trial=trial)


def start_upload(
    world: World, build: Build, module: Module, worker: WorkerSettings
) -> Callable[[], Done[Upload] | Skipped]:
    """Begin to weigh the whole Worker; of one that ci-wasm does not assemble, the size is not known."""
    if build.script is not None:
        weighed = world.scales.start_upload(_worker(worker, build.script.main.name, build.script.modules))
        return lambda: Done(weighed())
    # The files name the commit: anything as long, and as hard to compress, weighs the same in every run.
    commit = hashlib.sha256(build.wasm).hexdigest()[:40]
    try:
        weighed = world.scales.start_upload(assemble(world, build, module, worker, commit))
    except ArtifactError as error:
        unknown = Skipped(error.message)
        return lambda: unknown
    return lambda: Done(weighed())


def assemble(world: World, build: Build, module: Module, worker: WorkerSettings, commit: str) -> Worker:
    """What a preview uploads; raises ArtifactError, whose message is the reason, where there can be no preview."""
    if refusal := worker.unpreviewable or build.unpreviewable:
        raise ArtifactError(
            refusal,
            cure="Serve it with the tool that it was written for; `ci-wasm check` judges its module all the same.",
        )
    if build.script is not None:
        modules = entry_modules(build.script, commit=commit, proof_source=world.proof_source())
        return _worker(worker, ENTRY_MAIN, modules)
    shim = shim_modules(
        build.wasm,
        module,
        worker=worker.name,
        commit=commit,
        cache_control=worker.cache_control,
        shim_source=world.shim_source(),
    )
    return _worker(worker, SHIM_MAIN, shim)


def _worker(worker: WorkerSettings, main: str, modules: tuple[WorkerModule, ...]) -> Worker:
    return Worker(
        worker.name, main, modules, worker.compatibility_date, worker.compatibility_flags, worker.vars
    )
