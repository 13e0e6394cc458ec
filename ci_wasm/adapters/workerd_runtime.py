"""Workerd: Cloudflare's runtime, one process for each Worker that runs. Program -> WorkerdProcess.

One process each, because workerd limits neither CPU nor memory of a Worker: an endless loop freezes its whole
process and makes it deaf to SIGTERM.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Thread

from ci_wasm.adapters.workerd_config import Program, write_program
from ci_wasm.adapters.workerd_start import Start, await_listen, start_failure
from ci_wasm.errors import ToolMissingError

WORKERD_VERSION = "1.20261117.1"

# Called with the name of the program's folder and one line of text that the Worker controls, from threads of ours.
OnOutput = Callable[[str, str], None]

_OUTPUT_KEPT = 64 * 1024
_LINE_MAX = 16 * 1024
_PROJECT = Path(__file__).resolve().parents[2]


def find_workerd(explicit: Path | None = None) -> Path:
    """The workerd binary: the argument, CI_WASM_WORKERD, the project's cache, the container's copy, PATH.

    A place that was named (the first two) is not passed over. Raises ToolMissingError.
    """
    named = explicit or (Path(value) if (value := os.environ.get("CI_WASM_WORKERD")) else None)
    candidates = [named] if named else list(_usual_places())
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate.resolve()
    raise ToolMissingError(
        f"workerd, Cloudflare's runtime, is not at {named}"
        if named
        else "workerd, Cloudflare's runtime, is not installed",
        cure="Run `make setup` in ci-wasm's checkout, or set CI_WASM_WORKERD to the workerd binary "
        f"(version {WORKERD_VERSION}, from the npm package @cloudflare/workerd-linux-64).",
        detail="looked at: " + ", ".join(str(candidate) for candidate in candidates),
    )


def _usual_places() -> Iterator[Path]:
    yield _PROJECT / ".cache" / "workerd" / WORKERD_VERSION / "workerd"
    yield Path("/opt/workerd/workerd")
    if found := shutil.which("workerd"):
        yield Path(found)


class WorkerdRuntime:
    """Starts Workers. Its methods may be called from any thread. `on_output` gets each line that a Worker logs.

    Where setpriv(1) is there (util-linux), every process dies with this one, whatever kills it: Linux sends the
    signal when the *thread* that made the child ends, so all children are made by one thread that lives as long
    as the runtime. `preexec_fn` would do without setpriv, but is unsafe in a process with threads.
    """

    def __init__(
        self, binary: Path, *, start_timeout: float = 10.0, on_output: OnOutput | None = None
    ) -> None:
        self._binary = binary
        self._on_output = on_output
        self._processes: list[WorkerdProcess] = []
        self._start_timeout = start_timeout
        self._launcher = _launcher()
        # Sockets have a folder of their own: uploads may lie anywhere, but a socket's path ends at 107 bytes.
        short = None if len(tempfile.gettempdir()) < 80 else "/tmp"  # noqa: S108 - mkdtemp makes it private
        self._sockets = Path(tempfile.mkdtemp(prefix="ci-wasm-", dir=short))
        self._numbers = count()
        self._spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="workerd-spawner")

    def version(self) -> str:
        """What `workerd --version` says; raises ToolMissingError where the binary cannot run here."""
        try:
            answer = subprocess.run(
                [self._binary, "--version"], env={}, capture_output=True, text=True, timeout=30, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ToolMissingError(
                f"workerd is at {self._binary} but does not run on this machine",
                cure="workerd needs x86-64 or arm64 Linux with glibc (no Alpine) or macOS: "
                "use the package made for this machine, and run `make setup` again.",
                detail=str(error),
            ) from error
        return answer.stdout.strip()

    def install(self, program: Program, folder: Path) -> None:
        """Write a program where `start` can run it any number of times; see `write_program` for errors."""
        write_program(program, folder)

    def start(self, folder: Path) -> WorkerdProcess:
        """Run what `install` wrote, and wait until it listens.

        Raises DeployError with `api_code` 10021 and workerd's message as `detail` when the Worker does not start.
        """
        socket = self._sockets / str(next(self._numbers))
        on_output = partial(self._on_output, folder.name) if self._on_output else None
        begin = time.monotonic()
        reader, writer = os.pipe()
        try:
            process = self._spawner.submit(self._spawn, folder, socket, writer, on_output).result()
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        try:
            state = await_listen(reader, begin + self._start_timeout)
        finally:
            os.close(reader)
        if state is Start.LISTENS:
            process.startup_ms = (time.monotonic() - begin) * 1000
            return process
        # A process that closed its control pipe is about to end by itself and has said why.
        process.stop(grace=0 if state is Start.TIMED_OUT else 1)
        raise start_failure(process.output(), timed_out=state is Start.TIMED_OUT)

    def close(self) -> None:
        """Kill what still runs; a `start` in another thread fails. Nothing can be started any more."""
        self._spawner.submit(self._kill_all).result()
        self._spawner.shutdown()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _kill_all(self) -> None:
        for process in self._processes:
            process.stop(grace=0)

    def _spawn(
        self, folder: Path, socket: Path, control: int, on_output: Callable[[str], None] | None
    ) -> WorkerdProcess:
        command = [*self._launcher, str(self._binary), "serve"]
        command += [f"--control-fd={control}", f"--socket-addr=http=unix:{socket}", "config.capnp"]
        child = subprocess.Popen(
            command,
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(control,),
            start_new_session=True,
        )
        self._processes = [process for process in self._processes if process.alive]
        self._processes.append(WorkerdProcess(child, socket, on_output))
        return self._processes[-1]


class WorkerdProcess:
    """A running Worker: it speaks HTTP/1.1 on the Unix socket `socket`.

    `startup_ms` is the wall time from the start of the process (about 20 ms of it are workerd's own) to listening.
    """

    def __init__(
        self, child: subprocess.Popen[bytes], socket: Path, on_output: Callable[[str], None] | None = None
    ) -> None:
        self.socket = socket
        self.startup_ms = 0.0
        self._child = child
        self._on_output = on_output
        self._kept = bytearray()
        self._drain = Thread(target=self._read_output, name="workerd-output", daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        """The process, which leads a process group of its own."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """False once the process has ended, by itself or by `stop`."""
        return self._child.poll() is None

    def output(self) -> str:
        """The last 64 KiB of what the Worker logged and workerd reported; text that the Worker controls."""
        return self._kept.decode("utf-8", "replace")

    def stop(self, grace: float = 2.0) -> None:
        """End the process group: SIGTERM, which lets requests in flight finish, `grace` seconds, SIGKILL."""
        if grace > 0 and self._signal(signal.SIGTERM):
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(grace)
        self._signal(signal.SIGKILL)
        self._child.wait()
        self._drain.join(timeout=2)
        self.socket.unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> bool:
        # Once it is reaped, its process group id may belong to somebody else.
        if not self.alive:
            return False
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)
        return True

    def _read_output(self) -> None:
        stream = self._child.stdout
        while stream and (line := stream.readline(_LINE_MAX)):
            self._kept += line
            del self._kept[:-_OUTPUT_KEPT]
            if self._on_output and not line.startswith(b"stack:"):
                self._on_output(line.decode("utf-8", "replace").rstrip("\r\n"))
        if stream:
            stream.close()


def _launcher() -> list[str]:
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig=KILL", "--no-new-privs", "--"] if setpriv else []
