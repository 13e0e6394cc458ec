"""From the one port to a Worker: hosts, methods, bodies, streams, headers. (HTTP request) -> HTTP answer."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import socket
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from tests.edge.edge_client import EdgeClient, script

ECHO = script("""
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/body") return new Response(request.body, { headers: { "content-type": "x/y" } });
    if (url.pathname === "/ignore") return new Response("ignored");
    if (url.pathname === "/status") return new Response(null, { status: +url.search.slice(1), headers: { location: "/x" } });
    if (url.pathname === "/sha") return new Response(new Uint8Array(await crypto.subtle.digest("SHA-256", await request.arrayBuffer())));
    if (url.pathname === "/cookies") {
      const headers = new Headers({ "keep-alive": "timeout=1", "x-kept": "ümlaut".slice(1), server: "mine" });
      headers.append("set-cookie", "a=1"); headers.append("set-cookie", "b=2");
      return new Response("c", { headers });
    }
    if (url.pathname === "/gzip") {
      const zipped = new Response(new Response("hello ".repeat(100)).body.pipeThrough(new CompressionStream("gzip"))).body;
      return new Response(zipped, { encodeBody: "manual", headers: { "content-encoding": "gzip" } });
    }
    if (url.pathname === "/slow") {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      (async () => {
        for (let n = 0; n < 3; n++) { await writer.write(new TextEncoder().encode(`${n};`)); await scheduler.wait(150); }
        await writer.close();
      })();
      return new Response(readable);
    }
    return Response.json({ method: request.method, url: request.url, cf: request.cf, headers: [...request.headers] });
  },
};""")  # fmt: skip


@pytest.fixture(scope="module")
def echo(shared_client: EdgeClient) -> Iterator[str]:
    shared_client.deploy("echo", [ECHO])
    yield "echo"
    shared_client.call("DELETE", "workers/echo")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a/b?c=d&c=e",
        "/a%2Fb%20c?x=%7C|&y=%00",
        "//double//",
        "/%C3%A9?'(x)'",
        "/..;/x",
        "/client/v4/user",
        "/a?b?c",
    ],
)
def test_a_worker_sees_the_url_as_it_was_sent(shared_client: EdgeClient, echo: str, target: str) -> None:
    host = f"{echo}.edge.localhost:{shared_client.edge.port}"
    answer = raw(
        shared_client, f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    )

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f'"url":"http://{host}{target}"'.encode() in body


def raw(client: EdgeClient, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", client.edge.port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_worker(shared_client: EdgeClient, echo: str, method: str) -> None:
    assert shared_client.request(method, echo).json()["method"] == method


def test_head_has_headers_and_no_body(shared_client: EdgeClient, echo: str) -> None:
    answer = shared_client.request("HEAD", echo)

    assert (answer.status_code, answer.headers["content-type"], answer.content) == (
        200,
        "application/json",
        b"",
    )


@pytest.mark.parametrize("status", [201, 204, 205, 301, 304, 404, 418, 429, 500, 503])
def test_every_status_comes_back(shared_client: EdgeClient, echo: str, status: int) -> None:
    answer = shared_client.get(echo, f"/status?{status}")

    assert (answer.status_code, answer.content, answer.headers["location"]) == (status, b"", "/x")


def test_bodies_of_any_size_arrive_whole(shared_client: EdgeClient, echo: str) -> None:
    body = bytes(range(256)) * 80_000  # 20 MB
    chunks = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]

    digests = [
        shared_client.request("POST", echo, "/sha", content=content).content
        for content in (body, iter(chunks))
    ]

    assert digests == [hashlib.sha256(body).digest()] * 2


def test_a_body_that_the_worker_streams_back_flows_both_ways_at_once(
    shared_client: EdgeClient, echo: str
) -> None:
    body = bytes(range(256)) * 80_000
    head = f"POST /body HTTP/1.1\r\nHost: {echo}.edge.localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    with socket.create_connection(("127.0.0.1", shared_client.edge.port), timeout=10) as connection:
        sender = Thread(target=connection.sendall, args=[head.encode() + body])
        sender.start()
        connection.recv(10, socket.MSG_PEEK)
        assert sender.is_alive(), "the answer began only when the request had ended"
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.read() == body
        sender.join()


@pytest.mark.parametrize("path", ["/ignore", "/status?413"])
def test_a_body_that_the_worker_does_not_read_holds_nothing_up(
    shared_client: EdgeClient, echo: str, path: str
) -> None:
    started = time.monotonic()
    answers = [
        shared_client.request("POST", echo, path, content=b"x" * 5_000_000).status_code for _ in range(3)
    ]

    assert answers in ([200] * 3, [413] * 3)
    assert time.monotonic() - started < 5


def test_an_answer_is_streamed_as_it_comes(shared_client: EdgeClient, echo: str) -> None:
    host = f"{echo}.edge.localhost:{shared_client.edge.port}"
    address = f"http://127.0.0.1:{shared_client.edge.port}/slow"
    started = time.monotonic()

    with shared_client.http.stream("GET", address, headers={"host": host}) as answer:
        arrived = [(chunk, time.monotonic() - started) for chunk in answer.iter_raw()]

    assert b"".join(chunk for chunk, _ in arrived) == b"0;1;2;"
    assert arrived[-1][1] - arrived[0][1] > 0.2


def test_an_encoded_answer_is_passed_on_as_it_is(shared_client: EdgeClient, echo: str) -> None:
    host = f"{echo}.edge.localhost:{shared_client.edge.port}"
    with shared_client.http.stream(
        "GET", f"http://127.0.0.1:{shared_client.edge.port}/gzip", headers={"host": host}
    ) as answer:
        body = b"".join(answer.iter_raw())

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == b"hello " * 100


def test_headers_of_the_connection_stay_on_it(shared_client: EdgeClient, echo: str) -> None:
    answer = shared_client.get(echo, "/cookies")

    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert (answer.headers["x-kept"], answer.headers["server"]) == ("mlaut", "mine")
    assert len(answer.headers.get_list("date")) == 1
    assert "keep-alive" not in answer.headers


def test_a_client_cannot_say_what_the_edge_says(shared_client: EdgeClient, echo: str) -> None:
    forged = {"cf-connecting-ip": "6.6.6.6", "x-real-ip": "6.6.6.6", "cf-blob": '{"country": "XX"}', "x-forwarded-proto": "gopher",
              "connection": "x-secret", "x-secret": "1", "te": "trailers", "x-mine": "yes"}  # fmt: skip

    seen = shared_client.get(echo, headers=forged).json()
    headers = dict(seen["headers"])

    assert seen["cf"] == {"httpProtocol": "HTTP/1.1"}
    assert (headers["cf-connecting-ip"], headers["x-real-ip"], headers["x-forwarded-proto"]) == (
        "127.0.0.1",
        "127.0.0.1",
        "http",
    )
    assert headers["x-mine"] == "yes"
    assert headers["host"] == f"echo.edge.localhost:{shared_client.edge.port}"
    assert not {"x-secret", "te", "cf-blob"} & headers.keys()


@pytest.mark.parametrize(
    ("host", "status", "says"),
    [
        ("echo.edge.localhost", 200, '"method":"GET"'),
        ("ECHO.Edge.LocalHost:1", 200, '"method":"GET"'),
        ("echo.edge.localhost.:1", 200, '"method":"GET"'),
        ("nobody.edge.localhost", 404, "No Worker answers to the name nobody."),
        (
            "pr-9-echo.edge.localhost",
            404,
            "The Worker echo has no preview, alias, version or deployment called pr-9.",
        ),
        ("a.b.edge.localhost", 404, "No Worker answers"),
        (".edge.localhost", 404, "No Worker answers"),
        ("edge.localhost", 404, "Nothing answers to the host"),
        ("echo.other.localhost", 404, "Nothing answers to the host"),
        ("echo.edge.localhost.evil.example", 404, "Nothing answers to the host"),
        ("example.com", 404, "Workers are at http://NAME.edge.localhost"),
        ("localhost", 404, "its API is at http://127.0.0.1"),
        ("127.0.0.1:1", 404, "its API is at http://127.0.0.1"),
        ("[::1]:1", 404, "its API is at http://127.0.0.1"),
        ("", 404, "Nothing answers to the host ''"),
    ],
)
def test_the_host_header_decides_who_answers(
    shared_client: EdgeClient, echo: str, host: str, status: int, says: str
) -> None:
    answer = raw(shared_client, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert says.encode() in answer


def test_the_api_is_at_loopback_names_only(shared_client: EdgeClient) -> None:
    statuses = {
        host: shared_client.http.get(f"{shared_client.edge.api_url}/user", headers={"host": host}).status_code
        for host in ("localhost", "127.0.0.1", "[::1]", "api.cloudflare.com", "evil.example")
    }

    assert statuses == {
        "localhost": 403,
        "127.0.0.1": 403,
        "[::1]": 403,
        "api.cloudflare.com": 404,
        "evil.example": 404,
    }


def test_a_websocket_is_refused_with_a_reason(shared_client: EdgeClient, echo: str) -> None:
    upgrade = {
        "upgrade": "websocket",
        "connection": "upgrade",
        "sec-websocket-key": "x",
        "sec-websocket-version": "13",
    }

    answer = shared_client.get(echo, headers=upgrade)

    assert (answer.status_code, "does not carry WebSockets" in answer.text) == (501, True)


def test_a_page_that_says_why_is_not_kept_by_a_cache(shared_client: EdgeClient) -> None:
    assert shared_client.get("nobody").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("request_line", "status"), [
    ("CONNECT echo.edge.localhost:80 HTTP/1.1", 400),
    ("OPTIONS * HTTP/1.1", 400),
    ("GET http://evil.example/x HTTP/1.1", 400),
    ("GET / HTTP/1.0", 200),
    ("BREW / HTTP/1.1", 501),
    ("GET /\x7f HTTP/1.1", 400),
    ("nonsense", 400),
])  # fmt: skip
def test_odd_requests_get_an_answer(
    shared_client: EdgeClient, echo: str, request_line: str, status: int
) -> None:
    answer = raw(
        shared_client, f"{request_line}\r\nHost: echo.edge.localhost\r\nConnection: close\r\n\r\n".encode()
    )

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"evil.example" not in answer


def test_a_length_beside_chunks_is_dropped(shared_client: EdgeClient, echo: str) -> None:
    head = "POST /body HTTP/1.1\r\nHost: echo.edge.localhost\r\nConnection: close\r\nContent-Length: 99\r\n"

    answer = raw(shared_client, f"{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"abc" in answer


def test_headers_may_be_as_long_as_cloudflare_allows(shared_client: EdgeClient, echo: str) -> None:
    seen = dict(shared_client.get(echo, headers={"x-long": "x" * 120_000}).json()["headers"])

    assert len(seen["x-long"]) == 120_000
