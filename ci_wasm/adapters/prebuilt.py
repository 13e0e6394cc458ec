"""Prebuilt: a module that something else built, as a build of ours. (checkout, source) -> Build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ci_wasm.core.build import Build, PrebuiltSource
from ci_wasm.errors import BuildError, ConfigError

if TYPE_CHECKING:
    from ci_wasm.core.script import Script

_LARGEST_PREBUILT = 256 << 20


def read_prebuilt(root: Path, source: PrebuiltSource) -> Build:
    """Read a module that something else built. Raises ConfigError (outside of `root`) or BuildError (no such file)."""
    path = inside(root, source.path, "wasm")
    if not path.is_file():
        raise BuildError(
            f"There is no file {source.path}",
            cure="Build it in a step before ci-wasm, or correct `wasm` in ci-wasm.yml.",
        )
    if path.stat().st_size > _LARGEST_PREBUILT:
        raise BuildError(
            f"{source.path} is larger than 256 MiB", cure="Workers takes no module that large; see `wasm`."
        )
    wasm = path.read_bytes()
    script, refusal = _script_of(root, source, wasm)
    return Build(
        wasm,
        wasm,
        crate=None,
        path=source.path,
        toolchain="",
        seconds=0.0,
        script=script,
        unpreviewable=refusal,
    )


def _script_of(root: Path, source: PrebuiltSource, wasm: bytes) -> tuple[Script | None, str]:
    """The JavaScript around it, where a wrangler config names a main module; most have none, and read no further."""
    if not source.main:
        return None, ""
    from ci_wasm.adapters.script_reader import files_below, try_script

    return try_script(source.main, files_below(None, root), wasm)


def inside(root: Path, path: str, setting: str) -> Path:
    """`root / path` with all links followed; a repository must not make ci-wasm read or run what lies elsewhere."""
    found = (root / path).resolve()
    if not found.is_relative_to(root.resolve()):
        raise ConfigError(
            f"`{setting}: {path}` leads out of the repository",
            cure=f"Give `{setting}` a path below the root of the repository.",
        )
    return found
