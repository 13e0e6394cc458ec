"""Cargo target folder: where a build goes, and that it finds nothing stale there. (crate, package) -> folder.

Cargo takes two checkouts of one workspace for the same crates: what it calls a member does not hold the checkout's
path. In one target folder it would then compare times of files, and take the base's code for the head's when the
head was checked out before the base was built. So before the first build of another checkout it is made to forget all
packages whose code lies in folders; what was downloaded is the same for both, and is not built again.
"""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ci_wasm.adapters.cargo_command import Cargo, Crate
from ci_wasm.adapters.cargo_metadata import Package, relative


class TargetFolders:
    """Chooses target folders. `folder` is one for all builds.

    Without it a workspace has `ci-wasm/` in its own, where the first checkout that is built keeps it, and what the user
    builds by hand stays as it is. `is_private`: nobody else builds in `folder`, now or later, so there is nothing to
    wait for, and nothing to remember beyond this run.
    """

    def __init__(self, folder: Path | None, *, is_private: bool = False) -> None:
        self._folder = folder
        self._is_private = is_private
        self._first: dict[str, Path] = {}
        self._seen: dict[str, str] = {}

    @contextlib.contextmanager
    def reserve(self, cargo: Cargo, crate: Crate, package: Package) -> Iterator[Path]:
        """The folder for this build, without anything of another checkout in it, and for this build alone."""
        folder = self._folder or self._own(crate, package)
        here = str(package.workspace_root)
        with contextlib.nullcontext() if self._is_private else _lock(folder) as memory:
            seen = self._seen if memory is None else _recall(memory)
            if folder.is_dir() and seen.get(crate.source.profile) != here:
                _forget(cargo, crate, package, folder)
            seen[crate.source.profile] = here
            if memory is not None:
                _remember(memory, seen)
            yield folder

    def _own(self, crate: Crate, package: Package) -> Path:
        workspace = relative(package.workspace_root, crate.root)
        first = self._first.get(workspace)
        # A worktree that came first may be gone by now.
        if first is None or not first.parent.is_dir():
            first = self._first[workspace] = package.target_directory / "ci-wasm"
        return first


def _forget(cargo: Cargo, crate: Crate, package: Package, folder: Path) -> None:
    is_known = package.local is not None and not _changes_sources(crate)
    if not (is_known and cargo.clean(crate, package.local or (), folder)):
        cargo.remove(crate, folder)


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[IO[str]]:
    """A file beside the folder, open and locked: it says of which checkout each profile's build in the folder is."""
    import fcntl

    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("a+", encoding="utf-8") as memory:
        fcntl.flock(memory, fcntl.LOCK_EX)
        yield memory


def _recall(memory: IO[str]) -> dict[str, str]:
    memory.seek(0)
    with contextlib.suppress(ValueError):
        if isinstance(known := json.load(memory), dict):
            return {str(profile): str(checkout) for profile, checkout in known.items()}
    return {}


def _remember(memory: IO[str], seen: dict[str, str]) -> None:
    memory.truncate(0)
    json.dump(seen, memory)
    memory.flush()


def _changes_sources(crate: Crate) -> bool:
    """Whether a cargo configuration of the checkout may take the code of a downloaded package from a folder.

    https://doc.rust-lang.org/cargo/reference/config.html: `source` and `paths`, and `include`, which may bring either.
    """
    return any(
        _names_sources(folder / ".cargo" / name)
        for folder in (crate.folder.resolve(), *crate.folder.resolve().parents)
        for name in ("config.toml", "config")
    )


def _names_sources(file: Path) -> bool:
    try:
        return bool({"source", "paths", "include"} & tomllib.loads(file.read_text(encoding="utf-8")).keys())
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
