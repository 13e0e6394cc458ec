"""twiggy: what it says of each function, and its model of a module rebuilt from wabt's reading. (file) -> sizes.

twiggy 0.8 knows items of every kind. That of a function is its body and its entry in the function section. An item
leads to others, as its source has it (parser/wasm_parse/mod.rs, ir/ir.rs):

- a function to what it calls (`call` alone), to its type, to the globals that it reads or writes, and to a data
  segment where an integer or float load directly follows an `i32.const`;
- a defined table to the segments that fill it, and a segment to its functions, where it lists them by index;
- an export and the start section to what they name.

Roots are exports, defined tables and the start section.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.analysis import TWIGGY, provide_twiggy
from tests.slow.wabt import Headers

Item = tuple[str, int]
# Own size, retained size.
Sizes = tuple[int, int]

SECONDS = 120
_LOAD = re.compile(rb"[if](?:32|64)\.load(?:(?:8|16|32)_[su])? \d+ (\d+)$")
_NUMBERED = re.compile(r"(type|global|data|elem|table|memory)\[(\d+)\]")


@dataclass(frozen=True)
class Twiggy:
    """What it printed: of each name the sizes of all items that have it, and the own sizes of what is no function."""

    by_name: dict[str, list[Sizes]]
    own: dict[Item, int]


def run_twiggy(path: Path) -> Twiggy:
    provide_twiggy()
    command = [TWIGGY, "top", "--retained", "-f", "json", str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout
    by_name: dict[str, list[Sizes]] = defaultdict(list)
    own: dict[Item, int] = {}
    for item in json.loads(printed):
        by_name[item["name"]].append((item["shallow_size"], item["retained_size"]))
        if found := _NUMBERED.match(item["name"]):
            own[found[1], int(found[2])] = item["shallow_size"]
    return Twiggy({name: sorted(sizes) for name, sizes in by_name.items()}, own)


def leb_length(value: int) -> int:
    """Bytes of an unsigned LEB128."""
    return max(1, (value.bit_length() + 6) // 7)


def own_sizes(headers: Headers) -> dict[int, int]:
    """What twiggy counts as each function's own: its body, the body's size and its entry in the function section."""
    return {
        index: size + leb_length(size) + leb_length(headers.types[index])
        for index, size in headers.sizes.items()
    }
