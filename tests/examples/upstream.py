"""Upstream: an HTTP server that answers as each URL asks and remembers what arrived. request -> answer, record."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import MappingProxyType
from urllib.parse import parse_qs, quote, urlsplit


@dataclass(frozen=True)
class Arrived:
    """One request as it arrived; `target` is path and query."""

    method: str
    target: str
    headers: Message
    body: bytes


def asking(
    path: str, status: int = 200, also: Mapping[str, str] = MappingProxyType({}), *, wait: float = 0, **headers: str
) -> str:
    """A URL's path that tells the upstream what to answer; `cache_control` becomes the header `cache-control`.

    A status of 0 cuts the connection.
    """
    named = {**also, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return f"{path}?answer={quote(json.dumps({'status': status, 'wait': wait, 'headers': named}))}"


class Upstream:
    """A running server. Each answer's body is a number that no other answer has."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.arrived: list[Arrived] = []
        self.numbers = count(1)

    def to(self, path: str) -> list[Arrived]:
        """What arrived for a path."""
        return [request for request in self.arrived if urlsplit(request.target).path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.upstream.arrived.append(Arrived(self.command, self.path, self.headers, self._body()))
        told = parse_qs(urlsplit(self.path).query).get("answer", ["{}"])
        self._answer(json.loads(told[0]))

    def _answer(self, told: Mapping[str, object]) -> None:
        time.sleep(float(str(told.get("wait", 0))))
        status, headers = told.get("status", 200), told.get("headers", {})
        if not status:
            self.close_connection = True
            return
        assert isinstance(status, int)
        assert isinstance(headers, dict)
        body = b"" if status in {204, 304} else str(next(self.upstream.numbers)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        """Tests read the record instead."""


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """Serve on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    upstream = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"upstream": upstream})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
