"""Whole runs: a repository, a GitHub API, a Cloudflare API, and ci-wasm started as the runner starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from ci_wasm.edge.serve import LocalEdge
from tests.fakes.github_api import GitHubApi
from tests.fakes.runner_model import Seen, read_step

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "ghs_canary0123456789"
PULL_REQUEST = 12

ADD = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
WIDE_ADD = """(module (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
 (memory 1) (data (i32.const 0) "{padding}"))""".format(padding="x" * 1200)
CONFIG = """
workers:
  - name: add
    wasm: add.wasm
    budgets: [{metric: raw, max: 1 KiB}]
    contract: {exports: {add: "(i32, i32) -> i32"}}
    smoke: [{path: "/add?a=2&b=3", contains: "5"}]
"""


@dataclass
class Checkout:
    """A git repository with the commits of a pull request."""

    path: Path
    commits: dict[str, str] = field(default_factory=dict)

    def commit(self, name: str, files: Mapping[str, bytes | str]) -> str:
        for file, content in files.items():
            path = self.path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "--quiet", "-m", name)
        self.commits[name] = self.git("rev-parse", "HEAD")
        return self.commits[name]

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclass
class Run:
    """What one run of the action left."""

    exit_code: int
    seen: Seen
    stdout: str
    stderr: str
    report: dict[str, Any]
    comment: str


@dataclass
class Job:
    """Everything that a run of the action is given; `run` starts it."""

    checkout: Checkout
    github: GitHubApi
    edge: LocalEdge
    folder: Path

    def run(
        self,
        event: str,
        payload: Mapping[str, object] | str | None,
        *,
        cloudflare: bool = True,
        github: bool = True,
        inputs: Mapping[str, str] | None = None,
        attempt: int = 1,
    ) -> Run:
        files = {name: self.folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_bytes(b"")
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_WORKSPACE": str(self.checkout.path),
            "GITHUB_REPOSITORY": self.github.state.repository,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "77",
            "GITHUB_RUN_ATTEMPT": str(attempt),
            **{name: str(path) for name, path in files.items()},
            **({"INPUT_GITHUB-TOKEN": TOKEN} if github else {}),
            **(self._cloudflare() if cloudflare else {}),
            **{f"INPUT_{name.upper()}": value for name, value in (inputs or {}).items()},
        }
        if payload is not None:
            event_file = self.folder / "event.json"
            event_file.write_text(
                payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8"
            )
            variables["GITHUB_EVENT_PATH"] = str(event_file)
        done = subprocess.run(
            [sys.executable, "-I", str(ROOT / "entrypoint.py")],
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.checkout.path,
        )
        report, comment = (
            self.checkout.path / "ci-wasm-report" / name for name in ("report.json", "comment.md")
        )
        return Run(
            done.returncode,
            read_step(done.stdout, done.stderr, {name: path.read_bytes() for name, path in files.items()}),
            done.stdout,
            done.stderr,
            json.loads(report.read_text(encoding="utf-8")) if report.exists() else {},
            comment.read_text(encoding="utf-8") if comment.exists() else "",
        )

    def _cloudflare(self) -> dict[str, str]:
        return {
            "INPUT_CLOUDFLARE-API-TOKEN": self.edge.token,
            "INPUT_CLOUDFLARE-ACCOUNT-ID": self.edge.account,
            "CLOUDFLARE_API_BASE_URL": self.edge.api_url,
        }

    def pull_request(self, action: str = "opened", *, fork: bool = False) -> dict[str, object]:
        here = {"full_name": self.github.state.repository, "default_branch": "main"}
        commits = self.checkout.commits
        return {
            "action": action,
            "repository": here,
            "pull_request": {
                "number": PULL_REQUEST,
                "title": "A change",
                "html_url": f"https://github.com/{self.github.state.repository}/pull/{PULL_REQUEST}",
                "merged": False,
                "head": {
                    "sha": commits["head"],
                    "ref": "change",
                    "repo": {"full_name": "x/y"} if fork else here,
                },
                "base": {"sha": commits["base"], "ref": "main", "repo": here},
            },
        }

    def push(self, ref: str = "refs/heads/main") -> dict[str, object]:
        commits = self.checkout.commits
        return {
            "ref": ref,
            "before": "0" * 40,
            "after": commits["base"],
            "deleted": False,
            "repository": {"full_name": self.github.state.repository, "default_branch": "main"},
        }


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge() as running:
        yield running


@pytest.fixture
def job(tmp_path: Path, edge: LocalEdge) -> Iterator[Job]:
    """A pull request whose head keeps budget and contract; tests that break them commit another head."""
    path = tmp_path / "workspace"
    path.mkdir()
    checkout = Checkout(path)
    checkout.git("init", "--quiet", "--initial-branch=main")
    base: dict[str, bytes | str] = {
        "ci-wasm.yml": CONFIG,
        "add.wasm": bytes(wat2wasm(ADD)),
        ".gitignore": "ci-wasm-report\n",
    }
    checkout.commit("base", base)
    more = ADD.replace("(module ", '(module (func (export "zero") (result i32) (i32.const 0)) ')
    checkout.commit("head", {"add.wasm": bytes(wat2wasm(more))})
    with GitHubApi(tmp_path / "github") as github:
        github.state.add_token(TOKEN)
        yield Job(checkout, github, edge, tmp_path)
