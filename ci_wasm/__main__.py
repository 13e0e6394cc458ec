"""Process edge: the one place that knows argv, the environment and the exit code. argv -> exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from ci_wasm.bug import BUG_CURE, log_bug
from ci_wasm.errors import EXIT_BUG, CiWasmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn, TextIO

    from ci_wasm.ports import Runner


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every error ends here, as one message with its cure and the documented exit code."""
    # Nearly everything that a start makes is there to stay: looking for garbage in it takes 7 % of the imports' time.
    gc.set_threshold(50_000)
    arguments = sys.argv[1:] if argv is None else argv
    return guarded(arguments, tool_environment(), sys.stdout, sys.stderr)


def run(argv: Sequence[str] | None = None) -> NoReturn:
    """The program: `main`, and the end of the process.

    Nothing is open any more, and the system takes the memory back anyway. Taking the interpreter apart first would take a
    tenth of the time of a small measurement.
    """
    code = main(argv)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def tool_environment() -> Mapping[str, str]:
    """The environment, with the virtual environment's own tools first: set-up may have put cargo there."""
    if sys.prefix == sys.base_prefix:
        return os.environ
    return {**os.environ, "PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def guarded(argv: Sequence[str], environ: Mapping[str, str], stdout: TextIO, stderr: TextIO) -> int:
    """The same over given streams: what tests call."""
    from ci_wasm.adapters.actions_runner import make_runner
    from ci_wasm.cli import run_command

    # The commands for people print results on stdout, so their messages go to stderr; the runner reads both.
    runner = make_runner(environ, stdout if argv[:1] == ["run"] else stderr)
    try:
        return run_command(argv, environ, stdout, runner)
    except CiWasmError as error:
        report_error(error, runner)
        return error.exit_code
    except BrokenPipeError:
        # The reader (`| head`) has left; pointing stdout elsewhere keeps the interpreter's own flush quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 (the catch point: a bug still ends with its documented exit code)
        log_bug(error, runner)
        runner.annotate("error", f"ci-wasm has a bug: {type(error).__name__}. {BUG_CURE}", title="ci-wasm")
        return EXIT_BUG


def report_error(error: CiWasmError, runner: Runner) -> None:
    """Say what happened, what to do and where to read more."""
    if error.detail:
        runner.log_foreign(error.detail)
    message = f"{error.message}. {error.cure} (More: {error.page})"
    runner.annotate("error", message, title="ci-wasm", file=error.file, line=error.line)


if __name__ == "__main__":
    run()
