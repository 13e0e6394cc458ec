"""wabt: what WebAssembly's own toolkit reads in a module. (file) -> Headers, Code.

https://github.com/WebAssembly/wabt is in C++ and shares no code with wasmparser, on which the analyzer stands. The
npm package has its programs compiled to WebAssembly, one file each, which Node runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from download import DownloadError  # noqa: E402 (the scripts are programs, and no package)
from fetch_npm_tarball import Pin, provide  # noqa: E402

VERSION = "1.0.39"
OBJDUMP = Pin(
    tool="wasm-objdump",
    name="wabt",
    version=VERSION,
    integrity="sha512-ba+dRL/75VQQY7RkU/CgriGbkoWAfS8TDyUlJfJhJ8KhtXgMl5dhNvoPNUcQ9IWRhW8u41glMSuZeTvsYq2rRg==",
    member="package/bin/wasm-objdump",
    destination=f".cache/wabt/{VERSION}/wasm-objdump",
    executable=True,
    machine=None,
)

_IMPORT = re.compile(r" - (func|table|memory|global|tag)\[\d+\] .*<- (.*)$")
_FUNCTION = re.compile(r" - func\[(\d+)\] sig=(\d+)")
_SIZE = re.compile(r" - func\[(\d+)\] size=(\d+)")
_EXPORT = re.compile(r' - (func|table|memory|global|tag)\[(\d+)\](?: <.*>)? -> "(.*)"$')
_START = re.compile(r" - start function: (\d+)")
_GLOBAL = re.compile(r" - global\[\d+\] .* - init ref\.func:(\d+)")
_SEGMENT = re.compile(r" - segment\[\d+\] (?:<.*> )?flags=(\d+) table=(\d+) ")
_ELEMENT = re.compile(r"  - elem\[\d+\] = ref\.func:(\d+)")
_DATA = re.compile(
    r" - segment\[\d+\] (?:<.*> )?(?:memory=\d+|passive) size=(\d+)(?: - init i(?:32|64)=(\d+))?"
)
_BODY = re.compile(rb"[0-9a-f]+ func\[(\d+)\]")
_REFERENCE = re.compile(rb"(call|return_call|ref\.func|global\.get|global\.set) (\d+)")
_CONSTANT = re.compile(rb"i32\.const (\d+)$")
_LOAD = re.compile(rb"[if](?:32|64)\.load(?:(?:8|16|32)_[su])? \d+ (\d+)$")


@dataclass
class Elements:
    """A segment of references. `flags` as the binary format has them; functions by index."""

    flags: int
    table: int
    functions: list[int] = field(default_factory=list)

    @property
    def is_declared(self) -> bool:
        return self.flags in {3, 7}

    @property
    def is_passive(self) -> bool:
        return self.flags in {1, 5}

    @property
    def has_expressions(self) -> bool:
        return self.flags >= 4


@dataclass
class Headers:
    """What stands outside of the bodies. Functions by index, imports first; sizes in bytes."""

    # Of each import its kind, and its module and name with a dot between.
    imports: list[tuple[str, str]] = field(default_factory=list)
    # The index of each function's type.
    types: dict[int, int] = field(default_factory=dict)
    # Of the bodies, without their size fields.
    sizes: dict[int, int] = field(default_factory=dict)
    exports: list[tuple[str, int]] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    # The functions that globals hold from the start.
    held: list[int] = field(default_factory=list)
    elements: list[Elements] = field(default_factory=list)
    # Size and, of an active one, address of each segment.
    data: list[tuple[int, int | None]] = field(default_factory=list)

    def imported(self, kind: str) -> int:
        return [each for each, _ in self.imports].count(kind)


@dataclass
class Code:
    """What stands in the bodies."""

    # By instruction: the function it stands in, and the index that it names.
    references: dict[str, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    # The function, the constant, and the offset of an integer or float load that directly follows it.
    loads: set[tuple[int, int, int]] = field(default_factory=set)


def read_headers(path: Path) -> Headers:
    headers = Headers()
    section = ""
    for raw in _lines("-x", path):
        line = raw.decode(errors="replace")
        if line[:1].isalpha():
            section = re.split(r"\W", line, maxsplit=1)[0]
        else:
            _take(headers, section, line)
    return headers


def _take(headers: Headers, section: str, line: str) -> None:
    match section:
        case "Import" if found := _IMPORT.match(line):
            headers.imports.append((found[1], found[2]))
            if found := _FUNCTION.match(line):
                headers.types[int(found[1])] = int(found[2])
        case "Function" if found := _FUNCTION.match(line):
            headers.types[int(found[1])] = int(found[2])
        case "Code" if found := _SIZE.match(line):
            headers.sizes[int(found[1])] = int(found[2])
        case "Export" if found := _EXPORT.match(line):
            headers.exports.append((found[1], int(found[2])))
        case "Start" if found := _START.match(line):
            headers.start.append(int(found[1]))
        case "Global" if found := _GLOBAL.match(line):
            headers.held.append(int(found[1]))
        case "Elem" if found := _SEGMENT.match(line):
            headers.elements.append(Elements(int(found[1]), int(found[2])))
        case "Elem" if found := _ELEMENT.match(line):
            headers.elements[-1].functions.append(int(found[1]))
        case "Data" if found := _DATA.match(line):
            headers.data.append((int(found[1]), int(found[2]) if found[2] else None))
        case _:
            pass


def read_code(path: Path) -> Code:
    code = Code()
    function, constant = -1, None
    for line in _lines("-d", path):
        if not line.startswith(b" "):
            if found := _BODY.match(line):
                function, constant = int(found[1]), None
            continue
        text = line.partition(b"|")[2].strip()
        if not text:
            # The rest of the bytes of an instruction that is longer than a line.
            continue
        if constant is not None and (found := _LOAD.match(text)):
            code.loads.add((function, constant, int(found[1])))
        elif found := _REFERENCE.match(text):
            code.references[found[1].decode()].add((function, int(found[2])))
        constant = int(found[1]) if (found := _CONSTANT.match(text)) else None
    return code


def _lines(option: str, path: Path) -> Iterator[bytes]:
    # A disassembly is 30 times as large as the module, so it is never whole in memory.
    with subprocess.Popen(["node", _objdump(), option, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield line.rstrip(b"\n")
    assert process.returncode == 0, f"wasm-objdump {option} {path.name}"


def _objdump() -> Path:
    """Fetched once into .cache; skips the test where it cannot be had, or there is no Node to run it."""
    if shutil.which("node") is None:
        pytest.skip("wabt's programs in npm run on Node, which is not installed")
    try:
        provide(OBJDUMP, ROOT, "npm" if shutil.which("npm") else "direct")
    except (DownloadError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"wabt {VERSION} did not arrive: {error}")
    return ROOT / OBJDUMP.destination
