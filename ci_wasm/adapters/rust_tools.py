"""Rust tools: the programs that crates with JavaScript of their own are built with. (package, version) -> program.

They are compiled by cargo from the package registry, once for each version, with the versions of their own Cargo.lock:
whose checksums cargo compares. That happens outside of the sandbox, in a folder that a build cannot write to where the
build is another user; they only ever run inside of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ci_wasm.adapters.cargo_progress import Progress
from ci_wasm.adapters.child_environment import child_environment
from ci_wasm.adapters.process import run
from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.errors import ToolMissingError

_INSTALL_SECONDS = 1_800
_ASK_SECONDS = 60
_MAX_DETAIL = 2_000
_PROJECT = Path(__file__).resolve().parents[2]

# The versions that worker-build 0.8.7 itself would download; scripts/pins.json has their hashes.
ESBUILD_VERSION = "0.28.2"
BINARYEN_VERSION = "132.0.0"
# Debian 12's 108 cannot read what today's Rust compiler writes; 120 and newer can.
OLDEST_WASM_OPT = 120

# Flags that a workflow sets are meant for its crate.
_FOR_THE_CRATE = re.compile(
    r"(?:CARGO_ENCODED_|CARGO_BUILD_)?RUSTFLAGS|CARGO_PROFILE_.*|CARGO_UNSTABLE_.*|RUSTC.*"
)


@dataclass(frozen=True, slots=True)
class RustTools:
    """Finds and makes the tools; `environ` is this program's environment, `log` and `terminal` are as for `Progress`.

    They are asked for their versions in the sandbox: a folder of tools may lie in the checkout, where it is foreign.
    """

    sandbox: Sandbox
    environ: Mapping[str, str]
    log: Callable[[str], None]
    terminal: TextIO | None

    def worker_build(self, version: str) -> Path:
        """worker-build, which WORKER_BUILD_BIN overrides. Raises ToolMissingError."""
        return self._tool("worker-build", version, "worker-build", "WORKER_BUILD_BIN")

    def wasm_bindgen(self, version: str) -> Path:
        """wasm-bindgen's command line in exactly this version, which WASM_BINDGEN_BIN overrides. Raises ToolMissingError."""
        program = self._tool("wasm-bindgen-cli", version, "wasm-bindgen", "WASM_BINDGEN_BIN")
        found = self._version_of(program)
        if found != version:
            raise ToolMissingError(
                f"The crate's Cargo.lock has wasm-bindgen {version}, and {program} is version {found or 'unknown'}",
                cure="Unset WASM_BINDGEN_BIN, and ci-wasm installs the right one; or run `cargo update wasm-bindgen "
                f"--precise {found or 'VERSION'}`. Crate and program have to be of one version.",
            )
        return program

    def esbuild(self) -> Path:
        """esbuild, from ESBUILD_BIN, what set-up fetched, or PATH. Raises ToolMissingError."""
        found = (
            self._named("ESBUILD_BIN")
            or _fetched("esbuild", ESBUILD_VERSION, "esbuild")
            or self._in_path("esbuild")
        )
        if found is None:
            raise ToolMissingError(
                "esbuild, which worker-build bundles with, is not installed",
                cure="Run `make setup` in ci-wasm's checkout, or set ESBUILD_BIN to the binary (version "
                f"{ESBUILD_VERSION}, from the npm package @esbuild/linux-x64; it needs no Node.js).",
            )
        self.log(f"With esbuild {self._version_of(found) or '(unknown version)'} at {found}")
        return found

    def wasm_opt(self) -> Path | None:
        """The first wasm-opt that is new enough: WASM_OPT_BIN, PATH, what set-up fetched; the log says which, or why none.

        Set-up's is Binaryen's own build for Node.js, so it counts only where there is a Node.js to run it.
        """
        named = self._named("WASM_OPT_BIN")
        node = self._in_path("node")
        fetched = _fetched("binaryen", BINARYEN_VERSION, "wasm-opt") if node else None
        places = (named,) if named else (self._in_path("wasm-opt"), fetched)
        for found in filter(None, places):
            version = self._version_of(found)
            major = version.split(".")[0]
            if major.isdecimal() and int(major) >= OLDEST_WASM_OPT:
                self.log(
                    f"With wasm-opt {version} at {found}" + (f", run by {node}" if found == fetched else "")
                )
                return found
            self.log(
                f"Not with {found}: its version is {version or 'unknown'}, and {OLDEST_WASM_OPT} is the oldest that can "
                "read what Rust writes"
            )
        self.log(
            "Without wasm-opt, so the module is larger than it could be: docs/build.md says where to get it"
        )
        return None

    def _tool(self, package: str, version: str, program: str, override: str) -> Path:
        if found := self._named(override):
            self.log(
                f"With {program} {self._version_of(found) or '(unknown version)'} at {found} ({override})"
            )
            return found
        folder = tools_folder(self.environ) / package / version
        binary = folder / "bin" / program
        if not binary.is_file():
            self._install(package, version, folder)
        self.log(f"With {program} {version} at {binary}")
        return binary

    def _in_path(self, program: str) -> Path | None:
        found = shutil.which(program, path=self.environ.get("PATH"))
        return Path(found) if found else None

    def _named(self, variable: str) -> Path | None:
        """The program that a variable names, None where it is not set. Raises ToolMissingError: there is no such program."""
        value = self.environ.get(variable)
        if not value:
            return None
        found = self._in_path(value)
        if found is None:
            raise ToolMissingError(
                f"{variable} is `{value}`, which is no program",
                cure=f"Correct {variable}, or leave it unset.",
            )
        return found.resolve()

    def _version_of(self, program: Path) -> str:
        """What it says itself: the first number that looks like a version; empty where it says none."""
        answer = run(
            self.sandbox.command((str(program), "--version")),
            environ=self.sandbox.environ,
            cwd=Path("/"),
            timeout=_ASK_SECONDS,
        )
        found = re.search(r"\d+(?:\.\d+)*(?:-[\w.]+)?", answer.stdout.decode("utf-8", "replace"))
        return found[0] if found and answer.returncode == 0 else ""

    def _install(self, package: str, version: str, folder: Path) -> None:
        """Have cargo compile it into `folder`, whole or not at all; a run beside this one is waited for."""
        if link := next(
            (place for place in (folder.parent, folder.parent.parent) if place.is_symlink()), None
        ):
            raise ToolMissingError(
                f"{link}, where {package} would be kept, is a link",
                cure="Set CI_WASM_TOOLS to a folder itself; a link in a checkout could lead anywhere.",
            )
        with _lock(folder), tempfile.TemporaryDirectory() as scratch:
            if folder.is_dir():
                return
            self.log(
                f"Installing {package} {version}, which takes minutes the first time; it is kept in {folder.parent}"
            )
            made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
            try:
                self._run_cargo(package, version, made, Path(scratch))
                made.chmod(0o755)
                made.rename(folder)
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def _run_cargo(self, package: str, version: str, made: Path, scratch: Path) -> None:
        progress = Progress(self.log, self.terminal)
        environ = {
            name: value
            for name, value in child_environment(self.environ).items()
            if not _FOR_THE_CRATE.fullmatch(name)
        }
        # Not in the checkout: a .cargo/config.toml there may name programs, and this runs outside of the sandbox.
        finished = run(
            ("cargo", "install", "--locked", f"--root={made}", f"--version={version}", package),
            environ={
                **environ,
                "CARGO_TERM_COLOR": "never",
                "CARGO_TARGET_DIR": str(scratch),
                **progress.settings,
            },
            cwd=scratch,
            timeout=_INSTALL_SECONDS,
            on_stderr=progress.feed,
        )
        progress.close()
        if finished.returncode != 0:
            raise ToolMissingError(
                f"{package} {version} could not be installed",
                cure=f"Read cargo's words below. `cargo install --locked {package} --version {version}` does the same; "
                "docs/build.md names the variable that points at a program of your own.",
                detail=finished.error_text[-_MAX_DETAIL:],
            )


def _fetched(tool: str, version: str, program: str) -> Path | None:
    """A program that scripts/pins.json pins, where set-up or the image has it."""
    place = _PROJECT / ".cache" / tool / version / program
    return place if place.is_file() else None


def tools_folder(environ: Mapping[str, str]) -> Path:
    """Where installed tools are kept: CI_WASM_TOOLS, the cache of ci-wasm's checkout or image, that of the user."""
    if named := environ.get("CI_WASM_TOOLS"):
        return Path(named).absolute()
    own = _PROJECT / ".cache"
    if own.is_dir() and os.access(own, os.W_OK):
        return own
    caches = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or "/tmp") / ".cache")  # noqa: S108
    return Path(caches) / "ci-wasm"


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    import fcntl

    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
