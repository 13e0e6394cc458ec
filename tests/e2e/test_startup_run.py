"""Startup in whole runs: a start that became slower is told, and fails nothing; one that is the same is not measured."""

from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from tests.e2e.conftest import CONFIG, Job
from tests.e2e.test_action_run import messages, worker

WAT = """(module
  (func $start (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const {rounds})))))
  (start $start)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"""


def commit(job: Job, *, base: int, head: int, config: str = CONFIG) -> None:
    """A base and a head whose start functions count so far."""
    job.checkout.commit("base", {"add.wasm": bytes(wat2wasm(WAT.format(rounds=base))), "ci-wasm.yml": config})
    changed = wat2wasm(WAT.format(rounds=head))
    job.checkout.commit("head", {"add.wasm": bytes(changed), "README.md": "changed"})


def test_a_start_that_became_slower_is_a_warning(job: Job) -> None:
    commit(job, base=1, head=500_000_000)

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    (warning,) = messages(run, "warning")
    assert "ms of CPU on workerd" in warning
    assert "more than on the base" in warning
    measured = worker(run)["startup"]["value"]
    assert {kind: len(measured[kind]["milliseconds"]) for kind in ("head", "base", "empty")} == {
        "head": 7,
        "base": 7,
        "empty": 7,
    }
    assert "ms of CPU on workerd (7 runs: " in run.comment


@pytest.mark.parametrize(
    ("head", "more", "reason"),
    [
        (1, "", "the Worker is the same as on the base"),
        (2, "    startup: {runs: 0}\n", "`startup.runs` is 0"),
    ],
)
def test_a_start_that_need_not_be_measured_is_not(job: Job, head: int, more: str, reason: str) -> None:
    commit(job, base=1, head=head, config=CONFIG + more)

    run = job.run("pull_request", job.pull_request())

    assert worker(run)["startup"] == {"state": "skipped", "reason": reason}


@pytest.mark.parametrize("rebuilds", [False, True])
def test_a_recorded_base_is_started_where_that_is_asked_for(job: Job, rebuilds: bool) -> None:
    startup = "    startup: {runs: 1, rebuild-base: true}\n" if rebuilds else "    startup: {runs: 1}\n"
    commit(job, base=1, head=2, config=CONFIG + startup)
    job.checkout.git("checkout", "--quiet", job.checkout.commits["base"])
    assert job.run("push", job.push()).exit_code == 0
    job.checkout.git("checkout", "--quiet", job.checkout.commits["head"])

    run = job.run("pull_request", job.pull_request())

    assert worker(run)["base"]["value"]["recorded"] is True
    assert (worker(run)["startup"]["value"]["base"] is not None) is rebuilds
