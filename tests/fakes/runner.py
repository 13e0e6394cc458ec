"""Recording runner: keeps the port `Runner` by remembering what it was told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Annotated:
    """One annotation as it was asked for."""

    severity: str
    message: str
    title: str = ""
    file: str | None = None
    line: int | None = None


@dataclass
class RecordingRunner:
    """`shown` is the log, own and foreign lines alike; it shows a secret that was masked too late."""

    annotations: list[Annotated] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    secrets: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def annotate(
        self,
        severity: str,
        message: str,
        *,
        title: str = "",
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        if severity not in ("error", "warning", "notice"):
            raise ValueError(f"{severity!r} is no severity")
        self.annotations.append(Annotated(severity, message, title, file, line))

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        for name in outputs:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
                raise ValueError(f"{name!r} cannot be the name of an output")
        self.outputs.update(outputs)

    def add_summary(self, markdown: str) -> None:
        self.summary += markdown if markdown.endswith("\n") else markdown + "\n"

    def mask(self, secrets: Sequence[str]) -> None:
        self.secrets += [secret for secret in secrets if secret.strip()]

    def log(self, line: str) -> None:
        self.shown.append(self._masked(line))

    def log_foreign(self, text: str) -> None:
        lines = self._masked(text).splitlines()
        self.foreign += lines
        self.shown += lines

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        self.shown.append(title)
        yield

    def _masked(self, text: str) -> str:
        for secret in self.secrets:
            for part in (secret, *secret.splitlines()):
                text = text.replace(part, "***") if part.strip() else text
        return text
