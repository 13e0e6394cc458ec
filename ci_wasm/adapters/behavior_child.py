"""Behavior child: make the calls of one module in a process of its own. (module, calls) -> a line of JSON for each call.

Started as a program, with a folder that holds `module.wasm` and `calls.json`. It imports nothing of ci-wasm: wasmtime may
abort a process, hang or run out of memory, and what it takes down with it is this process alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import wasmtime

# What a call may use when it names no limit: enough for seconds of work, and an end to an endless loop.
FUEL = 10_000_000_000
MEMORY_LIMIT = 1 << 30


def main(folder: Path) -> None:
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    module = wasmtime.Module(engine, (folder / "module.wasm").read_bytes())
    for call in json.loads((folder / "calls.json").read_bytes()):
        sys.stdout.write(json.dumps(make_call(engine, module, call)) + "\n")
        sys.stdout.flush()


def make_call(engine: wasmtime.Engine, module: wasmtime.Module, call: dict[str, Any]) -> dict[str, object]:
    """One call in a new instance; its fuel is counted from the call on, without instantiation."""
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=MEMORY_LIMIT)
    store.set_fuel(FUEL)
    linker = wasmtime.Linker(engine)
    try:
        linker.define_unknown_imports_as_traps(module)
        exports = linker.instantiate(store, module).exports(store)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return {"failure": f"it cannot be instantiated: {reason_of(error)}"}
    function = exports[call["export"]]
    assert isinstance(function, wasmtime.Func)  # noqa: S101 (the parent looked)
    store.set_fuel(call["fuel"])
    try:
        given = function(store, *map(value_of, call["kinds"], call["args"]))
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        # Running out of fuel is our end of the call, not the function's own.
        trapped = getattr(error, "trap_code", None) is not wasmtime.TrapCode.OUT_OF_FUEL
        return {"failure": reason_of(error), "trapped": trapped, "fuel": call["fuel"] - store.get_fuel()}
    results = [] if given is None else given if isinstance(given, list) else [given]
    memories = [export for export in exports.values() if isinstance(export, wasmtime.Memory)]
    return {
        "results": [str(value) if isinstance(value, int) else repr(value) for value in results],
        "fuel": call["fuel"] - store.get_fuel(),
        "memory": sum(memory.data_len(store) for memory in memories),
    }


def reason_of(error: Exception) -> str:
    """The cause, which wasmtime tells after a backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def value_of(kind: str, text: str) -> int | float:
    """An argument as wasmtime takes it: integers signed, whatever way they were written."""
    if kind in {"f32", "f64"}:
        return float(text)
    bits, value = int(kind[1:]), int(text)
    return value - (1 << bits) if value >= 1 << (bits - 1) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
