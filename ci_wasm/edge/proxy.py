"""Proxy: one HTTP request, carried to a workerd process and back. (ASGI request, socket) -> ASGI answer.

Both directions flow at once: a Worker may answer while it still reads, and may answer without reading. An HTTP library
that sends a request whole before it looks for the answer would wait for ever where a Worker streams a body back.
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import anyio
import h11
from starlette.requests import Request
from starlette.types import Send

from ci_wasm.adapters.workerd_config import CF_BLOB_HEADER

Headers = list[tuple[bytes, bytes]]

# How long a Worker may take to begin an answer once it has the whole request, in seconds; Cloudflare's default
# limit is 30 s of CPU: https://developers.cloudflare.com/workers/platform/limits/
PATIENCE = 30.0

# Cloudflare takes and gives headers of 128 KB in all.
HEADERS_MAX = 256 * 1024

# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_HOP_BY_HOP = {
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
}  # fmt: skip
# By this header a client of the local edge says what Cloudflare would know about it: JSON that goes into `request.cf`.
CF_HEADER = "ci-wasm-cf"
# What the edge says itself, so that a client cannot say it; 100-continue was answered by the server.
_OURS = {
    CF_BLOB_HEADER.encode(), CF_HEADER.encode(), b"cf-connecting-ip", b"x-real-ip", b"x-forwarded-proto", b"expect",
}  # fmt: skip


class WorkerHung(Exception):
    """The Worker did not begin an answer in time."""


class WorkerGone(Exception):
    """The process ended before it began an answer."""


async def carry(request: Request, send: Send, worker: Path, patience: float) -> None:
    """Carry the request to the Unix socket `worker` and stream the answer.

    Raises WorkerHung or WorkerGone, both before anything was sent. An answer that breaks off is left incomplete, which
    makes the server close the client's connection.
    """
    # A bare socket, because its two directions fail apart: a Worker that answers and closes without reading the request
    # breaks our sending, and an asyncio stream would throw away the answer with it.
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0)
        exchange = _Exchange(request, send, connection, patience)
        try:
            await asyncio.get_running_loop().sock_connect(connection, str(worker))
            await exchange.run()
        except (OSError, h11.RemoteProtocolError) as error:
            if not exchange.begun:
                raise WorkerGone from error


class _Exchange:
    """One request and its answer, on a connection of its own."""

    def __init__(self, request: Request, send: Send, connection: socket.socket, patience: float) -> None:
        self.begun = False
        self._request = request
        self._send = send
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._patience = patience
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADERS_MAX)
        self._client_gone = False
        # Left when the client goes, and at its deadline, which holds until the answer begins.
        self._scope = anyio.CancelScope()

    async def run(self) -> None:
        await self._write(_outgoing(self._request))
        upload = asyncio.ensure_future(self._upload())
        try:
            with self._scope:
                await self._download()
        finally:
            upload.cancel()
            await asyncio.wait([upload])
        if not self.begun and not self._client_gone:
            raise WorkerHung

    async def _upload(self) -> None:
        """Send the body, then watch for the client to go away; what the Worker no longer takes is dropped."""
        more = True
        while more:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                return self._give_up()
            more = message.get("more_body", False)
            self._set_deadline(self._patience)
            with suppress(OSError, h11.LocalProtocolError):
                await self._pass_on(message.get("body", b""), more=more)
            self._set_deadline(math.inf if more else self._patience)
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        return self._give_up()

    async def _pass_on(self, body: bytes, *, more: bool) -> None:
        if body:
            await self._write(h11.Data(body))
        if not more:
            await self._write(h11.EndOfMessage())

    async def _write(self, event: h11.Event) -> None:
        await self._loop.sock_sendall(self._socket, self._http.send(event) or b"")

    def _give_up(self) -> None:
        self._client_gone = True
        self._scope.cancel()

    def _set_deadline(self, seconds: float) -> None:
        if not self.begun:
            self._scope.deadline = anyio.current_time() + seconds

    async def _download(self) -> None:
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                self._set_deadline(math.inf)
                self.begun = True
                headers = _end_to_end(event.headers.raw_items(), {b"date"})
                await self._send(
                    {"type": "http.response.start", "status": event.status_code, "headers": headers}
                )
            elif isinstance(event, h11.Data):
                await self._send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _event(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._loop.sock_recv(self._socket, 64 * 1024))
        if isinstance(event, h11.ConnectionClosed) or not isinstance(event, h11.Event):
            raise ConnectionResetError
        return event


def read_cf(request: Request) -> dict[str, object] | None:
    """What the client says about itself for `request.cf`; None where that is no JSON object."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        asked = json.loads(request.headers.get(CF_HEADER, "{}"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return asked if isinstance(asked, dict) else None


def _outgoing(request: Request) -> h11.Request:
    target: bytes = request.scope["raw_path"]
    if request.scope["query_string"]:
        target += b"?" + request.scope["query_string"]
    chunked = "transfer-encoding" in request.headers
    # A length beside chunks is how requests are smuggled: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    headers = _end_to_end(request.headers.raw, _OURS | {b"content-length"} if chunked else _OURS)
    framing = [(b"transfer-encoding", b"chunked")] if chunked else []
    return h11.Request(method=request.method, target=target, headers=headers + _about(request) + framing)


def _about(request: Request) -> Headers:
    client = (request.client.host if request.client else "127.0.0.1").encode()
    cf = {"httpProtocol": f"HTTP/{request.scope['http_version']}", **(read_cf(request) or {})}
    return [
        (b"cf-connecting-ip", client),
        (b"x-real-ip", client),
        (b"x-forwarded-proto", b"http"),
        (CF_BLOB_HEADER.encode(), json.dumps(cf).encode()),
    ]


def _end_to_end(headers: Iterable[tuple[bytes, bytes]], without: set[bytes]) -> Headers:
    listed = list(headers)
    named = {
        token.strip().lower()
        for name, value in listed
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    dropped = _HOP_BY_HOP | without | named
    return [(name, value) for name, value in listed if name.lower() not in dropped]
