"""Analyzer: the Wasm module that reads modules, inside wasmtime. -> Instance, which takes bytes and gives bytes.

What is read is data inside a sandbox: the analyzer imports nothing, its memory is limited, and a deadline ends it. An
instance does one job and is thrown away.
"""

from __future__ import annotations

import ctypes
import os
import threading
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, cast

from ci_wasm.errors import ArtifactError, ToolMissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    import wasmtime

ANALYZER = Path(__file__).resolve().parents[1] / "analyzer.wasm"
# Seconds between two looks at the deadlines.
TICK = 0.05


class Limits(NamedTuple):
    """What one job may take: bytes of linear memory, seconds of time."""

    memory: int
    seconds: float


class Analyzer:
    """The loaded module. Safe to use from several threads."""

    def __init__(self, path: Path = ANALYZER) -> None:
        import wasmtime

        self.engine = make_engine()
        self.clock = Clock(self.engine)
        wasm = _read(path)
        try:
            # Refused when it is missing, or was made by another wasmtime or for another processor.
            self.module = wasmtime.Module.deserialize_file(self.engine, str(_compiled_path(path, wasm)))
        except wasmtime.WasmtimeError:
            self.module = wasmtime.Module(self.engine, wasm)

    @contextmanager
    def instance(self, limits: Limits) -> Iterator[Instance]:
        """A fresh instance; raises ArtifactError where the job inside the block needs more than its limits."""
        import wasmtime

        instance = Instance(self, limits)
        try:
            with self.clock.running():
                yield instance
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise _gave_up(error, limits, instance.taken) from None


class Instance:
    """One store with the analyzer in it."""

    def __init__(self, analyzer: Analyzer, limits: Limits) -> None:
        import wasmtime

        self._store = wasmtime.Store(analyzer.engine)
        self._store.set_limits(memory_size=limits.memory)
        self._store.set_epoch_deadline(max(1, round(limits.seconds / TICK)))
        self._module = analyzer.module
        self._exports: Mapping[str, object] = {}
        self._given = 0

    @property
    def taken(self) -> int:
        """Bytes of memory that the job has taken, and was about to take, so far."""
        return self._given + (self._memory.data_len(self._store) if self._exports else 0)

    def give(self, *parts: bytes | BinaryIO) -> tuple[int, int]:
        """Copy parts in, one behind the other; gives the two arguments that tell where they are.

        A file is read to its end without a copy of it outside; raises OSError.
        """
        place = self._allocate(sum(map(size_of, parts)))
        end = place
        for part in parts:
            end += self._fill(end, part)
        return _signed(place), _signed(end - place)

    def _fill(self, place: int, part: bytes | BinaryIO) -> int:
        if isinstance(part, bytes):
            # `Memory.write` copies a byte at a time, which takes as long as the analysis.
            ctypes.memmove(self._address + place, part, len(part))
            return len(part)
        room = (ctypes.c_char * size_of(part)).from_address(self._address + place)
        # A file may be shorter by now than it was: then its end is where reading ends.
        return part.readinto(room) or 0  # type: ignore[attr-defined]

    def call(self, name: str, *arguments: int) -> bytes:
        """Call an export that answers with a place; gives what is there."""
        place, length = self.answer(name, *arguments)
        return ctypes.string_at(self._address + (place & 0xFFFF_FFFF), length & 0xFFFF_FFFF)

    def answer(self, name: str, *arguments: int) -> tuple[int, int]:
        """The same, but what is there stays inside; gives the two arguments that tell where."""
        packed = self._export(name)(self._store, *arguments)
        return _signed((packed >> 32) & 0xFFFF_FFFF), _signed(packed & 0xFFFF_FFFF)

    def _allocate(self, size: int) -> int:
        self._given += size
        return int(self._export("alloc")(self._store, _signed(size))) & 0xFFFF_FFFF

    def _export(self, name: str) -> wasmtime.Func:
        import wasmtime

        if not self._exports:
            self._exports = wasmtime.Instance(self._store, self._module, []).exports(self._store)
        return cast("wasmtime.Func", self._exports[name])

    @property
    def _memory(self) -> wasmtime.Memory:
        return cast("wasmtime.Memory", self._exports["memory"])

    @property
    def _address(self) -> int:
        # Asked for anew each time: growing may move the memory.
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)


class Clock:
    """Advances an engine's epoch while at least one job runs, at one speed for all of them."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._jobs = 0
        self._done = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tick until the block ends, and as long as other blocks go on."""
        with self._lock:
            self._jobs += 1
            if self._jobs == 1:
                self._done = threading.Event()
                threading.Thread(target=self._tick, args=(self._done,), daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._jobs -= 1
                if self._jobs == 0:
                    self._done.set()

    def _tick(self, done: threading.Event) -> None:
        while not done.wait(TICK):
            self._engine.increment_epoch()


def make_engine() -> wasmtime.Engine:
    """An engine without an ambient cache: a folder that a build script can write must not hold code that we run."""
    import wasmtime

    config = wasmtime.Config()
    config.epoch_interruption = True
    return wasmtime.Engine(config)


def precompile(path: Path = ANALYZER) -> Path:
    """Compile the analyzer and keep the result beside it, which set-up does; compiling takes longer than most analyses."""
    import wasmtime

    wasm = _read(path)
    compiled = _compiled_path(path, wasm)
    for stale in path.parent.glob("analyzer-*.cwasm"):
        if stale != compiled:
            with suppress(FileNotFoundError):
                stale.unlink()
    partial = compiled.with_name(f".{compiled.name}.{os.getpid()}")
    partial.write_bytes(wasmtime.Module(make_engine(), wasm).serialize())
    partial.replace(compiled)
    return compiled


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ToolMissingError(
            f"the analyzer is missing: there is no {path.name} in the package",
            cure="Run `make setup`, which builds it with the project's own build stage.",
        ) from None


def _compiled_path(path: Path, wasm: bytes) -> Path:
    """The name tells builds apart; it is no proof against tampering, and both files lie in the package."""
    return path.with_name(f"analyzer-{len(wasm)}-{zlib.crc32(wasm):08x}.cwasm")


def size_of(part: bytes | BinaryIO) -> int:
    """How many bytes there are, in a file too."""
    return len(part) if isinstance(part, bytes) else os.fstat(part.fileno()).st_size


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


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
