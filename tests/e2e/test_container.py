"""Container: the image, built from the Dockerfile and started as GitHub's runner starts it."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import TOKEN, Job
from tests.e2e.container_engine import ROOT, Engine, NoEngineError, container_engine, provide_base_image
from tests.fakes.runner_model import Seen, read_step

pytestmark = [pytest.mark.container, pytest.mark.network, pytest.mark.slow]

IMAGE = "ci-wasm:test"
BUILD_SECONDS = 1_500
RUN_SECONDS = 600
RUNNER_UID, RUNNER_GID = 1001, 127  # the user of GitHub's hosted runners
FILE_COMMANDS = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")

CRATE = {
    "Cargo.toml": """
[package]
name = "adder"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[profile.release]
lto = true
""",
    "Cargo.lock": 'version = 4\n\n[[package]]\nname = "adder"\nversion = "0.1.0"\n',
    "src/lib.rs": '#[no_mangle]\npub extern "C" fn add(a: i32, b: i32) -> i32 {\n    a.wrapping_add(b)\n}\n',
    # What a build script can find of the step's token, it finds here.
    "build.rs": """
fn main() {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("environ"));
    let own = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect::<String>();
    let others = processes.filter_map(|path| std::fs::read(path).ok()).flatten().collect::<Vec<u8>>();
    let all = own + &String::from_utf8_lossy(&others);
    assert!(!all.contains("TOKEN_VALUE"), "the build script sees the token");
}
""".replace("TOKEN_VALUE", TOKEN),
    "ci-wasm.yml": """
workers:
  - name: adder
    crate: .
    budgets: [{metric: raw, max: 64 KiB}]
    contract: {exports: {add: "(i32, i32) -> i32"}}
    smoke: [{path: "/add?a=2&b=3", contains: "5"}]
preview: {strategy: local}
""",
    ".gitignore": "target\nci-wasm-report\n",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        with container_engine() as running:
            yield running
    except NoEngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def image(engine: Engine) -> str:
    """The project's image, from the Dockerfile as it is."""
    provide_base_image(engine)
    engine.docker("build", "--network=host", f"--tag={IMAGE}", str(ROOT), timeout=BUILD_SECONDS)
    return IMAGE


class Step:
    """One step `uses: ./`, given what actions/runner gives (ContainerActionHandler.cs)."""

    def __init__(self, engine: Engine, image: str, job: Job) -> None:
        self._engine = engine
        self._image = image
        self._job = job
        self.exit_code = -1
        self.stdout = ""

    def run(self, event: str, payload: Mapping[str, object], **inputs: str) -> Seen:
        folders = self._folders()
        (folders["workflow"] / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        files = {name: f"{name.lower()}_{uuid.uuid4()}" for name in FILE_COMMANDS}
        for name in files.values():
            (folders["file_commands"] / name).touch()
        self._give_to_runner(folders.values())
        variables = {
            **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()},
            **{name: f"/github/file_commands/{file}" for name, file in files.items()},
            **self._context(event),
        }
        mounts = [f"--volume={path}:/github/{name}" for name, path in folders.items()]
        done = self._engine.docker(
            "run", "--name", f"ci-wasm-{uuid.uuid4().hex}", "--label", "ci-wasm-test",
            "--workdir", "/github/workspace", "--rm", *(part for name in variables for part in ("-e", name)),
            "--network", "host", "-v", f"{self._engine.socket}:/var/run/docker.sock", *mounts, self._image,
            check=False, timeout=RUN_SECONDS, environ=variables,
        )  # fmt: skip
        self.exit_code, self.stdout = done.returncode, done.stdout + done.stderr
        contents = {name: (folders["file_commands"] / file).read_bytes() for name, file in files.items()}
        return read_step(done.stdout, done.stderr, contents)

    def _folders(self) -> dict[str, Path]:
        names = ("runner_temp", "home", "workflow", "file_commands")
        folders = {name: self._job.folder / f"_{name}" for name in names}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        return {**folders, "workspace": self._job.checkout.path}

    @staticmethod
    def _give_to_runner(folders: Iterable[Path]) -> None:
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, RUNNER_UID, RUNNER_GID, follow_symlinks=False)

    def _context(self, event: str) -> dict[str, str]:
        return {
            "HOME": "/github/home",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_REPOSITORY": self._job.github.state.repository,
            "GITHUB_API_URL": self._job.github.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "77",
            "RUNNER_TEMP": "/github/runner_temp",
        }


@pytest.fixture
def step(engine: Engine, image: str, job: Job) -> Step:
    return Step(engine, image, job)


def test_an_event_without_work_ends_at_once_with_one_line(step: Step) -> None:
    seen = step.run("issue_comment", {"action": "created"})

    assert (step.exit_code, seen.problems) == (0, [])
    (line,) = step.stdout.splitlines()
    assert line.startswith("Nothing to do: ")


def test_a_pull_request_is_built_previewed_and_commented(step: Step, job: Job) -> None:
    job.checkout.commit("base", {"add.wasm": b"", **CRATE})
    wider = CRATE["src/lib.rs"] + '#[no_mangle]\npub extern "C" fn double(a: i32) -> i32 {\n    a << 1\n}\n'
    job.checkout.commit("head", {"src/lib.rs": wider})

    seen = step.run("pull_request", job.pull_request(), github_token=TOKEN)

    assert step.exit_code == 0, step.stdout
    (comment,) = job.github.state.comments.values()
    assert "`double`" in comment.body
    assert (seen.outputs["conclusion"], int(seen.outputs["growth-bytes"]) > 0) == ("success", True)
    assert (seen.problems, job.github.violations) == ([], [])
    assert "run as user 65532" in step.stdout
    assert TOKEN not in step.stdout.replace(f"::add-mask::{TOKEN}", "")


def test_what_it_writes_belongs_to_the_owner_of_the_checkout(step: Step, job: Job) -> None:
    job.checkout.commit("base", {"add.wasm": b"", **CRATE})
    job.checkout.commit("head", {"README.md": "a change that the module does not show\n"})

    seen = step.run("pull_request", job.pull_request(), github_token=TOKEN)

    report = job.checkout.path / seen.outputs["report"]
    assert json.loads(report.read_bytes())["verdict"]["conclusion"] == "success", step.stdout
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (report.parent, *report.parent.iterdir())}
    assert owners == {(RUNNER_UID, RUNNER_GID)}
