"""Prebuilt: a module that something else built, as a build of ours. (checkout, source) -> Build."""

from __future__ import annotations

from pathlib import Path

from ci_wasm.core.build import Build, PrebuiltSource
from ci_wasm.errors import BuildError, ConfigError

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
    return Build(wasm, wasm, crate=None, path=source.path, toolchain="", seconds=0.0)


def inside(root: Path, path: str, setting: str) -> Path:
    """`root / path` with all links followed; a repository must not make ci-wasm read or run what lies elsewhere."""
    found = (root / path).resolve()
    if not found.is_relative_to(root.resolve()):
        raise ConfigError(
            f"`{setting}: {path}` leads out of the repository",
            cure=f"Give `{setting}` a path below the root of the repository.",
        )
    return found
