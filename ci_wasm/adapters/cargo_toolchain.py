"""Cargo toolchain: build a crate for wasm32-unknown-unknown. (checkout, source) -> Build."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from ci_wasm.adapters.cargo_command import Cargo, Crate
from ci_wasm.adapters.cargo_lock import read_lock
from ci_wasm.adapters.cargo_metadata import Package, relative
from ci_wasm.adapters.cargo_target import TargetFolders
from ci_wasm.adapters.name_section import has_names
from ci_wasm.adapters.prebuilt import inside, read_prebuilt
from ci_wasm.adapters.sandbox import Sandbox, enter_sandbox
from ci_wasm.core.build import Build, CrateSource, PrebuiltSource
from ci_wasm.errors import BuildError

_BUILD_SECONDS = 3_600.0
_MANIFESTS_TO_NAME = 5


class CargoToolchain:
    """Keeps the `Toolchain` port with the cargo that PATH names, inside a sandbox that the first build enters.

    `environ` is this program's environment; a build sees what `child_environment` leaves of it. `target_dir` is as for
    `TargetFolders`; a sandbox with a folder of its own overrides it. `log` gets lines that hold foreign text;
    `terminal`, where there is one, shows cargo's progress bar. Without `names`, a stripped module is not built a second
    time with them. `timeout` is in seconds, for one call of cargo.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        target_dir: Path | None = None,
        log: Callable[[str], None] = lambda _: None,
        terminal: TextIO | None = None,
        sandbox: Sandbox | None = None,
        names: bool = True,
        timeout: float = _BUILD_SECONDS,
    ) -> None:
        self._environ = environ
        self._target_dir = target_dir
        self._log = log
        self._terminal = terminal
        self._sandbox = sandbox
        self._names = names
        self._timeout = timeout
        self._targets: TargetFolders | None = None
        self._one_at_a_time = threading.Lock()

    def build(self, root: Path, source: CrateSource) -> Build:
        """Build the crate at `root / source.path`; see the port. Raises NetworkError too: a download failed."""
        started = time.monotonic()
        crate = Crate(root, _crate_folder(root, source), source)
        with self._one_at_a_time:
            cargo, targets = self._enter(root)
            package = cargo.describe(crate)
            compiler = cargo.compiler(crate)
            self._log(f"Building {package.name} ({source.profile}) with {compiler}")
            with targets.reserve(cargo, crate, package) as folder, _lock_file(cargo.sandbox, crate, package):
                wasm, named_wasm, crates = self._compile(cargo, crate, package, folder)
                dependencies = read_lock(cargo.sandbox, package.workspace_root, crates)
        seconds = time.monotonic() - started
        return Build(wasm, named_wasm, package.name, source.path, compiler, seconds, dependencies)

    def read_prebuilt(self, root: Path, source: PrebuiltSource) -> Build:
        """Read a module that something else built; see the port. Raises ConfigError too: the path leads elsewhere."""
        return read_prebuilt(root, source)

    def _enter(self, root: Path) -> tuple[Cargo, TargetFolders]:
        if self._sandbox is None:
            self._sandbox = enter_sandbox(self._environ, root)
        if self._targets is None:
            self._log(self._sandbox.level)
            self._targets = _target_folders(self._sandbox, self._target_dir)
        return Cargo(self._sandbox, self._log, self._terminal, self._timeout), self._targets

    def _compile(
        self, cargo: Cargo, crate: Crate, package: Package, target: Path
    ) -> tuple[bytes, bytes, Mapping[str, str]]:
        """The shipped module, the same with names, and its crates; the first is read before the second replaces it."""
        compiled = cargo.compile(crate, package, target, names=False)
        wasm, crates = compiled.wasm, compiled.crates
        if has_names(wasm) or not self._names:
            return wasm, wasm, crates
        self._log(
            "The module keeps no names: building its last crate again with names, which explain the size"
        )
        named_wasm = cargo.compile(crate, package, target, names=True).wasm
        return wasm, named_wasm if has_names(named_wasm) else wasm, crates


def _target_folders(sandbox: Sandbox, target_dir: Path | None) -> TargetFolders:
    if sandbox.home is not None:
        return TargetFolders(sandbox.home / "target", is_private=True)
    return TargetFolders(target_dir.absolute() if target_dir else None)


def _lock_file(sandbox: Sandbox, crate: Crate, package: Package) -> contextlib.AbstractContextManager[None]:
    """Where there is no Cargo.lock, cargo has to be able to write one."""
    if package.has_lock or not package.workspace_root.is_relative_to(crate.root.resolve()):
        return contextlib.nullcontext()
    return sandbox.lend(package.workspace_root / "Cargo.lock")


def _crate_folder(root: Path, source: CrateSource) -> Path:
    folder = inside(root, source.path, "crate")
    if (folder / "Cargo.toml").is_file():
        return folder
    nearby = sorted(relative(path.parent, root) for path in _manifests(root))[:_MANIFESTS_TO_NAME]
    raise BuildError(
        f"There is no Cargo.toml in `{source.path}`",
        cure="Set `crate` in ci-wasm.yml (or the input of that name) to the folder of the crate's Cargo.toml"
        + (f", for example {' or '.join(f'`{path}`' for path in nearby)}." if nearby else "."),
    )


def _manifests(root: Path) -> list[Path]:
    """The Cargo.toml files that are not deep in the checkout, without those that cargo unpacked into a target folder."""
    patterns = ("Cargo.toml", "*/Cargo.toml", "*/*/Cargo.toml")
    return [path for pattern in patterns for path in root.glob(pattern) if "target" not in path.parts]
