"""The API's envelope, its authentication and its answers to what it cannot find. (request) -> (status, code)."""

from __future__ import annotations

import statistics
import time

import pytest

from ci_wasm.edge.api import ROUTES
from tests.edge.edge_client import ESM, META, OK, EdgeClient, form, read, script

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "services/nobody", (404, 10090)),
        ("DELETE", "services/nobody?force=true", (404, 10090)),
        ("GET", "scripts/nobody/settings", (404, 10007)),
        ("GET", "scripts/nobody/deployments", (404, 10007)),
        ("GET", "scripts/nobody/versions", (404, 10007)),
        ("GET", "scripts/nobody/secrets", (404, 10007)),
        ("GET", "scripts/nobody/subdomain", (404, 10007)),
        ("DELETE", "scripts/nobody?force=true", (404, 10007)),
        ("GET", "workers/nobody", (404, 10007)),
        ("GET", "workers/nobody/previews/pr-1", (404, 10007)),
        ("DELETE", "workers/nobody/previews/pr-1", (404, 10007)),
        ("GET", "workers/there/previews/pr-1", (404, 10025)),
        ("GET", "workers/there/previews/feature%2Flogin", (404, 10025)),
        ("GET", "workers/there/previews/empty/deployments/latest", (404, 10222)),
        ("GET", "scripts/there/settings", (404, 10222)),
        ("GET", "scripts/there/versions/latest", (404, 10222)),
        ("GET", "scripts/there/versions/0b0b0b0b-0000-4000-8000-000000000000", (404, 10071)),
        ("GET", "scripts/there/deployments/0b0b0b0b-0000-4000-8000-000000000000", (404, 10336)),
        ("GET", "services/there", (200, None)),
        ("GET", "scripts/there/deployments", (200, None)),
        ("GET", "workers/there/previews/empty", (200, None)),
        ("GET", "scripts/there/schedules", (404, 7003)),
        ("PUT", "workers/there/previews/empty/deployments", (404, 7003)),
        ("GET", "/zones", (404, 7003)),
        ("GET", "/", (404, 7003)),
        ("GET", "/accounts/other/workers/subdomain", (403, 10000)),
        ("GET", "/user/tokens/verify", (200, None)),
        ("GET", "/accounts/local/tokens/verify", (200, None)),
        ("GET", "/accounts/local/workers/subdomain/", (200, None)),
    ],
)
def test_every_request_gets_its_status_and_code(
    shared_client: EdgeClient, method: str, path: str, expected: tuple[int, int | None]
) -> None:
    shared_client.call("POST", "workers", json={"name": "there"})
    shared_client.call("POST", "workers/there/previews", json={"name": "empty"})

    reply = shared_client.call(method, path)

    assert (reply.status, reply.code) == expected


def test_an_unknown_path_says_that_it_is_the_local_edge_that_does_not_know_it(
    shared_client: EdgeClient,
) -> None:
    message = shared_client.call("POST", "scripts/x/tails").message

    assert "the local edge of ci-wasm does not know POST /accounts/local/workers/scripts/x/tails" in message


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"]
)
def test_nothing_is_answered_without_the_token(shared_client: EdgeClient, authorization: str) -> None:
    edge = shared_client.edge
    headers = {"authorization": authorization.format(token=edge.token)}

    named = {"account": edge.account, "worker": "w", "preview": "p", "version": "v", "deployment": "d"}
    paths = [(method, path.format(**named)) for method, path in ROUTES if not path.endswith("/tokens/verify")]

    sent = [
        shared_client.http.request(method, edge.api_url + path, headers=headers) for method, path in paths
    ]

    replies = [read(answer) for answer in sent]
    assert {(reply.status, reply.code, reply.message) for reply in replies} == {
        (403, 10000, "Authentication error")
    }


def test_a_wrong_token_does_not_verify(shared_client: EdgeClient) -> None:
    answer = shared_client.http.get(
        f"{shared_client.edge.api_url}/user/tokens/verify", headers={"authorization": "Bearer wrong"}
    )

    assert (answer.status_code, read(answer).code) == (401, 1000)


def test_the_scheme_of_the_token_may_be_written_in_any_case(shared_client: EdgeClient) -> None:
    headers = {"authorization": f"bearer {shared_client.edge.token}"}

    assert shared_client.http.get(f"{shared_client.edge.api_url}/user", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", (400, 10026)),
        (b"[]", (400, 10026)),
        (b'"x"', (400, 10026)),
        (b"\xff\xfe", (400, 10026)),
        (b"[" * 100_000, (400, 10026)),
        (b'{"name": "' + b"a" * 5_000_000 + b'"}', (400, 10026)),
        (b"", (400, 10016)),
        (b"{}", (400, 10016)),
        (b'{"name": 7}', (400, 10016)),
        (b'{"name": "Upper"}', (400, 10016)),
        (b'{"name": "7up"}', (400, 10016)),
        (b'{"name": "a_b"}', (400, 10016)),
        (b'{"name": "trailing-"}', (400, 10016)),
        (b'{"name": "../../etc"}', (400, 10016)),
        (b'{"name": "a\\nb"}', (400, 10016)),
        (b'{"name": "' + b"a" * 64 + b'"}', (400, 100132)),
        (b'{"name": "taken"}', (400, 10040)),
        (b'{"name": "fine", "subdomain": []}', (200, None)),
        (b'{"name": "fine2", "subdomain": "on"}', (400, 10021)),
        (b'{"name": "fine3", "subdomain": {"enabled": "yes"}}', (400, 10021)),
        (b'{"name": "fine4", "previews_base_config": {"env": {"A": {}}}}', (400, 10017)),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_its_code(
    shared_client: EdgeClient, content: bytes, expected: tuple[int, int | None]
) -> None:
    shared_client.call("POST", "workers", json={"name": "taken"})

    reply = shared_client.call("POST", "workers", content=content, headers=JSON)

    assert (reply.status, reply.code) == expected
    shared_client.call("DELETE", "workers/fine")


def test_lists_come_in_pages(client: EdgeClient, worker: str) -> None:
    client.call("POST", "workers", json={"name": worker})
    for number in range(5):
        client.call("POST", f"workers/{worker}/previews", json={"name": f"pr-{number}"})

    page = client.call("GET", f"workers/{worker}/previews?page=2&per_page=2")
    named = client.call("GET", f"workers/{worker}/previews?name=pr-3")
    nonsense = client.call("GET", f"workers/{worker}/previews?page=-1&per_page=x")

    assert [preview["name"] for preview in page.result] == ["pr-2", "pr-1"]
    assert page.info == {"page": 2, "per_page": 2, "count": 2, "total_count": 5, "total_pages": 3}
    assert [preview["name"] for preview in named.result] == ["pr-3"]
    assert nonsense.info["page"] == 1


def test_a_refusal_reaches_a_client_that_is_still_sending(shared_client: EdgeClient) -> None:
    parts = form(META, [script(OK), ("big.bin", b"x" * 30_000_000, "application/octet-stream")])

    refused = shared_client.http.post(
        f"{shared_client.edge.api_url}/accounts/local/workers/scripts/x/versions", files=parts
    )

    assert read(refused).code == 10000


def test_the_token_and_secrets_are_in_no_answer(client: EdgeClient, worker: str) -> None:
    secret = {"name": "KEY", "type": "secret_text", "text": "s3cr3t-value"}
    client.deploy(worker, [("index.js", OK.encode(), ESM)], bindings=[secret])
    paths = ["versions", "versions/latest", "settings", "secrets", "deployments", "script-settings"]

    texts = [repr(client.call("GET", f"scripts/{worker}/{path}")) for path in paths]

    assert not any("s3cr3t-value" in text or client.edge.token in text for text in texts)
    assert client.call("GET", f"scripts/{worker}/secrets").result == [{"name": "KEY", "type": "secret_text"}]
    assert client.edge.token not in repr(client.edge)


def test_an_answer_does_not_wait_for_an_acknowledgment(shared_client: EdgeClient) -> None:
    """Without TCP_NODELAY each would take 40 ms: head and body are two writes."""
    times = []
    for _ in range(21):
        started = time.monotonic()
        shared_client.call("GET", "subdomain")
        times.append(time.monotonic() - started)

    assert statistics.median(times) < 0.035
