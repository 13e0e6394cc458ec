"""Pull requests that break something, and what people do with them: pushes, labels, events. Job -> PullRequest."""

from __future__ import annotations

from typing import Any

from wasmtime import wat2wasm

from tests.e2e.conftest import WIDE_ADD, Job, Run

GROWTH, BREAKING = "ci-wasm:allow-growth", "ci-wasm:allow-breaking"
FORK_ID = 71


class PullRequest:
    """A pull request whose head breaks its budget (and its contract, where asked), and what people do with it."""

    def __init__(self, job: Job, *, breaks_contract: bool = False, fork: bool = False) -> None:
        self.job = job
        self.fork = FORK_ID if fork else None
        self.state = job.github.state
        self.state.people |= {"mona": "write", "tri": "triage", "stranger": "read"}
        self.state.forks[FORK_ID] = "x/y"
        self.labels: set[str] = set()
        self.updated = ""
        self.wide = WIDE_ADD if breaks_contract else WIDE_ADD.replace("i64", "i32")
        self.head = self.push("head")

    def push(self, text: str) -> str:
        module = self.wide.replace("(memory 1)", f'(memory 1) (data (i32.const 2000) "{text}")')
        self.head = self.job.checkout.commit("head", {"add.wasm": bytes(wat2wasm(module))})
        self.updated = self.state.push("change", self.head, fork=self.fork)
        return self.head

    def label(self, login: str, name: str = GROWTH) -> dict[str, Any]:
        """Somebody sets a label; gives the payload of GitHub's event."""
        self.labels.add(name)
        self.updated = self.state.set_label(login, name)
        return self.payload("labeled") | {"label": {"name": name}, "sender": {"login": login}}

    def unlabel(self, login: str, name: str = GROWTH) -> dict[str, Any]:
        self.labels.discard(name)
        self.updated = self.state.set_label(login, name, is_set=False)
        return self.payload("unlabeled") | {"label": {"name": name}, "sender": {"login": login}}

    def payload(self, action: str = "synchronize") -> dict[str, Any]:
        """What GitHub says of the pull request as it is now."""
        payload: Any = self.job.pull_request(action, fork=self.fork is not None)
        payload["pull_request"] |= {
            "labels": [{"name": name} for name in self.labels],
            "updated_at": self.updated,
        }
        payload["pull_request"]["head"]["repo"] = {
            **payload["pull_request"]["head"]["repo"],
            "id": self.fork or 1,
        }
        payload["sender"] = {"login": "mona"}
        return dict(payload)

    def run(self, payload: dict[str, Any], *, attempt: int = 1, **inputs: str) -> Run:
        """The run of an event: in a checkout of the commit that the event is about."""
        sha = payload["pull_request"]["head"]["sha"]
        self.job.checkout.git("checkout", "--quiet", sha)
        given = {"preview": "none", **{name.replace("_", "-"): value for name, value in inputs.items()}}
        return self.job.run("pull_request", payload, inputs=given, attempt=attempt)

    def checks(self) -> list[tuple[str, str]]:
        return [(run["head_sha"], run["conclusion"]) for run in self.state.check_runs.values()]
