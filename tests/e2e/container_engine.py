"""Container engine: Docker for the tests, the machine's own or one for them alone. -> Engine, base image.

An engine of our own is Debian's dockerd on a private socket, without a bridge: it changes nothing in the
machine's network, so that builds and containers have to ask for `--network host`. Its images stay in
.cache/container.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "container"
BASE = "python:3.13-slim-trixie"
START_SECONDS = 60
INSTALL_SECONDS = 600


class NoEngineError(Exception):
    """There is no container engine here and none can be started; the text says why."""


@dataclass(frozen=True)
class Engine:
    """A Docker daemon and the client that speaks to it."""

    client: str
    environ: Mapping[str, str]
    socket: Path

    def docker(
        self,
        *arguments: str,
        timeout: float = 120,
        check: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the client, `environ` added to its environment; with `check`, a failure raises with its output."""
        done = subprocess.run(
            [self.client, *arguments],
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"docker {' '.join(arguments)}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
            )
        return done


@contextmanager
def container_engine() -> Iterator[Engine]:
    """The machine's engine where one answers, else one that ends with the block. Raises NoEngineError."""
    if client := shutil.which("docker"):
        engine = Engine(client, dict(os.environ), _socket_of(os.environ))
        if engine.docker("version", check=False).returncode == 0:
            yield engine
            return
    with _own_engine() as engine:
        yield engine


def _socket_of(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


@contextmanager
def _own_engine() -> Iterator[Engine]:
    daemon = Path(program("dockerd", "docker.io"))
    client = daemon.parent.parent / "bin" / "docker"
    if not client.exists():
        client = Path(program("docker", "docker-cli"))
    CACHE.mkdir(parents=True, exist_ok=True)
    # A path of a socket has at most 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="ci-wasm-dockerd-") as scratch,
        (CACHE / "dockerd.log").open("wb") as log,
    ):
        folder = Path(scratch)
        socket = folder / "docker.sock"
        places = [f"--host=unix://{socket}", f"--data-root={CACHE / 'docker'}", f"--exec-root={folder}/exec"]
        network = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
        process = subprocess.Popen(
            [daemon, *places, f"--pidfile={folder}/pid", *network], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            # Debian's client has the classic builder in it, and not always a plugin for the other.
            environ = {**os.environ, "DOCKER_HOST": f"unix://{socket}", "DOCKER_BUILDKIT": "0"}
            engine = Engine(str(client), environ, socket)
            _wait_until_ready(engine, process)
            yield engine
        finally:
            process.terminate()
            process.wait(START_SECONDS)
            # dockerd leaves the namespace of `--network=host` mounted.
            subprocess.run(
                ["umount", folder / "exec" / "netns" / "default"], capture_output=True, check=False
            )


def _wait_until_ready(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while engine.docker("version", check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (CACHE / "dockerd.log").read_text(errors="replace")
            raise NoEngineError(f"dockerd does not start: {log[-2000:]}")
        time.sleep(0.1)


def program(name: str, package: str) -> str:
    """Path of a program, installed from Debian's packages if need be. Raises NoEngineError."""
    if found := shutil.which(name):
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoEngineError(
            f"no Docker daemon answers, and only root on Debian could install {package} and start one"
        )
    for command in (
        ["apt-get", "-q", "update"],
        ["apt-get", "-q", "-y", "--no-install-recommends", "install", package],
    ):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    if found := shutil.which(name):
        return found
    raise NoEngineError(f"{package} cannot be installed: {done.stderr[-500:]}")


def provide_base_image(engine: Engine) -> None:
    """See that the engine has the base image; where none can be pulled, Debian's Python stands in."""
    if engine.docker("image", "inspect", BASE, check=False).returncode == 0:
        return
    if engine.docker("pull", "--quiet", BASE, check=False, timeout=INSTALL_SECONDS).returncode == 0:
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _make_root_filesystem(folder / "root.tar")
        for certificate in Path("/usr/local/share/ca-certificates").glob("*.crt"):
            shutil.copy(certificate, folder)
        (folder / "none.crt").touch()
        (folder / "Dockerfile").write_text(STAND_IN, encoding="utf-8")
        engine.docker("build", "--network=host", "--quiet", f"--tag={BASE}", scratch, timeout=INSTALL_SECONDS)


# Where Docker's official image has its own Python in /usr/local, this has links to Debian's, of the same
# minor version.
STAND_IN = """\
FROM scratch
ADD root.tar /
COPY *.crt /usr/local/share/ca-certificates/
RUN rm /usr/local/share/ca-certificates/none.crt && update-ca-certificates \
 && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED && ln -s /usr/bin/python3 /usr/local/bin/python
"""


def _make_root_filesystem(archive: Path) -> None:
    """Debian 13 with Python and pip; made once, then taken from the cache."""
    kept = CACHE / "python-3.13-slim-trixie.tar"
    if not kept.exists():
        part = kept.with_suffix(".part.tar")
        command = [
            program("mmdebstrap", "mmdebstrap"),
            "--variant=minbase",
            "--include=ca-certificates,python3,python3-pip",
        ]
        recommends = ["--aptopt=APT::Install-Recommends 'false'"]
        done = subprocess.run(
            [*command, *recommends, "trixie", str(part)],
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise NoEngineError(
                f"no base image: neither pulled nor made with mmdebstrap: {done.stderr[-2000:]}"
            )
        part.replace(kept)
    shutil.copy(kept, archive)
