"""Fetch rustup-init: the pinned installer of Rust's toolchains. (pins.json) -> executable file."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import urllib.request
from pathlib import Path

from download import DownloadError, exit_status, fetch, prove, put_in_place

PINS = Path(__file__).with_name("pins.json")


def fetch_rustup_init(destination: Path) -> None:
    """Download rustup-init for this machine.

    The address is rustup's archive, https://rust-lang.github.io/rustup/installation/other.html;
    RUSTUP_UPDATE_ROOT names a mirror, as it does for rustup itself.

    Raises:
        DownloadError: no pin for this machine, no answer, or not the pinned file.
    """
    pins = json.loads(PINS.read_text(encoding="utf-8"))["rust"]
    machine = platform.machine()
    if machine not in pins["rustup-init-sha256"]:
        raise DownloadError(
            f"there is no pinned rustup for {machine}. Install Rust another way and run this again."
        )
    root = os.environ.get("RUSTUP_UPDATE_ROOT") or "https://static.rust-lang.org/rustup"
    url = f"{root}/archive/{pins['rustup']}/{machine}-unknown-linux-gnu/rustup-init"
    with tempfile.NamedTemporaryFile() as file:
        fetch(urllib.request.Request(url), file, "rustup-init")
        prove(Path(file.name), "sha256", bytes.fromhex(pins["rustup-init-sha256"][machine]), url)
        file.seek(0)
        put_in_place(file, destination, executable=True)


if __name__ == "__main__":
    sys.exit(exit_status(lambda: fetch_rustup_init(Path(sys.argv[1])), "rustup-init"))
