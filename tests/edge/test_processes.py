"""The processes behind the URLs: replaced without a gap, stopped when they hang, never left behind. -> pids, pages."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from ci_wasm.edge.serve import Limits, LocalEdge
from ci_wasm.edge.store import KEPT
from tests.edge.edge_client import OK, EdgeClient, File, script
from tests.edge.processes import settles, workerds


def says(word: str) -> list[File]:
    return [script(f"export default {{ fetch() {{ return new Response('{word}'); }} }};")]


HANGS = [script("""
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/loop") for (;;) {}
    if (pathname === "/hog") { const kept = []; for (;;) kept.push(new Array(100_000).fill({}).map(() => ({}))); }
    if (pathname === "/never") await new Promise(() => setTimeout(() => {}, 1e6));
    if (pathname === "/late") await scheduler.wait(700);
    if (pathname === "/throw") throw new Error("thrown");
    return new Response("fine");
  },
};""")]  # fmt: skip


@pytest.fixture
def own(request: pytest.FixtureRequest) -> EdgeClient:
    """An edge whose processes are this test's alone."""
    client: EdgeClient = request.getfixturevalue("impatient")
    return client


def test_an_endless_loop_is_stopped_and_the_worker_comes_back(own: EdgeClient) -> None:
    own.deploy("hangs", HANGS)
    own.deploy("other", says("other"))
    with ThreadPoolExecutor(1) as pool:
        looping = pool.submit(own.get, "hangs", "/loop")
        time.sleep(0.1)
        assert own.get("other").text == "other"
        assert own.call("GET", "services/hangs").status == 200
        assert not looping.done(), "the loop held the others up"
        answer = looping.result()

    assert (answer.status_code, answer.text.splitlines()[0]) == (504, "error code: 1102")
    assert "did not answer within 1 seconds" in answer.text
    assert own.get("hangs").text == "fine"
    assert settles(lambda: len(workerds()) == 2)


@pytest.mark.parametrize(("path", "status", "says"), [
    ("/never", 504, "did not answer within 1 seconds"),
    ("/hog", 503, "memory limit of 128 MB"),
    ("/throw", 500, "Internal Server Error"),
    ("/late", 200, "fine"),
])  # fmt: skip
def test_a_worker_that_misbehaves_answers_with_a_reason_and_comes_back(
    path: str, status: int, says: str
) -> None:
    with (
        LocalEdge(limits=Limits(answer=10 if path in ("/hog", "/late") else 1)) as edge,
        EdgeClient(edge) as client,
    ):
        client.deploy("hangs", HANGS)
        answer = client.get("hangs", path)

        assert (answer.status_code, says in answer.text) == (status, True)
        assert client.get("hangs").text == "fine"


def test_a_body_of_a_hung_worker_is_no_broken_pipe(own: EdgeClient) -> None:
    own.deploy("hangs", HANGS)

    assert own.request("POST", "hangs", "/loop", content=b"x" * 20_000_000).status_code == 504


def test_a_hundred_redeployments_leave_no_process_and_no_old_file_behind(tmp_path: Path) -> None:
    with LocalEdge(state_dir=tmp_path) as edge, EdgeClient(edge) as client:
        made = [client.preview("w", "pr-1", says(f"n{number}")).result for number in range(100)]
        kept = client.call("GET", "workers/w/previews/pr-1/deployments").result
        (folder,) = tmp_path.iterdir()

        assert client.get("pr-1-w").text == "n99"
        assert settles(lambda: len(workerds()) == 1)
        assert [one["id"] for one in kept] == [one["id"] for one in reversed(made[-KEPT:])]
        assert {path.name for path in folder.iterdir()} == {one["id"] for one in kept}
        assert [client.get(made[-n]["urls"][0]).status_code for n in (KEPT, KEPT + 1)] == [200, 404]
        client.call("DELETE", "workers/w/previews/pr-1")
        assert settles(lambda: workerds() == [])


def test_a_replaced_deployment_leaves_no_gap(own: EdgeClient) -> None:
    own.preview("w", "pr-1", says("n0"))
    ended = Event()
    seen: list[tuple[int, str]] = []

    def ask() -> None:
        while not ended.is_set():
            answer = own.get("pr-1-w")
            seen.append((answer.status_code, answer.text))

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        for number in range(1, 11):
            own.preview("w", "pr-1", says(f"n{number}"))
        ended.set()
        for each in asking:
            each.result()

    assert {status for status, _ in seen} == {200}
    assert {text for _, text in seen} <= {f"n{number}" for number in range(11)}
    assert len(seen) > 20


def test_a_request_in_flight_is_answered_by_the_process_that_began_it() -> None:
    with LocalEdge() as edge, EdgeClient(edge) as client, ThreadPoolExecutor(1) as pool:
        client.preview("w", "pr-1", HANGS)
        late = pool.submit(client.get, "pr-1-w", "/late")
        time.sleep(0.2)
        client.preview("w", "pr-1", says("new"))
        assert client.get("pr-1-w").text == "new"
        assert late.result().text == "fine"

        assert settles(lambda: len(workerds()) == 1)


def test_only_so_many_processes_live_and_each_comes_back(own: EdgeClient) -> None:
    names = [f"pr-{number}" for number in range(8)]
    for name in names:
        own.preview("w", name, says(name))

    assert settles(lambda: len(workerds()) <= 3)
    assert [own.get(f"{name}-w").text for name in names] == names
    assert settles(lambda: len(workerds()) <= 3)


def test_a_process_that_was_killed_from_outside_is_started_again(own: EdgeClient) -> None:
    own.preview("w", "pr-1", says("back"))
    (pid,) = workerds()
    os.kill(pid, signal.SIGKILL)
    assert settles(lambda: own.get("pr-1-w").status_code == 200)
    assert own.get("pr-1-w").text == "back"


def test_many_clients_at_once_get_their_own_answers(own: EdgeClient) -> None:
    own.deploy(
        "echo", [script("export default { async fetch(r) { return new Response(await r.text()); } };")]
    )

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: own.request("POST", "echo", content=f"n{n}" * 1000).text, range(200))
        )

    assert answers == [f"n{n}" * 1000 for n in range(200)]


def test_a_client_that_leaves_does_not_hold_the_process(own: EdgeClient) -> None:
    own.preview("w", "pr-1", HANGS)
    for _ in range(5):
        with pytest.raises(Exception, match="timed out"):
            own.get("pr-1-w", "/late", timeout=0.1)

    own.call("DELETE", "workers/w/previews/pr-1")
    assert settles(lambda: workerds() == [], seconds=2)


def test_the_edge_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    with LocalEdge(state_dir=tmp_path, limits=Limits(answer=1)) as edge, EdgeClient(edge) as client:
        client.deploy("w", HANGS)
        secret = {"KEY": {"type": "secret_text", "text": "s3cr3t"}}
        client.preview("w", "pr-1", [script(OK)], secret)
        (folder,) = tmp_path.iterdir()
        modes = {path.stat().st_mode & 0o77 for path in [folder, *folder.iterdir()]}
        with ThreadPoolExecutor(1) as pool:
            looping = pool.submit(client.get, "w", "/loop")
            time.sleep(0.2)
            assert len(workerds()) == 2
            looping.cancel()

    assert modes == {0}, "others can read what was uploaded"
    assert workerds() == []
    assert list(tmp_path.iterdir()) == []
