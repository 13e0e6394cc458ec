"""The ratchet in a whole run: the job summary has a diff that git applies, and the comment says nothing of it."""

from __future__ import annotations

import re
import subprocess

from tests.e2e.conftest import CONFIG, Job


def test_a_passing_pull_request_proposes_lower_ceilings_in_its_summary(job: Job) -> None:
    config = CONFIG.replace("max: 1 KiB", "max: 1 KiB, ratchet: true")
    job.checkout.commit("head", {"ci-wasm.yml": config})

    run = job.run("pull_request", job.pull_request())

    (comment,) = job.github.state.comments.values()
    (diff,) = re.findall(r"```diff\n(.*?)```", run.seen.summary, re.DOTALL)
    size = run.report["workers"][0]["head"]["value"]["sizes"]["raw"]
    assert run.exit_code == 0, run.stdout
    assert "Ceilings" not in comment.body
    subprocess.run(["git", "apply"], cwd=job.checkout.path, input=diff.encode(), check=True)
    changed = (job.checkout.path / "ci-wasm.yml").read_text(encoding="utf-8")
    assert changed == config.replace("1 KiB", f"{size} B")


def test_a_broken_one_proposes_nothing(job: Job) -> None:
    config = CONFIG.replace("max: 1 KiB", "max: 1 KiB, ratchet: true").replace("-> i32", "-> i64")
    job.checkout.commit("head", {"ci-wasm.yml": config})

    run = job.run("pull_request", job.pull_request())

    assert (run.exit_code, run.report["ratchet"]) == (1, None)
    assert "Ceilings" not in run.seen.summary
