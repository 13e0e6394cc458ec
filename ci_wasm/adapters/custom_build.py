"""Custom build: a command of the user's own, in the sandbox. (checkout, CommandSource) -> Build."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ci_wasm.adapters.cargo_progress import Progress
from ci_wasm.adapters.process import Finished, run
from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.adapters.script_reader import files_below, read_script
from ci_wasm.core.build import Build, CommandSource
from ci_wasm.core.script import Script
from ci_wasm.errors import BuildError

_COPY_SECONDS = 600
_MAX_DETAIL = 4_000

# The first `tar` complains about what the build's user may not read, such as .git; that is not what it is for.
_COPY = 'mkdir -p "$2" && tar -C "$1" --exclude=./.git -cf - . 2>/dev/null | tar -C "$2" -xf -'


def build_by_command(
    sandbox: Sandbox, root: Path, source: CommandSource, *, log: Callable[[str], None], timeout: float
) -> Build:
    """Run the command in the checkout and read what it made. Raises BuildError or ToolMissingError."""
    started = time.monotonic()
    argv = ("sh", "-c", source.command) if isinstance(source.command, str) else source.command
    log(f"Running {source.command if isinstance(source.command, str) else shlex.join(source.command)}")
    with _writable(sandbox, root) as folder:
        _run(sandbox, argv, folder, log, timeout)
        read = files_below(sandbox, folder)
        named = _named(source, read) if source.wasm else None
        script = read_script(source.main, read) if source.main else None
    path, wasm = (source.wasm, named) if named is not None else _only(source, script)
    if script is not None and all(wasm != module.content for module in script.wasm_modules):
        raise BuildError(
            f"{source.main} imports no module that equals {path}",
            cure="Have `build.wasm` name the file that `build.main` imports, or leave it out where it is the only one: "
            "what is measured has to be what is deployed.",
        )
    return Build(
        wasm, wasm, crate=None, path=path, toolchain="", seconds=time.monotonic() - started, script=script
    )


@contextlib.contextmanager
def _writable(sandbox: Sandbox, root: Path) -> Iterator[Path]:
    """The checkout, or a copy of it where the build's user may not write there."""
    if sandbox.uid is None or sandbox.home is None:
        yield root
        return
    copy = sandbox.home / "checkout"
    _call(sandbox, ("rm", "-rf", "--", str(copy)), sandbox.home)
    copied = _call(sandbox, ("sh", "-c", _COPY, "sh", str(root), str(copy)), sandbox.home)
    if copied.returncode != 0:
        raise BuildError(
            "The checkout could not be copied for the build command",
            cure="Look for a full disk, and for files that not everybody may read.",
            detail=copied.error_text,
        )
    try:
        yield copy
    finally:
        _call(sandbox, ("rm", "-rf", "--", str(copy)), sandbox.home)


def _call(sandbox: Sandbox, argv: Sequence[str], folder: Path) -> Finished:
    return run(sandbox.command(argv), environ=sandbox.environ, cwd=folder, timeout=_COPY_SECONDS)


def _run(
    sandbox: Sandbox, argv: Sequence[str], folder: Path, log: Callable[[str], None], timeout: float
) -> None:
    progress = Progress(log, None)
    # A relative path is the checkout's, not that of ci-wasm's own folder.
    program = str(folder / argv[0]) if "/" in argv[0] else argv[0]
    finished = run(
        sandbox.command((program, *argv[1:])),
        environ=sandbox.environ,
        cwd=folder,
        timeout=timeout,
        on_stdout=progress.feed,
        on_stderr=progress.feed,
    )
    if finished.timed_out:
        raise BuildError(
            f"The build command did not end in {finished.seconds:.0f} seconds, so ci-wasm ended it",
            cure="Look for something that waits, or build in an earlier step and name the module with `wasm`.",
            detail=_last_words(finished),
        )
    if finished.returncode != 0:
        raise BuildError(
            f"The build command ended with status {finished.returncode}",
            cure="Run it in a clean checkout. It sees no secrets and few variables here: docs/build.md lists them.",
            detail=_last_words(finished),
        )


def _last_words(finished: Finished) -> str:
    words = finished.error_text or finished.stdout.decode("utf-8", "replace").strip()
    return words[-_MAX_DETAIL:]


def _named(source: CommandSource, read: Callable[[str], bytes | None]) -> bytes:
    wasm = read(source.wasm)
    if wasm is None:
        raise BuildError(
            f"The build command made no file {source.wasm}",
            cure="Correct `build.wasm` in ci-wasm.yml, or the command.",
        )
    return wasm


def _only(source: CommandSource, script: Script | None) -> tuple[str, bytes]:
    modules = script.wasm_modules if script else ()
    if len(modules) != 1:
        names = ", ".join(module.name for module in modules) or "none"
        raise BuildError(
            f"{source.main} imports {len(modules)} .wasm modules ({names}), so it does not say which one is meant",
            cure="Name the module that is measured as `build.wasm` in ci-wasm.yml.",
        )
    return modules[0].name, modules[0].content
