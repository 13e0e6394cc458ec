"""The Workers port: one class of tests, kept by the fake and by the Cloudflare adapter against the local edge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.adapters.web import HttpxWeb
from ci_wasm.config.secret import Secret
from ci_wasm.core.preview import SmokeRequest
from ci_wasm.core.script import ModuleType, WorkerModule
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.edge.serve import LocalEdge
from ci_wasm.errors import DeployError
from ci_wasm.ports import Workers
from tests.fakes.workers import FakeWorkers

SCRIPT = b"""
import text from "./data/hello.txt";
export default {
  fetch(request, env) {
    return Response.json({ text, mode: env.MODE, limits: env.LIMITS, path: new URL(request.url).pathname },
      { headers: { "x-ci-wasm-commit": env.COMMIT } });
  },
};
"""
HELLO = WorkerModule("data/hello.txt", ModuleType.TEXT, b"hello \xe2\x80\xa6")
WORKER = Worker(
    name="add",
    main_module="index.js",
    modules=(WorkerModule("index.js", ModuleType.ES_MODULE, SCRIPT), HELLO),
    compatibility_date="2026-07-01",
    vars={"MODE": "preview", "LIMITS": {"rate": [1, 2.5, None]}, "COMMIT": "c" * 40},
)
PROVENANCE = Provenance("c" * 40, 42, "https://github.com/acme/add/pull/42", "Add a carry \u2026")


class WorkersContract:
    """What every implementation of the port does."""

    def test_a_pull_requests_url_stays_and_every_upload_gets_its_own(self, workers: Workers) -> None:
        first = workers.deploy_preview(WORKER, "pr-42", PROVENANCE)
        second = workers.deploy_preview(WORKER, "pr-42", replace(PROVENANCE, commit="d" * 40))

        assert first.url == second.url
        assert first.startup_ms is not None
        assert len({first.deployment_id, second.deployment_id}) == 2
        assert len({first.url, first.deployment_url, second.deployment_url}) == 3
        assert "pr-42" in first.url
        assert "add" in first.url

    def test_pull_requests_and_workers_do_not_share_urls(self, workers: Workers) -> None:
        deployments = [
            workers.deploy_preview(replace(WORKER, name=name), preview, PROVENANCE)
            for name in ("add", "sub")
            for preview in ("pr-1", "pr-2")
        ]

        assert len({deployment.url for deployment in deployments}) == 4

    def test_a_preview_is_deleted_once_and_can_come_back(self, workers: Workers) -> None:
        before = workers.deploy_preview(WORKER, "pr-7", PROVENANCE)
        workers.deploy_preview(WORKER, "pr-8", PROVENANCE)

        assert [workers.delete_preview("add", "pr-7") for _ in range(2)] == [True, False]
        assert workers.deploy_preview(WORKER, "pr-7", PROVENANCE).url == before.url
        assert workers.delete_preview("add", "pr-8")

    def test_there_is_nothing_to_delete_of_a_worker_that_never_was(self, workers: Workers) -> None:
        assert not workers.delete_preview("nobody", "pr-1")

    @pytest.mark.parametrize(
        ("worker", "code"),
        [
            (replace(WORKER, name="under_score"), 10016),
            (replace(WORKER, name="1-digit"), 10016),
            (replace(WORKER, name="../add"), 10016),
            (replace(WORKER, name="a" * 60), 100132),
            (replace(WORKER, main_module="main.js"), 10006),
        ],
    )
    def test_a_refusal_is_a_deploy_error_with_cloudflares_code(
        self, workers: Workers, worker: Worker, code: int
    ) -> None:
        with pytest.raises(DeployError) as caught:
            workers.deploy_preview(worker, "pr-1", PROVENANCE)

        assert caught.value.api_code == code
        assert caught.value.cure


class TestFake(WorkersContract):
    """The fake that other tests use."""

    @pytest.fixture
    def workers(self) -> Workers:
        return FakeWorkers()

    def test_it_shows_what_was_deployed_and_refuses_when_told_to(self) -> None:
        fake = FakeWorkers()
        fake.deploy_preview(WORKER, "pr-1", PROVENANCE)
        assert fake.deployed == {("add", "pr-1"): [(WORKER, PROVENANCE)]}

        fake.refusal = DeployError("no", cure="Ask again.", api_code=10035)
        with pytest.raises(DeployError):
            fake.delete_preview("add", "pr-1")


class TestCloudflareAtTheLocalEdge(WorkersContract):
    """The adapter, over HTTP, against the edge that runs uploads on workerd."""

    @pytest.fixture
    def edge(self) -> Iterator[LocalEdge]:
        with LocalEdge() as edge:
            yield edge

    @pytest.fixture
    def workers(self, edge: LocalEdge) -> Workers:
        return CloudflareWorkers(edge.api_url, edge.account, Secret(edge.token))

    def test_what_was_uploaded_answers_with_its_modules_and_variables(self, workers: Workers) -> None:
        deployment = workers.deploy_preview(WORKER, "pr-42", PROVENANCE)

        for url in (deployment.url, deployment.deployment_url):
            answer = HttpxWeb().answer(url, SmokeRequest("/a/b?c=d"))
            assert answer.body == (
                '{"text":"hello …","mode":"preview","limits":{"rate":[1,2.5,null]},"path":"/a/b"}'
            )
            assert (answer.status, answer.commit) == (200, "c" * 40)

    def test_a_worker_that_does_not_start_says_why(self, workers: Workers) -> None:
        broken = WorkerModule("index.js", ModuleType.ES_MODULE, b"missing(); export default {};")

        with pytest.raises(DeployError, match=r"does not start.*missing is not defined") as caught:
            workers.deploy_preview(replace(WORKER, modules=(broken,)), "pr-42", PROVENANCE)

        assert caught.value.api_code == 10021

    def test_a_wrong_token_is_called_wrong(self, edge: LocalEdge) -> None:
        with pytest.raises(DeployError, match="the token is invalid") as caught:
            CloudflareWorkers(edge.api_url, edge.account, Secret("wrong")).delete_preview("add", "pr-1")

        assert caught.value.api_code == 10000
