"""Action: a run as the runner starts it, over loopback: what it posts, prints, writes and exits with."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from wasmtime import wat2wasm

from tests.e2e.conftest import ADD, CONFIG, PULL_REQUEST, TOKEN, WIDE_ADD, Job, Run
from tests.fakes.github_state import FORK


def messages(run: Run, severity: str) -> list[str]:
    return [annotation.message for annotation in run.seen.annotations if annotation.severity == severity]


def worker(run: Run) -> dict[str, Any]:
    workers = run.report["workers"]
    assert isinstance(workers, list)
    return dict(workers[0])


def test_a_pull_request_is_built_judged_previewed_and_commented(job: Job) -> None:
    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    (comment,) = job.github.state.comments.values()
    assert comment.body.endswith(run.comment) or run.comment.strip() in comment.body
    outputs = run.seen.outputs
    assert outputs["conclusion"] == "success"
    assert f"/pull/{PULL_REQUEST}#issuecomment-" in outputs["comment-url"]
    assert int(outputs["growth-bytes"]) > 0
    assert (
        (job.checkout.path / outputs["report-html"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    )
    assert run.seen.summary.strip() == run.comment.strip()
    assert (run.seen.problems, job.github.violations) == ([], [])
    url = httpx.URL(outputs["preview-url"])
    answer = httpx.get(f"http://127.0.0.1:{url.port}/add?a=40&b=2", headers={"host": url.netloc.decode()})
    assert (answer.json()["result"], answer.headers["x-ci-wasm-commit"]) == (42, job.checkout.commits["head"])


def test_the_second_run_edits_the_comment_and_the_preview(job: Job) -> None:
    first = job.run("pull_request", job.pull_request())
    job.checkout.commit("head", {"add.wasm": bytes(wat2wasm(ADD.replace("i32.add", "i32.sub")))})

    second = job.run("pull_request", job.pull_request("synchronize"))

    assert len(job.github.state.comments) == 1
    assert first.seen.outputs["preview-url"] == second.seen.outputs["preview-url"]
    # 2 - 3 is not 5: the smoke request tells.
    assert second.exit_code == 1
    assert "does not contain `5`" in "".join(messages(second, "error"))


def test_a_broken_budget_and_contract_exit_with_1_and_say_by_how_much(job: Job) -> None:
    module = bytes(wat2wasm(WIDE_ADD))
    job.checkout.commit("head", {"add.wasm": module})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 1
    over = f"`raw` is {len(module):,} bytes, {len(module) - 1024:,} bytes over its budget of 1,024 bytes"
    errors = messages(run, "error")
    assert any(over in error for error in errors)
    assert any(
        "`add` is `(i64, i64) -> i64`, the contract says `(i32, i32) -> i32`" in error for error in errors
    )
    (comment,) = job.github.state.comments.values()
    assert f"{len(module) - 1024:,} bytes over its budget" in comment.body


def test_behavior_is_called_and_its_change_exits_with_1(job: Job) -> None:
    config = CONFIG + "    behavior: [{call: add, args: [2, 3], expect: [5], max-fuel: 100}]\n"
    job.checkout.commit("head", {"ci-wasm.yml": config})
    kept = job.run("pull_request", job.pull_request())
    job.checkout.commit("head", {"add.wasm": bytes(wat2wasm(ADD.replace("i32.add", "i32.mul")))})

    broken = job.run("pull_request", job.pull_request())

    assert (kept.exit_code, "| `add(2, 3)` | `5` | 4 |" in kept.comment) == (0, True)
    assert broken.exit_code == 1
    assert any("`add(2, 3)` gave `6`, and `5` was expected" in error for error in messages(broken, "error"))


def test_a_push_records_a_baseline_that_the_next_pull_request_uses(job: Job) -> None:
    job.checkout.git("checkout", "--quiet", job.checkout.commits["base"])
    push = job.run("push", job.push())
    job.checkout.git("checkout", "--quiet", job.checkout.commits["head"])

    run = job.run("pull_request", job.pull_request())

    assert (push.exit_code, run.exit_code) == (0, 0)
    assert job.github.state.git.ref("refs/heads/ci-wasm-data") is not None
    base = worker(run)["base"]
    assert (base["state"], base["value"]["recorded"]) == ("done", True)
    assert "as recorded when it was merged" in run.comment


def test_a_rebuilt_base_gives_the_same_growth_as_a_recorded_one(job: Job) -> None:
    rebuilt = job.run("pull_request", job.pull_request())
    job.checkout.git("checkout", "--quiet", job.checkout.commits["base"])
    job.run("push", job.push())
    job.checkout.git("checkout", "--quiet", job.checkout.commits["head"])

    recorded = job.run("pull_request", job.pull_request("synchronize"))

    assert worker(rebuilt)["base"]["value"]["recorded"] is False
    assert worker(rebuilt)["growth"] == worker(recorded)["growth"]
    assert worker(rebuilt)["changes"] == worker(recorded)["changes"]


def test_closing_deletes_the_preview(job: Job) -> None:
    opened = job.run("pull_request", job.pull_request())

    closed = job.run("pull_request", job.pull_request("closed"))

    assert closed.exit_code == 0
    assert "was deleted" in closed.stdout
    url = httpx.URL(opened.seen.outputs["preview-url"])
    gone = httpx.get(f"http://127.0.0.1:{url.port}/", headers={"host": url.netloc.decode()})
    assert gone.status_code == 404
    again = job.run("pull_request", job.pull_request("closed"))
    assert (again.exit_code, "is gone already" in again.stdout) == (0, True)


def test_a_fork_is_previewed_on_the_runner_and_reported_in_the_summary(job: Job) -> None:
    job.github.state.add_token(TOKEN, permissions=FORK)

    run = job.run("pull_request", job.pull_request(fork=True), cloudflare=False)

    assert run.exit_code == 0
    assert "forks" in run.seen.summary
    assert worker(run)["preview"]["value"]["public"] is False
    assert job.github.sent("POST", "comments") == []


def test_a_token_that_may_not_comment_costs_the_comment_alone(job: Job) -> None:
    job.github.state.add_token(TOKEN, permissions=FORK)

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0
    assert "pull-requests: write" in "".join(messages(run, "warning"))
    assert run.seen.summary


@pytest.mark.parametrize(
    ("files", "exit_code", "words"),
    [
        ({"ci-wasm.yml": "worker: []"}, 2, "did you mean `workers`?"),
        ({"ci-wasm.yml": CONFIG.replace("add.wasm", "gone.wasm")}, 4, "gone.wasm"),
        ({"ci-wasm.yml": "workers: [{crate: nowhere}]"}, 4, "Cargo.toml"),
        ({"add.wasm": b"\0asm\1\0\0\0\1\xff"}, 5, "malformed"),
        ({"add.wasm": b"not wasm at all"}, 5, "is not a WebAssembly module"),
        ({"add.wasm": b"\0asm\x0d\0\1\0"}, 5, "is a component"),
    ],
)
def test_whatever_fails_the_report_and_the_comment_say_so(
    job: Job, files: dict[str, bytes | str], exit_code: int, words: str
) -> None:
    job.checkout.commit("head", files)

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == exit_code, run.stdout
    (comment,) = job.github.state.comments.values()
    assert "❌" in comment.body
    assert words in "".join(messages(run, "error"))
    assert run.report["verdict"] == {
        "conclusion": "failure",
        "exit_code": exit_code,
        "headline": run.seen.outputs["headline"],
    }
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("comment", "yes"),
        ("working-directory", "nowhere"),
        ("report-directory", "../out"),
        ("preview", "moon"),
    ],
)
def test_a_mistyped_input_is_reported_like_everything_else(job: Job, name: str, value: str) -> None:
    run = job.run("pull_request", job.pull_request(), inputs={name: value})

    assert run.exit_code == 2
    (comment,) = job.github.state.comments.values()
    assert f"the input `{name}` is `{value}`" in comment.body
    assert run.report["verdict"]["exit_code"] == 2


@pytest.mark.parametrize(
    ("event", "payload", "exit_code", "words"),
    [
        ("pull_request", None, 3, "GITHUB_EVENT_PATH"),
        ("pull_request", "{", 3, "is not JSON"),
        ("pull_request", "[]", 3, "is not a JSON object"),
        ("pull_request", '{"action": "opened"}', 3, "`pull_request.number`"),
        ("push", '{"ref": 1}', 3, "`ref`"),
        ("", "{}", 3, "GITHUB_EVENT_NAME"),
        ("issue_comment", '{"action": "created"}', 0, "Nothing to do"),
        ("schedule", "{}", 0, "Nothing to do"),
    ],
)
def test_events_without_a_plan_or_a_payload(
    job: Job, event: str, payload: str | None, exit_code: int, words: str
) -> None:
    run = job.run(event, payload)

    assert run.exit_code == exit_code
    assert words in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_no_secret_is_printed_or_written(job: Job) -> None:
    runs = [job.run("pull_request", job.pull_request()), job.run("pull_request", job.pull_request("closed"))]
    job.checkout.commit("head", {"ci-wasm.yml": "nonsense: 1"})
    runs.append(job.run("pull_request", job.pull_request()))

    for run in runs:
        unmasked = "\n".join(line for line in run.stdout.splitlines() if not line.startswith("::add-mask::"))
        written = f"{unmasked}{run.stderr}{run.report}{run.comment}{run.seen.outputs}{run.seen.summary}"
        assert TOKEN not in written
        assert job.edge.token not in written
