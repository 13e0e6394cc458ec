"""Bug: what is said when ci-wasm itself fails. exception -> log lines."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ci_wasm.ports import Runner

BUG_CURE = "Please report it with the lines of the log that name ci_wasm's files."


def log_bug(error: Exception, runner: Runner) -> None:
    """Log where it happened; not the exception's text, which may hold values, and values may be secrets."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    runner.log_foreign("".join(traceback.format_list(frames)) + type(error).__name__)
