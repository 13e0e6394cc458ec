"""Workerd startup: CPU time of fresh processes, those of several Workers in turn. (Workers, runs) -> Startup.

What slows the machine down meanwhile slows all of them down, and a process that was not disturbed counts for all.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule, is_shim, write_program
from ci_wasm.adapters.workerd_runtime import find_workerd
from ci_wasm.adapters.workerd_start import Start, await_listen, start_failure
from ci_wasm.core.script import ModuleType
from ci_wasm.core.startup import Startup, StartupTimes
from ci_wasm.core.worker import Worker

KINDS = {
    ModuleType.ES_MODULE: ModuleKind.ES_MODULE,
    ModuleType.WASM: ModuleKind.WASM,
    ModuleType.TEXT: ModuleKind.TEXT,
    ModuleType.DATA: ModuleKind.DATA,
}
NOTHING = b"export default { fetch() { return new Response(); } };"
# workerd itself starts in 20 ms, and Cloudflare gives a Worker a second.
SECONDS = 10.0


class WorkerdStartup:
    """Keeps the `StartupTimer` port."""

    def __init__(self, binary: Path | None = None) -> None:
        self._binary = binary

    def measure(self, head: Worker, base: Worker | None, runs: int) -> Startup:
        """See the port."""
        binary = find_workerd(self._binary)
        programs = [program_of(worker) for worker in (head, base) if worker]
        programs.insert(0, empty_program(programs[0]))
        with tempfile.TemporaryDirectory(prefix="ci-wasm-startup-") as name:
            folders = [Path(name, str(number)) for number in range(len(programs))]
            for program, folder in zip(programs, folders, strict=True):
                write_program(program, folder)
            rounds = [[cpu_milliseconds(binary, folder) for folder in folders] for _ in range(runs)]
        empty, first, *second = (StartupTimes(times) for times in zip(*rounds, strict=True))
        return Startup(first, empty, *second)


def cpu_milliseconds(binary: Path, folder: Path) -> float:
    """Start what `write_program` wrote, end it as soon as it listens, and give what the kernel says that it took.

    Raises DeployError where the Worker does not start.
    """
    output = folder / "output"
    # A process that is killed leaves its socket behind.
    (folder / "socket").unlink(missing_ok=True)
    reader, writer = os.pipe()
    try:
        try:
            child = _spawn(binary, folder, output, writer)
        finally:
            os.close(writer)
        state = await_listen(reader, time.monotonic() + SECONDS)
    finally:
        os.close(reader)
    # Popen's own kill would reap a process that has ended already, and lose what it used.
    os.kill(child.pid, signal.SIGKILL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if state is not Start.LISTENS:
        text = output.read_text("utf-8", "replace")
        raise start_failure(text, timed_out=state is Start.TIMED_OUT)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _spawn(binary: Path, folder: Path, output: Path, control: int) -> subprocess.Popen[bytes]:
    command = [
        str(binary),
        "serve",
        f"--control-fd={control}",
        "--socket-addr=http=unix:socket",
        "config.capnp",
    ]
    with output.open("wb") as stream:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            pass_fds=(control,),
        )


def program_of(worker: Worker) -> Program:
    """A Worker as workerd runs it, its main module first."""
    modules = sorted(worker.modules, key=lambda module: module.name != worker.main_module)
    texts = {name: value for name, value in worker.vars.items() if isinstance(value, str)}
    return Program(
        tuple(ProgramModule(module.name, KINDS[module.type], module.content) for module in modules),
        worker.compatibility_date,
        worker.compatibility_flags,
        texts,
        {name: json.dumps(value) for name, value in worker.vars.items() if name not in texts},
        has_outside=not is_shim(modules[0].content),
    )


def empty_program(program: Program) -> Program:
    """A Worker that does nothing, with the other one's date and flags, which decide what workerd itself sets up."""
    nothing = ProgramModule("nothing.js", ModuleKind.ES_MODULE, NOTHING)
    return Program(
        (nothing,),
        program.compatibility_date,
        program.compatibility_flags,
        has_outside=program.has_outside,
    )
