"""Behavior child: start one module and make its calls, in a process of its own. (module, request) -> lines of JSON.

Started as a program with a folder that holds `module.wasm` and `request.json`, and with the SHA-256 of what this run
compiled of the module before, as `module.bin`, or nothing. It imports nothing of ci-wasm: wasmtime may abort a process,
hang or run out of memory, and what it takes down with it is this process alone. Each line is flushed as soon as it is
known, so that what came before a crash is not lost.

    {"engine": …, "compiled": …}  the SHA-256 of what was compiled now and lies in `module.bin`; null where it was loaded
    {"fuel": …, "memory": …}      the start of the module, where it is asked for, in an instance that is thrown away
    {"results": […], "fuel": …}   for each call of each scenario
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import wasmtime

# Of the linear memory that the module may grow to, of each memory; growing beyond gives -1, as the specification says.
MEMORY_LIMIT = 1 << 30
TABLE_LIMIT = 10_000_000
# Of all that this process may have for itself: the memories, compiled code, and what the compiler needs.
DATA_LIMIT = 4 << 30
# More than this is no answer to compare.
LARGEST_OUTPUT = 64 << 20

TRAPS = {
    "UNREACHABLE": "unreachable",
    "INTEGER_DIVISION_BY_ZERO": "integer divide by zero",
    "INTEGER_OVERFLOW": "integer overflow",
    "BAD_CONVERSION_TO_INTEGER": "invalid conversion to integer",
    "MEMORY_OUT_OF_BOUNDS": "out of bounds memory access",
    "TABLE_OUT_OF_BOUNDS": "out of bounds table access",
    "INDIRECT_CALL_TO_NULL": "uninitialized element",
    "BAD_SIGNATURE": "indirect call type mismatch",
    "NULL_REFERENCE": "null reference",
    "CAST_FAILURE": "cast failure",
    "STACK_OVERFLOW": "call stack exhausted",
    "HEAP_MISALIGNED": "unaligned atomic",
}

Json = dict[str, Any]


class BadPointer(Exception):
    """The module broke the bytes ABI; the message is the rest of a sentence."""


def main(folder: Path, compiled: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hardest = resource.getrlimit(resource.RLIMIT_DATA)
    limit = DATA_LIMIT if hardest == resource.RLIM_INFINITY else min(DATA_LIMIT, hardest)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hardest))
    request = json.loads((folder / "request.json").read_bytes())
    for line in answers(folder, request, compiled):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def answers(folder: Path, request: Json, compiled: str) -> Iterator[Json]:
    """The lines, one after the other. The kernel ends this process when one of them takes too long."""
    signal.setitimer(signal.ITIMER_REAL, request["compileSeconds"])
    engine = wasmtime.Engine(make_config())
    module, made = load_module(engine, folder, compiled)
    yield {"engine": f"wasmtime {version('wasmtime')}", "compiled": made}
    if request["measuresStart"]:
        _, line = started(engine, module, request)
        yield line
        if "failure" in line:
            return
    for scenario in request["scenarios"]:
        instance, _ = started(engine, module, request)
        yield from play(instance, scenario)


def started(engine: wasmtime.Engine, module: wasmtime.Module, request: Json) -> tuple[Instance, Json]:
    """A new instance, and how its start went: as it does each time."""
    signal.setitimer(signal.ITIMER_REAL, request["startSeconds"])
    instance = Instance(engine, module, request)
    return instance, instance.start(request["startFuel"])


def play(instance: Instance, scenario: list[Json]) -> Iterator[Json]:
    """Make calls one after the other; one that fails, but for a trap that is asked for, is the last."""
    for number, call in enumerate(scenario, 1):
        signal.setitimer(signal.ITIMER_REAL, call["seconds"])
        line = instance.call(call)
        yield line
        if "failure" in line and not (call["trap"] and "trap" in line):
            yield from [{"made": False}] * (len(scenario) - number)
            return


def make_config() -> wasmtime.Config:
    """What decides how fuel is counted, and that nothing depends on the machine: no ambient cache, one kind of NaN."""
    config = wasmtime.Config()
    config.consume_fuel = True
    config.cranelift_nan_canonicalization = True
    config.wasm_relaxed_simd_deterministic = True
    config.shared_memory = True
    return config


def load_module(engine: wasmtime.Engine, folder: Path, compiled: str) -> tuple[wasmtime.Module, str | None]:
    """Load what this run compiled before, if it is still that; else compile, and tell the result by its hash.

    Loaded code runs outside of any sandbox, and a process that a build left behind might write to the folder.
    """
    if compiled:
        code: bytes | bytearray = (folder / "module.bin").read_bytes()
        if hashlib.sha256(code).hexdigest() == compiled:
            return wasmtime.Module.deserialize(engine, code), None
    module = wasmtime.Module(engine, (folder / "module.wasm").read_bytes())
    code = module.serialize()
    (folder / "module.bin").write_bytes(code)
    return module, hashlib.sha256(code).hexdigest()


class Instance:
    """One store with the module in it."""

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module, request: Json) -> None:
        self._engine = engine
        self._module = module
        self._request = request
        self._store = wasmtime.Store(engine)
        self._store.set_limits(memory_size=MEMORY_LIMIT, table_elements=TABLE_LIMIT)
        self._exports: Any = {}
        self._own: list[Any] = []

    def start(self, fuel: int) -> Json:
        """Instantiate, with the start function and `_initialize`."""
        return self._attempt(fuel, self._start)

    def call(self, call: Json) -> Json:
        """Make one call; fuel is counted from here on."""
        if call["input"] is None:
            return self._attempt(call["fuel"], lambda: self._numbers(call))
        return self._attempt(call["fuel"], lambda: self._bytes(call))

    def _attempt(self, fuel: int, step: Callable[[], Json]) -> Json:
        self._store.set_fuel(fuel)
        try:
            line = step()
        except BadPointer as error:
            line = {"failure": str(error), "trap": "bad pointer"}
        except wasmtime.Trap as error:
            line = failure_of_trap(error, fuel)
        except wasmtime.WasmtimeError as error:
            line = failure_of_error(error)
        return {**line, "fuel": fuel - self._store.get_fuel(), "memory": self._memory_size()}

    def _start(self) -> Json:
        linker = wasmtime.Linker(self._engine)
        linker.allow_shadowing = True
        for given in self._request["given"]:
            self._define(linker, given)
        linker.define_unknown_imports_as_traps(self._module)
        self._exports = linker.instantiate(self._store, self._module).exports(self._store)
        if self._request["initializes"]:
            self._exports["_initialize"](self._store)
        return {}

    def _define(self, linker: wasmtime.Linker, given: Json) -> None:
        module, name, kind = given["module"], given["name"], given["kind"]
        if kind == "func":
            types = [[value_type(each) for each in given[side]] for side in ("params", "results")]
            value = given["value"] and value_of(given["results"][0], given["value"])
            linker.define_func(module, name, wasmtime.FuncType(*types), lambda *_: value)
            return
        item: Any = self._make(given)
        if kind == "memory":
            self._own.append(item)
        linker.define(self._store, module, name, item)

    def _make(self, given: Json) -> Any:
        if given["kind"] == "global":
            type_ = wasmtime.GlobalType(value_type(given["type"]), given["mutable"])
            value = getattr(wasmtime.Val, given["type"])(value_of(given["type"], given["value"]))
            return wasmtime.Global(self._store, type_, value)
        limits = wasmtime.Limits(given["minimum"], given["maximum"])
        if given["kind"] == "table":
            element = getattr(wasmtime.ValType, given["element"])()
            return wasmtime.Table(self._store, wasmtime.TableType(element, limits), None)
        return wasmtime.Memory(self._store, wasmtime.MemoryType(limits, is_64=given["memory64"]))

    def _numbers(self, call: Json) -> Json:
        given = self._exports[call["export"]](self._store, *map(value_of, call["params"], call["args"]))
        results = [] if given is None else given if isinstance(given, list) else [given]
        return {
            "kinds": call["results"],
            "results": [str(value) if isinstance(value, int) else repr(value) for value in results],
        }

    def _bytes(self, call: Json) -> Json:
        """As the shim does it (docs/shim.md, the bytes ABI): the answer is copied before anything is freed."""
        body = Path(call["input"]).read_bytes()
        alloc, dealloc = self._exports["alloc"], self._exports["dealloc"]
        room = max(len(body), 1)
        given = alloc(self._store, signed(room)) & 0xFFFF_FFFF
        ctypes.memmove(self._region(given, room), body, len(body))
        packed = self._exports[call["export"]](self._store, signed(given), signed(len(body)))
        pointer, length = packed >> 32 & 0xFFFF_FFFF, packed & 0xFFFF_FFFF
        if length > LARGEST_OUTPUT:
            raise BadPointer(f"it gave {length:,} bytes, and at most {LARGEST_OUTPUT:,} are looked at")
        output = ctypes.string_at(self._region(pointer, length), length)
        dealloc(self._store, signed(given), signed(room))
        if length:
            dealloc(self._store, signed(pointer), signed(length))
        Path(call["output"]).write_bytes(output)
        return {"output": True}

    def _region(self, pointer: int, length: int) -> int:
        if length and not pointer:
            raise BadPointer("it gave a null pointer")
        memory = self._exports["memory"]
        if pointer + length > memory.data_len(self._store):
            raise BadPointer(f"it gave {length:,} bytes at {pointer:,}, which is outside of its memory")
        return address_of(memory.data_ptr(self._store)) + pointer

    def _memory_size(self) -> int | None:
        """Bytes of all memories; None where one can be seen neither as the host's own nor as an export."""
        sizes = dict(map(self._placed, [*self._own, *self._exports.values()]))
        sizes.pop(None, None)
        return sum(sizes.values()) if len(sizes) >= self._request["memories"] else None

    def _placed(self, item: Any) -> tuple[int | None, int]:
        """Where a memory is, which tells whether two are the same one, and its size."""
        if isinstance(item, wasmtime.SharedMemory):
            return address_of(item.data_ptr()), item.data_len()
        if isinstance(item, wasmtime.Memory):
            return address_of(item.data_ptr(self._store)), item.data_len(self._store)
        return None, 0


def failure_of_trap(error: wasmtime.Trap, fuel: int) -> Json:
    """Running out of fuel is our end of the call, not the function's own."""
    code = error.trap_code
    if code is wasmtime.TrapCode.OUT_OF_FUEL:
        return {"failure": f"it used up {fuel:,} fuel without a result"}
    kind = TRAPS.get(code.name, code.name.lower().replace("_", " ")) if code else "uncaught exception"
    return {"failure": f"it trapped: {kind}", "trap": kind}


def failure_of_error(error: wasmtime.WasmtimeError) -> Json:
    """The cause, which wasmtime tells after a backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[-1] if lines else type(error).__name__
    prefix, suffix = "unknown import: `", "` has not been defined"
    if reason.startswith(prefix) and reason.endswith(suffix):
        name = reason.removeprefix(prefix).removesuffix(suffix).replace("::", ".", 1)
        why = f"it called the import `{name}`, for which `stubs` has no value"
        return {"failure": why, "trap": "missing import"}
    return {"failure": reason}


def address_of(pointer: Any) -> int:
    """Of an empty memory, it may be null."""
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def value_type(kind: str) -> wasmtime.ValType:
    return getattr(wasmtime.ValType, kind)()  # type: ignore[no-any-return]


def value_of(kind: str, text: str) -> int | float:
    """A value as wasmtime takes it: integers are signed."""
    return float(text) if kind in {"f32", "f64"} else int(text)


def signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
