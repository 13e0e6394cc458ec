"""Build: what is built for a Worker, and what came out. Source -> Build."""

from __future__ import annotations

from dataclasses import dataclass, field

from ci_wasm.core.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class CrateSource:
    """A crate to build with cargo; `path` is the folder of its Cargo.toml, relative to the repository's root."""

    path: str
    features: tuple[str, ...] = ()
    profile: str = "release"


@dataclass(frozen=True, slots=True)
class PrebuiltSource:
    """A module that something else built; `path` is relative to the repository's root."""

    path: str


Source = CrateSource | PrebuiltSource


@dataclass(frozen=True, slots=True)
class Build:
    """What one build gave.

    `wasm` is the shipped module, byte for byte what is uploaded and what budgets measure. `named_wasm` is the same
    code with its name section, which explains the sizes; it is `wasm` itself where that kept its names, or where no
    such module can be had. `dependencies` are those of the Cargo.lock that the build used, None where cargo did not
    build it.
    """

    wasm: bytes = field(repr=False)
    named_wasm: bytes = field(repr=False)
    crate: str | None
    path: str
    toolchain: str
    seconds: float
    dependencies: Dependencies | None = None
