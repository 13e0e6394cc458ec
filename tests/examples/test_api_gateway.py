"""api-gateway: built as ci-wasm builds it, deployed to a local edge, asked over HTTP. request -> what the upstream saw."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from msgspec.structs import replace
from itertools import count
from pathlib import Path

import httpx
import pytest

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.config.secret import Secret
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.edge.serve import Limits, LocalEdge
from ci_wasm.head import Head, assemble, measure_tree
from ci_wasm.wiring import Adapters
from tests.edge.edge_client import EdgeClient
from tests.examples.upstream import Upstream, asking, running_upstream
from tests.fakes.runner import RecordingRunner

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "api-gateway"
MOBILE, PARTNER = {"x-api-key": "key-of-mobile"}, {"x-api-key": "key-of-partner"}
JSON = {"content-type": "application/json"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MINUTE = "max-age=60"

pytestmark = [pytest.mark.network, pytest.mark.slow]
numbers = count()


@dataclass
class Built:
    """The example as the pipeline makes it."""

    head: Head
    worker: Worker


@pytest.fixture(scope="module")
def built() -> Built:
    inputs = read_inputs(os.environ)
    with Adapters(os.environ, EXAMPLE, inputs, RecordingRunner()) as world:
        settings = load_settings(EXAMPLE, inputs).workers[0]
        head = measure_tree(world, EXAMPLE, settings)
        return Built(head, assemble(world, head.build, head.measurement.module, settings, "c" * 40))


@dataclass
class Gateway:
    """A deployed gateway and the upstream behind it. Requests of tests have paths of their own: they share a cache."""

    client: EdgeClient
    url: str
    upstream: Upstream

    def ask(
        self, path: str, method: str = "GET", key: Mapping[str, str] = MOBILE, **headers: str
    ) -> httpx.Response:
        """Send a request; `x_own` is the header `x-own`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, self.url, path, headers={**key, **named})

    def settle(self, path: str, key: Mapping[str, str] = MOBILE, **headers: str) -> httpx.Response:
        """Ask until the answer is a kept one: an answer is kept while it is already on its way."""
        for _ in range(100):
            if (answer := self.ask(path, key=key, **headers)).headers["x-cache"] == "HIT":
                return answer
        raise AssertionError(f"never kept: {answer.headers}")


Deploy = Callable[..., Gateway]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    """An address that nobody listens at: bound, so that nobody else gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture(scope="module")
def deploy(built: Built, upstream: Upstream, nobody: str) -> Iterator[Deploy]:
    """Deploys the gateway with variables of the test's own."""
    reach = (upstream.url, nobody)
    with LocalEdge(limits=Limits(reach=reach)) as edge, EdgeClient(edge) as client:

        def make(**variables: str) -> Gateway:
            usual = {
                "API_KEYS": "mobile=key-of-mobile, partner=key-of-partner",
                "CATALOG": upstream.url,
                "ORDERS": f"{upstream.url}/v2/",
                "REQUESTS_PER_MINUTE": "60000",
                "BURST": "1000",
            }
            worker = replace(built.worker, vars={**usual, **variables})
            workers = CloudflareWorkers(edge.api_url, edge.account, Secret(edge.token))
            url = workers.deploy_preview(worker, f"pr-{next(numbers)}", Provenance("c" * 40)).url
            return Gateway(client, url, upstream)

        yield make


@pytest.fixture(scope="module")
def gateway(deploy: Deploy) -> Gateway:
    return deploy()


@pytest.fixture
def path() -> str:
    """A path of the catalog that no other test has."""
    return f"/catalog/{next(numbers)}"


def test_it_ships_within_its_goal(built: Built) -> None:
    assert len(built.head.build.wasm) <= 150_000


# ---- who is let in


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "also"),
    [
        ("GET", "/nowhere", MOBILE, 404, {}),
        ("GET", "/nowhere", {}, 404, {}),
        ("GET", "/catalog/", MOBILE, 404, {}),
        ("GET", "/catalog/../orders/../admin", MOBILE, 404, {}),
        ("POST", "/catalog/1", MOBILE, 405, {"allow": "GET, HEAD"}),
        ("DELETE", "/orders", MOBILE, 405, {"allow": "GET, POST"}),
        ("OPTIONS", "/orders/1", {}, 405, {"allow": "GET, PUT, DELETE"}),
        ("GET", "/catalog/1", {}, 401, {"www-authenticate": 'ApiKey realm="api", header="x-api-key"'}),
        ("GET", "/catalog/1", {"x-api-key": ""}, 401, {}),
        ("GET", "/catalog/1", {"x-api-key": "key-of-nobody"}, 401, {}),
        ("GET", "/catalog/1", {"x-api-key": "key-of-mobile, key-of-partner"}, 401, {}),
        ("GET", "/catalog/1?x-api-key=key-of-mobile", {}, 401, {}),
        ("POST", "/orders", MOBILE, 415, {}),
        ("PUT", "/orders/1", {**MOBILE, "content-type": "text/plain"}, 415, {}),
        ("GET", "/health", {}, 200, {}),
    ],
)
def test_who_is_not_let_in_never_gets_to_an_upstream(
    gateway: Gateway, method: str, target: str, headers: dict[str, str], status: int, also: dict[str, str]
) -> None:
    before = len(gateway.upstream.arrived)

    answer = gateway.ask(target, method, headers)

    assert answer.status_code == status
    assert also.items() <= dict(answer.headers).items()
    assert len(gateway.upstream.arrived) == before
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {
            "status": status,
            "title": answer.json()["title"],
            "request_id": answer.headers["x-request-id"],
        }


def test_without_keys_nobody_is_let_in(deploy: Deploy) -> None:
    closed = deploy(API_KEYS="")

    assert [closed.ask("/catalog/1", key=key).status_code for key in (MOBILE, {"x-api-key": ""}, {})] == [
        401
    ] * 3


def test_each_caller_has_a_burst_of_its_own(deploy: Deploy, path: str) -> None:
    limited = deploy(BURST="2", REQUESTS_PER_MINUTE="1")

    statuses = [limited.ask(path).status_code for _ in range(3)]
    refused = limited.ask(path)

    assert statuses == [200, 200, 429]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert limited.ask(path, key=PARTNER).status_code == 200
    assert len(limited.upstream.to(path)) == 3


# ---- what goes on, and what comes back


def test_a_request_goes_on_to_the_upstream_of_its_route(gateway: Gateway) -> None:
    answer = gateway.client.request(
        "POST", gateway.url, "/orders?a=b%20c", headers={**MOBILE, **JSON}, content='{"id": 1}'
    )

    arrived = gateway.upstream.arrived[-1]
    assert (arrived.method, arrived.target, arrived.body) == ("POST", "/v2/orders?a=b%20c", b'{"id": 1}')
    assert (arrived.headers["content-type"], arrived.headers["x-caller"]) == ("application/json", "mobile")
    assert (answer.status_code, "x-cache" in answer.headers) == (200, False)


def test_headers_of_one_connection_and_of_the_gateway_end_here(gateway: Gateway, path: str) -> None:
    gateway.ask(
        path, x_caller="admin", keep_alive="5", te="trailers", x_kept="yes", proxy_authorization="Basic x"
    )

    (arrived,) = gateway.upstream.to(path)
    assert (arrived.headers["x-caller"], arrived.headers["x-kept"]) == ("mobile", "yes")
    assert not {"x-api-key", "keep-alive", "te", "proxy-authorization"} & {
        name.lower() for name in arrived.headers
    }


def test_what_the_upstream_says_of_its_connection_ends_here(gateway: Gateway) -> None:
    asked = asking(
        "/orders",
        Keep_Alive="timeout=1",
        Connection="x-hop",
        X_Hop="1",
        X_Kept="yes",
        Proxy_Authenticate="Basic",
    )

    answer = gateway.ask(asked)

    assert answer.headers["x-kept"] == "yes"
    assert not {"x-hop", "keep-alive", "proxy-authenticate"} & set(answer.headers)


@pytest.mark.parametrize("status", [201, 204, 301, 304, 307, 400, 404, 418, 500, 503])
def test_what_an_upstream_answers_is_passed_on(gateway: Gateway, status: int) -> None:
    answer = gateway.ask(asking("/orders", status, Location="https://elsewhere.example/", X_Own="1"))

    assert (answer.status_code, answer.headers["x-own"]) == (status, "1")
    assert answer.headers["location"] == "https://elsewhere.example/"


def test_several_cookies_stay_several(gateway: Gateway) -> None:
    answer = gateway.ask(asking("/orders", Set_Cookie="a=1", set_cookie="b=2"))

    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<b>", '"'])
def test_a_request_without_a_usable_id_gets_one(gateway: Gateway, path: str, given: str) -> None:
    answers = [gateway.ask(path, x_request_id=given) for _ in range(2)]

    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(UUID.fullmatch(made) for made in ids)
    assert ids[0] != ids[1]
    assert [arrived.headers["x-request-id"] for arrived in gateway.upstream.to(path)] == ids


def test_a_usable_id_is_kept(gateway: Gateway, path: str) -> None:
    answers = [
        gateway.ask(path, x_request_id="Trace_1.a-b"),
        gateway.ask("/nowhere", x_request_id="Trace_1.a-b"),
    ]

    assert {answer.headers["x-request-id"] for answer in answers} == {"Trace_1.a-b"}
    assert gateway.upstream.to(path)[0].headers["x-request-id"] == "Trace_1.a-b"


def test_an_upstream_that_gives_no_answer_is_a_bad_gateway(deploy: Deploy, nobody: str) -> None:
    broken = deploy(CATALOG="", ORDERS=nobody)

    assert broken.ask("/catalog/1").status_code == 502
    assert broken.ask("/orders").status_code == 502


@pytest.mark.parametrize("address", ["not a URL", "file:///etc/passwd", "//catalog.example"])
def test_an_address_that_is_none_is_a_bad_gateway(deploy: Deploy, address: str) -> None:
    assert deploy(CATALOG=address).ask("/catalog/1").status_code == 502


def test_a_connection_that_breaks_off_is_a_bad_gateway(gateway: Gateway) -> None:
    assert gateway.ask(asking("/orders", 0)).status_code == 502


def test_an_upstream_that_takes_too_long_is_a_gateway_timeout(deploy: Deploy) -> None:
    hasty = deploy(PATIENCE="1")

    assert hasty.ask(asking("/orders", wait=3)).status_code == 504


# ---- what is kept


def test_the_second_hit_does_not_reach_the_upstream(gateway: Gateway, path: str) -> None:
    asked = asking(path, cache_control=f"public, {MINUTE}", etag='"1"', content_type="text/x")

    first = gateway.ask(asked)
    kept = gateway.settle(asked)
    arrived = len(gateway.upstream.to(path))
    again = [gateway.ask(asked) for _ in range(5)]

    assert first.headers["x-cache"] == "MISS"
    assert [answer.headers["x-cache"] for answer in again] == ["HIT"] * 5
    assert len(gateway.upstream.to(path)) == arrived
    assert {(answer.text, answer.headers["etag"], answer.headers["content-type"]) for answer in again} == {
        (kept.text, '"1"', "text/x")
    }
    assert len({answer.headers["x-request-id"] for answer in [first, *again]}) == 6


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (404, {"cache-control": f"public, {MINUTE}"}),
        (500, {"cache-control": f"public, {MINUTE}"}),
        (503, {"cache-control": f"public, {MINUTE}"}),
        (301, {"cache-control": f"public, {MINUTE}"}),
        (200, {"cache-control": f"public, {MINUTE}, no-store"}),
        (200, {"cache-control": f"public, {MINUTE}, no-cache"}),
        (200, {"cache-control": f"private, {MINUTE}"}),
        (200, {"cache-control": "public, max-age=0"}),
        (200, {"cache-control": "public"}),
        (200, {}),
        (200, {"cache-control": f"public, {MINUTE}", "vary": "*"}),
        (200, {"cache-control": f"public, {MINUTE}", "vary": "Accept-Language, Cookie"}),
        (200, {"cache-control": f"public, {MINUTE}", "set-cookie": "a=b"}),
    ],
)
def test_what_must_not_be_kept_is_asked_for_each_time(
    gateway: Gateway, path: str, status: int, headers: dict[str, str]
) -> None:
    asked = asking(path, status, headers)

    answers = [gateway.ask(asked) for _ in range(4)]

    assert [answer.headers["x-cache"] for answer in answers] == ["BYPASS"] * 4
    assert len(gateway.upstream.to(path)) == 4
    assert len({answer.text for answer in answers}) == 4


def test_an_error_of_the_gateway_is_not_kept(gateway: Gateway, path: str) -> None:
    answers = [gateway.ask(asking(path, 0)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [502] * 2
    assert len(gateway.upstream.to(path)) >= 2


def test_answers_that_vary_are_kept_apart(gateway: Gateway, path: str) -> None:
    asked = asking(path, cache_control=f"public, {MINUTE}", vary="accept-language, accept-encoding")

    kept = {language: gateway.settle(asked, accept_language=language).text for language in ("de", "en", "")}
    arrived = len(gateway.upstream.to(path))

    assert len(set(kept.values())) == 3
    assert {language: gateway.ask(asked, accept_language=language).text for language in kept} == kept
    assert len(gateway.upstream.to(path)) == arrived


def test_queries_are_kept_apart(gateway: Gateway, path: str) -> None:
    asked = asking(path, cache_control=f"public, {MINUTE}")

    gateway.settle(asked)

    assert gateway.ask(f"{asked}&kept-for=*-").headers["x-cache"] == "MISS"
    assert gateway.ask(f"{asked}&b").headers["x-cache"] == "MISS"


def test_only_what_is_public_is_shared_between_callers(gateway: Gateway, path: str) -> None:
    shared = asking(f"{path}/shared", cache_control=f"public, {MINUTE}")
    own = asking(f"{path}/own", cache_control=MINUTE)

    assert gateway.ask(shared, key=PARTNER).text != ""
    assert gateway.settle(shared, MOBILE).text == gateway.settle(shared, PARTNER).text
    mine = gateway.settle(own, MOBILE)
    theirs = gateway.ask(own, key=PARTNER)
    assert theirs.headers["x-cache"] == "MISS"
    assert theirs.text != mine.text
    assert gateway.settle(own, PARTNER).text != gateway.settle(own, MOBILE).text


def test_an_answer_to_a_user_is_for_this_user(gateway: Gateway, path: str) -> None:
    asked = asking(path, cache_control=MINUTE)
    for user in ("one", "two", "one"):
        assert gateway.ask(asked, authorization=f"Bearer {user}").headers["x-cache"] == "BYPASS"
    kept = gateway.settle(asked)

    assert gateway.ask(asked, authorization="Bearer one").text != kept.text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cache-control": "no-cache"}, "MISS"),
        ({"cache-control": "no-store"}, "BYPASS"),
        ({"range": "bytes=0-0"}, "BYPASS"),
    ],
)
def test_a_caller_may_ask_for_a_fresh_answer(
    gateway: Gateway, path: str, headers: dict[str, str], expected: str
) -> None:
    asked = asking(path, cache_control=f"public, {MINUTE}")
    kept = gateway.settle(asked)

    fresh = gateway.ask(asked, key={**MOBILE, **headers})

    assert fresh.headers["x-cache"] == expected
    assert fresh.text != kept.text


def test_caches_on_the_way_are_told_that_keys_matter(gateway: Gateway, path: str) -> None:
    asked = asking(path, cache_control=f"public, {MINUTE}", vary="accept-language")

    first, kept = gateway.ask(asked), gateway.settle(asked)

    assert first.headers["vary"] == kept.headers["vary"] == "accept-language, x-api-key"


def test_head_is_asked_for_each_time(gateway: Gateway, path: str) -> None:
    asked = asking(path, cache_control=f"public, {MINUTE}")
    gateway.settle(asked)
    arrived = len(gateway.upstream.to(path))

    answer = gateway.ask(asked, "HEAD")

    assert (answer.status_code, answer.content, answer.headers["x-cache"]) == (200, b"", "BYPASS")
    assert gateway.upstream.to(path)[arrived].method == "HEAD"
