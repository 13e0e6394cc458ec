"""Terminal runner: keeps the port `Runner` in plain words, where a person reads. stdout -> TerminalRunner."""

from __future__ import annotations

from ci_wasm.adapters.log_text import PREFIX, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import TextIO


class TerminalRunner:
    """Prints what GitHub would show; no workflow command is ever written, and secrets come out as `***`."""

    def __init__(self, *, stdout: TextIO) -> None:
        self._stdout = stdout
        self._secrets: list[str] = []

    def annotate(
        self,
        severity: str,
        message: str,
        *,
        title: str = "",
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        """Print `severity: file:line: title: message`."""
        place = "" if file is None else f"{plain(file)}: " if line is None else f"{plain(file)}:{line}: "
        heading = f"{plain(title)}: " if title else ""
        self._print(f"{severity}: {place}{heading}{message}")

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Print `output NAME = VALUE` for each."""
        for name, value in outputs.items():
            self._print(f"output {name} = {value}")

    def add_summary(self, markdown: str) -> None:
        """Nothing: whoever reads here has read it as text, and comment.md holds the Markdown."""

    def mask(self, secrets: Sequence[str]) -> None:
        """Print `***` for these texts, and for each line of them, from now on."""
        texts = [text for secret in secrets for text in (secret, plain(secret), *secret.splitlines())]
        known = {text.strip() for text in texts if text.strip()}
        self._secrets = sorted({*self._secrets, *known}, key=len, reverse=True)

    def log(self, line: str) -> None:
        """Print one line."""
        self._print(line)

    def log_foreign(self, text: str) -> None:
        """Print text of a child process or of a repository, marked as such and without control characters."""
        if text:
            self._print(text, prefix=PREFIX)

    def group(self, title: str) -> AbstractContextManager[None]:
        """Put a title above what is printed inside the `with` block."""
        from contextlib import nullcontext

        self._print(title)
        return nullcontext()

    def _print(self, text: str, prefix: str = "") -> None:
        shown = plain(text).removesuffix("\n")
        for secret in self._secrets:
            shown = shown.replace(secret, "***")
        encoding = self._stdout.encoding or "utf-8"
        for line in shown.split("\n"):
            self._stdout.write((prefix + line).encode(encoding, "replace").decode(encoding) + "\n")
        self._stdout.flush()
