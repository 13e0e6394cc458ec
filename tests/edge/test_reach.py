"""What Workers of an edge reach: the origins that it was told, and nothing else. (origins) -> requests that arrive."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

import pytest

from ci_wasm.adapters.workerd_config import Origin
from ci_wasm.edge.reach import read_reach
from ci_wasm.edge.serve import Limits, LocalEdge
from ci_wasm.errors import ConfigError
from tests.edge.edge_client import EdgeClient, script

CALLER = script("""
export default { async fetch(request) {
  const { to, ...init } = await request.json();
  try {
    const answer = await fetch(to, init);
    return new Response(`${answer.status} ${await answer.text()}`);
  } catch (error) { return new Response(String(error)); }
} };""")


class Upstream(ThreadingHTTPServer):
    """Echoes what arrives; `/to?URL` redirects."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.seen: list[str] = []
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Echo(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append(f"{self.command} {self.path}")
        _, _, target = self.path.partition("/to?")
        self.send_response(307 if target else 200)
        if target:
            self.send_header("location", target)
        text = b"%s %s %s" % (self.command.encode(), self.headers["host"].encode(), body)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Tests read `seen`."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def other() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def client(upstream: Upstream) -> Iterator[EdgeClient]:
    reach = (upstream.origin, "https://api.example.com")
    with LocalEdge(limits=Limits(reach=reach)) as edge, EdgeClient(edge) as client:
        client.deploy("caller", [CALLER])
        yield client


def call(client: EdgeClient, to: str, **init: object) -> str:
    return client.request("POST", "caller", json={"to": to, **init}).text


def test_a_told_origin_is_reached(client: EdgeClient, upstream: Upstream) -> None:
    host = upstream.origin.removeprefix("http://")

    assert call(client, f"{upstream.origin}/a?b") == f"200 GET {host} "
    assert call(client, f"{upstream.origin}/c", method="POST", body="hello") == f"200 POST {host} hello"
    assert upstream.seen[-2:] == ["GET /a?b", "POST /c"]


def test_redirects_are_the_workers_to_follow(client: EdgeClient, upstream: Upstream) -> None:
    target = f"{upstream.origin}/to?{upstream.origin}/there"

    assert call(client, target, redirect="manual").startswith("307 ")
    assert call(client, target).startswith("200 ")
    assert upstream.seen[-3:] == [f"GET /to?{upstream.origin}/there"] * 2 + ["GET /there"]


@pytest.mark.parametrize(
    "to",
    [
        "{other}/",
        "{upstream}/to?{other}/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1/",
        "http://user@127.0.0.1:{other_port}/",
        "http://127.0.0.1:{port}@127.0.0.1:{other_port}/",
        "http://api.example.com/",
        "https://api.example.com:444/",
    ],
)
def test_nothing_else_is(client: EdgeClient, upstream: Upstream, other: Upstream, to: str) -> None:
    url = to.format(
        upstream=upstream.origin,
        other=other.origin,
        port=upstream.server_address[1],
        other_port=other.server_address[1],
    )

    assert call(client, url).startswith("Error: the local edge has no network: GET ")
    assert other.seen == []


def test_the_name_of_another_host_leads_nowhere_else(client: EdgeClient, other: Upstream) -> None:
    host = other.origin.removeprefix("http://")

    call(client, f"{client.edge.api_url}/", headers={"host": host})

    assert other.seen == []


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://127.0.0.1:9000", Origin("http://127.0.0.1:9000", "127.0.0.1", 9000, tls=False)),
        ("http://127.0.0.1:9000/", Origin("http://127.0.0.1:9000", "127.0.0.1", 9000, tls=False)),
        ("HTTP://LocalHost:80", Origin("http://localhost", "localhost", 80, tls=False)),
        ("https://api.example.com", Origin("https://api.example.com", "api.example.com", 443, tls=True)),
        ("https://api.example.com:8443", Origin("https://api.example.com:8443", "api.example.com", 8443, tls=True)),
        ("http://[::1]:9000", Origin("http://[::1]:9000", "[::1]", 9000, tls=False)),
    ],
)  # fmt: skip
def test_an_origin_is_read_as_a_url_writes_it(text: str, origin: Origin) -> None:
    assert read_reach([text, text]) == (origin,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:9000",
        "localhost",
        "ftp://a.example",
        "http://",
        "http://a.example/path",
        "http://a.example?x",
        "http://a.example#x",
        "http://user:secret@a.example",
        "http://a.example:0",
        "http://a.example:99999",
        "http://a.example:x",
        "http://*.example",
        'http://a"b',
        "http://a b",
        "http://[::1",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no origin") as refused:
        read_reach([text])

    assert "secret" not in str(refused.value)
