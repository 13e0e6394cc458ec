"""Examples: each built once by ci-wasm's own stages, and deployed to the local edge. name -> module, HTTP client."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.config.secret import Secret
from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.worker import Provenance
from ci_wasm.edge.serve import LocalEdge
from ci_wasm.head import Head, assemble, measure_tree
from ci_wasm.wiring import Adapters
from tests.fakes.runner import RecordingRunner

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMMIT = "c" * 40


@dataclass(frozen=True)
class Example:
    """A built example, with what built it."""

    world: Adapters
    settings: WorkerSettings
    head: Head


Build = Callable[[str], Example]
Serve = Callable[[str], httpx.Client]


@pytest.fixture(scope="session")
def build() -> Iterator[Build]:
    """Builds and measures an example as the head of a pull request is."""
    with ExitStack() as stack:

        @functools.cache
        def start(name: str) -> Example:
            folder, inputs = EXAMPLES / name, read_inputs({})
            (settings,) = load_settings(folder, inputs).workers
            world = stack.enter_context(Adapters(os.environ, folder, inputs, RecordingRunner()))
            return Example(world, settings, measure_tree(world, folder, settings))

        yield start


@pytest.fixture(scope="session")
def serve(build: Build) -> Iterator[Serve]:
    """Deploys an example to the edge, and gives a client of its URL."""
    with ExitStack() as stack:
        edge = stack.enter_context(LocalEdge())
        workers = CloudflareWorkers(edge.api_url, edge.account, Secret(edge.token))

        @functools.cache
        def start(name: str) -> httpx.Client:
            example, head = build(name), build(name).head
            module = head.measurement.module
            upload = assemble(example.world, head.build, module, example.settings, COMMIT)
            url = httpx.URL(workers.deploy_preview(upload, "local", Provenance(COMMIT)).url)
            headers = {"host": url.netloc.decode()}
            client = httpx.Client(base_url=url.copy_with(host="127.0.0.1"), headers=headers, timeout=60)
            return stack.enter_context(client)

        yield start
