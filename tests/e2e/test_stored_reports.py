"""Stored reports through the command line: rendered again, and as sizes over the commits of a real repository."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_wasm.core.history import Commit, make_point
from ci_wasm.core.report import Report, Subject, WorkerReport
from ci_wasm.outcome import Done, Skipped
from ci_wasm.render.comment import render_comment
from ci_wasm.render.log import render_log
from ci_wasm.render.report_json import render_json
from tests import reports
from tests.e2e.conftest import Job
from tests.e2e.test_cli import ci_wasm
from tests.modules import make_measured

SIZES = (1000, 1100, 1050, 1300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Path(tmp_path, "report.json").write_text(render_json(reports.broken()), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("format_", "render"), [("text", render_log), ("markdown", render_comment), ("json", render_json)]
)
def test_a_stored_report_is_what_the_run_showed(
    folder: Path, format_: str, render: Callable[[Report], str]
) -> None:
    done = ci_wasm(folder, "report", "report.json", "--format", format_)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == render(reports.broken()).strip()


def test_a_stored_report_is_a_page_again(folder: Path) -> None:
    page = ci_wasm(folder, "report", "report.json", "--format", "html").stdout

    assert page.startswith("<!doctype html>")
    assert '"passed":false' in page


def test_what_is_no_report_exits_with_2(folder: Path) -> None:
    done = ci_wasm(folder, "report", "missing.json")

    assert (done.returncode, done.stdout) == (2, "")
    assert "missing.json cannot be read: No such file or directory" in done.stderr


def repository(folder: Path) -> list[str]:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    for number in range(len(SIZES)):
        git("commit", "--quiet", "--allow-empty", "--message", str(number))
    return git("rev-list", "--reverse", "HEAD").split()


def store(folder: Path, commits: list[str]) -> list[Path]:
    """A report for each commit, whose files sort otherwise than the commits do."""
    files = []
    for number, (commit, raw) in enumerate(zip(commits, SIZES, strict=True)):
        worker = WorkerReport("api", Done(make_measured(raw)), Skipped("none"), history=())
        report = replace(reports.passing(), subject=Subject(commit), workers=(worker,))
        files.append(folder / f"{9 - number}.json")
        files[-1].write_text(render_json(report), encoding="utf-8")
    return files


def test_history_has_the_order_of_the_checkout(tmp_path: Path) -> None:
    commits = repository(tmp_path)
    Path(tmp_path, "kept").mkdir()
    store(tmp_path / "kept", commits)

    told = json.loads(ci_wasm(tmp_path, "history", "kept", "--format", "json").stdout)
    text = ci_wasm(tmp_path, "history", "kept").stdout

    assert (told["schema"], told["order"]) == (1, "as in the history of this checkout")
    assert [(point["commit"], point["raw"]) for point in told["workers"]["api"]] == [
        (commit[:12], raw) for commit, raw in zip(commits, SIZES, strict=True)
    ]
    assert text.splitlines()[0].endswith("1000 B → 1.27 KiB, +300 B (+30.0 %) over 4 commits")


def test_history_of_foreign_commits_keeps_the_given_order(tmp_path: Path) -> None:
    store(tmp_path, [str(number) * 40 for number in range(1, 5)])

    told = json.loads(ci_wasm(tmp_path, "history", "8.json", "9.json", "--format", "json").stdout)

    assert [point["raw"] for point in told["workers"]["api"]] == [1100, 1000]
    assert told["order"].startswith("as given")


def test_history_tells_all_files_that_it_cannot_read(tmp_path: Path) -> None:
    Path(tmp_path, "text.json").write_text("hello", encoding="utf-8")
    done = ci_wasm(tmp_path, "history", "text.json", "gone.json")

    assert done.returncode == 2
    assert "text.json is no JSON" in done.stderr
    assert "gone.json cannot be read" in done.stderr
    assert ci_wasm(tmp_path, "history", ".").returncode == 2


def test_history_in_markdown_and_as_a_page(tmp_path: Path) -> None:
    store(tmp_path, [str(number) * 40 for number in range(1, 5)])

    markdown = ci_wasm(tmp_path, "history", ".", "--format", "markdown").stdout
    page = ci_wasm(tmp_path, "history", ".", "--format", "html").stdout

    assert "```mermaid\n%%{init" in markdown
    assert "| `1111111` | – | 1000 B |" in markdown
    assert '"title":"Sizes over commits"' in page


def test_pushes_make_the_trend_that_a_pull_request_shows(job: Job) -> None:
    """Three merged commits, then the pull request: its comment has the picture, its page the points."""
    main = job.checkout.commits["base"]
    job.checkout.git("checkout", "--quiet", main)
    pushed = [job.run("push", job.push())]
    for number in range(2):
        job.checkout.git("commit", "--quiet", "--allow-empty", "--message", f"merge {number}")
        before, job.checkout.commits["base"] = (
            job.checkout.commits["base"],
            job.checkout.git("rev-parse", "HEAD"),
        )
        pushed.append(job.run("push", {**job.push(), "before": before}))
    assert [run.exit_code for run in pushed] == [0, 0, 0], pushed[-1].stdout
    job.checkout.git("checkout", "--quiet", "-B", "head", job.checkout.commits["base"])
    job.checkout.git("commit", "--quiet", "--allow-empty", "--message", "proposal")
    job.checkout.commits["head"] = job.checkout.git("rev-parse", "HEAD")

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    history = run.report["workers"][0]["history"]
    commits = job.checkout.git("rev-list", "--reverse", "--first-parent", "HEAD").split()[-4:]
    assert [point["commit"] for point in history] == [commit[:12] for commit in commits]
    assert "<summary>Trend: " in run.comment
    assert "xychart-beta" in run.comment


def test_points_are_made_of_measurements() -> None:
    point = make_point(Commit("a" * 40, 1_700_000_000), make_measured(1000))
    assert (point.commit, point.raw, point.gzip) == ("a" * 12, 1000, 500)
