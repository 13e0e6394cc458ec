"""The shim's bytes ABI on workerd: whole bodies in and out, memory given back, faults of the module survived."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from tests.adapters.shim_workers import COMMIT, ShimWorkers, result, shim_workers

# Gives the body back byte by byte reversed. `alloc` refuses zero bytes, grows the memory for every call and counts what is not freed.
REVERSE = """(module
  (memory (export "memory") 1)
  (global $live (mut i32) (i32.const 0))
  (global $bytes (mut i32) (i32.const 0))
  (func $alloc (export "alloc") (param $len i32) (result i32)
    (if (i32.eqz (local.get $len)) (then unreachable))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (global.set $bytes (i32.add (global.get $bytes) (local.get $len)))
    (i32.mul (i32.const 65536)
      (memory.grow (i32.div_u (i32.add (local.get $len) (i32.const 65535)) (i32.const 65536)))))
  (func (export "dealloc") (param $ptr i32) (param $len i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1)))
    (global.set $bytes (i32.sub (global.get $bytes) (local.get $len))))
  (func (export "handle") (param $ptr i32) (param $len i32) (result i64)
    (local $out i32) (local $at i32)
    (if (i32.eqz (local.get $len)) (then (return (i64.const 0))))
    (local.set $out (call $alloc (local.get $len)))
    (loop $next
      (i32.store8
        (i32.add (local.get $out) (local.get $at))
        (i32.load8_u (i32.sub (i32.add (local.get $ptr) (local.get $len)) (i32.add (local.get $at) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $len))))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $out)) (i64.const 32)) (i64.extend_i32_u (local.get $len))))
  (func (export "live") (result i32) (global.get $live))
  (func (export "bytes") (result i32) (global.get $bytes)))"""


def faulty(pointer: int, length: int, allocated: int = 1024) -> str:
    """A module whose `handle` answers with this region, whatever it is asked."""
    return f"""(module
      (memory (export "memory") 1)
      (global $calls (mut i32) (i32.const 0))
      (func (export "alloc") (param i32) (result i32) (i32.const {allocated}))
      (func (export "dealloc") (param i32 i32))
      (func (export "handle") (param i32 i32) (result i64)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i64.const {pointer << 32 | length}))
      (func (export "calls") (result i32) (global.get $calls)))"""


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShimWorkers]:
    with shim_workers(tmp_path_factory.mktemp("shim")) as workers:
        yield workers


@pytest.fixture
def reverse(workers: ShimWorkers) -> httpx.Client:
    return workers.shared(REVERSE)


@pytest.mark.parametrize("size", [0, 1, 2, 65536, 65537, 1_000_000])
def test_a_body_goes_through_and_all_memory_is_given_back(reverse: httpx.Client, size: int) -> None:
    body = os.urandom(size)

    response = reverse.post("/", content=body)

    assert (response.status_code, response.content) == (200, body[::-1])
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-ci-wasm-commit"] == COMMIT
    assert [result(reverse.get(path)) for path in ("/live", "/bytes")] == [0, 0]


def test_the_index_tells_of_it_and_its_exports_are_not_served(reverse: httpx.Client) -> None:
    index = reverse.get("/").json()

    assert index["bytes"] == {"abi": 1, "usage": "POST /"}
    assert [entry["name"] for entry in index["exports"]] == ["live", "bytes"]
    assert [reverse.get(f"/{name}?a=1&b=1").status_code for name in ("alloc", "dealloc", "handle")] == [
        404
    ] * 3


def test_methods_of_the_root(reverse: httpx.Client) -> None:
    response = reverse.put("/", content=b"x")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")
    assert reverse.post("/live").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (faulty(65536, 1), "the module gave 1 bytes at 65536, which is outside of its memory"),
        (faulty(0xFFFFFFFF, 0xFFFFFFFF), "the module gave 4294967295 bytes at 4294967295, which is outside of its memory"),
        (faulty(0, 4), "the module gave a null pointer"),
        (faulty(8, 4, allocated=0), "the module gave a null pointer"),
        (faulty(8, 4, allocated=-1), "the module gave 5 bytes at 4294967295, which is outside of its memory"),
    ],
)  # fmt: skip
def test_a_module_that_points_outside_of_its_memory_is_stopped_and_started_anew(
    workers: ShimWorkers, module: str, message: str
) -> None:
    client = workers.start(module)

    response = client.post("/", content=b"hello")

    assert (response.status_code, response.json()["message"]) == (500, message)
    assert (response.json()["export"], response.json()["commit"]) == ("handle", COMMIT)
    assert result(client.get("/calls")) == 0
