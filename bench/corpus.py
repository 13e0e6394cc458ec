"""Corpus: real modules out of pinned npm packages, fetched once into .cache/corpus. (corpus.json, name) -> path.

The packages are other people's work under their own licences: they are downloaded by who runs the bench or the
slow tests, and never committed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from download import DownloadError  # noqa: E402 (the scripts are programs, and no package)
from fetch_npm_tarball import Pin, provide  # noqa: E402

PINS = ROOT / "bench" / "corpus.json"
FOLDER = Path(".cache", "corpus")


class CorpusUnavailable(Exception):
    """A module of the corpus is not here and cannot be fetched; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One module. `size` is in bytes; `error` is what the reader says of a module that it does not accept."""

    name: str
    package: str
    version: str
    integrity: str
    member: str
    size: int
    why: str
    layout: str = "core"
    error: str | None = None

    @property
    def pin(self) -> Pin:
        """As the fetcher of set-up wants it."""
        destination = FOLDER / f"{self.package}@{self.version}" / Path(self.member).name
        return Pin(
            tool=f"corpus {self.name}",
            name=self.package,
            version=self.version,
            integrity=self.integrity,
            member=self.member,
            destination=str(destination),
            executable=False,
            machine=None,
        )

    def path(self) -> Path:
        """The module's file, fetched where it is missing; raises CorpusUnavailable."""
        client = "npm" if shutil.which("npm") else "direct"
        try:
            provide(self.pin, ROOT, client)
        except (DownloadError, subprocess.TimeoutExpired) as error:
            raise CorpusUnavailable(
                f"{self.name} is not in .cache/corpus and did not arrive: {error}"
            ) from error
        path = ROOT / self.pin.destination
        if path.stat().st_size != self.size:
            raise CorpusUnavailable(
                f"{path} has {path.stat().st_size} bytes, pinned are {self.size}: remove it"
            )
        return path


def read_corpus(path: Path = PINS) -> dict[str, Entry]:
    """Every module by its name, the smallest first."""
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["modules"]
    return {
        entry.name: entry for entry in sorted((Entry(**each) for each in entries), key=lambda each: each.size)
    }
