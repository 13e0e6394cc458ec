"""The sandbox against a hostile build script: at each level, what docs/build.md promises of it, and no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_wasm.adapters.sandbox import BUILD_UID, Sandbox
from ci_wasm.errors import BuildError
from tests.adapters.checkouts import check_out

CANARY = "canary-in-a-coal-mine"
SECRETS = ("INPUT_CLOUDFLARE-API-TOKEN", "GITHUB_TOKEN", "CARGO_REGISTRY_TOKEN", "NAMED_LIKE_NOTHING")
RUNNER_UID = 1001
PROGRAM = Path(__file__).with_name("sandboxed_build.py")

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as in a container")


@dataclass(frozen=True)
class Machine:
    """What a runner mounts: the checkout with the hostile crate, files that speak to later steps, a token."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def command_file(self) -> Path:
        return self.folder / "file_commands" / "set_env"

    @property
    def secret_files(self) -> tuple[Path, ...]:
        return (self.folder / "runner_temp" / "git-credentials", self.workspace / ".git" / "config")


@pytest.fixture
def machine() -> Iterator[Machine]:
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="ci-wasm-test-"))
    made = Machine(folder)
    check_out("hostile", made.workspace / "hostile")
    for file in (
        *made.secret_files,
        made.command_file,
        folder / "home" / "x",
        folder / "workflow" / "event.json",
    ):
        file.parent.mkdir(exist_ok=True)
        file.write_text(CANARY)
    targets = [f"read {file}" for file in made.secret_files]
    targets += [f"write {file}" for file in (made.command_file, made.workspace / "planted")]
    (made.workspace / "hostile" / "targets.txt").write_text("\n".join(targets))
    own(folder, RUNNER_UID)
    yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def open_toolchain() -> Iterator[Path]:
    """The folder of a cargo that every user can start: links to the files of ours, which may lie in a closed home."""
    sysroot = Path(subprocess.check_output(["rustc", "--print", "sysroot"], text=True, cwd="/").strip())
    if all(folder.stat().st_mode & 0o001 for folder in (sysroot, *sysroot.parents)):
        yield sysroot / "bin"
        return
    # Hard links need one file system; where the folder for temporary files is on another, the test copies.
    folder = Path(tempfile.mkdtemp(prefix="ci-wasm-rust-"))
    folder.chmod(0o755)
    for name in ("bin", "lib", "libexec"):
        if (sysroot / name).is_dir():
            shutil.copytree(sysroot / name, folder / name, copy_function=link_or_copy, symlinks=True)
    yield folder / "bin"
    shutil.rmtree(folder)


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def own(folder: Path, uid: int) -> None:
    folder.chmod(0o755)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)


def build(machine: Machine, environ: Mapping[str, str], uid: int = 0) -> tuple[str, list[str]]:
    """Build the hostile crate in a process that holds secrets. Gives the sandbox's level and the crate's report."""
    known = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "RUSTUP_HOME", "CARGO_HOME", "PYTHONPATH")
        if name in os.environ
    }
    argv = [sys.executable, str(PROGRAM), str(machine.workspace), str(machine.folder), str(uid)]
    secrets = dict.fromkeys(SECRETS, CANARY)
    done = subprocess.run(
        argv, check=False, env={**known, **secrets, **environ}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    level, *report = done.stdout.splitlines()
    assert any(line.startswith("variable CARGO_MANIFEST_DIR") for line in report)
    return level, report


def canaries(report: list[str]) -> list[str]:
    return [line for line in report if line.endswith("CANARY")]


def outcomes(report: list[str]) -> list[str]:
    return [line.rpartition(" ")[2] for line in report if line.startswith(("read ", "write "))]


@needs_linux
def test_outside_of_a_container_the_build_does_not_find_our_variables(machine: Machine) -> None:
    own(machine.folder, os.geteuid())

    level, report = build(machine, {})

    who = (
        "as root, but cannot look into other processes"
        if os.geteuid() == 0
        else "as this user: they see neither"
    )
    assert who in level
    assert canaries(report) == []
    # Files are not protected at this level, and the docs say so.
    assert outcomes(report) == ["DONE", "DONE", "DONE", "DONE"]


@needs_linux
@needs_root
def test_as_an_ordinary_user_the_build_does_not_find_our_variables(
    machine: Machine, open_toolchain: Path
) -> None:
    own(machine.folder, RUNNER_UID)
    environ = {"PATH": f"{open_toolchain}:{os.environ['PATH']}", "HOME": str(machine.folder / "home")}

    level, report = build(machine, environ, RUNNER_UID)

    assert "as this user: they see neither ci-wasm's variables nor its process" in level
    assert canaries(report) == []
    assert outcomes(report) == ["DONE", "DONE", "DONE", "DONE"]


@needs_linux
@needs_root
def test_in_an_action_container_the_build_finds_and_changes_nothing(
    machine: Machine, open_toolchain: Path
) -> None:
    environ = {"PATH": f"{open_toolchain}:{os.environ['PATH']}", "GITHUB_WORKSPACE": str(machine.workspace)}

    level, report = build(machine, environ)

    assert level.startswith(f"Build scripts run as user {BUILD_UID} without capabilities")
    assert canaries(report) == []
    assert "lock hostile 0.1.0: hostile" in report
    assert outcomes(report) == ["denied", "denied", "denied", "denied"]
    assert machine.command_file.read_text() == CANARY
    assert not (machine.workspace / "hostile" / "target").exists()
    # The runner's own user still reads and writes what is its own.
    assert machine.command_file.parent.stat().st_mode & 0o777 == 0o700
    assert machine.command_file.stat().st_uid == RUNNER_UID


@needs_linux
@needs_root
def test_in_an_action_container_a_crate_without_a_lock_file_leaves_the_checkout_as_it_was(
    machine: Machine, open_toolchain: Path
) -> None:
    lock = machine.workspace / "hostile" / "Cargo.lock"
    lock.unlink()
    environ = {"PATH": f"{open_toolchain}:{os.environ['PATH']}", "GITHUB_WORKSPACE": str(machine.workspace)}

    level, report = build(machine, environ)

    assert f"user {BUILD_UID}" in level
    assert "lock hostile 0.1.0: hostile" in report
    assert not lock.exists()


@needs_linux
@needs_root
def test_where_the_other_user_cannot_reach_cargo_the_level_says_what_is_missing(machine: Machine) -> None:
    wrapper = machine.folder / "bin"
    wrapper.mkdir(mode=0o700)
    (wrapper / "cargo").symlink_to(shutil.which("cargo") or "")
    environ = {"PATH": f"{wrapper}:{os.environ['PATH']}", "GITHUB_WORKSPACE": str(machine.workspace)}

    level, report = build(machine, environ)

    assert "as root" in level
    assert "It was meant to be another user" in level
    assert canaries(report) == []


def test_a_link_to_a_file_of_ours_is_not_taken_for_a_result(tmp_path: Path) -> None:
    sandbox = Sandbox("", dict(os.environ))
    target, secret = tmp_path / "target", tmp_path / "secret"
    target.mkdir()
    secret.write_text("secret")
    (target / "app.wasm").symlink_to(secret)
    (target / "deps").symlink_to(tmp_path)
    (target / "process.wasm").symlink_to("/proc/self/environ")

    for path in ("app.wasm", "deps/secret", "../secret", "process.wasm", "missing", "."):
        with pytest.raises(BuildError, match="no file in the target folder"):
            sandbox.read(target / path, target)


@needs_linux
@needs_root
def test_a_result_is_read_with_the_builds_own_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    sandbox = Sandbox("", dict(os.environ), ("setpriv", "--reuid=65532", "--clear-groups", "--"))
    (tmp_path / "app.wasm").write_bytes(b"secret")
    (tmp_path / "app.wasm").chmod(0o600)

    with pytest.raises(BuildError, match="cannot be read") as caught:
        sandbox.read(tmp_path / "app.wasm", tmp_path)

    assert "secret" not in caught.value.detail
