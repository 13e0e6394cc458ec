"""The cache of the local edge: what `caches` of a Worker keeps, on real workerd. (put, match, delete) -> what comes back.

The table of what is kept is Cloudflare's: https://developers.cloudflare.com/workers/runtime-apis/cache/
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule
from ci_wasm.adapters.workerd_runtime import WorkerdProcess, WorkerdRuntime, find_workerd

# Does what the body tells, one step after the other, and answers what each step gave.
PUPPET = """
const described = async (response) => response && {
  status: response.status, text: await response.text(), headers: Object.fromEntries(response.headers),
};
export default { async fetch(request) {
  const told = [];
  for (const [verb, { name, key, status, headers, text, size, method, options }] of await request.json()) {
    const cache = name ? await caches.open(name) : caches.default;
    const asked = new Request(key ?? "https://a.example/", { headers: verb === "put" ? {} : headers, method });
    try {
      const body = size ? "x".repeat(size) : text ?? (status === 204 ? null : "kept");
      if (verb === "put") told.push(await cache.put(asked, new Response(body, { status, headers })) ?? "put");
      if (verb === "match") told.push(await described(await cache.match(asked, options)) ?? "miss");
      if (verb === "delete") told.push(await cache.delete(asked));
      if (verb === "wait") await scheduler.wait(1100);
    } catch (error) { told.push(String(error)); }
  }
  return Response.json(told);
} };"""

Step = tuple[str, Mapping[str, object]]
Play = Callable[..., list[Any]]
HOUR = {"cache-control": "max-age=3600"}


@pytest.fixture(scope="module")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerdProcess]:
    runtime = WorkerdRuntime(find_workerd())
    folder = tmp_path_factory.mktemp("puppet") / "program"
    module = ProgramModule("index.js", ModuleKind.ES_MODULE, PUPPET.encode())
    runtime.install(Program((module,), "2026-07-01"), folder)
    yield runtime.start(folder)
    runtime.close()


@pytest.fixture
def play(puppet: WorkerdProcess, request: pytest.FixtureRequest) -> Play:
    """Plays steps of `(verb, details)` against keys that no other test has."""
    own = f"https://{abs(hash(request.node.nodeid))}.example"

    def send(*steps: Step) -> list[Any]:
        full = [(verb, {**details, "key": own + str(details.get("key", "/"))}) for verb, details in steps]
        connection = http.client.HTTPConnection("worker", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(puppet.socket))
        connection.request("POST", "/", json.dumps(full))
        told: list[Any] = json.loads(connection.getresponse().read())
        connection.close()
        return told

    return send


def test_what_was_put_is_found_until_it_is_deleted(play: Play) -> None:
    put = (
        "put",
        {"headers": {**HOUR, "x-own": "ümlaut", "content-type": "text/x"}, "status": 200, "text": "é" * 9},
    )

    _, found, deleted, missed, again = play(put, ("match", {}), ("delete", {}), ("match", {}), ("delete", {}))

    assert (found["status"], found["text"]) == (200, "é" * 9)
    assert found["headers"] == {
        "age": "0",
        "cache-control": "max-age=3600",
        "cf-cache-status": "HIT",
        "content-length": "18",
        "content-type": "text/x",
        "x-own": "ümlaut",
    }
    assert (deleted, missed, again) == (True, "miss", False)


@pytest.mark.parametrize(
    ("status", "headers", "kept"),
    [
        (200, {"cache-control": "max-age=60"}, True),
        (200, {"cache-control": "S-MaxAge=60, max-age=0"}, True),
        (200, {"cache-control": 'max-age="60"'}, True),
        (500, {"cache-control": "max-age=60"}, True),
        (200, {"cache-control": "max-age=0"}, False),
        (200, {"cache-control": "max-age=60, s-maxage=0"}, False),
        (200, {"cache-control": "max-age=soon"}, False),
        (200, {"cache-control": "max-age=60", "age": "60"}, False),
        (200, {"cache-control": "max-age=60, no-store"}, False),
        (200, {"cache-control": "max-age=60, No-Cache"}, False),
        (200, {"cache-control": "max-age=60, private"}, False),
        (200, {"cache-control": "max-age=60", "set-cookie": "a=b"}, False),
        (200, {"cache-control": "max-age=60, private=Set-Cookie", "set-cookie": "a=b"}, True),
        (200, {"expires": "Fri, 31 Dec 2049 00:00:00 GMT"}, True),
        (200, {"expires": "Fri, 31 Dec 1999 00:00:00 GMT"}, False),
        (200, {"expires": "0"}, False),
        (200, {}, True),
        (404, {}, True),
        (204, {}, False),
        (500, {}, False),
    ],
)
def test_the_answer_says_whether_it_is_kept(
    play: Play, status: int, headers: dict[str, str], *, kept: bool
) -> None:
    _, found = play(("put", {"status": status, "headers": headers}), ("match", {}))

    assert (found != "miss") is kept
    assert not kept or "set-cookie" not in found["headers"]


def test_what_is_too_old_is_gone(play: Play) -> None:
    brief = {"headers": {"cache-control": "max-age=1"}}

    assert play(("put", brief), ("wait", {}), ("match", {}), ("delete", {})) == ["put", "miss", False]


def test_an_answer_grows_old(play: Play) -> None:
    aged = {"headers": {**HOUR, "age": "100"}}

    _, found = play(("put", aged), ("wait", {}), ("match", {}))

    assert int(found["headers"]["age"]) in {101, 102}


@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        ({"if-none-match": '"one"'}, 304, ""),
        ({"if-none-match": '"two", W/"one"'}, 304, ""),
        ({"if-none-match": "*"}, 304, ""),
        ({"if-none-match": '"two"'}, 200, "0123456789"),
        ({"if-modified-since": "Sat, 01 Aug 2026 00:00:00 GMT"}, 304, ""),
        ({"if-modified-since": "Fri, 31 Jul 2026 00:00:00 GMT"}, 200, "0123456789"),
        ({"range": "bytes=2-4"}, 206, "234"),
        ({"range": "bytes=8-"}, 206, "89"),
        ({"range": "bytes=-3"}, 206, "789"),
        ({"range": "bytes=8-99"}, 206, "89"),
        ({"range": "bytes=10-"}, 200, "0123456789"),
        ({"range": "bytes=0-1,4-5"}, 200, "0123456789"),
        ({"range": "bytes=-"}, 200, "0123456789"),
        ({"x-other": "1"}, 200, "0123456789"),
    ],
)
def test_a_request_may_ask_for_less(play: Play, asked: dict[str, str], status: int, text: str) -> None:
    about = {**HOUR, "etag": '"one"', "last-modified": "Sat, 01 Aug 2026 00:00:00 GMT"}

    _, found = play(("put", {"headers": about, "text": "0123456789"}), ("match", {"headers": asked}))

    assert (found["status"], found["text"]) == (status, text)
    if status == 206:
        first = "0123456789".index(text)
        assert found["headers"]["content-range"] == f"bytes {first}-{first + len(text) - 1}/10"


def test_only_a_get_finds_something(play: Play) -> None:
    head = {"method": "HEAD"}

    told = play(
        ("put", {"headers": HOUR}), ("match", head), ("match", {**head, "options": {"ignoreMethod": True}})
    )

    assert told[1] == "miss"
    assert told[2]["status"] == 200


def test_caches_and_urls_are_apart(play: Play) -> None:
    told = play(
        ("put", {"headers": HOUR, "text": "default"}),
        ("put", {"headers": HOUR, "text": "named", "name": "own"}),
        ("put", {"headers": HOUR, "text": "query", "key": "/?a"}),
        ("match", {}),
        ("match", {"name": "own"}),
        ("match", {"key": "/?a"}),
        ("match", {"key": "/?b"}),
        ("match", {"name": "other"}),
    )

    assert [found if isinstance(found, str) else found["text"] for found in told[3:]] == [
        "default", "named", "query", "miss", "miss",
    ]  # fmt: skip


def test_an_encoded_answer_comes_back_decoded(play: Play) -> None:
    _, found = play(
        ("put", {"headers": {**HOUR, "content-encoding": "gzip"}, "text": "again " * 99}), ("match", {})
    )

    assert found["text"] == "again " * 99


def test_the_oldest_make_room(play: Play) -> None:
    size = 12 * 1024 * 1024
    puts = [("put", {"headers": HOUR, "size": size, "key": f"/{key}"}) for key in "ab"]

    told = play(
        *puts,
        ("match", {"key": "/a", "headers": {"range": "bytes=0-0"}}),
        ("put", {"headers": HOUR, "size": size, "key": "/c"}),
        *[("match", {"key": f"/{key}", "headers": {"range": "bytes=0-0"}}) for key in "abc"],
        ("put", {"headers": HOUR, "size": 3 * size, "key": "/huge"}),
        ("match", {"key": "/huge"}),
        ("match", {"key": "/a", "headers": {"range": "bytes=0-0"}}),
    )

    found = [step if isinstance(step, str) else step["status"] for step in told]
    assert found == ["put", "put", 206, "put", 206, "miss", 206, "put", "miss", 206]
