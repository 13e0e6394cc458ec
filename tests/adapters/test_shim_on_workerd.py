"""The shim in the runtime that Cloudflare uses: routes, headers, traps, the instance and the bytes ABI."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from ci_wasm.errors import DeployError
from tests.adapters.shim_workers import COMMIT, ShimWorkers, result, shim_workers

ARITHMETIC = """(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "nothing"))
  (func (export "both") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
  (func (export "count") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (global.get $calls))
  (func (export "ref") (param externref)))"""

# Names that are special to JavaScript, to URLs or to JSON.
HOSTILE = ['"];throw 1;//', "a/b", "/", "a/../b", "?x=1#y", "%41", "__proto__", "constructor", "toString", "hasOwnProperty",
    "exports", "\u00fcn\u00efc\u00f6d\u00e9 \U0001f980", "${1}`", "\\", "line\nbreak\x00", " ", "+", "then", "favicon.ico"]  # fmt: skip


def named_exports(names: list[str]) -> str:
    """Each export gives its position."""
    spelled = ["".join(f"\\{byte:02x}" for byte in name.encode()) for name in names]
    functions = [f'(func (export "{name}") (result i32) (i32.const {at}))' for at, name in enumerate(spelled)]
    return f"(module {' '.join(functions)})"


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShimWorkers]:
    with shim_workers(tmp_path_factory.mktemp("shim")) as workers:
        yield workers


@pytest.fixture
def arithmetic(workers: ShimWorkers) -> httpx.Client:
    return workers.shared(ARITHMETIC)


def test_the_tutorials_request_works(arithmetic: httpx.Client) -> None:
    response = arithmetic.get("/add?a=2&b=3")

    assert response.status_code == 200
    assert response.text == '{"export":"add","result":5}\n'
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["x-ci-wasm-commit"] == COMMIT
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/add?b=3&a=2", 5),
        ("/add?0=2&1=3", 5),
        ("/add?1=3&a=2", 5),
        ("/div?a=-7&b=2", -3),
        ("/nothing", None),
        ("/both?a=9007199254740993&b=-0.5", [-0.5, "9007199254740993"]),
        ("/%61dd?a=2&b=3", 5),
    ],
)
def test_arguments_go_by_letter_or_by_position(arithmetic: httpx.Client, path: str, expected: object) -> None:
    assert result(arithmetic.get(path)) == expected


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("", [("a", "missing (i32)"), ("b", "missing (i32)")]),
        ("?a=1", [("b", "missing (i32)")]),
        ("?a=1&b=2&c=3", [("c", "unknown: `add` takes 2 arguments")]),
        ("?a=1&b=2&2=3", [("2", "unknown: `add` takes 2 arguments")]),
        ("?a=1&b=2&__proto__=3", [("__proto__", "unknown: `add` takes 2 arguments")]),
        ("?a=1&b=2&a=1", [("a", "given more than once")]),
        ("?a=1&b=2&0=1", [("0", "given more than once")]),
        ("?a=one&b=", [("a", "`one` is not a decimal integer (i32)"), ("b", "`` is not a decimal integer (i32)")]),
        ("?a=1.0&b=0x10", [("a", "`1.0` is not a decimal integer (i32)"), ("b", "`0x10` is not a decimal integer (i32)")]),
        ("?a=4294967296&b=0", [("a", "`4294967296` is out of range (i32: -2147483648 to 4294967295)")]),
        ("?a=-2147483649&b=0", [("a", "`-2147483649` is out of range (i32: -2147483648 to 4294967295)")]),
        ("?a=" + "9" * 5000 + "&b=0", [("a", f"`{'9' * 80}…` is out of range (i32: -2147483648 to 4294967295)")]),
    ],
)  # fmt: skip
def test_bad_arguments_are_all_named(
    arithmetic: httpx.Client, query: str, problems: list[tuple[str, str]]
) -> None:
    response = arithmetic.get(f"/add{query}")

    assert response.status_code == 400
    assert response.json() == {
        "error": "bad arguments",
        "export": "add",
        "usage": "/add?a=<i32>&b=<i32>",
        "problems": [{"argument": argument, "problem": problem} for argument, problem in problems],
    }
    assert response.headers["x-ci-wasm-commit"] == COMMIT
    assert response.headers["cache-control"] == "no-store"


def test_the_index_tells_what_there_is_and_what_is_not_served(arithmetic: httpx.Client) -> None:
    index = arithmetic.get("/").json()

    assert (index["worker"], index["commit"], index["bytes"]) == ("add", COMMIT, None)
    assert index["exports"][0] == {
        "name": "add",
        "signature": "(i32, i32) -> i32",
        "usage": "/add?a=<i32>&b=<i32>",
    }
    assert index["exports"][4]["signature"] == "(i64, f64) -> (f64, i64)"
    assert [entry["name"] for entry in index["notServed"]] == ["ref"]


def test_every_usage_of_the_index_is_a_request_that_works(workers: ShimWorkers) -> None:
    client = workers.shared(named_exports(HOSTILE))

    index = client.get("/").json()

    assert [entry["name"] for entry in index["exports"]] == HOSTILE
    assert [result(client.get(entry["usage"])) for entry in index["exports"]] == list(range(len(HOSTILE)))


@pytest.mark.parametrize(
    "name", ["subtract", "ref", "memory", "__proto__", "constructor", "toString", "add/", "ADD", "\ufffd"]
)
def test_an_unknown_export_is_a_404_that_lists_the_others(arithmetic: httpx.Client, name: str) -> None:
    response = arithmetic.get("/" + quote(name, safe=""))

    assert response.status_code == 404
    assert response.json() == {
        "error": "no such export",
        "export": name,
        "exports": ["add", "div", "deep", "nothing", "both", "count"],
    }


@pytest.mark.parametrize("path", ["/%", "/%ff", "/add%E2%82"])
def test_a_path_that_is_no_text_is_a_400(arithmetic: httpx.Client, path: str) -> None:
    response = arithmetic.get(path)

    assert (response.status_code, response.json()) == (
        400,
        {"error": "the path is not valid percent-encoded UTF-8"},
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/add?a=1&b=2"])
def test_other_methods_are_refused_with_those_that_are_not(
    arithmetic: httpx.Client, method: str, path: str
) -> None:
    response = arithmetic.request(method, path, content=b"x")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.json()["error"] == "method not allowed"


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/add?a=1&b=2", 200), ("/add", 400), ("/x", 404)])
def test_head_is_get_without_the_body(arithmetic: httpx.Client, path: str, status: int) -> None:
    response = arithmetic.head(path)

    assert (response.status_code, response.content) == (status, b"")
    assert response.headers["x-ci-wasm-commit"] == COMMIT


@pytest.mark.parametrize(
    ("path", "message"), [("/div?a=1&b=0", "divide by zero"), ("/deep", "Maximum call stack size exceeded")]
)
def test_a_trap_names_export_and_commit_and_the_next_request_works(
    arithmetic: httpx.Client, path: str, message: str
) -> None:
    response = arithmetic.get(path)

    assert response.status_code == 500
    assert response.json() == {
        "error": "trap",
        "export": path[1:].partition("?")[0],
        "message": message,
        "worker": "add",
        "commit": COMMIT,
    }
    assert response.headers["cache-control"] == "no-store"
    assert result(arithmetic.get("/add?a=1&b=2")) == 3


def test_the_instance_lives_from_request_to_request_until_it_traps(workers: ShimWorkers) -> None:
    client = workers.start(ARITHMETIC)

    assert [result(client.get("/count")) for _ in range(3)] == [1, 2, 3]
    assert client.get("/div?a=1&b=0").status_code == 500
    assert [result(client.get("/count")) for _ in range(2)] == [1, 2]


def test_start_function_and_initialize_run_once_per_instance_before_the_first_call(
    workers: ShimWorkers,
) -> None:
    client = workers.start("""(module
      (global $n (mut i32) (i32.const 1))
      (func $start (global.set $n (i32.mul (global.get $n) (i32.const 10))))
      (start $start)
      (func (export "_initialize") (global.set $n (i32.add (global.get $n) (i32.const 1))))
      (func (export "n") (result i32) (global.get $n))
      (func (export "trap") unreachable))""")

    assert [result(client.get("/n")) for _ in range(2)] == [11, 11]
    assert client.get("/_initialize").status_code == 404
    assert client.get("/trap").json()["message"] == "unreachable"
    assert result(client.get("/n")) == 11


def test_a_module_that_traps_when_it_starts_is_refused_at_the_upload(workers: ShimWorkers) -> None:
    with pytest.raises(DeployError, match="unreachable"):
        workers.start('(module (func $start unreachable) (start $start) (func (export "f")))')


def test_only_good_answers_of_exports_may_be_cached(workers: ShimWorkers) -> None:
    client = workers.start(ARITHMETIC, "public, max-age=60")

    paths = ["/add?a=1&b=2", "/", "/add", "/nobody", "/div?a=1&b=0"]
    assert [client.get(path).headers["cache-control"] for path in paths] == ["public, max-age=60"] + 4 * [
        "no-store"
    ]


def test_more_parameters_than_letters_go_on_by_position(workers: ShimWorkers) -> None:
    client = workers.shared(f'(module (func (export "f") (param {"i32 " * 30}) (result i32) (local.get 29)))')

    assert (
        client.get("/").json()["exports"][0]["usage"].endswith("&z=<i32>&26=<i32>&27=<i32>&28=<i32>&29=<i32>")
    )
    query = "&".join(f"{position}={position}" for position in range(30))
    assert result(client.get(f"/f?{query}")) == 29
