"""Process: run a child that is told only what it may know, and leave nothing of it behind. argv -> Finished."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ci_wasm.errors import ToolMissingError

_CHUNK = 65_536
_LONGEST_LINE = 1 << 20
_POLL_SECONDS = 0.1
_DRAIN_SECONDS = 1.0

_CURES = {
    "cargo": "Install Rust (https://rustup.rs), or run scripts/provide-wasm32-target.sh, and see that cargo is in PATH.",
    "rustc": "Install Rust (https://rustup.rs), or run scripts/provide-wasm32-target.sh, and see that rustc is in PATH.",
    "git": "Install git (on Debian and Ubuntu: apt-get install git) and see that it is in PATH.",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended. `returncode` is negative for a signal (as in subprocess), also after a timeout.

    `stdout` and `stderr` hold the last `keep` bytes of each; `is_cut` says that there was more.
    """

    returncode: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    seconds: float
    timed_out: bool = False
    is_cut: bool = False

    @property
    def error_text(self) -> str:
        """The kept standard error as text."""
        return self.stderr.decode("utf-8", "replace").strip()


class _Output:
    """One stream of a child: keeps its end and passes whole lines on."""

    def __init__(self, keep: int, on_line: Callable[[str], None] | None) -> None:
        self._keep = keep
        self._on_line = on_line
        self._line = bytearray()
        self.kept = bytearray()
        self.is_cut = False

    def feed(self, chunk: bytes) -> None:
        self.kept += chunk
        if len(self.kept) > self._keep:
            del self.kept[: len(self.kept) - self._keep]
            self.is_cut = True
        if self._on_line is not None:
            self._feed_lines(chunk, self._on_line)

    def _feed_lines(self, chunk: bytes, on_line: Callable[[str], None]) -> None:
        self._line += chunk
        *lines, self._line = self._line.replace(b"\r", b"\n").split(b"\n")
        for line in filter(None, lines):
            on_line(line.decode("utf-8", "replace"))
        if len(self._line) > _LONGEST_LINE:
            self.close()

    def close(self) -> None:
        """Pass on the line that has no end yet."""
        if self._line and self._on_line is not None:
            line, self._line = self._line, bytearray()
            self._on_line(line.decode("utf-8", "replace"))


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    timeout: float,
    keep: int = 1 << 20,
    on_stdout: Callable[[str], None] | None = None,
    on_stderr: Callable[[str], None] | None = None,
) -> Finished:
    """Run `argv` in a session of its own, without a shell and with nothing to read; wait at most `timeout` seconds.

    `environ` is all that the child gets. `on_stdout` and `on_stderr` get each line that is not empty, without its end
    (a carriage return ends one too, so that a progress bar's states come one by one), as it comes. At the end,
    whatever it is (also an exception, or Ctrl-C), every process of the child's group is killed; a process that made a
    session of its own is out of reach. Raises ToolMissingError when the program is not in PATH.
    """
    started = time.monotonic()
    program = find_program(argv[0], environ)
    with subprocess.Popen(
        [program, *argv[1:]],
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        stdout, stderr = _Output(keep, on_stdout), _Output(keep, on_stderr)
        try:
            in_time = _pump(child, {child.stdout: stdout, child.stderr: stderr}, started + timeout)
        finally:
            if child.returncode is None:
                _kill_group(child)
    is_cut = stdout.is_cut or stderr.is_cut
    seconds = time.monotonic() - started
    return Finished(child.returncode, bytes(stdout.kept), bytes(stderr.kept), seconds, not in_time, is_cut)


def find_program(program: str, environ: Mapping[str, str]) -> str:
    """Where PATH of `environ` has a program. Raises ToolMissingError."""
    found = shutil.which(program, path=environ.get("PATH", os.defpath))
    if found is None:
        raise ToolMissingError(
            f"`{program}` is not installed, or not in PATH",
            cure=_CURES.get(program, f"Install `{program}` and see that it is in PATH."),
        )
    return found


def _pump(
    child: subprocess.Popen[bytes], outputs: Mapping[IO[bytes] | None, _Output], deadline: float
) -> bool:
    """Read until both streams end, then wait. False when the deadline came first.

    A stream ends only when its last writer does. A process that the child left behind may keep it open for ever, so
    the child's own end is watched too: its group is killed then, and the rest is read for a moment only.
    """
    with selectors.DefaultSelector() as selector:
        for stream, output in outputs.items():
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, output)
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(min(left, _POLL_SECONDS)):
                if chunk := os.read(key.fd, _CHUNK):
                    key.data.feed(chunk)
                else:
                    selector.unregister(key.fileobj)
            if child.returncode is None and _has_ended(child, 0.0):
                deadline = min(deadline, time.monotonic() + _DRAIN_SECONDS)
    for output in outputs.values():
        output.close()
    return child.returncode is not None or _has_ended(child, deadline - time.monotonic())


def _has_ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the child; when it ended, end what it left in its group at once, while no other can have its number."""
    try:
        child.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return False
    _kill_group(child)
    return True


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    # PermissionError: macOS says so of a group that holds only ended processes.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
