"""The Web adapter: one request and its answer, the wait for a URL to come alive, and foreign answers kept small."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pytest

from ci_wasm.adapters.web import LONGEST_BODY, HttpxWeb
from ci_wasm.core.preview import SmokeRequest
from ci_wasm.errors import ConfigError, NetworkError
from tests.adapters.loopback import Loopback, Reply, serve

GET = SmokeRequest("/add?a=2&b=3")
PUBLIC = "https://pr-42-add.acme.workers.dev"
GOOD = Reply(200, b'{"result":5}', {"x-ci-wasm-commit": "c" * 40})
HTML = {"content-type": "text/html"}
UNKNOWN_NAME = Reply(404, b"error code: 1042")
NOTHING_HERE = Reply(404, b"<html><title>Not found</title><h1>There is nothing here yet</h1>", HTML)


class Time:
    """A clock that only sleeping moves, and what is asked of it."""

    def __init__(self, at: Callable[[float], None] = lambda _: None) -> None:
        self.now, self.pauses, self._at = 0.0, list[float](), at

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        self._at(self.now)

    def clock(self) -> float:
        return self.now


def local(server: Loopback) -> str:
    return f"http://pr-42-add.edge.localhost:{server.port}"


def web(
    time: Time | None = None, transport: httpx.BaseTransport | None = None, seconds: float = 5.0
) -> HttpxWeb:
    time = time or Time()
    return HttpxWeb(transport, time.sleep, clock=time.clock, answer_seconds=seconds)


def scripted(*replies: Reply | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A transport for names that are not on loopback."""
    waiting, requests = list(replies), list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status, stream=httpx.ByteStream(reply.body), headers=dict(reply.headers))

    return httpx.MockTransport(handle), requests


def test_a_name_under_localhost_is_asked_on_loopback_by_its_name() -> None:
    with serve(GOOD) as server:
        answer = web().answer(local(server), GET)

    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/add?a=2&b=3")
    assert request.headers["host"] == f"pr-42-add.edge.localhost:{server.port}"
    assert (answer.status, answer.body, answer.commit) == (200, '{"result":5}', "c" * 40)
    assert answer.request == GET
    assert 0 < answer.milliseconds < 5000


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serve(GOOD) as server:
        assert web().answer(local(server), GET).status == 200
        assert web().answer(server.url, GET).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_the_method_is_sent_as_it_is_written(method: str) -> None:
    with serve(GOOD) as server:
        answer = web().answer(local(server), SmokeRequest("/", method))

    assert server.calls == [f"{method} /"]
    assert answer.body == ("" if method == "HEAD" else '{"result":5}')


@pytest.mark.parametrize(
    "reply",
    [
        Reply(301, b"", {"location": "http://127.0.0.1:1/elsewhere"}),
        Reply(404, b'{"error":"no such export"}'),
        Reply(404, b"error code: 1042", {"x-ci-wasm-commit": "c" * 40}),
        Reply(500, b"error code: 1101", HTML),
        Reply(503, b"the Worker is busy"),
    ],
)
def test_an_answer_of_the_worker_is_an_answer_at_once(reply: Reply) -> None:
    time = Time()
    with serve(reply) as server:
        answer = web(time).answer(local(server), GET)

    assert (answer.status, answer.body, len(server.requests)) == (reply.status, reply.body.decode(), 1)
    assert time.pauses == []


def test_a_long_body_is_cut_and_read_leniently() -> None:
    with serve(Reply(200, b"\xff" + b"x" * 10_000_000)) as server:
        answer = web().answer(local(server), GET)

    assert answer.body == "\ufffd" + "x" * (LONGEST_BODY - 1)


def test_a_compressed_body_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    with serve(Reply(200, bomb, {"content-encoding": "gzip"})) as server:
        answer = web().answer(local(server), GET)

    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert len(answer.body) <= len(bomb)


def test_a_commit_of_any_length_is_cut() -> None:
    with serve(Reply(200, b"", {"x-ci-wasm-commit": "c" * 5000})) as server:
        assert web().answer(local(server), GET).commit == "c" * 64


# --- waiting ----------------------------------------------------------------------------------------------------------

WAITS: dict[str, list[Reply | Exception]] = {
    "a name that Cloudflare does not know yet": [UNKNOWN_NAME, NOTHING_HERE, Reply(530, b"error code: 1016"), Reply(523)],
    "a name that DNS does not know yet": [httpx.ConnectError("Name or service not known")],
    "a certificate that is not there yet": [httpx.ConnectError("SSL: TLSV1_ALERT"), httpx.ConnectTimeout("slow")],
    "a connection that breaks": [httpx.ReadError("reset"), httpx.RemoteProtocolError("disconnected")],
}  # fmt: skip


@pytest.mark.parametrize("name", WAITS)
def test_a_new_url_is_waited_for(name: str) -> None:
    transport, requests = scripted(*WAITS[name], GOOD)
    time = Time()

    answer = web(time, transport).answer(PUBLIC, GET)

    assert answer.body == '{"result":5}'
    assert len(requests) == len(WAITS[name]) + 1
    assert time.pauses == [1, 2, 4, 8][: len(WAITS[name])]
    assert {str(request.url) for request in requests} == {f"{PUBLIC}/add?a=2&b=3"}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (UNKNOWN_NAME, "Cloudflare answered 404 in the Worker's place"),
        (Reply(530), "Cloudflare answered 530 in the Worker's place"),
        (httpx.ConnectError("Name or service not known"), "ConnectError: Name or service not known"),
    ],
)
def test_patience_ends_after_a_minute(reply: Reply | Exception, words: str) -> None:
    transport, _ = scripted(reply)
    time = Time()

    with pytest.raises(NetworkError, match="the preview did not answer GET /add") as caught:
        web(time, transport).answer(PUBLIC, GET)

    assert words in caught.value.message
    assert PUBLIC in caught.value.cure
    assert 50 < time.now <= 60
    assert max(time.pauses) == 8


def test_a_local_url_is_waited_for_until_its_server_is_there() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    with ExitStack() as stack:

        def start_server(now: float) -> None:
            if now > 1:
                stack.enter_context(serve(GOOD, port=port))

        time = Time(start_server)
        answer = web(time).answer(f"http://pr-1-add.edge.localhost:{port}", GET)

    assert answer.status == 200
    assert time.pauses == [0.1, 0.2, 0.4, 0.8]


def test_a_local_url_without_a_server_fails_within_seconds() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        time = Time()
        with pytest.raises(NetworkError, match="ConnectError") as caught:
            web(time).answer(f"http://pr-1-add.edge.localhost:{unused.getsockname()[1]}", GET)

    assert time.now <= 5
    assert "ci-wasm preview" in caught.value.cure


@pytest.mark.parametrize(
    "reply", [Reply(delay=1), Reply(body=b" " * 1000, drip=0.01)], ids=["silence", "drip"]
)
def test_a_worker_that_hangs_is_not_asked_again(reply: Reply) -> None:
    with serve(reply) as server, pytest.raises(NetworkError, match=r"no answer came in 0\.2 s"):
        web(seconds=0.2).answer(local(server), GET)

    assert len(server.requests) == 1


def test_what_changes_something_is_not_sent_twice() -> None:
    with serve(Reply(reset=True), GOOD) as server, pytest.raises(NetworkError, match="POST /add"):
        web().answer(local(server), SmokeRequest("/add", "POST"))

    assert server.calls == ["POST /add"]


# --- requests that come from a pull request's ci-wasm.yml -------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "@127.0.0.1:1/",
        ":1/",
        "//127.0.0.1:1/",
        "/\\127.0.0.1:1",
        ".evil.test/",
        "http://127.0.0.1:1/",
        "",
        "?a",
    ],
)
def test_no_path_leads_to_another_host(path: str) -> None:
    with serve(GOOD) as server:
        answer = web().answer(local(server) + "/", SmokeRequest(path))

    assert answer.status == 200
    assert server.requests[0].headers["host"] == f"pr-42-add.edge.localhost:{server.port}"


@pytest.mark.parametrize(
    ("path", "method"),
    [("/", "GET / HTTP/1.1\r\nx: y"), ("/", ""), ("/", "get me"), ("/a\x00b", "GET"), ("/a\nb", "GET")],
)
def test_what_is_no_request_is_a_mistake_in_the_configuration(path: str, method: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent") as caught:
        web().answer("http://a.localhost:1", SmokeRequest(path, method))

    assert "`smoke`" in caught.value.cure


@pytest.mark.parametrize("base", ["", "ftp://a.localhost", "a.localhost", "http://"])
def test_a_base_that_is_no_url_is_refused(base: str) -> None:
    with pytest.raises(ConfigError):
        web().answer(base, GET)


OLD = Reply(200, b"old", {"x-ci-wasm-commit": "a" * 40})


def test_an_answer_of_an_older_commit_is_asked_for_again() -> None:
    time = Time()
    transport, requests = scripted(OLD, OLD, GOOD)

    answer = web(time, transport).answer(PUBLIC, GET, commit="c" * 40)

    assert (answer.commit, len(requests), time.pauses) == ("c" * 40, 3, [1.0, 2.0])


def test_an_older_commit_is_the_answer_when_patience_ends() -> None:
    transport, requests = scripted(OLD)

    answer = web(Time(), transport).answer(PUBLIC, GET, commit="c" * 40)

    assert answer.commit == "a" * 40
    assert len(requests) > 3


@pytest.mark.parametrize(("method", "commit"), [("POST", "c" * 40), ("GET", "")])
def test_an_older_commit_is_no_reason_to_repeat_a_post_or_where_none_is_expected(
    method: str, commit: str
) -> None:
    transport, requests = scripted(OLD, GOOD)

    web(Time(), transport).answer(PUBLIC, SmokeRequest("/", method), commit=commit)

    assert len(requests) == 1
