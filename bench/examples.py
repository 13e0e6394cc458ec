"""Examples: a raw module of `examples/`, built as it ships, and programs that workerd serves. name -> bytes -> client."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.adapters.workerd_config import Program
from ci_wasm.adapters.workerd_runtime import WorkerdRuntime, find_workerd
from ci_wasm.core.build import CrateSource

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def build_example(name: str) -> bytes:
    """The module that ships."""
    return CargoToolchain(os.environ, names=False).build(EXAMPLES, CrateSource(name)).wasm


@contextmanager
def serve(program: Program) -> Iterator[httpx.Client]:
    """A client of one workerd process, with nothing in between, until the end of the block."""
    runtime = WorkerdRuntime(find_workerd())
    try:
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent, "program")
            runtime.install(program, folder)
            process = runtime.start(folder)
            transport = httpx.HTTPTransport(uds=str(process.socket))
            with httpx.Client(transport=transport, base_url="http://bench.test", timeout=60) as client:
                yield client
            process.stop(0)
    finally:
        runtime.close()
