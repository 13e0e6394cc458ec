"""Module reader: run the analyzer on a module, inside wasmtime. bytes -> Module.

The module that is read is data inside a sandbox: the analyzer imports nothing, its memory is limited, and a deadline
ends it. One store serves one module and is thrown away.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ci_wasm.core.module import Module
from ci_wasm.errors import ArtifactError, ToolMissingError

if TYPE_CHECKING:
    import wasmtime

PACKAGE = Path(__file__).resolve().parents[1]
ANALYZER = PACKAGE / "analyzer.wasm"

# A real module takes 1.1 to 2.4 times its size and 0.02 s for each MiB; the rest is room for slow machines.
MEMORY_FACTOR = 10
MEMORY_FLOOR = 64 << 20
# A 32-bit memory ends here.
MEMORY_CEILING = (4 << 30) - 65536
DEADLINE_FLOOR = 2.0
DEADLINE_PER_MIB = 0.25
TICKS = 20


class WasmtimeModuleReader:
    """Keeps the `ModuleReader` port. Safe to use from several threads.

    `memory_limit` is in bytes (None: ten times the module and 64 MiB, below 4 GiB), `deadline` in seconds for one
    module (None: 2 s and a quarter of a second for each MiB).
    """

    def __init__(
        self, analyzer: Path = ANALYZER, *, memory_limit: int | None = None, deadline: float | None = None
    ) -> None:
        self._analyzer = analyzer
        self._memory_limit = memory_limit
        self._deadline = deadline

    def read(self, wasm: bytes, *, functions: int | None = 50, check_bodies: bool = True) -> Module:
        """See the port. Raises ArtifactError where the analyzer gives up, ToolMissingError where there is none.

        Without `check_bodies`, function bodies are decoded but not type-checked: a third of the time on a large
        module, and enough for one that a compiler has just made.
        """
        from ci_wasm.adapters.module_wire import decode_module

        options = {"functions": functions, "check_bodies": check_bodies}
        return decode_module(self._run(wasm, json.dumps(options).encode(), self._limits(wasm)))

    def _limits(self, wasm: bytes) -> Limits:
        memory = min(MEMORY_FACTOR * len(wasm) + MEMORY_FLOOR, MEMORY_CEILING)
        seconds = DEADLINE_FLOOR + DEADLINE_PER_MIB * len(wasm) / (1 << 20)
        return Limits(
            memory if self._memory_limit is None else self._memory_limit,
            seconds if self._deadline is None else self._deadline,
        )

    def _run(self, wasm: bytes, options: bytes, limits: Limits) -> bytes:
        import wasmtime

        engine, analyzer = self._loaded
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=limits.memory)
        store.set_epoch_deadline(TICKS)
        memory = None
        try:
            memory, alloc, analyze = _exports(store, analyzer)
            places = []
            for data in (wasm, options):
                place = alloc(store, _signed(len(data))) & 0xFFFF_FFFF
                # `Memory.write` copies a byte at a time, which takes as long as the analysis.
                ctypes.memmove(_address(memory, store) + place, data, len(data))
                places += [_signed(place), _signed(len(data))]
            with _ticking(engine, limits.seconds / TICKS):
                packed = analyze(store, *places)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            taken = len(wasm) + (memory.data_len(store) if memory else 0)
            raise _gave_up(error, limits, taken) from None
        place, length = (packed >> 32) & 0xFFFF_FFFF, packed & 0xFFFF_FFFF
        return ctypes.string_at(_address(memory, store) + place, length)

    @cached_property
    def _loaded(self) -> tuple[wasmtime.Engine, wasmtime.Module]:
        import wasmtime

        engine = make_engine()
        wasm = _read_analyzer(self._analyzer)
        compiled = _compiled_path(self._analyzer, wasm)
        with suppress(wasmtime.WasmtimeError):
            # Refused when it is missing, or was made by another wasmtime or for another processor.
            return engine, wasmtime.Module.deserialize_file(engine, str(compiled))
        return engine, wasmtime.Module(engine, wasm)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may take: bytes of linear memory, seconds of time."""

    memory: int
    seconds: float


def make_engine() -> wasmtime.Engine:
    """An engine without an ambient cache: a folder that a build script can write must not hold code that we run."""
    import wasmtime

    config = wasmtime.Config()
    config.epoch_interruption = True
    return wasmtime.Engine(config)


def precompile(analyzer: Path = ANALYZER) -> Path:
    """Compile the analyzer and keep the result beside it, which set-up does; compiling takes longer than most analyses."""
    import wasmtime

    wasm = _read_analyzer(analyzer)
    path = _compiled_path(analyzer, wasm)
    for stale in analyzer.parent.glob("analyzer-*.cwasm"):
        if stale != path:
            stale.unlink(missing_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(wasmtime.Module(make_engine(), wasm).serialize())
    partial.replace(path)
    return path


def _read_analyzer(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ToolMissingError(
            f"the analyzer is missing: there is no {path.name} in the package",
            cure="Run `make setup`, which builds it with the project's own build stage.",
        ) from None


def _compiled_path(analyzer: Path, wasm: bytes) -> Path:
    return analyzer.with_name(f"analyzer-{hashlib.sha256(wasm).hexdigest()[:16]}.cwasm")


def _exports(
    store: wasmtime.Store, analyzer: wasmtime.Module
) -> tuple[wasmtime.Memory, wasmtime.Func, wasmtime.Func]:
    import wasmtime

    exports = wasmtime.Instance(store, analyzer, []).exports(store)
    return (
        cast("wasmtime.Memory", exports["memory"]),
        cast("wasmtime.Func", exports["alloc"]),
        cast("wasmtime.Func", exports["analyze"]),
    )


def _address(memory: wasmtime.Memory, store: wasmtime.Store) -> int:
    # Asked for anew each time: growing may move the memory.
    return ctypes.addressof(memory.data_ptr(store).contents)


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


@contextmanager
def _ticking(engine: wasmtime.Engine, seconds: float) -> Iterator[None]:
    """Advance the engine's epoch until the block ends. A reading that shares the engine only gets a shorter deadline."""
    done = threading.Event()

    def tick() -> None:
        while not done.wait(seconds):
            engine.increment_epoch()

    thread = threading.Thread(target=tick, name="analyzer-deadline", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _gave_up(error: Exception, limits: Limits, taken: int) -> ArtifactError:
    import wasmtime

    code = error.trap_code if isinstance(error, wasmtime.Trap) else None
    if code is wasmtime.TrapCode.INTERRUPT:
        reason = f"it took longer than {limits.seconds:g} s"
    # Running out of memory and a bug end in the same trap. A buffer grows by doubling, so at the limit it holds a third.
    elif code is None or (code is wasmtime.TrapCode.UNREACHABLE and 4 * taken >= limits.memory):
        reason = f"it needs more than {limits.memory / (1 << 20):,.0f} MiB of memory"
    else:
        reason = f"it met an error of its own ({code.name})"
    return ArtifactError(
        f"the analyzer gave up on the module: {reason}",
        cure="A compiler's output is read in well under a second; if this module is one, please report it.",
        detail=str(error),
    )
