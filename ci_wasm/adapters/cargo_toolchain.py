"""Cargo toolchain: build a crate for wasm32-unknown-unknown. (checkout, source) -> Build."""

from __future__ import annotations

import contextlib
import posixpath
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ci_wasm.adapters.bindgen_build import WORKER_MAIN, Generated, run_wasm_bindgen, run_worker_build
from ci_wasm.adapters.cargo_command import Cargo, Compiled, Crate
from ci_wasm.adapters.cargo_lock import read_lock
from ci_wasm.adapters.cargo_metadata import Package, relative
from ci_wasm.adapters.cargo_target import TargetFolders
from ci_wasm.adapters.custom_build import build_by_command
from ci_wasm.adapters.prebuilt import inside, read_prebuilt
from ci_wasm.adapters.rust_tools import RustTools
from ci_wasm.adapters.sandbox import Sandbox, enter_sandbox
from ci_wasm.adapters.script_reader import files_below, overlaid, read_script, try_script
from ci_wasm.core.build import Build, CommandSource, CrateSource, PrebuiltSource
from ci_wasm.core.custom_sections import WASM_BINDGEN, has_names, has_section
from ci_wasm.core.script import Script
from ci_wasm.errors import BuildError

_BUILD_SECONDS = 3_600.0
_MANIFESTS_TO_NAME = 5

_NO_MAIN = (
    "it uses wasm-bindgen, which generates JavaScript for a main module to call, and there is none: set `main` in the "
    "wrangler config, and import the crate's JavaScript there"
)


@dataclass(frozen=True, slots=True)
class _Made:
    """What one crate gave; the fields of `Build` that depend on how it is built."""

    wasm: bytes = field(repr=False)
    named_wasm: bytes = field(repr=False)
    crates: Mapping[str, str]
    script: Script | None
    refusal: str


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

    def build(self, root: Path, source: CrateSource | CommandSource) -> Build:
        """Build a crate, or what a command builds; see the port. Raises NetworkError too: a download failed."""
        if isinstance(source, CrateSource):
            return self._build_crate(root, source)
        with self._one_at_a_time:
            cargo, _ = self._enter(root)
            return build_by_command(cargo.sandbox, root, source, log=self._log, timeout=self._timeout)

    def _build_crate(self, root: Path, source: CrateSource) -> Build:
        started = time.monotonic()
        crate = Crate(root, _crate_folder(root, source), source)
        with self._one_at_a_time:
            cargo, targets = self._enter(root)
            package = cargo.describe(crate)
            compiler = cargo.compiler(crate)
            self._log(f"Building {package.name} ({source.profile}) with {compiler}")
            with targets.reserve(cargo, crate, package) as folder, _lock_file(cargo.sandbox, crate, package):
                made = self._make(cargo, crate, package, folder)
                dependencies = read_lock(cargo.sandbox, package.workspace_root, made.crates)
        return Build(
            made.wasm,
            made.named_wasm,
            package.name,
            source.path,
            compiler,
            time.monotonic() - started,
            dependencies,
            made.script,
            made.refusal,
        )

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

    def _make(self, cargo: Cargo, crate: Crate, package: Package, target: Path) -> _Made:
        if package.uses_worker:
            tools = RustTools(cargo.sandbox, self._environ, self._log, self._terminal)
            return _worker(run_worker_build(cargo, crate, package, target, tools), crate)
        shipped = cargo.compile(crate, package, target, names=False)
        files = self._files(cargo, crate, package, shipped)
        wasm = named = _module(files)
        # The second build replaces the first one's file, so the first is read by now.
        if self._names and not has_names(wasm):
            self._log(
                "The module keeps no names: building its last crate again with names, which explain the size"
            )
            again = cargo.compile(crate, package, target, names=True)
            named = _module(self._files(cargo, crate, package, again))
        main, read = crate.source.main, files_below(None, crate.root)
        script, refusal = try_script(main, overlaid(files, main, read), wasm)
        if not crate.source.main and len(files) > 1:
            refusal = _NO_MAIN
        return _Made(wasm, named if has_names(named) else wasm, shipped.crates, script, refusal)

    def _files(self, cargo: Cargo, crate: Crate, package: Package, compiled: Compiled) -> Mapping[str, bytes]:
        """The module that ships, and the JavaScript that wasm-bindgen generates where the crate uses that."""
        if not has_section(compiled.wasm, WASM_BINDGEN):
            return {compiled.path.name: compiled.wasm}
        tools = RustTools(cargo.sandbox, self._environ, self._log, self._terminal)
        return run_wasm_bindgen(cargo, crate, package, compiled.path, tools)


def _worker(generated: Generated, crate: Crate) -> _Made:
    """What worker-build made, which is a whole Worker, and what a main module of the crate's own makes of it."""
    script = read_script(WORKER_MAIN, generated.files.get)
    if not script.wasm_modules:
        raise BuildError(
            f"worker-build made {WORKER_MAIN}, which imports no module",
            cure="See that the crate has a handler (`#[event(fetch)]`) and is built for wasm32-unknown-unknown.",
        )
    wasm = script.wasm_modules[0].content
    main, read = crate.source.main, files_below(None, crate.root)
    # Where worker-build writes when nobody tells it otherwise, and so where a main module imports it from.
    made = {
        posixpath.normpath(posixpath.join(crate.source.path, "build", name)): content
        for name, content in generated.files.items()
    }
    if not main or main in made or read(main) is None:
        return _Made(wasm, wasm, generated.crates, script, "")
    own, refusal = try_script(main, lambda path: made.get(path) or read(path), wasm)
    return _Made(wasm, wasm, generated.crates, own, refusal)


def _module(files: Mapping[str, bytes]) -> bytes:
    return next(content for name, content in files.items() if name.endswith(".wasm"))


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
