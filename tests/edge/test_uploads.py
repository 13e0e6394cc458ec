"""The upload form: what the edge takes, what it refuses and with which code. (form) -> (status, code)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ci_wasm.edge.upload import SIZE_LIMIT
from tests.edge.edge_client import ADD_WASM, ESM, META, OK, WASM, EdgeClient, File, Part, form, script

INDEX = script(OK)
NO_FILES: list[File] = []


def metadata(text: str) -> Part:
    return ("metadata", (None, text, "application/json"))


@pytest.mark.parametrize(
    ("parts", "expected", "says"),
    [
        (form(META, [INDEX]), (200, None), ""),
        (form(META, [INDEX, ("index.js.map", b"{}", "application/source-map")]), (200, None), ""),
        (form(META, NO_FILES), (400, 10006), "the uploaded files are no file"),
        (form(META, [script(OK, "other.js")]), (400, 10006), "`main_module` is 'index.js'"),
        (form({"compatibility_date": "2026-07-01"}, [INDEX]), (400, 10006), "no `main_module`"),
        (form({"main_module": 7}, [INDEX]), (400, 10006), "no `main_module`"),
        (form(META, [INDEX])[1:], (400, 10006), "one part named `metadata`, and has 0"),
        (form(META, [INDEX]) + form(META, NO_FILES), (400, 10006), "and has 2"),
        ([metadata("{"), *form(META, [INDEX])[1:]], (400, 10026), "not JSON"),
        ([metadata("[" * 100_000), *form(META, [INDEX])[1:]], (400, 10026), "not JSON"),
        ([metadata("[]"), *form(META, [INDEX])[1:]], (400, 10026), "not a JSON object"),
        ([metadata(" " * 5_000_000 + "{}")], (400, 10006), "Part exceeded maximum size"),
        (form({"body_part": "index.js"}, [INDEX]), (400, 10216), "ES Modules"),
        ([*form(META, [INDEX]), ("stray", (None, "text", ""))], (400, 10006), "'stray' has no filename"),
        (form(META, [("index.js", OK.encode(), "application/x-tar")]), (400, 10021), "'application/x-tar'"),
        (form(META, [INDEX, ("a.py", b"", "text/x-python")]), (400, 10021), "'text/x-python'"),
        (form(META, [("index.js", OK.encode(), "text/plain")]), (400, 10021), "not an ES module"),
        (form(META, [INDEX, INDEX]), (400, 10021), "already added"),
        (form(META, [INDEX, script(OK, "./index.js")]), (400, 10021), "already added"),
        (form(META | {"compatibility_date": 7}, [INDEX]), (400, 10021), "compatibility_date"),
        (form(META | {"compatibility_date": "soon"}, [INDEX]), (400, 10021), "Invalid compatibility date"),
        (form(META | {"compatibility_date": "2099-01-01"}, [INDEX]), (400, 10021), "newest date supported"),
        (form(META | {"compatibility_flags": "x"}, [INDEX]), (400, 10021), "list of strings"),
        (form(META | {"compatibility_flags": ["nope"]}, [INDEX]), (400, 10021), "No such compatibility flag"),
        (form(META | {"assets": {"jwt": "x"}}, [INDEX]), (400, 10017), "static assets"),
        (form(META | {"migrations": {"new_tag": "v1"}}, [INDEX]), (400, 10017), "Durable Objects"),
        (form(META | {"annotations": {"workers/tag": "t" * 101}}, [INDEX]), (400, 100102), "100 bytes"),
        (form(META | {"annotations": {"workers/message": 7}}, [INDEX]), (400, 10021), "must be a string"),
        (form(META | {"annotations": []}, [INDEX]), (400, 10021), "must be an object"),
        (form(META | {"limits": 7}, [INDEX]), (400, 10021), "must be an object"),
        (form(META | {"keep_bindings": "secret_text"}, [INDEX]), (400, 10021), "list of binding types"),
    ],
)
def test_every_form_gets_its_code(
    client: EdgeClient, worker: str, parts: list[Part], expected: tuple[int, int | None], says: str
) -> None:
    reply = client.call("PUT", f"scripts/{worker}", files=parts)

    assert (reply.status, reply.code) == expected
    assert says in reply.message


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("export default {", "Uncaught SyntaxError: Unexpected end of input\n  at index.js:1"),
        ("undefinedVar", "Uncaught ReferenceError: undefinedVar is not defined\n  at index.js:1:1"),
        ("import './nope.js'", 'Uncaught Error: No such module "nope.js".\n  imported from "index.js"'),
        (
            "import w from './bad.wasm'; export default {}",
            "Uncaught CompileError: WasmModuleObject::Compile()",
        ),
        ("throw new Error('a\\u0000b')", "Uncaught Error: a"),
    ],
)
def test_a_worker_that_does_not_start_is_refused_in_workerds_words(
    client: EdgeClient, worker: str, source: str, says: str
) -> None:
    broken = [("bad.wasm", b"\0asm\1\0\0\0\xff", WASM)] if "bad.wasm" in source else []

    reply = client.put(worker, [script(source), *broken])

    assert (reply.status, reply.code) == (400, 10021)
    assert reply.message.startswith(says)
    assert "workerd@" not in reply.message
    assert client.call("GET", f"services/{worker}").code == 10090


@pytest.mark.parametrize(("source", "says"), [
    ("for (;;) {}", "Script startup exceeded CPU time limit."),
    ("const a = []; for (;;) a.push(new Array(1e6).fill(1.5));", "Script startup exceeded memory limit."),
])  # fmt: skip
def test_a_start_that_takes_too_much_is_refused(impatient: EdgeClient, source: str, says: str) -> None:
    reply = impatient.put("w", [script(source)])

    assert (reply.code, reply.message) == (10021, says)


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd", "a/../b", "..", ".", "", "/", "a\0b", "a\nb", "\x1b[31m", "a\u2028b", "x" * 1025,
    ],
)  # fmt: skip
def test_a_name_that_is_no_path_is_refused(client: EdgeClient, worker: str, name: str) -> None:
    # Written by hand: an HTTP library would quote what a hostile client sends as it is.
    boundary = b"b0undary"
    head = (
        b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n%b\r\n'
    )
    files = [(b"metadata", b"m", b"application/json", json.dumps(META).encode()), (b"f", b"index.js", ESM.encode(), OK.encode()),
             (b"f", name.encode(), b"text/plain", b"x")]  # fmt: skip
    body = b"".join(head % (boundary, *file) for file in files) + b"--b0undary--\r\n"

    reply = client.call(
        "PUT",
        f"scripts/{worker}",
        content=body,
        headers={"content-type": "multipart/form-data; boundary=b0undary"},
    )

    assert (reply.status, reply.code) in {(400, 10021), (400, 10006)}


@pytest.mark.parametrize(
    "name", ["$(id).txt", "ünï…cødé.txt", "a b.txt", "con/struct/or.txt", "'; --.txt", "a%2e.txt"]
)
def test_a_strange_name_is_only_a_name(client: EdgeClient, worker: str, name: str) -> None:
    main = f"""import text from {json.dumps("./" + name)};
    export default {{ fetch() {{ return new Response(text); }} }};"""

    client.deploy(worker, [script(main), (name, b"found", "text/plain")])

    assert client.get(worker).text == "found"


@pytest.mark.parametrize(("media_type", "content", "expected"), [
    (WASM, ADD_WASM, "[object WebAssembly.Module]"),
    ("text/plain", "h\u00e9llo".encode(), "h\u00e9llo"),
    ("text/plain; charset=utf-8", b"hello", "hello"),
    ("application/octet-stream", b"\0\xff", "[object ArrayBuffer]"),
    ("application/json", b'{"a": 1}', "[object Object]"),
])  # fmt: skip
def test_every_module_type_can_be_imported(
    client: EdgeClient, worker: str, media_type: str, content: bytes, expected: str
) -> None:
    main = "import x from './lib/thing'; export default { fetch() { return new Response(String(x)); } };"

    client.deploy(worker, [script(main), ("lib/thing", content, media_type)])

    assert client.get(worker).text == expected


def test_modules_are_found_by_the_names_that_wrangler_gives_them(client: EdgeClient, worker: str) -> None:
    name = "./f2f415504deccd0e0a3a17df30fb123b0f773ce2-add.wasm"
    main = f"""import wasm from "{name}"; import {{ two }} from "./lib/two.mjs";
    const {{ exports }} = new WebAssembly.Instance(wasm);
    export default {{ fetch() {{ return new Response(exports.add(two, 3)); }} }};"""

    client.deploy(
        worker, [(name, ADD_WASM, WASM), script("export const two = 2;", "lib/two.mjs"), script(main)]
    )

    assert client.get(worker).text == "5"


def big(size: int) -> list[File]:
    rest = size - len(OK)
    return [script(OK), ("a.bin", b"\0" * (rest // 2), "application/octet-stream"),
            ("b.bin", b"\0" * (rest - rest // 2), "application/octet-stream")]  # fmt: skip


@pytest.mark.parametrize(("size", "expected"), [
    (SIZE_LIMIT, (200, None)),
    (SIZE_LIMIT + 1, (400, 10027)),
    (2 * SIZE_LIMIT, (400, 10027)),
])  # fmt: skip
def test_the_size_limit_is_64_mib_of_modules(
    client: EdgeClient, worker: str, size: int, expected: tuple[int, int | None]
) -> None:
    reply = client.put(worker, big(size))

    assert (reply.status, reply.code) == expected
    assert ("64 MiB" in reply.message) is (reply.code is not None)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"{}", (415, 10001)),
        ("", b"", (415, 10001)),
        ("multipart/mixed; boundary=x", b"--x--", (415, 10001)),
        ("multipart/form-data", b"--x--", (400, 10006)),
        ("multipart/form-data; boundary=x", b"", (400, 10006)),
        ("multipart/form-data; boundary=x", b"no form at all", (400, 10006)),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{', (400, 10006)),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n{}\r\n--x--\r\n", (400, 10006)),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x--", (400, 10006)),
        ("multipart/form-data; boundary=x; charset=nope", b"--x--\r\n", (400, 10006)),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_is_refused(
    client: EdgeClient, worker: str, content_type: str, body: bytes, expected: tuple[int, int]
) -> None:
    reply = client.call("PUT", f"scripts/{worker}", content=body, headers={"content-type": content_type})

    assert (reply.status, reply.code) == expected


def test_a_worker_without_a_date_gets_the_one_before_dates(client: EdgeClient, worker: str) -> None:
    parts: Any = form({"main_module": "index.js"}, [INDEX])

    reply = client.call("PUT", f"scripts/{worker}", files=parts)

    assert (reply.status, reply.result["compatibility_date"]) == (200, "2021-11-02")
