"""Contract: a module's interface as one writes it into ci-wasm.yml. Module -> YAML.

What comes out holds for the module itself and leaves out what changes with every build: the size of a table counts
function pointers, and the imports of wasm-bindgen end in a hash of 16 digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ci_wasm.core.module import ExternType, Import, MemoryType, Module, TableType
from ci_wasm.core.pattern import Bound, LimitsPattern, print_pattern
from ci_wasm.core.signature import print_type

_HASH = re.compile(r"_[0-9a-f]{16}$")


def render_contract(module: Module) -> str:
    """The `contract` of a Worker's entry; a memory may be smaller than it is now, and not larger."""
    exports = [f"    {_quoted(export.name)}: {_quoted(_pattern(export.type))}" for export in module.exports]
    rules = dict.fromkeys(f"{_glob(entry)}: {_pattern(entry.type)}" for entry in module.imports)
    return "\n".join(
        ["contract:", *_block("exports", exports, "{}"), *_block("imports", _items(rules), "[]"), ""]
    )


def _block(key: str, lines: list[str], empty: str) -> list[str]:
    return [f"  {key}:", *lines] if lines else [f"  {key}: {empty}"]


def _items(texts: Iterable[str]) -> list[str]:
    return [f"    - {_quoted(text)}" for text in texts]


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


def _quoted(text: str) -> str:
    """A double-quoted scalar, whatever the text holds (https://yaml.org/spec/1.2.2/#73-flow-scalar-styles)."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
