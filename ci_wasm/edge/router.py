"""Router: who answers a request, by its Host header. ASGI request -> the API, a Worker, or a text that says why not.

`localhost` and loopback addresses are the API; `{label}.{subdomain}.localhost` is what `label` names.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from ci_wasm.edge.api import PREFIX, Api
from ci_wasm.edge.body import Body
from ci_wasm.edge.call import Edge
from ci_wasm.edge.proxy import CF_HEADER, PATIENCE, WorkerGone, WorkerHung, carry, read_cf
from ci_wasm.edge.store import Build
from ci_wasm.errors import DeployError

_Refused = tuple[int, str]

_HUNG = """\
error code: 1102
The Worker did not answer within {:g} seconds. Its process was stopped; the next request starts it again."""
_GONE = """\
error code: 1102
The process of the Worker ended while it answered; the usual cause is its memory limit of 128 MB.
The next request starts it again."""

_API_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


class Router:
    """The ASGI application of the one port."""

    def __init__(self, edge: Edge, token: str, patience: float = PATIENCE) -> None:
        self._edge = edge
        self._api = Api(edge, token)
        self._suffix = f".{edge.addresses.subdomain}.localhost"
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        host = _host_name(Request(scope).headers.get("host", ""))
        if host in _API_HOSTS and scope["path"].startswith(f"{PREFIX}/"):
            await self._api(scope, receive, send)
            return
        body = Body(receive)
        if refused := await self._worker(Request(scope, body), host, send):
            status, text = refused
            await body.drain()
            answer = PlainTextResponse(f"{text}\n", status, {"cache-control": "no-store"})
            await answer(scope, receive, send)

    def _whereabouts(self, host: str) -> str:
        return (
            f"Nothing answers to the host {host[:255]!r} here. This is the local edge of ci-wasm: its API is at "
            f"http://127.0.0.1:{self._edge.addresses.port}{PREFIX}/, Workers are at {self._edge.addresses.url('NAME')}/."
        )

    async def _worker(self, request: Request, host: str, send: Send) -> _Refused | None:
        if not host.endswith(self._suffix):
            return 404, self._whereabouts(host)
        if not request.scope["raw_path"].startswith(b"/"):
            return 400, "A request to a Worker needs a path; the local edge of ci-wasm is no tunnel."
        build = self._edge.store.answering(host.removesuffix(self._suffix))
        if not isinstance(build, Build):
            return 404, f"{build} This is the local edge of ci-wasm."
        if request.headers.get("upgrade"):
            return 501, "The local edge of ci-wasm does not carry WebSockets yet."
        if read_cf(request) is None:
            return (
                400,
                f'The header {CF_HEADER} must hold a JSON object for request.cf, such as {{"country": "FR"}}.',
            )
        return await self._run(request, build, send)

    async def _run(self, request: Request, build: Build, send: Send) -> _Refused | None:
        try:
            async with self._edge.fleet.lease(build.id) as running:
                try:
                    await carry(request, send, running.process.socket, self._patience)
                except WorkerHung:
                    self._edge.fleet.kill(build.id, running)
                    return 504, _HUNG.format(self._patience)
                except WorkerGone:
                    # Its socket is closed, but the process may still be at dying.
                    self._edge.fleet.kill(build.id, running)
                    return 503, _GONE
        except DeployError as error:
            return 500, f"error code: 1101\nThe Worker does not start any more: {error.detail}"
        except FileNotFoundError:
            return 404, "What answered here was deleted. This is the local edge of ci-wasm."
        return None


def _host_name(host: str) -> str:
    name = host.strip().lower()
    if not name.startswith("["):
        return name.partition(":")[0].removesuffix(".")
    return name.partition("]")[0] + "]"
