"""Workerd: found, started, isolated, stopped. (program) -> process, or DeployError with workerd's words."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule
from ci_wasm.adapters.workerd_runtime import WorkerdProcess, WorkerdRuntime, find_workerd
from ci_wasm.adapters.workerd_start import startup_message
from ci_wasm.errors import DeployError, ToolMissingError
from tests.edge.processes import running, settles

OK = "export default { fetch(request, env) { return Response.json(env); } };"


@pytest.fixture(scope="module")
def runtime() -> Iterator[WorkerdRuntime]:
    runtime = WorkerdRuntime(find_workerd(), start_timeout=5)
    yield runtime
    runtime.close()


def program(source: str, **more: Any) -> Program:
    return Program((ProgramModule("index.js", ModuleKind.ES_MODULE, source.encode()),), "2026-07-01", **more)


@pytest.fixture
def start(runtime: WorkerdRuntime, tmp_path: Path) -> Iterator[Any]:
    started: list[WorkerdProcess] = []

    def begin(source: str, **more: Any) -> WorkerdProcess:
        folder = tmp_path / f"program-{len(started)}"
        runtime.install(program(source, **more), folder)
        started.append(runtime.start(folder))
        return started[-1]

    yield begin
    for process in started:
        process.stop(grace=0)


def ask(process: WorkerdProcess, path: str = "/") -> str:
    connection = http.client.HTTPConnection("worker", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    connection.sock.connect(str(process.socket))
    connection.request("GET", path)
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho workerd 2026-01-01\n")
    path.chmod(0o755)
    return path


def test_workerd_is_found_where_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argument, variable = executable(tmp_path / "a" / "workerd"), executable(tmp_path / "b" / "workerd")

    monkeypatch.setenv("CI_WASM_WORKERD", str(variable))

    assert [find_workerd(argument), find_workerd()] == [argument, variable]


@pytest.mark.parametrize("make", [Path.exists, lambda path: path.write_text("no program"), Path.mkdir])
def test_a_named_workerd_that_is_none_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    make(tmp_path / "workerd")
    monkeypatch.setenv("CI_WASM_WORKERD", str(tmp_path / "workerd"))

    with pytest.raises(ToolMissingError, match=f"is not at {tmp_path}/workerd") as caught:
        find_workerd()

    assert "make setup" in caught.value.cure


def test_the_real_workerd_is_the_pinned_one(runtime: WorkerdRuntime) -> None:
    assert runtime.version() == "workerd 2026-11-17"


def test_a_program_runs_again_and_again_from_where_it_was_installed(
    runtime: WorkerdRuntime, tmp_path: Path
) -> None:
    runtime.install(program(OK, text_bindings={"A": "1"}), tmp_path / "p")

    for _ in range(2):
        process = runtime.start(tmp_path / "p")
        assert (process.alive, process.startup_ms > 0, json.loads(ask(process))) == (True, True, {"A": "1"})
        process.stop()
        assert (process.alive, process.socket.exists(), running(process.pid)) == (False, False, False)


def test_environment_and_arguments_hold_nothing_of_ours(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")

    process = start(OK, text_bindings={"KEY": "s3cr3t"})

    proc = Path(f"/proc/{process.pid}")
    assert (proc / "environ").read_bytes() == b""
    assert b"s3cr3t" not in (proc / "cmdline").read_bytes()


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("foo bar", "Uncaught SyntaxError: Unexpected identifier 'bar'\n  at index.js:1:4"),
        ("gone()", "Uncaught ReferenceError: gone is not defined\n  at index.js:1:1"),
        ("import './x.wasm'", 'Uncaught Error: No such module "x.wasm".\n  imported from "index.js"'),
    ],
)  # fmt: skip
def test_a_program_that_does_not_start_says_why(start: Any, source: str, detail: str) -> None:
    with pytest.raises(DeployError) as caught:
        start(source)

    assert (caught.value.api_code, caught.value.detail) == (10021, detail)
    assert caught.value.message == f"The Worker does not start: {detail.splitlines()[0]}"
    assert caught.value.cure


def test_a_start_without_end_is_cut_off_and_leaves_no_process(tmp_path: Path) -> None:
    runtime = WorkerdRuntime(find_workerd(), start_timeout=0.5)
    runtime.install(program("for (;;) {}"), tmp_path / "p")
    started = time.monotonic()

    with pytest.raises(DeployError, match="exceeded CPU time limit"):
        runtime.start(tmp_path / "p")

    assert time.monotonic() - started < 3
    runtime.close()


def test_a_looping_worker_is_stopped_all_the_same(start: Any) -> None:
    process = start("export default { fetch() { for (;;) {} } };")
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(process.socket))
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(0.2)

    process.stop(grace=0.2)

    client.close()
    assert not running(process.pid)


def test_a_worker_without_end_to_its_log_keeps_only_the_last(start: Any) -> None:
    process = start(
        "export default { fetch() { for (let n = 0; n < 3000; n++) console.log('x'.repeat(100), n); return new Response('done'); } };"
    )

    assert ask(process) == "done"
    assert settles(lambda: "2999" in process.output())
    assert len(process.output()) <= 64 * 1024


NETWORK = """
import { connect } from "cloudflare:sockets";
export default {
  async fetch(request) {
    const [kind, port] = new URL(request.url).pathname.slice(1).split("/");
    try {
      if (kind === "http") return await fetch(`http://127.0.0.1:${port}/`);
      const stream = connect(`127.0.0.1:${port}`);
      const writer = stream.writable.getWriter();
      await writer.write(new TextEncoder().encode("hello"));
      const { value, done } = await stream.readable.getReader().read();
      return new Response(done ? "closed" : value);
    } catch (error) { return new Response(String(error)); }
  },
};"""


@pytest.mark.parametrize(
    ("kind", "says"), [("http", "Error: the local edge has no network: GET http://127.0.0.1"), ("tcp", "")]
)
def test_a_worker_reaches_nothing_outside(start: Any, kind: str, says: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = start(NETWORK)
        answer = ask(process, f"/{kind}/{listening.getsockname()[1]}")
        listening.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listening.accept()

    assert answer.startswith(says)
    assert answer != "hello"


def test_files_of_this_machine_are_out_of_reach(start: Any) -> None:
    process = start("""
    import fs from "node:fs";
    export default { fetch() {
      const read = (path) => { try { return fs.readFileSync(path, "utf8").slice(0, 20); } catch (error) { return error.code; } };
      return Response.json(["/etc/passwd", "config.capnp", "/proc/self/environ"].map(read));
    } };""", compatibility_flags=("nodejs_compat",))  # fmt: skip

    assert json.loads(ask(process)) == ["ENOENT"] * 3


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    source = f"""
import sys, threading
from pathlib import Path
from ci_wasm.adapters.workerd_runtime import *
from ci_wasm.adapters.workerd_config import *
runtime = WorkerdRuntime(find_workerd())
runtime.install(Program((ProgramModule("i.js", ModuleKind.ES_MODULE, {OK.encode()!r}),), "2026-07-01"), Path({str(tmp_path / "p")!r}))
thread = threading.Thread(target=lambda: print(runtime.start(Path({str(tmp_path / "p")!r})).pid, flush=True))
thread.start(); thread.join()
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(0.3)
        assert running(pid), "it died with the thread that asked for it"
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

    assert settles(lambda: not running(pid))


def test_any_text_arrives_in_workerd(start: Any) -> None:
    every = "".join(map(chr, [*range(0x500), 0x2028, 0xFFFD, 0x1F980, *range(0xD7F0, 0xD800)]))

    process = start(OK, text_bindings={every: every}, json_bindings={"json": json.dumps({every: [every]})})

    assert json.loads(ask(process)) == {every: every, "json": {every: [every]}}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", "workerd ended without a message"),
        ("service main: Uncaught Error: a\n  at b\n", "Uncaught Error: a\n  at b"),
        ("workerd/jsg: error: e\nstack: /x\nservice main: one\nservice main: two\n", "one\ntwo"),
        ("setpriv: failed to execute /x: No such file\n", "setpriv: failed to execute /x: No such file"),
    ],
)
def test_workerds_words_are_told_without_its_stacks(output: str, message: str) -> None:
    assert startup_message(output) == message


def test_sockets_have_short_paths_wherever_temporary_files_lie(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    source = """
import sys
from ci_wasm.edge.serve import LocalEdge
from tests.edge.edge_client import OK, EdgeClient, script
with LocalEdge() as edge, EdgeClient(edge) as client:
    client.deploy("w", [script(OK)])
    print(client.get("w").text)
"""
    environment = os.environ | {"TMPDIR": str(deep), "PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run(
        [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("ok\n", "")
    assert list(deep.iterdir()) == []
