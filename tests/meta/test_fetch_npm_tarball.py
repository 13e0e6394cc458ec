"""Fetch npm tarball: from a registry on loopback, over real HTTP, with and without npm."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fetch_npm_tarball.py"
CONTENT = b"#!/bin/sh\necho tool\n"
CLIENTS = ["direct", *(["npm"] if shutil.which("npm") else [])]
TOKEN = "npm-canary-token"


def tarball(tool: bytes = CONTENT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in (
            ("package/package.json", b'{"name": "@tools/tool"}'),
            ("package/bin/tool", tool),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@dataclass
class Registry:
    """An npm registry with one package, @tools/tool 1.2.3."""

    tarball: bytes = field(default_factory=tarball)
    url: str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, path: str) -> bytes | None:
        if path == "/npm/@tools/tool/-/tool-1.2.3.tgz":
            return self.tarball
        if path in {"/npm/@tools%2ftool", "/npm/@tools/tool"}:
            dist = {"tarball": f"{self.url}/@tools/tool/-/tool-1.2.3.tgz"}
            return json.dumps(
                {
                    "name": "@tools/tool",
                    "dist-tags": {"latest": "1.2.3"},
                    "versions": {"1.2.3": {"name": "@tools/tool", "version": "1.2.3", "dist": dist}},
                }
            ).encode()
        return None


@pytest.fixture
def registry() -> Iterator[Registry]:
    served = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append((self.path, self.headers.get("authorization")))
            body = served.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Requests are recorded, not printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/npm"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()


@dataclass
class Machine:
    """A home with npm's settings, a pins file, and a folder for what is fetched."""

    folder: Path

    def pin(self, integrity: str, member: str = "package/bin/tool", machine: str | None = None) -> None:
        entry = {
            "tool": "tool",
            "name": "@tools/tool",
            "version": "1.2.3",
            "integrity": integrity,
            "member": member,
            "destination": ".cache/tool/1.2.3/tool",
            "executable": True,
            "machine": machine,
        }
        (self.folder / "pins.json").write_text(json.dumps({"npm": [entry]}), encoding="utf-8")

    def configure(self, *lines: str) -> None:
        (self.folder / ".npmrc").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def fetch(self, client: str, *python_options: str, **environ: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **environ}
        python = [sys.executable, *python_options]
        options = ["--pins", str(self.folder / "pins.json"), "--root", str(self.folder), "--client", client]
        return subprocess.run(
            [*python, str(SCRIPT), *options],
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def file(self) -> Path:
        return self.folder / ".cache" / "tool" / "1.2.3" / "tool"


@pytest.fixture
def machine(tmp_path: Path, registry: Registry) -> Machine:
    made = Machine(tmp_path)
    made.pin("sha512-" + base64.b64encode(hashlib.sha512(registry.tarball).digest()).decode())
    made.configure(f"registry={registry.url}/", "; a comment")
    return made


@pytest.mark.parametrize("client", CLIENTS)
def test_the_pinned_file_is_put_in_place_once(machine: Machine, registry: Registry, client: str) -> None:
    first = machine.fetch(client)
    asked = len(registry.requests)
    second = machine.fetch(client)

    assert (first.returncode, first.stderr) == (0, "")
    assert machine.file.read_bytes() == CONTENT
    assert machine.file.stat().st_mode & 0o777 == 0o755
    assert list(machine.file.parent.iterdir()) == [machine.file]
    assert (second.returncode, second.stdout, len(registry.requests)) == (0, "", asked)


@pytest.mark.parametrize("client", CLIENTS)
def test_another_file_than_the_pinned_one_is_not_kept(
    machine: Machine, registry: Registry, client: str
) -> None:
    registry.tarball = tarball(b"#!/bin/sh\necho another\n")

    done = machine.fetch(client)

    assert done.returncode == 1
    assert "@tools/tool@1.2.3 is not the pinned file" in done.stderr
    assert not machine.file.exists()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_registry_without_the_package_is_one_message(
    machine: Machine, registry: Registry, client: str
) -> None:
    machine.configure(f"registry={registry.url}/nowhere")

    done = machine.fetch(client)

    assert done.returncode == 1
    assert "404" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("lines", "environ"),
    [
        (["registry=http://127.0.0.1:9"], {"NPM_CONFIG_REGISTRY": "URL"}),
        (["registry=http://127.0.0.1:9"], {"npm_config_registry": "URL/"}),
        (["registry=http://127.0.0.1:9", "@tools:registry = URL"], {}),
        (["registry=${MIRROR}/npm"], {"MIRROR": "HOST"}),
    ],
)
def test_npms_own_settings_say_where(
    machine: Machine, registry: Registry, lines: list[str], environ: dict[str, str]
) -> None:
    def filled(text: str) -> str:
        return text.replace("URL", registry.url).replace("HOST", registry.url.removesuffix("/npm"))

    machine.configure(*map(filled, lines))

    done = machine.fetch("direct", **{name: filled(value) for name, value in environ.items()})

    assert (done.returncode, done.stderr) == (0, "")
    assert machine.file.read_bytes() == CONTENT


def test_a_token_goes_to_its_registry_and_is_not_printed(machine: Machine, registry: Registry) -> None:
    at = registry.url.partition(":")[2]
    machine.configure(
        f"registry={registry.url}", f"{at}/:_authToken={TOKEN}", "//127.0.0.1:9/:_authToken=other"
    )

    done = machine.fetch("direct")

    assert {authorization for _, authorization in registry.requests} == {f"Bearer {TOKEN}"}
    assert TOKEN not in done.stdout + done.stderr


def test_without_npm_and_settings_it_says_what_to_do(machine: Machine) -> None:
    machine.configure()

    done = machine.fetch("direct", "-S")  # without site-packages

    assert done.returncode == 1
    assert all(cure in done.stderr for cure in ("install npm", "NPM_CONFIG_REGISTRY", "packageurl-python"))


def test_a_machine_without_a_package_is_named(machine: Machine) -> None:
    machine.pin("sha512-AAAA", machine="pdp11")

    done = machine.fetch("direct")

    assert done.returncode == 1
    assert f"no package of tool for {platform.machine()}" in done.stderr


def test_a_package_without_the_file_is_named(machine: Machine, registry: Registry) -> None:
    machine.pin(
        "sha512-" + base64.b64encode(hashlib.sha512(registry.tarball).digest()).decode(), "package/bin/other"
    )

    done = machine.fetch("direct")

    assert done.returncode == 1
    assert "has no file package/bin/other" in done.stderr
