"""Contract: a module's interface as one writes it into ci-wasm.yml. Module -> YAML.

What comes out holds for the module itself and leaves out what changes with every build: the size of a table counts
function pointers, and the imports of wasm-bindgen end in a hash of 16 digits.
"""

from __future__ import annotations

import re

from ci_wasm.config.edit import block_lines
from ci_wasm.core.module import ExternType, Import, MemoryType, Module, TableType
from ci_wasm.core.pattern import Bound, LimitsPattern, print_pattern
from ci_wasm.core.signature import print_type

_HASH = re.compile(r"_[0-9a-f]{16}$")


def render_contract(module: Module) -> str:
    """The `contract` of a Worker's entry, as YAML."""
    return "\n".join([*block_lines({"contract": contract_entry(module)}), ""])


def contract_entry(module: Module) -> dict[str, dict[str, str] | list[str]]:
    """The same as the keys' values; a memory may be smaller than it is now, and not larger."""
    rules = dict.fromkeys(f"{_glob(entry)}: {_pattern(entry.type)}" for entry in module.imports)
    return {
        "exports": {export.name: _pattern(export.type) for export in module.exports},
        "imports": list(rules),
    }


def _pattern(type_: ExternType) -> str:
    if isinstance(type_, MemoryType):
        bounds = [Bound("min", "<=", type_.minimum)]
        bounds += [] if type_.maximum is None else [Bound("max", "<=", type_.maximum)]
        flags = _flags(shared=type_.shared, i64=type_.memory64)
        if type_.page_size != 65536:
            flags |= {f"page-size={type_.page_size}"}
        return print_pattern(LimitsPattern("memory", None, tuple(bounds), flags))
    if isinstance(type_, TableType):
        flags = _flags(shared=type_.shared, i64=type_.table64)
        return print_pattern(LimitsPattern("table", type_.element, (), flags))
    return print_type(type_)


def _flags(**flags: bool) -> frozenset[str]:
    return frozenset(name for name, on in flags.items() if on)


def _glob(entry: Import) -> str:
    """The import's name with a star for its hash; characters that a rule reads otherwise stand as themselves."""
    name = f"{entry.module}.{entry.name}"
    shortened = _HASH.sub("_", name)
    text = re.sub(r"([*?[])", r"[\1]", shortened)
    # A colon before a space ends the glob, and spaces around it are not part of it.
    text = re.sub(r":(?= )|^\s|\s$", "?", text)
    return text if shortened == name else f"{text}*"
