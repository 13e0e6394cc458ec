"""Build: what is built for a Worker, and what came out. Source -> Build."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ci_wasm.core.custom_sections import without_names
from ci_wasm.core.dependencies import Dependencies
from ci_wasm.core.script import Script


class CrateSource(Struct, frozen=True):
    """A crate to build with cargo; `path` is the folder of its Cargo.toml.

    `main` is the Worker's own main module, empty where it has none: a crate of workers-rs gets one from worker-build,
    any other the generated shim. Paths are relative to the repository's root, here and below.
    """

    path: str
    features: tuple[str, ...] = ()
    profile: str = "release"
    main: str = ""


class PrebuiltSource(Struct, frozen=True):
    """A module that something else built, and the Worker's main module, where it has one of its own."""

    path: str
    main: str = ""


class CommandSource(Struct, frozen=True):
    """What a command of the user's own builds: the module at `wasm` (empty: the only one that `main` imports), and `main`.

    A `command` of one text is a shell's.
    """

    command: tuple[str, ...] | str
    wasm: str = ""
    main: str = ""


Source = CrateSource | PrebuiltSource | CommandSource


class Build(Struct, frozen=True):
    """What one build gave.

    `wasm` is the shipped module, byte for byte what is uploaded and what budgets measure. `named_wasm` is the same
    code with its name section, which explains the sizes; it is `wasm` itself where that kept its names, or where no
    such module can be had. `dependencies` are those of the Cargo.lock that the build used, None where cargo did not
    build it. `script` is the whole Worker where it has JavaScript of its own, None where the shim serves `wasm`;
    `unpreviewable` says why it has some and cannot be previewed.
    """

    wasm: bytes
    named_wasm: bytes
    crate: str | None
    path: str
    toolchain: str
    seconds: float
    dependencies: Dependencies | None = None
    script: Script | None = None
    unpreviewable: str = ""

    @property
    def is_alone(self) -> bool:
        """Whether the module comes without JavaScript of its own, so that others call it and provide its imports."""
        return self.script is None and not self.unpreviewable

    def __repr__(self) -> str:
        """Without the bytes: a module may have 35 MB."""
        return f"Build({self.path!r}, {len(self.wasm):,} bytes)"


def strip_names(build: Build) -> Build:
    """The same build, shipping its module without names; they go on explaining its size."""
    wasm = without_names(build.wasm)
    script = build.script
    if script is not None:
        modules = (
            replace(module, content=wasm) if module.content == build.wasm else module
            for module in script.modules
        )
        script = replace(script, modules=tuple(modules))
    return replace(build, wasm=wasm, script=script)
