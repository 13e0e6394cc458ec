"""Cargo command: one call of cargo or rustc, in the sandbox. (crate, target folder) -> Compiled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ci_wasm.adapters.cargo_errors import CHECKOUT, explain
from ci_wasm.adapters.cargo_messages import TARGET, CargoMessages
from ci_wasm.adapters.cargo_metadata import Package, read_package
from ci_wasm.adapters.cargo_progress import Progress
from ci_wasm.adapters.process import Finished, run
from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.core.build import CrateSource
from ci_wasm.errors import BuildError

_LARGEST_ANSWER = 64 << 20


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate in a checkout: `folder` is that of its Cargo.toml, `root` the checkout's."""

    root: Path
    folder: Path
    source: CrateSource


@dataclass(frozen=True, slots=True)
class Compiled:
    """A built module at `path`, and the name in it of each package's library, by `name version` of the package."""

    wasm: bytes = field(repr=False)
    path: Path
    crates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cargo:
    """Cargo as a sandbox starts it; `log` and `terminal` as for `Progress`, `timeout` in seconds for one call."""

    sandbox: Sandbox
    log: Callable[[str], None]
    terminal: TextIO | None
    timeout: float

    def describe(self, crate: Crate) -> Package:
        """Ask what the crate's folder holds. Raises BuildError or ToolMissingError."""
        answer = self._answer(("cargo", "metadata", "--no-deps", "--format-version=1"), crate)
        return read_package(answer.stdout, crate.folder, crate.root)

    def compiler(self, crate: Crate) -> str:
        """The compiler's own name and version, as chosen for this folder (`rustc 1.95.0 (59807616e 2026-04-14)`)."""
        answer = self._answer((self.sandbox.environ.get("RUSTC", "rustc"), "--version"), crate)
        return answer.stdout.decode("utf-8", "replace").strip()[:100]

    def clean(self, crate: Crate, packages: Sequence[str], target: Path) -> bool:
        """Have cargo forget what it built of these packages; False where it refuses, or would change Cargo.lock."""
        chosen = ("--locked", *(f"--package={name}" for name in packages))
        arguments = (f"--profile={crate.source.profile}", f"--target={TARGET}", f"--target-dir={target}")
        return self._call(("cargo", "clean", *chosen, *arguments), crate).returncode == 0

    def remove(self, crate: Crate, folder: Path) -> None:
        """Remove a folder that the build wrote, with the build's own rights."""
        self._call(("rm", "-rf", "--", str(folder)), crate)

    def compile(self, crate: Crate, package: Package, target: Path, *, names: bool) -> Compiled:
        """Build the cdylib; with `names` so that it keeps its name section, but no debug information.

        Only the last crate is compiled anew for names: `cargo rustc` gives its arguments to no dependency. Raises
        BuildError, ToolMissingError or NetworkError.
        """
        messages = CargoMessages(package.id)
        progress = Progress(self.log, self.terminal)
        variables, remapped = remap(self.environ, crate, package)
        strip = ("--", "-Cstrip=debuginfo") if names else ()
        argv = (
            "cargo",
            "rustc" if names else "build",
            *_arguments(crate, package, target),
            *remapped,
            *strip,
        )
        finished = run(
            self.sandbox.command(argv),
            environ={**self.environ, **variables, **progress.settings},
            cwd=crate.folder,
            timeout=self.timeout,
            on_stdout=messages.feed,
            on_stderr=progress.feed,
        )
        progress.close()
        if finished.returncode != 0:
            raise explain(finished, messages, crate.root, package.workspace_root)
        if messages.wasm is None:
            raise BuildError(
                f"Cargo built `{package.name}` but named no .wasm file",
                cure="Look for a setting in .cargo/config.toml that changes what the target builds.",
            )
        if messages.warnings and not names:
            self.log(f"The compiler gave {messages.warnings} warning(s)")
        return Compiled(self.sandbox.read(messages.wasm, target), messages.wasm, messages.crates)

    @property
    def environ(self) -> dict[str, str]:
        """What every program of a build sees."""
        # Incremental compilation changes the code that comes out; colors would end up in comments.
        return {**self.sandbox.environ, "CARGO_INCREMENTAL": "0", "CARGO_TERM_COLOR": "never"}

    def _answer(self, argv: Sequence[str], crate: Crate) -> Finished:
        progress = Progress(self.log, None)

        def say(line: str) -> None:
            # Rustup says so when it first installs the toolchain that the crate pins, which takes a while.
            if line.startswith("info: "):
                progress.feed(line)

        finished = self._call(argv, crate, say)
        if finished.returncode != 0:
            raise explain(finished, CargoMessages(""), crate.root, crate.folder)
        return finished

    def _call(
        self, argv: Sequence[str], crate: Crate, on_stderr: Callable[[str], None] | None = None
    ) -> Finished:
        return run(
            self.sandbox.command(argv),
            environ=self.environ,
            cwd=crate.folder,
            timeout=self.timeout,
            keep=_LARGEST_ANSWER,
            on_stderr=on_stderr,
        )


def _arguments(crate: Crate, package: Package, target: Path) -> list[str]:
    arguments = [
        "--lib",
        f"--profile={crate.source.profile}",
        f"--target={TARGET}",
        f"--target-dir={target}",
        "--message-format=json",
    ]
    if package.has_lock:
        arguments.append("--locked")
    if crate.source.features:
        arguments.append(f"--features={','.join(crate.source.features)}")
    return arguments


def remap(environ: Mapping[str, str], crate: Crate, package: Package) -> tuple[dict[str, str], list[str]]:
    """Variables and arguments that keep this machine's paths out of the code, so that equal sources give equal sizes.

    Panic messages hold source paths. Of workspace members they are relative; those of downloaded crates start with
    CARGO_HOME, those of path dependencies outside the workspace with the checkout's path. RUSTFLAGS replaces
    `build.rustflags` and its like (https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags), so it is
    extended where it is set and never set where it is not: `build.rustflags` adds to what the user's files say there.
    """
    home = environ.get("CARGO_HOME") or f"{environ.get('HOME', '')}/.cargo"
    flags = [f"--remap-path-prefix={home}=/cargo"]
    if package.outside:
        # It makes base and head, at two paths, share no compiled dependency: only where there is something to hide.
        flags.insert(0, f"--remap-path-prefix={crate.root.resolve()}={CHECKOUT}")
    if (encoded := environ.get("CARGO_ENCODED_RUSTFLAGS")) is not None:
        return {"CARGO_ENCODED_RUSTFLAGS": "\x1f".join((*filter(None, encoded.split("\x1f")), *flags))}, []
    if (plain := environ.get("RUSTFLAGS")) is not None:
        return {"CARGO_ENCODED_RUSTFLAGS": "\x1f".join((*plain.split(), *flags))}, []
    return {}, ["--config", f"build.rustflags={json.dumps(flags, ensure_ascii=False)}"]
