"""edge-logic on workerd: the cookie that sticks, the country rule, the flag, and headers on every answer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from msgspec.structs import replace
from pathlib import Path

import httpx
import pytest

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.jsonc import strip_jsonc
from ci_wasm.config.resolve import load_settings
from ci_wasm.config.secret import Secret
from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.custom_sections import has_names
from ci_wasm.core.worker import Provenance
from ci_wasm.edge.serve import LocalEdge
from ci_wasm.head import Head, assemble, measure_tree
from ci_wasm.wiring import Adapters
from tests.fakes.runner import RecordingRunner

pytestmark = [pytest.mark.network, pytest.mark.slow]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "edge-logic"
COMMIT = "c" * 40
HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "private, no-store",
}
Serve = Callable[..., httpx.Client]


def read_worker(folder: Path) -> WorkerSettings:
    (worker,) = load_settings(folder, read_inputs({})).workers
    return worker


@pytest.fixture(scope="module")
def runner() -> RecordingRunner:
    return RecordingRunner()


@pytest.fixture(scope="module")
def world(runner: RecordingRunner) -> Iterator[Adapters]:
    with Adapters(os.environ, EXAMPLE, read_inputs({}), runner) as adapters:
        yield adapters


@pytest.fixture(scope="module")
def head(world: Adapters) -> Head:
    """The example, built and measured as the head of a pull request is."""
    return measure_tree(world, EXAMPLE, read_worker(EXAMPLE))


@pytest.fixture(scope="module")
def serve(world: Adapters, head: Head, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Deploys the built module with other variables in its wrangler.jsonc."""
    with LocalEdge() as edge:
        workers = CloudflareWorkers(edge.api_url, edge.account, Secret(edge.token))
        clients: dict[str, httpx.Client] = {}

        def start(**variables: str) -> httpx.Client:
            name = f"edge-logic-{len(clients)}"
            folder = tmp_path_factory.mktemp(name)
            wrangler = json.loads(strip_jsonc((EXAMPLE / "wrangler.jsonc").read_text(encoding="utf-8")))
            wrangler["vars"] |= variables
            (folder / "wrangler.jsonc").write_text(json.dumps(wrangler), encoding="utf-8")
            (folder / "ci-wasm.yml").write_text("workers: [{crate: .}]", encoding="utf-8")
            settings = replace(read_worker(folder), name=name)
            upload = assemble(world, head.build, head.measurement.module, settings, COMMIT)
            url = httpx.URL(workers.deploy_preview(upload, "local", Provenance(COMMIT)).url)
            headers = {"host": url.netloc.decode()}
            clients[name] = httpx.Client(base_url=url.copy_with(host="127.0.0.1"), headers=headers)
            return clients[name]

        yield start
        for client in clients.values():
            client.close()


@pytest.fixture(scope="module")
def service(serve: Serve) -> httpx.Client:
    """With the variables that stand in its wrangler.jsonc."""
    return serve()


def test_it_is_built_with_tools_of_the_versions_that_its_lock_asks_for(
    head: Head, runner: RecordingRunner
) -> None:
    lock = (EXAMPLE / "Cargo.lock").read_text(encoding="utf-8")
    version = re.search(r'name = "wasm-bindgen"\nversion = "([^"]+)"', lock)
    log = "\n".join(runner.foreign)

    assert version is not None
    assert f"With wasm-bindgen {version[1]} at " in log
    assert re.search(r"With worker-build 0\.8\.\d+ at ", log)
    assert re.search(r"With esbuild \d+\.\d+\.\d+ at ", log)
    assert re.search(r"With(out)? wasm-opt\b", log)
    assert head.build.dependencies is not None


def test_it_is_as_small_as_its_readme_says_and_explains_itself(head: Head) -> None:
    assert head.measurement.sizes.raw <= 130_000
    assert not has_names(head.build.wasm)
    assert {"edge_logic", "worker", "js_sys", "core"} <= {
        crate.name for crate in head.measurement.module.crates
    }


def test_a_variant_sticks(service: httpx.Client) -> None:
    first = service.get("/")
    (cookie,) = first.headers.get_list("set-cookie")
    variant = re.match(r"variant=([ab]); Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax$", cookie)
    assert variant is not None
    assert f"variant {variant[1]}," in first.text

    for _ in range(8):
        again = service.get("/", headers={"cookie": f"theme=dark; variant={variant[1]}"})

        assert f"variant {variant[1]}," in again.text
        assert "set-cookie" not in again.headers


def test_both_variants_are_drawn_and_a_cookie_that_is_none_is_drawn_anew(service: httpx.Client) -> None:
    answers = [service.get("/", headers={"cookie": "variant=c"}) for _ in range(40)]

    # By chance alone they would all be of one variant once in 2**39 runs.
    assert {answer.text.split(",")[0] for answer in answers} == {"variant a", "variant b"}
    assert all("set-cookie" in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("country", "status", "text"),
    [
        ("KP", 451, "not available in your country"),
        ("SY", 451, "not available in your country"),
        ("FR", 200, "from FR"),
        ("T1", 200, "from T1"),
        (None, 200, "from nowhere"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/nothing-here"])
def test_a_country_is_blocked_everywhere(
    service: httpx.Client, path: str, country: str | None, status: int, text: str
) -> None:
    answer = service.get(path, headers={"ci-wasm-cf": json.dumps({"country": country} if country else {})})

    if status == 451 or path == "/":
        assert (answer.status_code, text in answer.text) == (status, True), answer.text
    else:
        assert answer.status_code == (200 if path == "/health" else 404)


def test_which_countries_is_a_variable(serve: Serve) -> None:
    service = serve(BLOCKED_COUNTRIES=" fr , DE")

    asked = {
        code: service.get("/", headers={"ci-wasm-cf": json.dumps({"country": code})})
        for code in ("FR", "DE", "KP")
    }

    assert {code: answer.status_code for code, answer in asked.items()} == {"FR": 451, "DE": 451, "KP": 200}


@pytest.mark.parametrize(("flag", "checkout"), [("on", "new"), ("true", "new"), ("off", "old"), ("", "old")])
def test_the_flag_decides_on_the_checkout(serve: Serve, flag: str, checkout: str) -> None:
    assert f"{checkout} checkout" in serve(NEW_CHECKOUT=flag).get("/").text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 200),
        ("HEAD", "/", {}, 200),
        ("GET", "/health", {}, 200),
        ("GET", "/nothing-here", {}, 404),
        ("POST", "/", {}, 405),
        ("DELETE", "/nothing-here", {}, 405),
        ("GET", "/", {"ci-wasm-cf": '{"country": "KP"}'}, 451),
    ],
)
def test_every_answer_carries_the_headers(
    service: httpx.Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = service.request(method, path, headers=headers)

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["x-ci-wasm-commit"] == COMMIT
    assert (answer.headers.get("allow") == "GET, HEAD") == (status == 405)
