"""Shim workers: raw modules behind the real shim on the real workerd. text format -> HTTP client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from ci_wasm.adapters.shim_source import read_shim_source
from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule
from ci_wasm.adapters.workerd_runtime import WorkerdRuntime, find_workerd
from ci_wasm.core.script import ModuleType
from ci_wasm.core.shim import shim_modules
from tests.adapters.raw_modules import assemble, describe

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KINDS = {
    ModuleType.ES_MODULE: ModuleKind.ES_MODULE,
    ModuleType.TEXT: ModuleKind.TEXT,
    ModuleType.WASM: ModuleKind.WASM,
}


class ShimWorkers:
    """Starts a Worker for each distinct module and keeps it until the end."""

    def __init__(self, runtime: WorkerdRuntime, folder: Path, stack: ExitStack) -> None:
        self._runtime, self._folder, self._stack = runtime, folder, stack
        self._numbers = itertools.count()
        self._clients: dict[str, httpx.Client] = {}

    def start(self, wat: str, cache_control: str | None = None) -> httpx.Client:
        """A new Worker; raises DeployError when it does not start."""
        wasm = assemble(wat)
        made = shim_modules(
            wasm,
            describe(wasm),
            worker="add",
            commit=COMMIT,
            cache_control=cache_control,
            shim_source=read_shim_source(),
        )
        files = tuple(ProgramModule(file.name, KINDS[file.type], file.content) for file in made)
        folder = self._folder / str(next(self._numbers))
        self._runtime.install(Program(files, "2026-07-01"), folder)
        process = self._runtime.start(folder)
        self._stack.callback(process.stop, 0)
        transport = httpx.HTTPTransport(uds=str(process.socket))
        return self._stack.enter_context(httpx.Client(transport=transport, base_url="http://add.test"))

    def shared(self, wat: str) -> httpx.Client:
        """The Worker of this module, started by whoever asks first: for tests that leave no trace in it."""
        if wat not in self._clients:
            self._clients[wat] = self.start(wat)
        return self._clients[wat]


@contextmanager
def shim_workers(folder: Path) -> Iterator[ShimWorkers]:
    """Workers that all end with the block."""
    runtime = WorkerdRuntime(find_workerd())
    try:
        with ExitStack() as stack:
            yield ShimWorkers(runtime, folder, stack)
    finally:
        runtime.close()


def result(response: httpx.Response) -> Any:
    """The result of a call that went well."""
    assert response.status_code == 200, response.text
    return response.json()["result"]
