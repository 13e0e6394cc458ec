"""The edge as a whole: how it starts, ends, and says what is wrong. settings -> LocalEdge, exit code, output."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_wasm.edge.serve import LocalEdge
from ci_wasm.errors import ConfigError, ToolMissingError
from tests.edge.edge_client import OK, EdgeClient, script
from tests.edge.processes import running, settles, workerds

SERVE = "from ci_wasm.edge.serve import serve_forever; serve_forever(0)"


def test_an_edge_says_where_it_is_and_ends_with_its_block() -> None:
    before = own_threads()
    with LocalEdge(token="chosen", account="acme", subdomain="dev") as edge:
        assert edge.environment == {
            "CLOUDFLARE_API_BASE_URL": f"http://127.0.0.1:{edge.port}/client/v4",
            "CLOUDFLARE_API_TOKEN": "chosen",
            "CLOUDFLARE_ACCOUNT_ID": "acme",
        }
        with EdgeClient(edge) as client:
            assert client.call("GET", "subdomain").result == {"subdomain": "dev"}
            made = client.preview("w", "pr-1", [script(OK)]).result
            assert made["urls"][0].endswith(f"-w.dev.localhost:{edge.port}")
            assert client.get(made["urls"][0]).text == "ok"
        port = edge.port

    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))
    assert own_threads() <= before


def own_threads() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith(("local-edge", "workerd"))}


def test_two_edges_live_side_by_side() -> None:
    with LocalEdge() as one, LocalEdge() as other:
        assert one.port != other.port
        assert one.token != other.token
        assert len(one.token) >= 32


def test_a_block_that_raises_ends_the_edge_too() -> None:
    def deploy_and_fail() -> None:
        with LocalEdge() as edge, EdgeClient(edge) as client:
            client.deploy("w", [script(OK)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deploy_and_fail()

    assert workerds() == []


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match="cannot listen"), LocalEdge(port=port):
        pass


def test_a_port_that_is_taken_is_refused() -> None:
    with (
        LocalEdge() as edge,
        pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{edge.port}") as caught,
    ):
        LocalEdge(port=edge.port).__enter__()

    assert "Give another port" in caught.value.cure


def test_a_workerd_that_is_not_there_or_does_not_run_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "workerd"
    with pytest.raises(ToolMissingError, match="is not at") as missing, LocalEdge(workerd=broken):
        pass
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    with pytest.raises(ToolMissingError, match="does not run on this machine"), LocalEdge(workerd=broken):
        pass

    assert "CI_WASM_WORKERD" in missing.value.cure


def test_what_a_worker_logs_is_shown_without_control_characters() -> None:
    lines: list[str] = []
    source = """export default { fetch(request) {
      console.log("\\x1b[31mred", 1);
      if (request.url.endsWith("/throw")) throw new TypeError("mod.add is not a function");
      return new Response("ok");
    } };"""
    with LocalEdge(on_output=lines.append) as edge, EdgeClient(edge) as client:
        prefix = client.preview("w", "pr-1", [script(source)]).result["id"][:8]
        assert [client.get("pr-1-w", path).status_code for path in ("/", "/throw")] == [200, 500]
        assert settles(lambda: any("mod.add is not a function" in line for line in lines))

    assert lines[0] == f"[{prefix}] \ufffd[31mred 1"
    assert not any("stack:" in line for line in lines)


def test_an_edge_that_ends_while_a_worker_starts_does_not_wait_for_it() -> None:
    with ThreadPoolExecutor(1) as pool, LocalEdge() as edge, EdgeClient(edge) as client:
        starting = pool.submit(client.put, "w", [script("for (;;) {}")])
        assert settles(lambda: len(workerds()) == 1)
        ended = time.monotonic()

    assert time.monotonic() - ended < 5
    assert workerds() == []
    assert starting.exception() or starting.result().status != 200


def test_importing_the_edge_imports_nothing_heavy() -> None:
    program = (
        "import sys; import ci_wasm.edge.serve; "
        "print(sorted({'starlette', 'uvicorn', 'httpx', 'h11', 'anyio', 'multipart'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_on_a_signal_with_all_processes(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as served:
        children = deployed(served)
        served.send_signal(number)

        assert served.wait(10) == 0
        assert served.stderr is not None
        assert served.stderr.read() == ""
    assert not any(running(pid) for pid in children)
    assert list(tmp_path.iterdir()) == []


def test_processes_die_with_an_edge_that_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        children = deployed(served)
        served.kill()
        served.wait(10)

        assert settles(lambda: not any(running(pid) for pid in children))


def serving(temporary: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )  # fmt: skip


def deployed(served: subprocess.Popen[str]) -> list[int]:
    """Deploy a Worker with what the program printed; gives the pids of its workerd."""
    assert served.stdout is not None
    variables = dict(served.stdout.readline().strip().split("=", 1) for _ in range(3))
    edge = LocalEdge(token=variables["CLOUDFLARE_API_TOKEN"], account=variables["CLOUDFLARE_ACCOUNT_ID"])
    edge.port = int(variables["CLOUDFLARE_API_BASE_URL"].split(":")[2].split("/")[0])
    assert edge.environment == variables
    with EdgeClient(edge) as client:
        client.deploy("w", [script(OK)])
    children = workerds(served.pid)
    assert len(children) == 1
    assert os.getpgid(children[0]) == children[0]
    return children
