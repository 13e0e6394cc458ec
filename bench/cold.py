"""Cold: the first answer of a fresh process, an example on workerd against JavaScript there and in Node. -> ratios.

Every answer is that to the example's first smoke request. Each example's peer is one handler in JavaScript that a person
would write for it (`cold_peers/NAME.js`): workerd runs it as a Worker, Node behind 20 lines of node:http.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench.pairs import Pair, report
from ci_wasm.adapters.terminal_runner import TerminalRunner
from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule, write_program
from ci_wasm.adapters.workerd_runtime import find_workerd
from ci_wasm.adapters.workerd_start import Start, await_listen
from ci_wasm.adapters.workerd_startup import program_of
from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.core.preview import SmokeRequest
from ci_wasm.head import assemble, measure_tree
from ci_wasm.wiring import Adapters

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PEERS = Path(__file__).with_name("cold_peers")
NODE_SERVER = PEERS / "node.mjs"
RUNS, WARM_UP = 21, 3
SECONDS = 30.0
# A Worker of Wasm against one of JavaScript alone: only these are small enough to be held to it.
WORKER_GOAL, HELD = 1.15, ("add", "edge-logic")
NODE_GOAL = 0.5


@dataclass(frozen=True)
class Example:
    """What is started: the example's Worker and its peer's, and what they are asked."""

    name: str
    worker: Program
    peer: Program
    request: SmokeRequest


def main() -> bool:
    """Print every line; False where a goal is missed, or could not be judged."""
    node = shutil.which("node")
    if node is None:
        print("bench cold: there is no `node` on PATH, so nothing is compared with it", flush=True)
    names = sorted(path.parent.name for path in EXAMPLES.glob("*/ci-wasm.yml"))
    without = [name for name in names if not (PEERS / f"{name}.js").is_file()]
    if without:
        print(f"bench cold: there is no peer of {', '.join(without)} in {PEERS.name}/", flush=True)
    results = [time_example(example(name), node) for name in names if name not in without]
    return all(results) and node is not None and not without


def example(name: str) -> Example:
    """Build an example as a preview is built."""
    root, inputs = EXAMPLES / name, read_inputs({})
    (worker,) = load_settings(root, inputs).workers
    with Adapters(os.environ, root, inputs, TerminalRunner(stdout=sys.stderr), frozenset()) as world:
        head = measure_tree(world, root, worker)
        whole = program_of(assemble(world, head.build, head.measurement.module, worker, "0" * 40))
    source = ProgramModule(f"{name}.js", ModuleKind.ES_MODULE, (PEERS / f"{name}.js").read_bytes())
    peer = Program(
        (source,),
        whole.compatibility_date,
        whole.compatibility_flags,
        whole.text_bindings,
        whole.json_bindings,
        # Both have as much around them: an isolate for network and cache is a sixth of workerd's start.
        has_outside=whole.has_outside,
    )
    return Example(name, whole, peer, worker.smoke[0])


def time_example(example: Example, node: str | None) -> bool:
    """Three processes in turn: the example, its peer on workerd, its peer in Node."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, "worker"), Path(name, "peer")]
        for folder, program in zip(folders, (example.worker, example.peer), strict=True):
            write_program(program, folder)
        makers: list[Callable[[], Iterator[Path]]] = [partial(workerd, folder) for folder in folders]
        if node is not None:
            command = [node, str(NODE_SERVER), str(PEERS / f"{example.name}.js")]
            environ = {"PEER_ENV": json.dumps(dict(example.peer.text_bindings))}
            makers.append(partial(serving, command, Path(name), environ))
        rounds = [[first_answer(example.request, make()) for make in makers] for _ in range(WARM_UP + RUNS)][
            WARM_UP:
        ]
    ours, peer, *in_node = (median(times) for times in zip(*rounds, strict=True))
    goal = WORKER_GOAL if example.name in HELD else None
    met = report(
        f"cold.{example.name}.worker", Pair(ours, peer, RUNS), goal=goal, peer="JavaScript on workerd"
    )
    for seconds in in_node:
        met &= report(f"cold.{example.name}.node", Pair(ours, seconds, RUNS), goal=NODE_GOAL, peer="node")
    return met


def first_answer(request: SmokeRequest, process: Iterator[Path]) -> float:
    """Seconds from the start of a process to the whole of its first answer, which must be the right one."""
    started = time.perf_counter()
    with contextmanager(lambda: process)() as path:
        status, body = ask(path, request)
        elapsed = time.perf_counter() - started
    if status != request.status or request.contains not in body:
        raise RuntimeError(f"{request.method} {request.path} answered {status}: {body[:200]}")
    return elapsed


def workerd(folder: Path) -> Iterator[Path]:
    """A fresh process of workerd, as the local edge starts one for each preview."""
    binary, reader_writer = find_workerd(), os.pipe()
    command = [
        str(binary),
        "serve",
        f"--control-fd={reader_writer[1]}",
        "--socket-addr=http=unix:socket",
        "config.capnp",
    ]
    yield from _process(command, folder, {}, reader_writer)


def serving(command: list[str], folder: Path, environ: dict[str, str]) -> Iterator[Path]:
    """A fresh process that listens at `socket` in its folder, and says so as workerd does, to the descriptor CONTROL."""
    reader_writer = os.pipe()
    yield from _process(command, folder, {**environ, "CONTROL": str(reader_writer[1])}, reader_writer)


def _process(
    command: list[str], folder: Path, environ: dict[str, str], control: tuple[int, int]
) -> Iterator[Path]:
    reader, writer = control
    path = folder / "socket"
    path.unlink(missing_ok=True)
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(writer,),
    ) as child:
        os.close(writer)
        try:
            if await_listen(reader, time.monotonic() + SECONDS) is not Start.LISTENS:
                raise RuntimeError(f"{command[0]} does not serve {folder}")
            yield path
        finally:
            os.close(reader)
            child.send_signal(signal.SIGKILL)


def ask(path: Path, request: SmokeRequest) -> tuple[int, str]:
    """One request over the socket, without a library that would take its own time."""
    headers = {"host": "bench.test", "connection": "close", **dict(request.headers)}
    lines = [
        f"{request.method} {request.path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode("utf-8", "replace")
