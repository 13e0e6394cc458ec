"""wabt: what WebAssembly's own toolkit reads in a module. (file) -> Headers, instructions.

https://github.com/WebAssembly/wabt is in C++ and shares no code with wasmparser, on which the analyzer stands.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "wabt"
SECONDS = 300

_FUNCTION = re.compile(rb" - func\[(\d+)\] sig=(\d+)")
_SIZE = re.compile(rb" - func\[(\d+)\] size=(\d+)")
_EXPORT = re.compile(rb' - (func|table|memory|global)\[(\d+)\](?: <.*>)? -> "(.*)"$')
_START = re.compile(rb" - start function: (\d+)")
_SEGMENT = re.compile(rb" - segment\[\d+\] (?:flags=(\d+) )?(.*)")
_ELEMENT = re.compile(rb"  - elem\[\d+\] = func\[(\d+)\]")
_ADDRESS = re.compile(rb"size=(\d+) - init i32=(\d+)$")
_DECLARED = (3, 7)
_BODY = re.compile(rb"[0-9a-f]+ func\[(\d+)\]")


@dataclass
class Headers:
    """What stands outside of the bodies. Functions by index, imports first; sizes in bytes."""

    imported: int = 0
    # The index of each function's type.
    types: dict[int, int] = field(default_factory=dict)
    # Of the bodies, without their size fields.
    sizes: dict[int, int] = field(default_factory=dict)
    exports: list[tuple[str, int, str]] = field(default_factory=list)
    start: int | None = None
    # The functions of each segment that is not only declared.
    elements: list[list[int]] = field(default_factory=list)
    # Address and size of each active segment.
    data: list[tuple[int, int]] = field(default_factory=list)

    @property
    def entered(self) -> list[int]:
        """The functions that a host or a table can reach."""
        exported = [index for kind, index, _ in self.exports if kind == "func"]
        started = [] if self.start is None else [self.start]
        return exported + started + [function for segment in self.elements for function in segment]


def objdump() -> str:
    """wasm-objdump, or that of Debian's package unpacked in .cache; skips the test where neither can be had."""
    unpacked = CACHE / "usr" / "bin" / "wasm-objdump"
    found = shutil.which("wasm-objdump") or shutil.which(unpacked)
    if found is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        CACHE.mkdir(parents=True, exist_ok=True)
        download = ["apt-get", "download", "wabt"]
        subprocess.run(download, cwd=CACHE, capture_output=True, timeout=SECONDS, check=False)
        for package in CACHE.glob("wabt_*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, CACHE], timeout=SECONDS, check=True)
        found = shutil.which(unpacked)
    return found or pytest.skip("there is no wasm-objdump (apt-get install wabt)")


def read_headers(path: Path) -> Headers:
    headers = Headers()
    section, is_listed = b"", False
    for line in _lines("-x", path):
        if line[:1].isalpha():
            section = re.split(rb"\W", line, maxsplit=1)[0]
        elif section in {b"Import", b"Function"} and (found := _FUNCTION.match(line)):
            headers.types[int(found[1])] = int(found[2])
            headers.imported += section == b"Import"
        elif section == b"Code" and (found := _SIZE.match(line)):
            headers.sizes[int(found[1])] = int(found[2])
        elif section == b"Export" and (found := _EXPORT.match(line)):
            headers.exports.append((found[1].decode(), int(found[2]), found[3].decode()))
        elif section == b"Start" and (found := _START.match(line)):
            headers.start = int(found[1])
        elif section == b"Elem" and (found := _SEGMENT.match(line)):
            is_listed = int(found[1] or 0) not in _DECLARED
            headers.elements += [[]] if is_listed else []
        elif section == b"Elem" and is_listed and (found := _ELEMENT.match(line)):
            headers.elements[-1].append(int(found[1]))
        elif section == b"Data" and (found := _SEGMENT.match(line)) and (place := _ADDRESS.search(found[2])):
            headers.data.append((int(place[2]), int(place[1])))
    return headers


def read_instructions(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each instruction as text, after the index of the function in whose body it stands."""
    function = -1
    for line in _lines("-d", path):
        if line.startswith(b" "):
            text = line.partition(b"|")[2].strip()
            if text:
                yield function, text
        elif found := _BODY.match(line):
            function = int(found[1])


def read_edges(path: Path) -> set[tuple[int, int]]:
    """Which function refers to which, by `call`, `return_call` or `ref.func`."""
    references = (b"call ", b"return_call ", b"ref.func ")
    return {
        (function, int(text.split(maxsplit=2)[1]))
        for function, text in read_instructions(path)
        if text.startswith(references)
    }


def _lines(option: str, path: Path) -> Iterator[bytes]:
    # A disassembly is 30 times as large as the module, so it is never whole in memory.
    with subprocess.Popen([objdump(), option, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield line.rstrip(b"\n")
    assert process.returncode == 0, f"wasm-objdump {option} {path.name}"
