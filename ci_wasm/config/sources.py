"""Sources: what a Worker is built from. (entry, wrangler config) -> Source."""

from __future__ import annotations

import posixpath
from pathlib import Path as Folder
from typing import TYPE_CHECKING

from ci_wasm.config.file import Path, Problem
from ci_wasm.core.build import CommandSource, CrateSource, PrebuiltSource, Source

if TYPE_CHECKING:
    from ci_wasm.config.schema import BuildEntry, WorkerEntry

_KINDS = ("crate", "wasm", "build")


def wrangler_folder(entry: WorkerEntry) -> str:
    """The folder whose wrangler config belongs to the Worker, relative to the root."""
    if isinstance(entry.crate, str):
        return entry.crate
    return posixpath.dirname(entry.wasm) if isinstance(entry.wasm, str) else ""


class SourceReader:
    """Reads where one Worker comes from, at `path` of the file; what is wrong is added to `problems`."""

    def __init__(self, root: Folder, path: Path, problems: list[Problem]) -> None:
        self.root = root
        self.path = path
        self.problems = problems

    def source(self, entry: WorkerEntry, wrangler_main: str) -> Source:
        """The source; `wrangler_main` is the wrangler config's `main` relative to the root, or empty."""
        given = [kind for kind in _KINDS if isinstance(getattr(entry, kind), str) or _is_build(entry, kind)]
        if len(given) != 1:
            told = " and ".join(f"`{kind}`" for kind in given)
            problem = f"{told} are given" if given else "neither `crate` nor `wasm` nor `build` is given"
            self._problem((), f"{problem}; a Worker is built from one of them")
        if isinstance(entry.wasm, str):
            return PrebuiltSource(self._inside("wasm", entry.wasm), wrangler_main)
        if not isinstance(entry.crate, str) and _is_build(entry, "build"):
            return self._command(entry.build, wrangler_main)  # type: ignore[arg-type]
        crate = self._inside("crate", entry.crate) if isinstance(entry.crate, str) else "."
        return CrateSource(crate, tuple(entry.features), entry.profile, wrangler_main)

    def _command(self, entry: BuildEntry, wrangler_main: str) -> CommandSource:
        command = entry.command if isinstance(entry.command, str) else tuple(entry.command)
        if not command or (isinstance(command, str) and not command.strip()):
            self._problem(
                ("build", "command"), "a command is needed; for a module that is there already, use `wasm`"
            )
        wasm = self._inside(("build", "wasm"), entry.wasm) if entry.wasm else ""
        main = self._inside(("build", "main"), entry.main) if entry.main else wrangler_main
        if not (wasm or main):
            self._problem(("build",), "`wasm`, `main` or both are needed: the files that the command makes")
        return CommandSource(command, wasm, main)

    def _inside(self, key: str | Path, place: str) -> str:
        if not (self.root / place).resolve().is_relative_to(self.root.resolve()):
            self._problem((key,) if isinstance(key, str) else key, f"`{place}` leaves the repository")
        return place

    def _problem(self, key: Path, message: str) -> None:
        self.problems.append(Problem((*self.path, *key), message))


def _is_build(entry: WorkerEntry, kind: str) -> bool:
    # Unset is neither a text nor a section.
    return kind == "build" and hasattr(entry.build, "command")
