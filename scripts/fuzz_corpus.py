#!/usr/bin/env python3
"""Fuzz corpus: many small inputs in one file that git can keep. folder <-> gzip of (length, input), smallest first."""

from __future__ import annotations

import gzip
import hashlib
import struct
import sys
from collections.abc import Iterator
from pathlib import Path


def main(action: str, source: Path, destination: Path) -> None:
    if action == "pack":
        inputs = sorted({path.read_bytes() for path in source.iterdir()}, key=lambda each: (len(each), each))
        # The same inputs are the same file.
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_bytes(gzip.compress(b"".join(map(packed, inputs)), 9, mtime=0))
        print(f"{destination}: {len(inputs)} inputs, {destination.stat().st_size:,} bytes")
        return
    destination.mkdir(parents=True, exist_ok=True)
    for each in inputs_of(source) if source.is_file() else ():
        (destination / hashlib.sha256(each).hexdigest()[:16]).write_bytes(each)


def packed(each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + each


def inputs_of(file: Path) -> Iterator[bytes]:
    """What `pack` wrote."""
    content = gzip.decompress(file.read_bytes())
    at = 0
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at)
        yield content[at + 4 : at + 4 + length]
        at += 4 + length


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
