"""Forge worlds: one repository in memory, on loopback and on a GitHub emulator. name -> World."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ci_wasm.adapters.github_forge import GitHubForge
from ci_wasm.core.waiver import BranchTip
from ci_wasm.ports import Forge
from tests.fakes.forge import Hub, InMemoryForge
from tests.fakes.github_api import GitHubApi
from tests.fakes.github_state import WRITER

EMULATE = "0.11.2"
CACHE = Path(__file__).parents[2] / ".cache" / "emulate" / EMULATE


@dataclass(frozen=True)
class Said:
    """One comment as everybody sees it."""

    id: int
    login: str
    body: str


class World(Protocol):
    """A repository on a forge with one pull request; `me` is the login of `forge()`'s token."""

    me: str
    other: str
    pull_request: int
    moves_references_atomically: bool

    def forge(self) -> Forge: ...
    def say(self, login: str, body: str) -> int: ...
    def thread(self) -> list[Said]: ...
    def delete(self, comment: int) -> None: ...
    def history(self, branch: str) -> list[str]: ...
    def checks(self, commit: str) -> list[tuple[str, str | None]]: ...


class VerdictWorld(World, Protocol):
    """A world whose server knows labels' events, roles, the log of pushes and statuses, too."""

    def label(self, login: str, name: str, *, is_set: bool = True) -> None: ...
    def give(self, login: str, role: str) -> None: ...
    def push(self, branch: str, commit: str, fork: int | None = None) -> None: ...
    def statuses(self, commit: str) -> list[tuple[str, str]]: ...


@dataclass
class MemoryWorld:
    hub: Hub = field(default_factory=Hub)
    me: str = "github-actions[bot]"
    other: str = "mona"
    pull_request: int = 12
    moves_references_atomically: bool = True

    def forge(self) -> Forge:
        return InMemoryForge(self.hub, self.me)

    def say(self, login: str, body: str) -> int:
        return self.hub.say(login, body).id

    def thread(self) -> list[Said]:
        return [Said(each.id, each.login, each.body) for each in self.hub.comments]

    def delete(self, comment: int) -> None:
        self.hub.comments = [each for each in self.hub.comments if each.id != comment]

    def history(self, branch: str) -> list[str]:
        return [commit.message for commit in reversed(self.hub.branches.get(branch, []))]

    def checks(self, commit: str) -> list[tuple[str, str | None]]:
        runs = [each for each in self.hub.check_runs if each.commit == commit]
        return [(each.name, each.conclusion.value) for each in runs]

    def label(self, login: str, name: str, *, is_set: bool = True) -> None:
        self.hub.set_label(login, name, is_set=is_set)

    def give(self, login: str, role: str) -> None:
        self.hub.permissions[login] = {"triage": "read", "maintain": "write"}.get(role, role)

    def push(self, branch: str, commit: str, fork: int | None = None) -> None:
        self.hub.tips[branch, fork] = BranchTip(commit, self.hub.now())

    def statuses(self, commit: str) -> list[tuple[str, str]]:
        listed = [each for each in self.hub.statuses if each.commit == commit]
        return [(each.context, each.state.value) for each in listed]


@dataclass
class LoopbackWorld:
    api: GitHubApi
    me: str = "github-actions[bot]"
    other: str = "mona"
    pull_request: int = 12
    moves_references_atomically: bool = True

    def forge(self) -> Forge:
        permissions = {**WRITER, "statuses": "write"}
        token = self.api.state.add_token("ghs_contract", self.me, permissions=permissions)
        return GitHubForge(
            self.api.url, self.api.state.repository, token, sleep=lambda seconds: time.sleep(seconds / 20)
        )

    def say(self, login: str, body: str) -> int:
        return self.api.state.add_comment(login, body).id

    def thread(self) -> list[Said]:
        return [Said(each.id, each.login or "", each.body) for each in self.api.state.thread(12)]

    def delete(self, comment: int) -> None:
        del self.api.state.comments[comment]

    def history(self, branch: str) -> list[str]:
        return [commit.message for commit in self.api.state.git.log(branch)]

    def checks(self, commit: str) -> list[tuple[str, str | None]]:
        runs = [each for each in self.api.state.check_runs.values() if each["head_sha"] == commit]
        return [(each["name"], each.get("conclusion")) for each in runs]

    def label(self, login: str, name: str, *, is_set: bool = True) -> None:
        self.api.state.set_label(login, name, is_set=is_set)

    def give(self, login: str, role: str) -> None:
        self.api.state.people[login] = role

    def push(self, branch: str, commit: str, fork: int | None = None) -> None:
        if fork is not None:
            self.api.state.forks[fork] = "stranger/crates"
        self.api.state.push(branch, commit, fork=fork)

    def statuses(self, commit: str) -> list[tuple[str, str]]:
        listed = [each for each in self.api.state.statuses if each["sha"] == commit]
        return [(each["context"], each["state"]) for each in listed]


@contextmanager
def loopback_world(folder: Path) -> Iterator[VerdictWorld]:
    """Our own server: every call is held against GitHub's description, every object against `git fsck`."""
    with GitHubApi(folder / "repository.git") as api:
        yield LoopbackWorld(api)
    api.state.git.check()
    assert api.violations == []


@dataclass
class EmulateWorld:
    """One repository on https://github.com/vercel-labs/emulate, which nobody here wrote."""

    url: str
    repository: str
    me: str = "alice"
    other: str = "mona"
    pull_request: int = 1
    # It reads the reference before it waits for the request's body: of six siblings that come at once, it
    # takes two for a fast-forward in one round of fifteen.
    moves_references_atomically: bool = False

    def forge(self) -> Forge:
        return GitHubForge(self.url, f"{self.me}/{self.repository}", f"token_{self.me}", sleep=time.sleep)

    def say(self, login: str, body: str) -> int:
        made = self._call(login, "POST", f"{self._repo}/issues/1/comments", {"body": body})
        return int(made["id"])

    def thread(self) -> list[Said]:
        found: list[Any] = []
        while len(found) % 100 == 0:
            page = self._call(
                self.me, "GET", f"{self._repo}/issues/1/comments?per_page=100&page={len(found) // 100 + 1}"
            )
            if not page:
                break
            found += page
        return [Said(each["id"], each["user"]["login"], each["body"]) for each in found]

    def delete(self, comment: int) -> None:
        self._call(self.me, "DELETE", f"{self._repo}/issues/comments/{comment}")

    def history(self, branch: str) -> list[str]:
        messages: list[str] = []
        sha: str | None = self.head(branch)
        while sha:
            commit = self._call(self.me, "GET", f"{self._repo}/git/commits/{sha}")
            messages.append(commit["message"])
            sha = commit["parents"][0]["sha"] if commit["parents"] else None
        return messages

    def checks(self, commit: str) -> list[tuple[str, str | None]]:
        found = self._call(self.me, "GET", f"{self._repo}/commits/{commit}/check-runs?filter=all")
        return [(each["name"], each["conclusion"]) for each in found["check_runs"]]

    def head(self, branch: str) -> str:
        """The commit of a branch."""
        return str(self._call(self.me, "GET", f"{self._repo}/git/ref/heads/{branch}")["object"]["sha"])

    def prepare(self) -> Self:
        """Make the repository, and an issue to talk under: to comments it is the same as a pull request."""
        self._call(self.me, "POST", "/user/repos", {"name": self.repository, "auto_init": True})
        self._call(self.me, "POST", f"{self._repo}/issues", {"title": "A pull request"})
        return self

    @property
    def _repo(self) -> str:
        return f"/repos/{self.me}/{self.repository}"

    def _call(self, login: str, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token token_{login}", "Content-Type": "application/json"}
        with urlopen(Request(self.url + path, data, headers, method=method)) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def emulate_server(folder: Path) -> Iterator[str]:
    """Start the emulator; the test is skipped where Node.js or the npm registry is missing."""
    program = _emulate_program()
    users = ["alice", "mona"]
    seed = {
        "tokens": {f"token_{login}": {"login": login, "scopes": ["repo", "user"]} for login in users},
        "github": {"users": [{"login": login} for login in users]},
    }
    (folder / "seed.json").write_text(json.dumps(seed))
    port = _free_port()
    command = ["node", str(program), "start", "-s", "github", "-p", str(port), "--seed", "seed.json"]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        # The emulator writes `localhost` into its links, and PyGithub follows no link to another host.
        url = f"http://localhost:{port}"
        _wait_for(url, child, folder / "log")
        yield url
    finally:
        child.terminate()
        child.wait()


def _emulate_program() -> Path:
    program = CACHE / "node_modules" / "emulate" / "dist" / "index.js"
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js with npm is not installed")
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        # The version 1 of this name on npm is another package.
        command = [
            "npm",
            "install",
            "--silent",
            "--no-save",
            "--ignore-scripts",
            "--prefix",
            str(CACHE),
            f"emulate@{EMULATE}",
        ]
        done = subprocess.run(
            command, cwd=CACHE, env=dict(os.environ), capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"emulate@{EMULATE} cannot be installed: {done.stderr.strip()[-200:]}")
    return program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None:
        with suppress(OSError):
            try:
                urlopen(f"{url}/rate_limit", timeout=1).close()
            except HTTPError:
                return
            return
        time.sleep(0.05)
    pytest.fail(f"emulate@{EMULATE} did not start: {log.read_text()[-500:]}")
