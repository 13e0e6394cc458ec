"""Early reader: keeps the port `ModuleReader`, and reads one module while the program is still being imported.

Imports need Python, and the analyzer does not: side by side, the shorter of the two costs nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ci_wasm.adapters.background import start
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.errors import ArtifactError

if TYPE_CHECKING:
    from ci_wasm.core.matching import Matching
    from ci_wasm.core.module import Module


class EarlyReader:
    """Reads the module at `root / path` at once where it lies inside of `root`, and any module when it is asked to."""

    def __init__(self, root: Path, path: str) -> None:
        # Loaded here: in the thread, it would take turns with the imports that it is to run beside.
        self._reader = WasmtimeModuleReader().load()
        # Each call of the analyzer waits this long to come back to Python, where imports keep it busy; 5 ms by default.
        sys.setswitchinterval(0.002)
        self._early = start(lambda: _read(self._reader, root, path))

    def read(self, wasm: bytes, *, functions: int | None = 50) -> Module:
        """See the port; what was read early is given only for the very same bytes."""
        early = self._early()
        if functions is None and early is not None and early[0] == wasm:
            return early[1]
        return self._reader.read(wasm, functions=functions)

    def match(self, base: Module, head: Module) -> Matching | None:
        """See the port."""
        return self._reader.match(base, head)


def _read(reader: WasmtimeModuleReader, root: Path, path: str) -> tuple[bytes, Module] | None:
    """Nothing of a module that cannot be read: who asks for it hears why."""
    try:
        if not (root / path).resolve().is_relative_to(root.resolve()):
            return None
        wasm = (root / path).read_bytes()
        return wasm, reader.read(wasm, functions=None)
    except (OSError, ArtifactError):
        return None
