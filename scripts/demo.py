"""Demo: the main job, end to end, on a real crate. EXAMPLE, BROKEN, SERVE -> comment, preview, report, exit code.

Makes a git repository with a base commit and a pull-request commit from `examples/`, starts the local edge, and runs
ci-wasm as the runner would: with an event file, `GITHUB_*` and `INPUT_*`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from github_page import write_github_page

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".cache" / "demo"
COMMAND = [sys.executable, "-m", "ci_wasm"]
PULL_REQUEST = 1


@dataclass(frozen=True)
class Edge:
    """The environment that a client of the local edge needs."""

    process: subprocess.Popen[str]
    environ: Mapping[str, str]


def main() -> int:
    example = os.environ.get("EXAMPLE") or "add"
    change = "broken" if os.environ.get("BROKEN") else "improved"
    repository = make_repository(example, change)
    with local_edge() as edge:
        exit_code = run_action(repository, edge)
        show(repository, exit_code)
        if os.environ.get("SERVE"):
            say("Serving until Ctrl-C.")
            wait()
    return exit_code


def make_repository(example: str, change: str) -> Path:
    """A repository with two commits, as a pull request has: the example as it is, then with a change laid over it.

    The change is a folder of `scripts/demo_changes/`; its message lies beside it as a text file of the same name.
    """
    source, overlay = ROOT / "examples" / example, ROOT / "scripts" / "demo_changes" / example / change
    if not source.is_dir() or not overlay.is_dir():
        known = sorted(path.name for path in (ROOT / "scripts" / "demo_changes").iterdir())
        sys.exit(f"There is no example `{example}`; EXAMPLE is one of: {', '.join(known)}.")
    repository = DEMO / f"{example}-{change}"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(source, repository, ignore=shutil.ignore_patterns("target", "ci-wasm-report"))
    (repository / ".gitignore").write_text("target\nci-wasm-report\n", encoding="utf-8")
    git(repository, "init", "--quiet", "--initial-branch=main")
    commit(repository, f"The example {example}")
    git(repository, "switch", "--quiet", "--create", "change")
    shutil.copytree(overlay, repository, dirs_exist_ok=True)
    commit(repository, overlay.with_suffix(".txt").read_text(encoding="utf-8").strip())
    say(f"Made a repository with a base commit and a pull-request commit: {relative(repository)}")
    return repository


def commit(repository: Path, message: str) -> None:
    git(repository, "add", "--all")
    identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.invalid"]
    git(repository, *identity, "commit", "--quiet", "--no-gpg-sign", f"--message={message}")


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def local_edge() -> Iterator[Edge]:
    """`ci-wasm edge` in a process of its own; it prints what a client has to set."""
    process = subprocess.Popen([*COMMAND, "edge", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        environ = {}
        for line in process.stdout or ():
            if match := re.search(r"(CLOUDFLARE_\w+)=(\S+)", line):
                environ[match[1]] = match[2]
            if len(environ) == 3:
                break
        else:
            sys.exit("The local edge did not start; its message stands above.")
        yield Edge(process, environ)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def run_action(repository: Path, edge: Edge) -> int:
    """`ci-wasm run` with what the runner would set; gives its exit code."""
    files = DEMO / "runner"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    (files / "event.json").write_text(json.dumps(event(repository)), encoding="utf-8")
    for name in ("output", "summary"):
        (files / name).touch()
    environ = {
        **os.environ,
        **edge.environ,
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(files / "event.json"),
        "GITHUB_WORKSPACE": str(repository),
        "GITHUB_REPOSITORY": "demo/demo",
        "GITHUB_OUTPUT": str(files / "output"),
        "GITHUB_STEP_SUMMARY": str(files / "summary"),
    }
    return subprocess.run([*COMMAND, "run"], env=environ, cwd=ROOT, check=False).returncode


def event(repository: Path) -> Mapping[str, object]:
    """The part of a `pull_request` payload that counts."""
    head, base = git(repository, "rev-parse", "change"), git(repository, "rev-parse", "main")
    here = {"full_name": "demo/demo", "default_branch": "main"}
    return {
        "action": "opened",
        "repository": here,
        "pull_request": {
            "number": PULL_REQUEST,
            "title": git(repository, "log", "-1", "--format=%s", "change"),
            "html_url": "https://github.com/demo/demo/pull/1",
            "merged": False,
            "head": {"sha": head, "ref": "change", "repo": here},
            "base": {"sha": base, "ref": "main", "repo": here},
        },
    }


def show(repository: Path, exit_code: int) -> None:
    """The comment, the answer of the preview's URL, and where everything lies."""
    folder = repository / "ci-wasm-report"
    comment = (folder / "comment.md").read_text(encoding="utf-8")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    page = write_github_page(
        folder / "pull-request.html", comment, title=git(repository, "log", "-1", "--format=%s")
    )
    say("The comment:\n")
    print(comment)
    for worker in report["workers"]:
        if worker["preview"]["state"] == "done":
            ask(worker["preview"]["value"], report["subject"]["commit"])
    say(f"Report:       {relative(folder / 'report.json')}")
    say(f"Page:         {relative(folder / 'report.html')} (sizes, and a treemap of the code)")
    say(f"Pull request: {relative(page)} (the comment as GitHub shows it)")
    say(f"ci-wasm's exit code: {exit_code}")


def ask(preview: dict[str, Any], commit: str) -> None:
    """Request the preview's URL and hold the answer against what was deployed; a wrong one ends the demo."""
    from ci_wasm.adapters.web import HttpxWeb
    from ci_wasm.core.preview import SmokeRequest

    url = preview["deployment"]["url"]
    say(f"Preview:      {url}")
    for smoke in preview["answers"]:
        request = SmokeRequest(**smoke["request"])
        answer = HttpxWeb().answer(url, request)
        print(f"  {request.method} {request.path} -> {answer.status} {answer.body.strip()}")
        if answer.commit != commit:
            sys.exit(f"The preview answers with commit {answer.commit}, not {commit}.")


def wait() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def say(text: str) -> None:
    print(f"\n== {text}" if text.endswith("\n") else f"== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
