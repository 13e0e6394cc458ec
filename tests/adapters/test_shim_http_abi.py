"""The shim's HTTP ABI on workerd: whole requests in, whole responses out, memory given back, faults survived."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from tests.adapters.shim_workers import COMMIT, ShimWorkers, shim_workers

PREFIX = r"HTTP/1.1 200 OK\0d\0acontent-type: text/plain\0d\0a\0d\0a"
PREFIX_LENGTH = 45


def module(answer: str) -> str:
    """A module with this body of `handle_http`; it traps when memory of an earlier request was not given back."""
    return f"""(module
  (memory (export "memory") 1)
  (data (i32.const 16) "{PREFIX}")
  (global $live (mut i32) (i32.const 0))
  (global $poisoned (mut i32) (i32.const 0))
  (func $alloc (export "alloc") (param $len i32) (result i32)
    (if (i32.eqz (local.get $len)) (then unreachable))
    (global.set $live (i32.add (global.get $live) (local.get $len)))
    (i32.mul (i32.const 65536)
      (memory.grow (i32.div_u (i32.add (local.get $len) (i32.const 65535)) (i32.const 65536)))))
  (func (export "dealloc") (param $ptr i32) (param $len i32)
    (global.set $live (i32.sub (global.get $live) (local.get $len))))
  (func (export "handle_http") (param $ptr i32) (param $len i32) (result i64)
    (local $out i32)
    (if (i32.or (i32.ne (global.get $live) (local.get $len)) (global.get $poisoned)) (then unreachable))
    {answer}))"""


# Answers with the request as it came.
ECHO = module(f"""
    (local.set $out (call $alloc (i32.add (local.get $len) (i32.const {PREFIX_LENGTH}))))
    (memory.copy (local.get $out) (i32.const 16) (i32.const {PREFIX_LENGTH}))
    (memory.copy (i32.add (local.get $out) (i32.const {PREFIX_LENGTH})) (local.get $ptr) (local.get $len))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $out)) (i64.const 32))
      (i64.extend_i32_u (i32.add (local.get $len) (i32.const {PREFIX_LENGTH}))))""")

# Answers with the body of the request, whatever it is; traps, and is spoiled by that, when it is `trap`.
ANSWER = module("""
    (loop $next
      (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
      (local.set $len (i32.sub (local.get $len) (i32.const 1)))
      (br_if $next (i32.ne (i32.load align=1 (i32.sub (local.get $ptr) (i32.const 4))) (i32.const 0x0a0d0a0d))))
    (if (i32.and (i32.eq (local.get $len) (i32.const 4))
                 (i32.eq (i32.load align=1 (local.get $ptr)) (i32.const 0x70617274)))
      (then (global.set $poisoned (i32.const 1)) (unreachable)))
    (if (i32.eqz (local.get $len)) (then (return (i64.const 0))))
    (local.set $out (call $alloc (local.get $len)))
    (memory.copy (local.get $out) (local.get $ptr) (local.get $len))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $out)) (i64.const 32)) (i64.extend_i32_u (local.get $len)))""")

LIMIT = 32 * 1024 * 1024


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShimWorkers]:
    with shim_workers(tmp_path_factory.mktemp("shim")) as workers:
        yield workers


@pytest.fixture
def echo(workers: ShimWorkers) -> httpx.Client:
    return workers.shared(ECHO)


@pytest.fixture
def answer(workers: ShimWorkers) -> httpx.Client:
    return workers.shared(ANSWER)


def head_and_body(message: bytes) -> tuple[list[str], bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/add?a=2&b=3", "/a%2Fb/%C3%BC?x=%20+&x=2", "/alloc"])
def test_every_request_reaches_the_module(echo: httpx.Client, method: str, path: str) -> None:
    response = echo.request(method, path, headers={"X-Thing": "one"})

    lines, body = head_and_body(response.content)
    assert lines[0] == f"{method} {path} HTTP/1.1"
    assert "x-thing: one" in lines
    assert body == b""


@pytest.mark.parametrize("size", [1, 2, 65536, 65537, 1_000_000])
def test_the_body_follows_the_head_and_all_memory_is_given_back(echo: httpx.Client, size: int) -> None:
    sent = os.urandom(size)

    response = echo.post("/", content=sent)

    assert head_and_body(response.content)[1] == sent
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-ci-wasm-commit"] == COMMIT


def test_a_body_of_unknown_length_arrives_whole(echo: httpx.Client) -> None:
    pieces = [os.urandom(1000) for _ in range(300)]

    response = echo.post("/", content=iter(pieces))

    assert head_and_body(response.content)[1] == b"".join(pieces)


def test_head_is_asked_of_the_module_and_answered_without_a_body(echo: httpx.Client) -> None:
    response = echo.head("/x")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("known_length", [True, False])
def test_a_body_beyond_the_limit_never_reaches_the_module(echo: httpx.Client, *, known_length: bool) -> None:
    body = bytes(LIMIT + 1)

    response = echo.post("/", content=body if known_length else iter([body]))

    assert response.status_code == 413
    assert response.json() == {"error": "the body is too large", "limit": LIMIT}
    assert response.headers["x-ci-wasm-commit"] == COMMIT


@pytest.mark.parametrize(
    ("message", "status", "headers", "body"),
    [
        (b"HTTP/1.1 201 Created\r\nLocation: /x\r\n\r\nhello", 201, {"location": "/x"}, b"hello"),
        (b"HTTP/1.1 404 \r\n\r\n", 404, {}, b""),
        (b"HTTP/1.1 299 \r\nA:b\r\nc:  d\te \r\ne:\r\n\r\n\r\n\r\n", 299, {"a": "b", "c": "d\te", "e": ""}, b"\r\n\r\n"),
        (b"HTTP/1.1 204 \r\n\r\nnot sent", 204, {}, b""),
        (b"HTTP/1.1 304 \r\netag: \"1\"\r\n\r\n", 304, {"etag": '"1"'}, b""),
        (b"HTTP/1.1 200 \r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\nabc", 200, {"content-length": "3"}, b"abc"),
        (b"HTTP/1.1 503 \r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n", 503, {"set-cookie": "a=1, b=2"}, b""),
        (b"HTTP/1.1 200 \r\nx-ci-wasm-commit: forged\r\n\r\n", 200, {"x-ci-wasm-commit": COMMIT}, b""),
        (b"HTTP/1.1 200 \r\nx: \r\r\n\r\n\x00\xff", 500, {}, None),
    ],
)  # fmt: skip
def test_what_the_module_answers_is_what_is_sent(
    answer: httpx.Client, message: bytes, status: int, headers: dict[str, str], body: bytes | None
) -> None:
    response = answer.post("/", content=message)

    assert response.status_code == status, response.text
    assert {name: response.headers[name] for name in headers} == headers
    assert body is None or response.content == body


def test_an_encoded_body_is_sent_as_it_is(answer: httpx.Client) -> None:
    import gzip

    packed = gzip.compress(b"hello")

    response = answer.post("/", content=b"HTTP/1.1 200 \r\ncontent-encoding: gzip\r\n\r\n" + packed)

    assert (response.headers["content-encoding"], response.content) == ("gzip", b"hello")


@pytest.mark.parametrize(
    ("module", "configured", "message", "expected"),
    [
        (ANSWER, None, b"HTTP/1.1 200 \r\n\r\n", "no-store"),
        (ANSWER, None, b"HTTP/1.1 200 \r\ncache-control: max-age=5\r\n\r\n", "max-age=5"),
        (ANSWER, "public, max-age=60", b"HTTP/1.1 200 \r\n\r\n", "public, max-age=60"),
        (ANSWER, "public, max-age=60", b"HTTP/1.1 200 \r\ncache-control: max-age=5\r\n\r\n", "max-age=5"),
        (ANSWER, "public, max-age=60", b"HTTP/1.1 400 \r\n\r\n", "no-store"),
    ],
)
def test_the_module_has_the_first_word_on_caching(
    workers: ShimWorkers, module: str, configured: str | None, message: bytes, expected: str
) -> None:
    client = workers.start(module, configured) if configured else workers.shared(module)

    assert client.post("/", content=message).headers["cache-control"] == expected


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (b"", "the module's answer has no empty line after its head"),
        (b"hello", "the module's answer has no empty line after its head"),
        (b"HTTP/1.1 200 OK\n\n", "the module's answer has no empty line after its head"),
        (b"hello\r\n\r\n", "the module's answer is not an HTTP/1.1 message: \"hello\""),
        (b"HTTP/1.1 200\r\n\r\n", "the module's answer is not an HTTP/1.1 message: \"HTTP/1.1 200\""),
        (b"HTTP/1.1 101 \r\n\r\n", "the module's answer is not an HTTP/1.1 message: \"HTTP/1.1 101 \""),
        (b"HTTP/1.1 600 \r\n\r\n", "the module's answer is not an HTTP/1.1 message: \"HTTP/1.1 600 \""),
        (b"HTTP/1.1 200 \r\na b: c\r\n\r\n", "the module's answer is not an HTTP/1.1 message: \"a b: c\""),
        (b"HTTP/1.1 200 \r\na: \xff\r\n\r\n", "the module's answer is not an HTTP/1.1 message: \"a: \u00ff\""),
        (b"HTTP/1.1 200 \r\na: 1\r\n b\r\n\r\n", "the module's answer is not an HTTP/1.1 message: \" b\""),
        (b"trap", "unreachable"),
    ],
)  # fmt: skip
def test_a_trap_or_a_malformed_answer_is_a_500_and_the_next_request_gets_a_fresh_instance(
    answer: httpx.Client, message: bytes, problem: str
) -> None:
    response = answer.post("/", content=message)

    assert response.status_code == 500
    assert response.json() == {
        "error": "trap",
        "export": "handle_http",
        "message": problem,
        "worker": "add",
        "commit": COMMIT,
    }
    assert answer.post("/", content=b"HTTP/1.1 200 \r\n\r\nfine").text == "fine"
