"""Cargo progress: show that a build goes on. (lines of cargo's standard error) -> log lines, or its bar on a terminal."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from typing import TextIO

_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Takes cargo's standard error line by line.

    `terminal` gets cargo's own bar, without anything that could steer the terminal; `log` gets all other lines with the
    seconds since the start.
    """

    def __init__(self, log: Callable[[str], None], terminal: TextIO | None) -> None:
        self._log = log
        self._terminal = terminal
        self._started = time.monotonic()

    @property
    def settings(self) -> dict[str, str]:
        """The variables that have cargo draw its bar into a pipe."""
        if self._terminal is None:
            return {}
        columns = str(shutil.get_terminal_size().columns)
        return {"CARGO_TERM_PROGRESS_WHEN": "always", "CARGO_TERM_PROGRESS_WIDTH": columns}

    def feed(self, line: str) -> None:
        """Show one line."""
        text = "".join(filter(str.isprintable, _CONTROL_SEQUENCE.sub("", line))).strip()
        if not text:
            return
        if self._terminal is not None and text.startswith("Building ["):
            self._terminal.write(_CLEAR_LINE + text)
            self._terminal.flush()
            return
        self.close()
        self._log(f"[{time.monotonic() - self._started:5.1f} s] {text}")

    def close(self) -> None:
        """Take the bar away."""
        if self._terminal is not None:
            self._terminal.write(_CLEAR_LINE)
            self._terminal.flush()
