"""Measurement: one module with its sizes, as budgets and comparisons use it. (bytes, Module, Sizes) -> Measurement."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from ci_wasm.core.module import Module
from ci_wasm.errors import ArtifactError


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the shipped file, as it is, after `gzip -9` and after brotli; None where it was not compressed.

    `compressor` names the libraries, whose versions differ by about 1 %. Records from before brotli have none.
    """

    raw: int
    gzip: int | None
    compressor: str
    brotli: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of one shipped module. `module` may come from its named twin, which explains the same code."""

    sizes: Sizes
    module: Module
    sha256: str
    toolchain: str


@dataclass(frozen=True, slots=True)
class Base:
    """What the head is compared with: the measurement of `commit`, rebuilt now or recorded when it was merged."""

    commit: str
    measurement: Measurement
    recorded: bool


def make_measurement(
    wasm: bytes, module: Module, sizes: Sizes, *, named: Module | None = None, toolchain: str = ""
) -> Measurement:
    """Put a shipped module's facts together.

    `named` is the analysis of the same code with its names: it tells functions and crates, while sections and sizes
    stay those of the shipped file.
    """
    if named is not None:
        module = replace(
            module, largest=named.largest, crates=named.crates, functions=named.functions, names=named.names
        )
    return Measurement(sizes, module, hashlib.sha256(wasm).hexdigest(), toolchain)


def require_core_module(module: Module, name: str) -> Module:
    """The module itself, when it is a valid core module; else raises ArtifactError that says what it is instead."""
    if module.layout == "component":
        raise ArtifactError(
            f"{name} is a component, not a core module",
            cure="Workers run core modules. Give ci-wasm the core module inside, or build for wasm32-unknown-unknown.",
        )
    if module.layout != "core":
        raise ArtifactError(
            f"{name} is not a WebAssembly module: it does not begin with the bytes 00 61 73 6D 01 00 00 00",
            cure="Point ci-wasm at a `.wasm` file; text format (`.wat`) has to be assembled first.",
        )
    if module.error is not None:
        place = f" in the section `{module.error.section}`" if module.error.section else ""
        raise ArtifactError(
            # Names of the module stand in it, which may hold any character.
            " ".join(
                f"{name} is malformed at offset {module.error.offset:#x}{place}: {module.error.message}".split()
            ),
            cure="Build it again from clean (`cargo clean`); if the file was downloaded, it may have been cut short.",
        )
    return module
