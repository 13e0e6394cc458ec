"""Sandbox: what a build may see and do while it runs code of the repository. (environment, root) -> Sandbox.

Cargo runs foreign code: build scripts, procedural macros, and whatever `.cargo/config.toml` and `rust-toolchain.toml`
name. Four levels, the best that holds here is taken; docs/build.md tells what each keeps and what it does not.

    separate user    root in an action container: another user, no capabilities, the runner's files closed to it
    reduced root     root elsewhere: the same user without the capability to look into processes
    same user        ci-wasm's process is closed to its children
    open             nothing but the environment is kept from the build
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_wasm.adapters.child_environment import child_environment
from ci_wasm.adapters.process import find_program, run
from ci_wasm.errors import BuildError, ToolMissingError

BUILD_UID = 65532

# Where the runner mounts its folders in every container of an action, and those in it that hold tokens, the event and
# the files through which a step speaks to later steps.
RUNNER_ROOT = Path("/github")
_RUNNER_FOLDERS = ("runner_temp", "home", "file_commands", "workflow")

_NO_CAPABILITIES = ("--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all")
# As root one still expects to write where one likes; what goes is ptrace, and with it /proc/PID/environ: Linux asks for
# it as soon as the other process has a capability that the reader lacks (capabilities(7), ptrace(2)).
_FILE_CAPABILITIES = (*_NO_CAPABILITIES[:-1], "--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid")

_PR_SET_DUMPABLE = 4  # prctl(2)
_CAP_SYS_PTRACE = 19  # linux/capability.h
_LARGEST_FILE = 256 << 20
_PROBE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How to start what runs foreign code.

    `level` is a sentence for the log. `prefix` goes before a command. `home` is a folder for everything that the build
    writes, where the level gives it one. Root must write nothing below it: the build could have put a link there.
    `uid` is the build's user where that is not ours.
    """

    level: str
    environ: Mapping[str, str] = field(repr=False)
    prefix: tuple[str, ...] = ()
    home: Path | None = None
    uid: int | None = None

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """`argv` as it has to be started. Raises ToolMissingError when its program is not in PATH."""
        return (*self.prefix, find_program(argv[0], self.environ), *argv[1:])

    @contextlib.contextmanager
    def lend(self, path: Path) -> Iterator[None]:
        """Let the build write one new file in a folder that is not its own; the file is removed afterwards."""
        if self.uid is None:
            yield
            return
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o644)
        try:
            os.fchown(descriptor, self.uid, self.uid)
            os.close(descriptor)
            yield
        finally:
            path.unlink(missing_ok=True)

    def read(self, path: Path, inside: Path) -> bytes:
        """Read a file that the build wrote, with the build's own rights. Raises BuildError.

        A build could have put a link to a file there that only ci-wasm may read.
        """
        real, folder = path.resolve(), inside.resolve()
        if not real.is_relative_to(folder) or not real.is_file():
            raise BuildError(
                f"The build's result {path.name} is no file in the target folder",
                cure="Have cargo write its result itself; a link to another place is not followed.",
                detail=f"{path} -> {real}, which is not below {folder}",
            )
        if not self.prefix:
            return real.read_bytes()
        argv = self.command(("cat", "--", str(real)))
        answer = run(argv, environ=self.environ, cwd=folder, timeout=_PROBE_SECONDS, keep=_LARGEST_FILE)
        if answer.returncode != 0 or answer.is_cut:
            raise BuildError(
                f"The build's result {path.name} cannot be read",
                cure="It has to be readable for the user who builds, and smaller than 256 MiB.",
                detail=answer.error_text,
            )
        return answer.stdout


def enter_sandbox(environ: Mapping[str, str], root: Path, *, runner: Path = RUNNER_ROOT) -> Sandbox:
    """Close this process to its children and choose the best level that holds here; to be called before any build.

    `root` is the checkout; `runner` is where the runner's folders are mounted.
    """
    is_closed = _close_this_process()
    known = child_environment(environ)
    in_action = environ.get("GITHUB_WORKSPACE") == str(runner / "workspace")
    if in_action and (sandbox := _separate_user(known, root, runner)) is not None:
        return sandbox
    home = _make_home(None) if in_action else None
    where = " It was meant to be another user: see docs/build.md." if in_action else ""
    if os.geteuid() == 0 and (sandbox := _reduced_root(known, home, where)) is not None:
        return sandbox
    if is_closed and not _may_look_into_processes():
        return Sandbox(
            "Build scripts run as this user: they see neither ci-wasm's variables nor its process, but this user's files "
            "and the processes of this user that were started before ci-wasm." + where,
            known,
            home=home,
        )
    return Sandbox(
        "Build scripts run as this user: ci-wasm's variables are not passed to them, but a build script that looks for "
        "them in ci-wasm's process finds them." + where,
        known,
        home=home,
    )


def _close_this_process() -> bool:
    """Make /proc/self/environ and /proc/self/mem unreadable for processes without CAP_SYS_PTRACE; False off Linux."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def _may_look_into_processes() -> bool:
    """Whether our children would have CAP_SYS_PTRACE."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_PTRACE & 1)
    return True


def _separate_user(known: Mapping[str, str], root: Path, runner: Path) -> Sandbox | None:
    if os.geteuid() != 0:
        return None
    identity = (f"--reuid={BUILD_UID}", f"--regid={BUILD_UID}", "--clear-groups")
    prefix = ("setpriv", *identity, *_NO_CAPABILITIES, "--")
    home = _make_home(BUILD_UID)
    inner = {
        **known,
        "HOME": str(home / "home"),
        "CARGO_HOME": str(home / "cargo"),
        "TMPDIR": str(home / "tmp"),
    }
    if not (
        _works((*prefix, "test", "-r", str(root)), inner) and _works((*prefix, "cargo", "--version"), inner)
    ):
        shutil.rmtree(home, ignore_errors=True)
        return None
    _close_runner(runner)
    return Sandbox(
        f"Build scripts run as user {BUILD_UID} without capabilities, in folders of their own: they can read neither "
        "ci-wasm's variables nor the runner's files nor the credentials of the checkout.",
        inner,
        prefix,
        home,
        BUILD_UID,
    )


def _reduced_root(known: Mapping[str, str], home: Path | None, where: str) -> Sandbox | None:
    prefix = ("setpriv", *_FILE_CAPABILITIES, "--")
    if not _works((*prefix, "true"), known):
        return None
    return Sandbox(
        "Build scripts run as root, but cannot look into other processes: they do not see ci-wasm's variables. They can "
        "read and write every file of this machine." + where,
        known,
        prefix,
        home,
    )


def _works(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    try:
        return run(argv, environ=environ, cwd=Path("/"), timeout=_PROBE_SECONDS).returncode == 0
    except (OSError, ToolMissingError):
        return False


def _make_home(uid: int | None) -> Path:
    """A folder with home/, cargo/, target/ and tmp/ in it, owned by `uid`, gone when this program ends.

    In the system's folder for temporary files, not in RUNNER_TEMP, which is closed to the build.
    """
    home = Path(tempfile.mkdtemp(prefix="ci-wasm-build-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for folder in (home, *(home / name for name in ("home", "cargo", "target", "tmp"))):
        folder.mkdir(exist_ok=True)
        if uid is not None:
            os.chown(folder, uid, uid)
    return home


def _close_runner(runner: Path) -> None:
    """Leave the runner's folders and the checkout's .git to their owner and to root.

    .git, because actions/checkout stores its token in there, submodules' configurations included. They stay closed: the
    build may have left a process behind. Later steps run as the owner.
    """
    for path in (*(runner / name for name in _RUNNER_FOLDERS), runner / "workspace" / ".git"):
        with contextlib.suppress(FileNotFoundError):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
