"""twiggy: what it says of each function, and its model of a module rebuilt from wabt's reading. (file) -> sizes.

twiggy 0.8 knows items of every kind. That of a function is its body and its entry in the function section. An item
leads to others, as its source has it (parser/wasm_parse/mod.rs, ir/ir.rs):

- a function to what it calls (`call` alone), to its type, to the globals that it reads or writes, and to a data
  segment where an integer or float load directly follows an `i32.const`: to the first that starts at the address of
  the load or after it, however far;
- a defined table to the active segments that fill it, and a segment to its functions, where it lists them by index;
- an export and the start section to what they name.

Roots are exports, defined tables and the start section.
"""

from __future__ import annotations

import bisect
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.analysis import TWIGGY, provide_twiggy
from tests.slow.wabt import Code, Headers

# Its kind, and its index with imports first.
Item = tuple[str, int]
# Own size, retained size.
Sizes = tuple[int, int]

SECONDS = 120
_NUMBERED = re.compile(r"(type|global)\[(\d+)\]")
_IMPORT = re.compile(r"import (.*?)::(.*)", re.DOTALL)


@dataclass(frozen=True)
class Printed:
    """What it printed: of each name the sizes of all items that have it, sorted."""

    by_name: Mapping[str, list[Sizes]]

    def own_sizes(self, headers: Headers) -> dict[Item, int]:
        """Of types, of globals and of imported functions; twiggy's figures, since they are only subtracted."""
        own: dict[Item, int] = {}
        imports: dict[str, int] = {}
        for name, [(size, _), *_] in self.by_name.items():
            if found := _NUMBERED.match(name):
                first = headers.imported("global") if found[1] == "global" else 0
                own[found[1], first + int(found[2])] = size
            elif found := _IMPORT.fullmatch(name):
                imports[f"{found[1]}.{found[2]}"] = size
        for kind in ("func", "global"):
            named = [name for each, name in headers.imports if each == kind]
            own |= {(kind, index): imports[name] for index, name in enumerate(named)}
        return own


def run_twiggy(path: Path) -> Printed:
    provide_twiggy()
    command = [TWIGGY, "top", "--retained", "-f", "json", str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout
    by_name: dict[str, list[Sizes]] = defaultdict(list)
    for item in json.loads(printed):
        by_name[item["name"]].append((item["shallow_size"], item["retained_size"]))
    return Printed({name: sorted(sizes) for name, sizes in by_name.items()})


def graph(headers: Headers, code: Code) -> dict[Item, list[Item]]:
    """What each function leads to."""
    edges: dict[Item, list[Item]] = defaultdict(list)
    for index in headers.sizes:
        edges["func", index].append(("type", headers.types[index]))
    for instruction, kind in (("call", "func"), ("global.get", "global"), ("global.set", "global")):
        for source, target in code.references[instruction]:
            edges["func", source].append((kind, target))
    for source, segment in _loaded(headers, code):
        edges["func", source].append(("data", segment))
    return dict(edges)


def roots(headers: Headers) -> list[Item]:
    """Functions and globals at which twiggy enters a module."""
    exported = [(kind, index) for kind, index in headers.exports if kind in {"func", "global"}]
    return exported + [("func", index) for index in [*headers.start, *tabled(headers)]]


def tabled(headers: Headers) -> list[int]:
    """The functions that a root among the tables leads to: a defined one, or one that is exported."""
    exported = {index for kind, index in headers.exports if kind == "table"}
    return [
        function
        for segment in headers.elements
        if not (segment.is_declared or segment.is_passive or segment.has_expressions)
        if segment.table >= headers.imported("table") or segment.table in exported
        for function in segment.functions
    ]


def entry_sizes(headers: Headers) -> dict[Item, int]:
    """Of each function's entry in the function section."""
    return {("func", index): leb_length(headers.types[index]) for index in headers.sizes}


def segment_sizes(headers: Headers) -> dict[Item, int]:
    """Of the data segments, which twiggy may print by a name that several have: flags, address, length and content."""
    return {
        ("data", index): 1 + _address_length(address) + leb_length(size) + size
        for index, (size, address) in enumerate(headers.data)
    }


def leb_length(value: int) -> int:
    """Bytes of an unsigned LEB128."""
    return max(1, (value.bit_length() + 6) // 7)


def _address_length(address: int | None) -> int:
    """Of `i32.const`, a signed LEB128 and `end`."""
    return 0 if address is None else 2 + (_signed(address) ^ (_signed(address) >> 32)).bit_length() // 7 + 1


def _loaded(headers: Headers, code: Code) -> Iterator[tuple[int, int]]:
    """The segment that twiggy takes each load for one of."""
    addresses = {
        address: (index, size)
        for index, (size, address) in enumerate(headers.data)
        if address is not None and _signed(address) >= 0
    }
    starts = sorted(addresses)
    for function, constant, offset in code.loads:
        address = (_signed(constant) + offset) % 2**64
        at = bisect.bisect_left(starts, address)
        if at < len(starts):
            index, size = addresses[starts[at]]
            if address < starts[at] + size:
                yield function, index


def _signed(value: int) -> int:
    """wabt prints the number of an `i32.const` without a sign."""
    return value - 2**32 if value >= 2**31 else value
