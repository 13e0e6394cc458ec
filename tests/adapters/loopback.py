"""Loopback: an HTTP server that answers from a script and records what it was asked. Replies -> requests."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One scripted answer. `reset` cuts the connection instead; `drip` sends the body byte by byte, in seconds each."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    delay: float = 0.0
    drip: float = 0.0


def ok(result: object = None) -> Reply:
    """Cloudflare's envelope of a success."""
    return as_json(200, {"success": True, "errors": [], "messages": ["a plain text"], "result": result})


def refused(status: int, code: int, message: str = "no", **headers: str) -> Reply:
    """Cloudflare's envelope of a failure."""
    errors = [{"code": code, "message": message}]
    return as_json(status, {"success": False, "errors": errors, "messages": [], "result": None}, **headers)


def as_json(status: int, value: object, **headers: str) -> Reply:
    """Any JSON; `retry_after` as a keyword becomes the header `retry-after`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json"} | named)


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived; `path` with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def parts(self) -> list[Message]:
        """The parts of a multipart form, parsed by the standard library."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        payload: Any = message_from_bytes(head + self.body).get_payload()
        return list(payload)


def content(part: Message) -> bytes:
    """The content of one part of a form."""
    payload: Any = part.get_payload(decode=True)
    return bytes(payload)


class Loopback:
    """The server's script and record; the last reply of the script answers whatever comes after it."""

    def __init__(self, replies: list[Reply]) -> None:
        self._replies = list(replies)
        self._lock = threading.Lock()
        self.requests: list[Recorded] = []
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def calls(self) -> list[str]:
        """The requests, each as "METHOD /path"."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def take(self, request: Recorded) -> Reply:
        """Record a request and give the next reply."""
        with self._lock:
            self.requests.append(request)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.loopback.take(Recorded(self.command, self.path, headers, body)))

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        if reply.reset:
            # A linger time of zero makes close() send RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        body = b"" if self.command == "HEAD" else reply.body
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        for byte in body if reply.drip else []:
            time.sleep(reply.drip)
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
        if not reply.drip:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests read the record instead."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is what some tests are about."""


@contextmanager
def serve(*replies: Reply, port: int = 0) -> Iterator[Loopback]:
    """Answer with `replies` in order on a port of 127.0.0.1, a free one unless it is given."""
    loopback = Loopback(list(replies))
    handler = type("Handler", (_Handler,), {"loopback": loopback})
    server = _Server(("127.0.0.1", port), handler)
    loopback.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
