"""Actions runner: what a step tells GitHub, as log commands and command files. Keeps the port `Runner`.

What comes from the package actions-toolkit, and what does not:
- `actions_toolkit.command.Command` writes and escapes every log command,
  `actions_toolkit.utils.to_command_properties` names an annotation's properties,
  `actions_toolkit.file_command.prepare_key_value_message` frames an output with a random delimiter. These are
  what its `core` is made of, and they are pure.
- Its `core` itself is passed by: its functions read os.environ and write to sys.stdout, whatever a caller was
  given, it takes 70 ms to import (it brings an HTTP client for OIDC), and `set_output` falls back to a log
  command that the runner has disabled, which loses the output in silence.
- The package has no step summary, no stop-commands, no check of an output's name and no limits: those are
  ours.

The rules of the other side:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands and
https://github.com/actions/runner (ActionCommandManager.cs, FileCommandManager.cs, ExecutionContext.cs).
"""

from __future__ import annotations

import os

from ci_wasm.adapters.log_text import disarmed, harmless, plain
from ci_wasm.errors import ForgeError

# Every run makes a runner, most of them to print one line: what that line does not need is imported later.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import TextIO

    from ci_wasm.ports import Runner

SEVERITIES = ("error", "warning", "notice")
# ExecutionContext.cs: of each severity the first ten of a step are kept, each cut at 4,096 UTF-16 units.
MAX_ANNOTATIONS = 10
MAX_MESSAGE_UNITS = 4096
# The Checks API, which shows it, allows 255 characters.
MAX_TITLE_UNITS = 255
# FileCommandManager.cs: a larger file is not shown at all.
MAX_SUMMARY_BYTES = 1024 * 1024
_SUMMARY_NOTE = "\n\n_The rest of this summary is cut: GitHub shows 1 MiB of a step._\n"


def make_runner(environ: Mapping[str, str], stdout: TextIO) -> Runner:
    """The runner that started us: GitHub's, or a person at a terminal."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return ActionsRunner(environ, stdout=stdout)
    from ci_wasm.adapters.terminal_runner import TerminalRunner

    return TerminalRunner(stdout=stdout)


class ActionsRunner:
    """A step of a job; nothing is read from the environment but what is handed over in `environ`."""

    def __init__(self, environ: Mapping[str, str], *, stdout: TextIO) -> None:
        self._output_file = environ.get("GITHUB_OUTPUT", "")
        self._summary_file = environ.get("GITHUB_STEP_SUMMARY", "")
        self._workspace = environ.get("GITHUB_WORKSPACE", "")
        self._stdout = stdout
        self._annotations = dict.fromkeys(SEVERITIES, 0)

    def annotate(
        self,
        severity: str,
        message: str,
        *,
        title: str = "",
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        """Show an annotation; `severity` is error, warning or notice.

        `file` is shown where it lies in the repository, and goes into the message where it does not. What
        GitHub would drop (more than ten of one severity) goes to the log, with a word about it.
        """
        if severity not in SEVERITIES:
            raise ValueError(f"{severity!r} is not one of {SEVERITIES}")
        # Each by itself: the beginning of an escape sequence in one must not eat the beginning of the next.
        message, title, file = plain(message), plain(title).replace("\n", " "), plain(file or "")
        path = self._in_repository(file) if file else None
        if file and path is None:
            message = f"{file}: {message}"
        self._annotations[severity] += 1
        if self._annotations[severity] > MAX_ANNOTATIONS:
            self._log_beyond_limit(severity, message, title=title, path=path, line=line)
            return
        self._command(
            severity,
            cut(message, MAX_MESSAGE_UNITS),
            title=cut(title, MAX_TITLE_UNITS),
            file=path or "",
            start_line=line if path and line and line > 0 else None,
        )

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs: names are `[A-Za-z_][A-Za-z0-9_-]*` (else ValueError), values any text."""
        import re

        from actions_toolkit.file_command import prepare_key_value_message

        for name in outputs:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
                raise ValueError(f"{name!r} cannot be the name of an output")
        if not self._output_file:
            # The log command that did this before command files is disabled: it would lose the values.
            for name, value in outputs.items():
                self.log_foreign(f"output {name} = {value}")
            return
        text = "".join(f"{prepare_key_value_message(name, value)}\n" for name, value in outputs.items())
        self._append("GITHUB_OUTPUT", self._output_file, text.encode("utf-8", "replace"))

    def add_summary(self, markdown: str) -> None:
        """Append to the job summary; beyond the step's 1 MiB it is cut at a line, and a note says so."""
        if not self._summary_file:
            self.log_foreign(markdown)
            return
        from pathlib import Path

        path = Path(self._summary_file)
        there = path.stat().st_size if path.exists() else 0
        text = markdown.encode("utf-8", "replace")
        if not text.endswith(b"\n"):
            text += b"\n"
        self._append("GITHUB_STEP_SUMMARY", self._summary_file, _within(text, MAX_SUMMARY_BYTES - there))

    def mask(self, secrets: Sequence[str]) -> None:
        """Have the runner replace these texts, and each line of them, in what is printed from now on."""
        for secret in secrets:
            if secret.strip():
                self._command("add-mask", secret)

    def log(self, line: str) -> None:
        """Print one line, from our own words only; it is never a command, whatever slips in."""
        for each in plain(line).split("\n"):
            words = disarmed(each).lstrip()
            margin = each[: len(each) - len(each.lstrip())]
            self._print(f"{margin}\\{words}" if words.startswith("::") else f"{margin}{words}")

    def log_foreign(self, text: str) -> None:
        """Print text of a child process or of a repository so that it cannot be read as a workflow command.

        Twice: no line of it is a command, and the runner reads none until a token comes that nobody can know.
        """
        lines = harmless(text)
        if not lines:
            return
        token = os.urandom(16).hex()
        self._command("stop-commands", token)
        for line in lines:
            self._print(line)
        self._command(token, "")

    def group(self, title: str) -> AbstractContextManager[None]:
        """Fold what is printed inside the `with` block; groups do not nest."""
        from contextlib import contextmanager

        @contextmanager
        def folded() -> Iterator[None]:
            self._command("group", plain(title).replace("\n", " "))
            try:
                yield
            finally:
                self._command("endgroup", "")

        return folded()

    def _command(self, name: str, message: str, **properties: object) -> None:
        from actions_toolkit.command import Command
        from actions_toolkit.utils import AnnotationProperties, to_command_properties

        named = to_command_properties(AnnotationProperties(**properties)) if properties else {}
        self._print(str(Command(name, {key: value for key, value in named.items() if value}, message)))

    def _log_beyond_limit(
        self, severity: str, message: str, *, title: str, path: str | None, line: int | None
    ) -> None:
        if self._annotations[severity] == MAX_ANNOTATIONS + 1:
            self.log(
                f"GitHub shows {MAX_ANNOTATIONS} annotations of a kind per step; here are more {severity}s:"
            )
        place = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        heading = f"{title}: " if title else ""
        self.log_foreign(f"{severity}: {place}{heading}{message}")

    def _in_repository(self, file: str) -> str | None:
        """The path relative to the repository; None where it lies outside, or would be read as doing so."""
        from pathlib import PurePosixPath

        path = PurePosixPath(file)
        if path.is_absolute() and self._workspace and path.is_relative_to(self._workspace):
            path = path.relative_to(self._workspace)
        return None if path.is_absolute() or ".." in path.parts or "\n" in str(path) else str(path)

    def _append(self, variable: str, file: str, text: bytes) -> None:
        from pathlib import Path

        try:
            with Path(file).open("ab") as stream:
                stream.write(text)
        except OSError as error:
            raise ForgeError(
                f"the runner's file {variable} cannot be written: {error.strerror}",
                cure="Leave the runner's variables alone; a container that the job starts itself needs its "
                "folder `_runner_file_commands`.",
            ) from None

    def _print(self, line: str) -> None:
        encoding = self._stdout.encoding or "utf-8"
        self._stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
        self._stdout.flush()


def cut(text: str, units: int) -> str:
    """At most `units` UTF-16 code units, as .NET and JavaScript count; an ellipsis stands for the rest."""
    raw = text.encode("utf-16-le", "replace")
    if len(raw) <= 2 * units:
        return text
    return raw[: 2 * (units - 1)].decode("utf-16-le", "ignore") + "…"


def _within(text: bytes, room: int) -> bytes:
    """The text, or its first lines and a note, in at most `room` bytes; nothing where no note fits."""
    if len(text) <= room:
        return text
    note = _SUMMARY_NOTE.encode()
    # An open <details> would swallow the note.
    kept = text[: max(text.rfind(b"\n", 0, max(room - len(note) - 200, 0)), 0)]
    closing = b"\n</details>" * min(max(kept.count(b"<details") - kept.count(b"</details>"), 0), 18)
    return kept + closing + note if len(note) <= room else b""
