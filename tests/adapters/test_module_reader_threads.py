"""The module reader in several threads: the first answers may arrive at the same time."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from tests.adapters.raw_modules import assemble

# Reloading makes the types new, as they are at the start of every process.
PROGRAM = """
import importlib, sys, threading
import ci_wasm.adapters.analyzer_answer as adapter, ci_wasm.core.module as core
answer = sys.stdin.buffer.read()
sys.setswitchinterval(1e-6)
decoded = []
for turn in range(150):
    importlib.reload(core)
    importlib.reload(adapter)
    gate = threading.Barrier(3)
    def first():
        gate.wait()
        decoded.append(adapter.MODULE.decode(answer).size)
    threads = [threading.Thread(target=first) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(len(decoded), set(decoded))
"""


def test_the_first_answers_may_be_decoded_at_the_same_time() -> None:
    wasm = assemble('(module (memory (export "memory") 1) (func (export "f") (param i32)) (table 1 funcref))')
    answer = msgspec.json.encode(WasmtimeModuleReader().read(wasm))

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=answer, capture_output=True, timeout=120, check=False
    )

    assert (done.returncode, done.stdout.decode()) == (0, f"450 {{{len(wasm)}}}\n"), done.stderr.decode()
