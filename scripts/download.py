"""Download: fetch a file, and keep it only if it is the pinned one. (request, digest) -> file."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import IO

CONNECT_SECONDS = 20
"""How long a server may stay silent, at the start and between two blocks."""
PROGRESS_SECONDS = 5.0
BLOCK_BYTES = 1 << 20


class DownloadError(Exception):
    """A file could not be had, or is not the pinned one. The text says what happened and what to do."""


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(text, flush=True)


def fetch(request: urllib.request.Request, sink: IO[bytes], label: str) -> None:
    """Write the body of an answer to `sink`; one line every few seconds.

    Raises:
        DownloadError: no answer, an error status, or a connection that broke.
    """
    started = shown = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as answer:
            while block := answer.read(BLOCK_BYTES):
                sink.write(block)
                if time.monotonic() - shown >= PROGRESS_SECONDS:
                    shown = time.monotonic()
                    say(f"{label}: {shown - started:3.0f} s  {sink.tell() / 1e6:.0f} MB so far")
    except (OSError, HTTPException) as error:
        raise DownloadError(f"{request.full_url} did not arrive: {error}") from error
    sink.flush()


def prove(path: Path, algorithm: str, digest: bytes, what: str) -> None:
    """Compare a file's digest with the pinned one.

    Raises:
        DownloadError: they differ.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).digest()
    if found != digest:
        raise DownloadError(
            f"{what} is not the pinned file: its {algorithm} is {found.hex()}, pinned is {digest.hex()}. "
            "The registry or a proxy changed it, or the pin in scripts/pins.json is wrong. Nothing was kept."
        )


def put_in_place(source: IO[bytes], destination: Path, *, executable: bool) -> None:
    """Write `destination` whole or not at all, also beside another process that does the same."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(source, file, BLOCK_BYTES)
        Path(name).chmod(0o755 if executable else 0o644)
        Path(name).replace(destination)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def exit_status(work: Callable[[], None], label: str) -> int:
    """Run `work`; turn a DownloadError into one message on stderr and the status 1."""
    try:
        work()
    except DownloadError as error:
        print(f"{label}: {error}", file=sys.stderr)
        return 1
    return 0
