"""Faults of Cloudflare's API: what is tried again, how long after, and what the error says. Scripted over loopback."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest

from ci_wasm.adapters.cloudflare_envelope import Answer, Received, Refusal
from ci_wasm.adapters.cloudflare_http import Call, CloudflareApi, Lost, pause_before_retry
from ci_wasm.config.secret import Secret
from ci_wasm.errors import CiWasmError, ConfigError, DeployError, NetworkError
from tests.adapters.loopback import Reply, as_json, ok, refused, serve

TOKEN = "token-that-nobody-may-see"
CALL = Call("GET", "/accounts/0123/workers/workers/add/previews/pr-1")
GATEWAY = Reply(502, b"<html><h1>Bad Gateway</h1></html>", {"content-type": "text/html"})


@dataclass
class Outcome:
    """What came out of one call: the reply or the error, the number of requests, the seconds asked to sleep."""

    value: Answer | Refusal | CiWasmError
    requests: int
    sleeps: list[float] = field(default_factory=list)


def call(*replies: Reply, timeout: float = 5.0, jitter: float = 0.0, now: float = 0.0) -> Outcome:
    sleeps: list[float] = []
    with serve(*replies) as server:
        value: Answer | Refusal | CiWasmError
        with CloudflareApi(
            server.url,
            Secret(TOKEN),
            sleep=sleeps.append,
            jitter=lambda: jitter,
            now=lambda: now,
            timeout=timeout,
        ) as api:
            try:
                value = api.call(CALL)
            except CiWasmError as error:
                value = error
        return Outcome(value, len(server.requests), sleeps)


GOOD = ok({"id": "1"})
# replies -> number of requests, sleeps asked for, success
RETRIES = {
    "good": ([GOOD], 1, [], True),
    "500 twice": ([refused(500, 10002), refused(500, 10013), GOOD], 3, [1, 2], True),
    "500 for ever": ([refused(500, 10002)], 3, [1, 2], False),
    "gateway page once": ([GATEWAY, GOOD], 2, [1], True),
    "429 without a header": ([refused(429, 971), GOOD], 2, [1], True),
    "429, wait 7 s": ([refused(429, 971, retry_after="7"), GOOD], 2, [7], True),
    "429, wait until a date": ([refused(429, 971, retry_after=formatdate(1030, usegmt=True)), GOOD], 2, [30], True),
    "429, wait until a date that is over": ([refused(429, 971, retry_after=formatdate(0)), GOOD], 2, [0], True),
    "429, a header that makes no sense": ([refused(429, 971, retry_after="soon"), GOOD], 2, [1], True),
    "429, the longest wait": ([refused(429, 971, retry_after="60"), GOOD], 2, [60], True),
    "429, wait too long": ([refused(429, 971, retry_after="61"), GOOD], 1, [], False),
    "conflict": ([refused(409, 10035)] * 3 + [GOOD], 4, [1, 2, 4], True),
    "conflict for ever": ([refused(409, 10035)], 5, [1, 2, 4, 8], False),
    "connection reset": ([Reply(reset=True), GOOD], 2, [1], True),
    "refused for good": ([refused(400, 10021)], 1, [], False),
    "forbidden": ([refused(403, 10000)], 1, [], False),
    "not JSON": ([Reply(200, b"hello")], 1, [], False),
}  # fmt: skip


@pytest.mark.parametrize("name", RETRIES)
def test_what_is_tried_again_and_how_long_after(name: str) -> None:
    replies, requests, sleeps, good = RETRIES[name]

    outcome = call(*replies, now=1000)

    assert (outcome.requests, outcome.sleeps) == (requests, sleeps)
    assert isinstance(outcome.value, Answer) == good


def test_jitter_is_added_to_every_pause() -> None:
    assert call(refused(500, 10002), refused(429, 971, retry_after="7"), GOOD, jitter=0.5).sleeps == [
        1.5,
        7.5,
    ]


@pytest.mark.parametrize(
    "reply", [Reply(delay=1.5), Reply(body=b" " * 1000, drip=0.01)], ids=["silence", "drip"]
)
def test_a_slow_answer_is_a_network_error_after_three_attempts(reply: Reply) -> None:
    outcome = call(reply, timeout=0.2)

    assert isinstance(outcome.value, NetworkError)
    assert outcome.requests == 3


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with (
            CloudflareApi(url, Secret(TOKEN), sleep=lambda _: None) as api,
            pytest.raises(NetworkError, match=r"GET /accounts/…/workers.*ConnectError"),
        ):
            api.call(CALL)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (ok(None), Answer({})),
        (ok([1, 2]), Answer({})),
        (Reply(204), Answer({})),
        (Reply(205), Answer({})),
        (Reply(200), Answer({})),
        # The answer says yes, whatever its status is.
        (as_json(404, {"success": True, "result": {"id": "1"}}), Answer({"id": "1"})),
        (as_json(404, {"error": "gone", "code": 10007}), Refusal(404, 10007, "gone", "10007: gone")),
        (as_json(400, {"success": False, "errors": []}), Refusal(400, None, "no reason given", "no reason given")),
        (as_json(400, {"success": False, "errors": ["?", None]}), Refusal(400, None, "no reason given", "no reason given")),
        (as_json(400, {"errors": [{"code": "10021", "message": 3}]}), Refusal(400, 10021, "3", "10021: 3")),
        (
            as_json(400, {"success": False, "errors": [{"code": 6003, "message": "Invalid request headers",
                "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}]}]}),
            Refusal(400, 6003, "Invalid request headers (Invalid format for Authorization header)",
                "6003: Invalid request headers (Invalid format for Authorization header)"),
        ),
        (Reply(429, b"slow down", {"retry-after": "300"}), Refusal(429, None, "too many requests")),
    ],
)  # fmt: skip
def test_every_form_of_the_envelope_is_read(reply: Reply, expected: Answer | Refusal) -> None:
    assert call(reply).value == expected


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(403, b"<html>", {"cf-mitigated": "challenge", "cf-ray": "abc-FRA"}), DeployError, "firewall.*Ray ID abc-FRA"),
        (GATEWAY, NetworkError, "status 502 by a gateway"),
        (Reply(200, b"<html>Welcome to the hotel's wifi"), DeployError, "not one of Cloudflare's API .status 200"),
        (Reply(302, b"", {"location": "http://127.0.0.1:1/"}), DeployError, "status 302"),
        (as_json(200, [1]), DeployError, "not one of Cloudflare's API"),
        (as_json(200, {"hello": 1}), DeployError, "not one of Cloudflare's API"),
        (Reply(400, b"[" * 100_000), DeployError, "not one of Cloudflare's API"),
        (Reply(400, b"\xff\xfe\x00"), DeployError, "not one of Cloudflare's API"),
    ],
)  # fmt: skip
def test_what_is_no_envelope_gets_an_error_of_its_own(
    reply: Reply, kind: type[CiWasmError], words: str
) -> None:
    outcome = call(reply)

    assert type(outcome.value) is kind
    with pytest.raises(kind, match=words):
        raise outcome.value


def everything_about(error: BaseException) -> str:
    """All text of an error and of what it hangs on, its arguments and attributes included."""
    seen, texts = set[int](), list[str]()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        texts.append(repr(item) + str(item))
        waiting += [*getattr(item, "args", ()), *getattr(item, "__dict__", {}).values()]
        waiting += [getattr(item, "__cause__", None), getattr(item, "__context__", None)]
    return "\n".join(texts)


LEAKS = {
    "reset": Reply(reset=True),
    "silence": Reply(delay=1),
    "echo in an error": refused(400, 10004, f"bad header Bearer {TOKEN}"),
    "echo in a page": Reply(200, f"<html>{TOKEN * 40}".encode()),
    "echo by a gateway": Reply(503, f"<html>{TOKEN}".encode()),
    "broken encoding": Reply(200, b"not gzip", {"content-encoding": "gzip"}),
    "broken header": Reply(200, b"{}", {"bad\x00name": TOKEN}),
}


@pytest.mark.parametrize("name", LEAKS)
def test_no_error_tells_the_token(name: str) -> None:
    outcome = call(LEAKS[name], timeout=0.2)

    text = everything_about(outcome.value) if isinstance(outcome.value, CiWasmError) else repr(outcome.value)
    assert TOKEN not in text
    assert not isinstance(outcome.value, Answer)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "caf\u00e9", "tab\t", "\x00"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigError, match="the Cloudflare API token") as caught:
        CloudflareApi("http://127.0.0.1:1", Secret(token))

    assert not token or token not in everything_about(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["", "api.cloudflare.com", "ftp://host/client/v4", "http://", "http://[", "http://a\x00b"]
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is not the URL of an API"):
        CloudflareApi(url, Secret(TOKEN))


def test_the_token_is_sent_as_a_header_and_nowhere_else() -> None:
    with serve(GOOD) as server, CloudflareApi(server.url + "/", Secret(TOKEN)) as api:
        api.call(Call("POST", "/x", body={"a": 1}))

    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert (request.path, request.json) == ("/x", {"a": 1})
    assert TOKEN not in json.dumps([request.path, {**request.headers, "authorization": ""}])


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert call(GOOD).value == Answer({"id": "1"})


@pytest.mark.parametrize("status", [200, 302, 400, 404, 409])
def test_nothing_else_is_tried_again(status: int) -> None:
    assert pause_before_retry(Received(status, {}, b""), 1, 0.0) is None


def test_a_lost_answer_counts_like_a_failure() -> None:
    assert [pause_before_retry(Lost("reset"), attempt, 0.0) for attempt in (1, 2, 3)] == [1, 2, None]
