"""Serve: the local edge as a whole, on one port of loopback. settings -> a running edge."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ci_wasm.errors import ConfigError

if TYPE_CHECKING:
    import uvicorn

    from ci_wasm.adapters.workerd_config import Origin
    from ci_wasm.adapters.workerd_runtime import WorkerdRuntime

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Limits:
    """What Workers may take: seconds to `start` and to begin an `answer`, and how many `processes` run at a time.

    `reach` are the origins that they may send requests to, such as `http://127.0.0.1:9000`; no others get any.

    More Workers than processes are no problem: one that does not run is started when it is asked, in some 50 ms. A
    process takes some 50 MB.
    """

    start: float = 10.0
    answer: float = 30.0
    processes: int = 16
    reach: tuple[str, ...] = ()


class LocalEdge:
    """A running local edge: `with LocalEdge() as edge: ...`; everything ends with the block.

    `workerd` is the binary (see `find_workerd`), `token` one is made up when None, `port` 0 takes a free one,
    `state_dir` holds the uploaded modules (a temporary folder when None) and is emptied of them at the end: Workers
    and previews live as long as the edge. `on_output` gets, from other threads, each line that a Worker logs or that
    workerd says about it, without control characters, after the first 8 digits of the build's id. Entering raises
    ToolMissingError (no workerd) or ConfigError (port taken, no origin).
    """

    def __init__(
        self,
        *,
        workerd: Path | None = None,
        token: str | None = None,
        account: str = "local",
        port: int = 0,
        subdomain: str = "edge",
        state_dir: Path | None = None,
        limits: Limits | None = None,
        on_output: Callable[[str], None] | None = None,
    ) -> None:
        self.account = account
        self.subdomain = subdomain
        self.port = port
        self.token = token or secrets.token_urlsafe(32)
        self._workerd = workerd
        self._state_dir = state_dir
        self._limits = limits or Limits()
        self._on_output = on_output

    def __repr__(self) -> str:
        return f"LocalEdge(account={self.account!r}, port={self.port})"

    @property
    def api_url(self) -> str:
        """What CLOUDFLARE_API_BASE_URL must be."""
        return f"http://{HOST}:{self.port}/client/v4"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which wrangler and ci-wasm find the edge; the token is a secret."""
        return {
            "CLOUDFLARE_API_BASE_URL": self.api_url,
            "CLOUDFLARE_API_TOKEN": self.token,
            "CLOUDFLARE_ACCOUNT_ID": self.account,
        }

    def __enter__(self) -> Self:
        from ci_wasm.adapters.workerd_runtime import WorkerdRuntime, find_workerd
        from ci_wasm.edge.reach import read_reach

        reach = read_reach(self._limits.reach)
        binary = find_workerd(self._workerd)
        with ExitStack() as stack:
            listening = stack.enter_context(_listen(self.port))
            self.port = listening.getsockname()[1]
            runtime = WorkerdRuntime(binary, start_timeout=self._limits.start, on_output=self._show)
            stack.callback(runtime.close)
            runtime.version()
            self._start(stack, listening, runtime, reach)
            self._undo = stack.pop_all()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._undo.close()

    def _start(
        self, stack: ExitStack, listening: socket.socket, runtime: WorkerdRuntime, reach: tuple[Origin, ...]
    ) -> None:
        import uvicorn

        from ci_wasm.edge.answers import Addresses
        from ci_wasm.edge.call import Edge
        from ci_wasm.edge.fleet import Fleet
        from ci_wasm.edge.proxy import HEADERS_MAX
        from ci_wasm.edge.router import Router
        from ci_wasm.edge.store import Store

        if self._state_dir:
            self._state_dir.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="ci-wasm-edge-", dir=self._state_dir))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        fleet = Fleet(runtime, folder, self._limits.processes)
        edge = Edge(self.account, Store(), fleet, Addresses(self.subdomain, self.port), reach)
        server = uvicorn.Server(
            uvicorn.Config(
                Router(edge, self.token, self._limits.answer),
                http="h11", ws="none", loop="asyncio", lifespan="off", interface="asgi3",
                log_config=None, log_level="critical", access_log=False, server_header=False,
                timeout_graceful_shutdown=1, h11_max_incomplete_event_size=HEADERS_MAX,
            )
        )  # fmt: skip

        async def run() -> None:
            try:
                await server.serve(sockets=[listening])
            finally:
                await fleet.close()

        thread = threading.Thread(target=lambda: asyncio.run(run()), name="local-edge", daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(_end, server)
        while not server.started and thread.is_alive():
            thread.join(0.005)
        if not server.started:
            raise RuntimeError("the server of the local edge did not start")

    def _show(self, build_id: str, line: str) -> None:
        if self._on_output:
            text = "".join(character if character.isprintable() else "\ufffd" for character in line)
            self._on_output(f"[{build_id[:8]}] {text}")


def serve_forever(
    port: int = 8787,
    *,
    workerd: Path | None = None,
    token: str | None = None,
    account: str = "local",
    state_dir: Path | None = None,
    reach: Sequence[str] = (),
) -> None:
    """Serve until SIGINT or SIGTERM. For the main thread.

    Prints the three variables that a client needs on stdout, and what Workers log on stderr.
    """
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with LocalEdge(
            workerd=workerd,
            token=token,
            account=account,
            port=port,
            state_dir=state_dir,
            limits=Limits(reach=tuple(reach)),
            on_output=_print_output,
        ) as edge:
            for name, value in edge.environment.items():
                sys.stdout.write(f"{name}={value}\n")
            sys.stdout.flush()
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_output(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio turns off Nagle's algorithm only then: without it every answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise ConfigError(
            f"The local edge cannot listen on {HOST}:{port}: {error}",
            cure="Give another port, or 0 for any free one.",
        ) from error
    return listening
