"""What a Worker learns about its client: `request.cf`. (header ci-wasm-cf) -> request.cf."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.edge_client import EdgeClient, script

CF = script("""
export default {
  fetch: (request) => Response.json({ cf: request.cf, headers: [...request.headers.keys()] }),
};""")


@pytest.fixture(scope="module")
def cf(shared_client: EdgeClient) -> Iterator[str]:
    shared_client.deploy("cf", [CF])
    yield "cf"
    shared_client.call("DELETE", "workers/cf")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, {"httpProtocol": "HTTP/1.1"}),
        ("{}", {"httpProtocol": "HTTP/1.1"}),
        ('{"country": "KP", "asn": 1}', {"httpProtocol": "HTTP/1.1", "country": "KP", "asn": 1}),
        ('{"httpProtocol": "HTTP/3"}', {"httpProtocol": "HTTP/3"}),
        ('{"city": "\\u00c5bo", "a": {"b": [null]}}', {"httpProtocol": "HTTP/1.1", "city": "Åbo", "a": {"b": [None]}}),
    ],
)  # fmt: skip
def test_a_client_says_what_cloudflare_would_know(
    shared_client: EdgeClient, cf: str, asked: str | None, told: object
) -> None:
    answer = shared_client.get(cf, headers={"ci-wasm-cf": asked} if asked else {}).json()

    assert answer["cf"] == told
    assert "ci-wasm-cf" not in answer["headers"]


@pytest.mark.parametrize("asked", ["", "country=KP", "[]", '"KP"', '{"a": NaN}', "[" * 5000, '{"a": 1'])
def test_what_is_no_object_is_refused(shared_client: EdgeClient, cf: str, asked: str) -> None:
    answer = shared_client.get(cf, headers={"ci-wasm-cf": asked})

    assert answer.status_code == 400
    assert "ci-wasm-cf must hold a JSON object" in answer.text
