"""json-validate on workerd: the official test suite, pointers that lead somewhere, limits, and what HTTP wants."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.examples.conftest import EXAMPLES, Build, Serve
from tests.examples.schema_suite import DRAFTS, Case, cases

FOLDER = EXAMPLES / "json-validate"
pytestmark = pytest.mark.slow

JSON = {"content-type": "application/json"}
HIT, MISS = "schemas; hit", "schemas; fwd=miss; stored"
# Cases of the suite whose schemas refer to documents on a server: they are refused, and nothing else is.
REMOTE = {"draft4": 17, "draft6": 23, "draft7": 23, "draft2019-09": 36, "draft2020-12": 49}
ADDRESS = {"street": "Bahnhofstrasse 1", "city": "Zürich", "postcode": "8001", "country": "CH"}
ORDER = {
    "id": "o-000042",
    "customer": {"name": "Ada", "email": "ada@example.com"},
    "ship-to": ADDRESS,
    "items": [{"sku": "ABC-1234", "quantity": 2, "price": 19.95}],
    "currency": "CHF",
}


@pytest.fixture
def service(serve: Serve) -> httpx.Client:
    return serve("json-validate")


def ask(service: httpx.Client, schema: Any, instance: Any) -> httpx.Response:
    return service.post("/validate", json={"schema": schema, "instance": instance})


def post(service: httpx.Client, body: bytes, path: str = "/validate") -> httpx.Response:
    return service.post(path, content=body, headers=JSON)


@pytest.mark.network
@pytest.mark.parametrize("draft", DRAFTS)
def test_the_official_suite(service: httpx.Client, draft: str) -> None:
    wrong, remote = [], 0
    for case in cases(draft):
        response = ask(service, case.schema, case.instance)
        if response.status_code == 400 and "http://localhost:1234/" in response.json().get("document", ""):
            remote += 1
        elif response.status_code != (200 if case.valid else 422):
            wrong.append((case.name, response.status_code, response.text))

    assert wrong == []
    assert remote == REMOTE[draft]


def lookup(document: Any, pointer: str) -> Any:
    """RFC 6901; raises LookupError where the pointer leads nowhere."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@pytest.mark.network
@pytest.mark.parametrize("draft", DRAFTS)
def test_every_pointer_of_every_error_of_the_suite_leads_somewhere(service: httpx.Client, draft: str) -> None:
    keywords: Counter[str] = Counter()
    for case in cases(draft):
        response = ask(service, case.schema, case.instance)
        for problem in response.json().get("errors", []) if response.status_code == 422 else []:
            lookup(case.instance, problem["instance"])
            if "document" not in problem:
                lookup(case.schema, problem["schema"])
                keywords[problem["schema"].rpartition("/")[2]] += 1
            else:
                assert problem["document"].startswith(("http://json-schema.org/", "https://json-schema.org/"))

    assert {"type", "required", "additionalProperties", "pattern", "oneOf", "minimum"} <= set(keywords)


def test_a_name_with_special_characters_is_escaped_in_both_pointers(service: httpx.Client) -> None:
    name = 'a/b~c%d "é'
    schema = {"properties": {name: {"type": "string"}}}

    (problem,) = ask(service, schema, {name: 1}).json()["errors"]

    assert lookup({name: 1}, problem["instance"]) == 1
    assert lookup(schema, problem["schema"]) == "string"


def test_an_order_is_judged_by_the_embedded_schemas(service: httpx.Client) -> None:
    wrong = {
        **ORDER,
        "items": [{"sku": "x", "quantity": 0, "price": 1.001}],
        "ship-to": {"street": "A"},
        "note": 1,
    }

    right = service.post("/validate/order", json=ORDER)
    response = service.post("/validate/order", json=wrong)

    assert (right.status_code, right.json()) == (200, {"valid": True})
    assert response.status_code == 422
    assert response.text.startswith('{"valid":false,"errors":[{"instance":')
    found = {
        (problem["instance"], problem["schema"], problem.get("document"))
        for problem in response.json()["errors"]
    }
    address = "https://schemas.example.com/address.json"
    assert found == {
        ("/items/0/sku", "/$defs/item/properties/sku/pattern", None),
        ("/items/0/quantity", "/$defs/item/properties/quantity/minimum", None),
        ("/items/0/price", "/$defs/item/properties/price/multipleOf", None),
        ("/ship-to", "/required", address),
        ("/note", "/unevaluatedProperties", None),
    }


def test_the_embedded_schemas_are_shown_and_may_be_kept(service: httpx.Client) -> None:
    names = service.get("/schemas")
    assert names.json() == {"schemas": ["address", "order"]}

    for name in names.json()["schemas"]:
        response = service.get(f"/schemas/{name}")

        assert response.text == (FOLDER / "schemas" / f"{name}.json").read_text(encoding="utf-8")
        assert response.headers["content-type"] == "application/schema+json"
        assert response.headers["cache-control"] == "public, max-age=300"
    assert service.post("/validate/order", json=ORDER).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("draft", "name", "text", "status"),
    [
        ("draft7", "email", "nobody", 422),
        ("draft7", "hostname", "-a", 422),
        ("draft7", "uri", "http://[", 422),
        ("draft2020-12", "email", "nobody", 200),
        # What is not checked is not refused.
        ("draft7", "idn-hostname", "例え.jp", 200),
        ("draft7", "idn-email", "ä@例え.jp", 200),
        ("draft7", "iri", "http://例え.jp/", 200),
        ("draft7", "iri-reference", "//例え.jp/", 200),
    ],
)
def test_formats(service: httpx.Client, draft: str, name: str, text: str, status: int) -> None:
    assert ask(service, {"$schema": DRAFTS[draft], "format": name}, text).status_code == status


def test_schemas_are_compiled_once(service: httpx.Client) -> None:
    def status(schema: Any) -> str:
        return ask(service, schema, 1).headers["cache-status"]

    assert service.post("/validate/order", json=ORDER).headers["cache-status"] == HIT
    assert [status({"$comment": "a", "maximum": 1}) for _ in range(3)] == [MISS, HIT, HIT]
    # 32 are kept; the one that was asked for longest ago goes.
    for number in range(31):
        assert status({"$comment": "b", "maximum": number}) == MISS
    assert status({"$comment": "a", "maximum": 1}) == HIT
    assert status({"$comment": "c"}) == MISS
    assert status({"$comment": "b", "maximum": 0}) == MISS
    assert status({"$comment": "a", "maximum": 1}) == HIT


@pytest.mark.parametrize(
    "target",
    ["https://example.com/a.json", "http://127.0.0.1/", "file:///etc/passwd", "other.json", "urn:a:b"],
)
def test_nothing_is_fetched(service: httpx.Client, target: str) -> None:
    response = ask(service, {"properties": {"a": {"$ref": target}}}, {})

    assert response.status_code == 400
    assert response.json()["error"].endswith("not part of this service; nothing is fetched")
    assert response.json()["document"].endswith(target)


def test_an_inline_schema_may_refer_to_embedded_ones(service: httpx.Client) -> None:
    schema = {"items": {"$ref": "https://schemas.example.com/address.json"}}

    assert ask(service, schema, [ADDRESS]).status_code == 200
    assert ask(service, schema, [{}]).status_code == 422


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "strin"}, "the schema breaks the rules of its draft"),
        (7, "the schema breaks the rules of its draft"),
        ({"$ref": "#/nope"}, "the schema cannot be used: json-pointer in inline:///schema#/nope not found"),
        # What a regular expression of linear time cannot have.
        ({"pattern": "(?=a)b"}, "the schema breaks the rules of its draft"),
        ({"pattern": r"(a)\1"}, "the schema breaks the rules of its draft"),
    ],
    ids=str,
)
def test_a_wrong_schema_is_a_400(service: httpx.Client, schema: Any, words: str) -> None:
    response = ask(service, schema, 1)

    assert (response.status_code, response.json()["error"]) == (400, words)
    for problem in response.json().get("errors", []):
        lookup(schema, problem["instance"])


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        (b"", 1, 0, "the body is no JSON: EOF while parsing a value"),
        (b'{\n  "a": 1,\n  b}', 3, 3, "the body is no JSON: key must be a string"),
        (b'"\xff"', 1, 2, "the body is no JSON: invalid unicode code point"),
        (b"1 2", 1, 3, "the body is no JSON: trailing characters"),
        (b"1e999", 1, 5, "the body is no JSON: number out of range"),
        (b"NaN", 1, 1, "the body is no JSON: expected value"),
    ],
)
def test_malformed_json_is_told_with_its_place(
    service: httpx.Client, body: bytes, line: int, column: int, words: str
) -> None:
    response = post(service, body, "/validate/order")

    assert response.status_code == 400
    assert response.json() == {"error": words, "line": line, "column": column}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"schema": true}', "missing field `instance`"),
        (b'{"schema": true, "schema": true, "instance": 1}', "duplicate field `schema`"),
        (b'{"schema": true, "instance": 1, "x": 1}', "unknown field `x`"),
        (b"[true, 1]", "the body is an object with `schema` and `instance`"),
        (b"1", "invalid type: integer `1`"),
    ],
)
def test_an_inline_body_has_two_fields(service: httpx.Client, body: bytes, words: str) -> None:
    response = post(service, body)

    assert response.status_code == 400
    assert words in response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 200, None),
        ("HEAD", "/schemas/order", 200, None),
        ("POST", "/", 405, "GET, HEAD"),
        ("PUT", "/schemas", 405, "GET, HEAD"),
        ("DELETE", "/schemas/order", 405, "GET, HEAD"),
        ("GET", "/validate", 405, "POST"),
        ("GET", "/validate/order", 405, "POST"),
        ("GET", "/schemas/other", 404, None),
        ("POST", "/validate/other", 404, None),
        ("POST", "/validate/order/", 404, None),
        ("GET", "/alloc", 404, None),
    ],
)
def test_routes(service: httpx.Client, method: str, path: str, status: int, allow: str | None) -> None:
    response = service.request(method, path, headers=JSON)

    assert (response.status_code, response.headers.get("allow")) == (status, allow)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/json"}, 200),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200),
        ({"content-type": "application/vnd.order+json"}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/jsonx"}, 415),
        ({}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
    ],
)
def test_media_types(service: httpx.Client, headers: dict[str, str], status: int) -> None:
    response = service.post("/validate/order", content=json.dumps(ORDER), headers=headers)

    assert response.status_code == status
    assert "error" not in response.json() or status == 415


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def chain(length: int, last: Any) -> dict[str, Any]:
    """A schema whose `$ref`s lead from one to the next."""
    links = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{length}": last}}


DEEP = [
    ("instance", "/validate/order", nested(100_000), 400),
    ("instance that does not end", "/validate/order", b"[" * 1_000_000, 400),
    ("inline instance", "/validate", b'{"schema":true,"instance":' + nested(100_000) + b"}", 400),
    ("inline schema", "/validate", b'{"schema":' + nested(30_000) + b',"instance":1}', 400),
    (
        "as deep as it may be",
        "/validate",
        b'{"schema":{"items":{"$ref":"#"}},"instance":' + nested(126) + b"}",
        200,
    ),
    (
        "refs",
        "/validate",
        json.dumps({"schema": chain(1_300, {"type": "null"}), "instance": 1}).encode(),
        422,
    ),
    ("a cycle of refs", "/validate", b'{"schema":{"$ref":"#"},"instance":1}', 422),
]


@pytest.mark.parametrize(("path", "body", "status"), [row[1:] for row in DEEP], ids=[row[0] for row in DEEP])
def test_depth_is_no_danger(service: httpx.Client, path: str, body: bytes, status: int) -> None:
    response = post(service, body, path)

    assert response.status_code == status, response.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" " * (1 << 20) + b"1", "the body is too large"),
        (json.dumps({"schema": {"$comment": "x" * 65_536}, "instance": 1}).encode(), "the schema has more than 65536 bytes"),
        (json.dumps({"schema": {"allOf": [{}] * 4_000}, "instance": 1}).encode(), "the schema has more than 4000 values"),
        (json.dumps({"schema": {"pattern": "a" * 257}, "instance": 1}).encode(), "a pattern has more than 256 bytes"),
        (
            json.dumps({"schema": {"format": "regex"}, "instance": r"\d" * 200}).encode(),
            "in the instance, a pattern has more than 256 bytes",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_too_much_is_a_413(service: httpx.Client, body: bytes, words: str) -> None:
    response = post(service, body)

    assert (response.status_code, response.json()["error"]) == (413, words)


def test_a_pattern_takes_linear_time(service: httpx.Client) -> None:
    """An engine that backtracks takes 2^500,000 steps for it, so that an answer is all there is to see."""
    response = ask(service, {"pattern": "^(a+)+$"}, "a" * 500_000 + "!")

    assert response.status_code == 422
    assert len(response.content) < 1_000


@pytest.mark.parametrize(
    ("schema", "instance", "more"),
    [
        ({"items": {"type": "string"}}, [1] * 100, None),
        ({"items": {"type": "string"}}, [1] * 101, 1),
        ({"items": {"type": "string"}}, [1] * 300_000, 299_900),
        # Pointers as long as the body.
        ({"additionalProperties": {"items": {"type": "string"}}}, {"k" * 500_000: [1] * 50}, 49),
    ],
    ids=["100", "101", "300,000", "long names"],
)
def test_the_answer_is_bounded(service: httpx.Client, schema: Any, instance: Any, more: int | None) -> None:
    response = ask(service, schema, instance)

    assert response.status_code == 422
    assert response.json().get("more") == more
    assert len(response.content) < 1 << 20


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"schema": chain(200, {"items": {"$ref": "#"}}), "instance": 0}).encode()[:-2]
        + nested(120)
        + b"}",
        json.dumps(
            {"schema": {"allOf": [{"pattern": rf"(\pL{{50}}){{4}}{n}"} for n in range(40)]}, "instance": ""}
        ).encode(),
    ],
    ids=["stack", "memory"],
)
def test_what_no_limit_foresees_ends_in_a_trap_and_the_next_request_is_served(
    service: httpx.Client, body: bytes
) -> None:
    response = post(service, body)

    assert (response.status_code, response.json()["error"]) == (500, "trap")
    assert service.post("/validate/order", json=ORDER).status_code == 200


def dependents(name: str) -> Iterator[str]:
    lock = tomllib.loads((FOLDER / "Cargo.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        if any(re.split(" ", entry)[0] == name for entry in package.get("dependencies", [])):
            yield package["name"]


def test_only_hash_maps_are_given_what_is_not_random() -> None:
    assert set(dependents("getrandom")) == {"ahash", "json-validate"}


def test_it_ships_within_its_budget_and_imports_nothing(build: Build) -> None:
    measurement = build("json-validate").head.measurement

    assert measurement.module.size <= 1_240_000
    assert measurement.module.imports == ()


@pytest.mark.network
def test_the_suite_has_its_cases() -> None:
    """An empty folder would pass every test above."""
    sample: list[Case] = cases("draft2020-12")

    assert len(sample) > 1_200
    assert {case.valid for case in sample} == {True, False}
