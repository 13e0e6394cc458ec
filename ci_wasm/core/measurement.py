"""Measurement: one module with its sizes, as budgets and comparisons use it. (bytes, Module, Sizes) -> Measurement."""

from __future__ import annotations

from msgspec import Struct, structs
from msgspec.structs import replace

from ci_wasm.core.dependencies import Dependencies
from ci_wasm.core.execution import NOT_RUN, Execution, comparable_execution
from ci_wasm.core.module import Module
from ci_wasm.core.sizes import Sizes
from ci_wasm.outcome import Done, Skipped


class Upload(Struct, frozen=True):
    """Bytes of all modules of a Worker together, as they are uploaded; `gzip` as wrangler tells it, at zlib's level 6.

    The compressed size is for the reader: the platform's limit counts bytes as they are.
    """

    raw: int
    gzip: int | None


NOT_ASSEMBLED = Skipped("only the module was measured")


class Measurement(Struct, frozen=True):
    """What was measured of one shipped module. `module` may come from its named twin, which explains the same code.

    `dependencies` are the packages it was built of, None where cargo did not build it, or where an old record does not
    tell. `upload` is the whole Worker around the module, or why that is not known. `execution` is what its calls cost.
    """

    sizes: Sizes
    module: Module
    sha256: str
    toolchain: str
    dependencies: Dependencies | None = None
    upload: Done[Upload] | Skipped = NOT_ASSEMBLED
    execution: Done[Execution] | Skipped = NOT_RUN


class Base(Struct, frozen=True):
    """What the head is compared with: the measurement of `commit`, rebuilt now or recorded when it was merged."""

    commit: str
    measurement: Measurement
    recorded: bool


def make_measurement(
    module: Module,
    sizes: Sizes,
    *,
    sha256: str = "",
    named: Module | None = None,
    toolchain: str = "",
    dependencies: Dependencies | None = None,
    upload: Done[Upload] | Skipped = NOT_ASSEMBLED,
) -> Measurement:
    """Put a shipped module's facts together.

    `named` is the analysis of the same code with its names: it tells functions and crates, while sections and sizes
    stay those of the shipped file.
    """
    if named is not None:
        module = structs.replace(
            module, largest=named.largest, crates=named.crates, functions=named.functions, names=named.names
        )
    return Measurement(sizes, module, sha256, toolchain, dependencies, upload)


def comparable_base(base: Base, head: Measurement) -> Base:
    """The base with what the head may be compared with: costs of other calls, or of another wasmtime, are left out."""
    execution = comparable_execution(base.measurement.execution, head.execution)
    return replace(base, measurement=replace(base.measurement, execution=execution))
