"""Fleet: the workerd processes of an edge, started when needed, few at a time. build id -> Running, by lease.

An upload is started once to prove that it starts, and then kept running. What a newer one replaces is stopped when
its last request is answered; a later request to its own URL starts it again, which takes some 30 ms.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread

from ci_wasm.adapters.workerd_config import Program
from ci_wasm.adapters.workerd_runtime import WorkerdProcess, WorkerdRuntime

log = logging.getLogger("ci_wasm.edge")

# How long a replaced process may go on answering what it has begun, in seconds.
DRAIN = 5.0


class Running:
    """A process, and how many requests it is answering."""

    def __init__(self, process: WorkerdProcess) -> None:
        self.process = process
        self.leases = 0
        self.used = time.monotonic()
        self.idle = asyncio.Event()
        self.idle.set()

    async def stop(self, *, drain: float) -> None:
        """Wait up to `drain` seconds for requests in flight, then end the process."""
        try:
            async with asyncio.timeout(drain):
                await self.idle.wait()
        except TimeoutError:
            pass
        await anyio.to_thread.run_sync(lambda: self.process.stop(grace=1.0 if drain else 0.0))


class Fleet:
    """All processes of one edge; lives in one event loop. Programs lie in `folder`, one folder for each build."""

    def __init__(self, runtime: WorkerdRuntime, folder: Path, live_max: int) -> None:
        self._live_max = live_max
        self._runtime = runtime
        self._folder = folder
        self._running: dict[str, Running] = {}
        self._starting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stopping: set[asyncio.Task[None]] = set()
        self._closed = False

    async def install(self, build_id: str, program: Program) -> float:
        """Write a program and start it; gives the start-up time in milliseconds.

        Raises DeployError, and leaves nothing behind, when the Worker does not start.
        """
        await anyio.to_thread.run_sync(self._runtime.install, program, self._folder / build_id)
        try:
            return (await self._start(build_id)).process.startup_ms
        except BaseException:
            self._remove_files(build_id)
            raise

    @asynccontextmanager
    async def lease(self, build_id: str) -> AsyncIterator[Running]:
        """Hold a running process, started if need be, for the time of one request. Raises as `install` does."""
        running = self._alive(build_id) or await self._start(build_id)
        running.leases += 1
        running.idle.clear()
        running.used = time.monotonic()
        try:
            yield running
        finally:
            running.leases -= 1
            if not running.leases:
                running.idle.set()

    async def warm(self, build_id: str) -> None:
        """Start a build that is about to become what a URL answers with."""
        async with self.lease(build_id):
            pass

    def retire(self, build_id: str) -> None:
        """Stop a build's process once it has answered what it has begun; its own URL can start it again."""
        if running := self._running.pop(build_id, None):
            self._in_background(running.stop(drain=DRAIN))

    def kill(self, build_id: str, running: Running) -> None:
        """Stop a process that hangs or is dying, at once; the next lease starts another."""
        if self._running.get(build_id) is running:
            del self._running[build_id]
        self._in_background(running.stop(drain=0))

    def forget(self, build_id: str) -> None:
        """Stop a build at once and remove its files."""
        if running := self._running.pop(build_id, None):
            self._in_background(running.stop(drain=0))
        self._remove_files(build_id)
        self._starting.pop(build_id, None)

    async def close(self) -> None:
        """Stop everything and remove all files."""
        self._closed = True
        for build_id, running in list(self._running.items()):
            del self._running[build_id]
            self._in_background(running.stop(drain=0))
        while self._stopping:
            await asyncio.gather(*self._stopping, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _alive(self, build_id: str) -> Running | None:
        running = self._running.get(build_id)
        if running and not running.process.alive:
            log.info("the process of %s ended by itself: %s", build_id[:8], running.process.output()[-2000:])
            self.kill(build_id, running)
            return None
        return running

    async def _start(self, build_id: str) -> Running:
        async with self._starting[build_id]:
            if running := self._alive(build_id):
                return running
            process = await anyio.to_thread.run_sync(
                self._runtime.start, self._folder / build_id, abandon_on_cancel=True
            )
            running = Running(process)
            if self._closed or not (self._folder / build_id).exists():
                await running.stop(drain=0)
                raise FileNotFoundError(build_id)
            self._running[build_id] = running
        self._retire_least_used(keep=build_id)
        return running

    def _retire_least_used(self, keep: str) -> None:
        others = (
            (running.used, key)
            for key, running in self._running.items()
            if not running.leases and key != keep
        )
        for _, build_id in sorted(others)[: max(0, len(self._running) - self._live_max)]:
            self.retire(build_id)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _remove_files(self, build_id: str) -> None:
        shutil.rmtree(self._folder / build_id, ignore_errors=True)
