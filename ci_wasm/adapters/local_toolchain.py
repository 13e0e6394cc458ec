"""Local toolchain: keeps the port `Toolchain`; a run without a crate never imports what calls cargo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ci_wasm.adapters.prebuilt import read_prebuilt
from ci_wasm.core.build import Build, CommandSource, CrateSource, PrebuiltSource

if TYPE_CHECKING:
    from ci_wasm.ports import Toolchain


class LocalToolchain:
    """`make_cargo` gives the toolchain that builds; it is asked for once, when there is something to build."""

    def __init__(self, make_cargo: Callable[[], Toolchain]) -> None:
        self._make_cargo = make_cargo
        self._cargo: Toolchain | None = None

    def build(self, root: Path, source: CrateSource | CommandSource) -> Build:
        """See the port."""
        if self._cargo is None:
            self._cargo = self._make_cargo()
        return self._cargo.build(root, source)

    def read_prebuilt(self, root: Path, source: PrebuiltSource) -> Build:
        """See the port."""
        return read_prebuilt(root, source)
