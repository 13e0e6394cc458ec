"""Function tree: a module's code by crate, module path and function, small enough for a page. (head, base) -> Branch.

A page for a module with 35,000 functions cannot hold them all. What matters most is kept (large, or changed), and the
rest is summed where it belongs, so the sums of every crate and module path stay those of the whole module.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from ci_wasm.core.matching import group_name
from ci_wasm.core.module import UNATTRIBUTED, Function, Module
from ci_wasm.render.markdown import clean
from ci_wasm.render.page_text import page_bytes

# Deeper paths are rare, and a hostile name must not nest the page's JSON without end.
DEEPEST_PATH = 12
LONGEST_LABEL = 240
# What a branch costs beyond its label: brackets, quotes, commas, and the leaf that sums what it does not list.
_BRANCH_BYTES = 70
# A change weighs more than the same number of bytes that stayed as they were.
_CHANGE_WEIGHT = 8

_MODULE_PATH = re.compile(r"(?:[a-z_][a-z0-9_]*::)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A function's bytes on both sides, all functions of the name together; None: that side's list is cut above it.

    `delta` is the change in bytes, 0 where one side is unknown. `count` functions are summed here, `label` is None
    where it is a sum.
    """

    label: str | None
    head: int | None
    base: int | None
    delta: int
    count: int = 1

    @property
    def weight(self) -> int:
        """How much it deserves a place of its own."""
        return max(self.head or 0, self.base or 0) + _CHANGE_WEIGHT * abs(self.delta)

    def plain(self) -> list[str | int | None]:
        """As the page reads it: [label or count, head, base, change where it is not head - base]."""
        name = self.count if self.label is None else self.label
        known = self.head is not None and self.base is not None and self.head - self.base == self.delta
        return [name, self.head, self.base] if known else [name, self.head, self.base, self.delta]


Place = tuple[tuple[str, ...], Entry]
_NOTHING = Entry(None, 0, 0, 0, count=0)


@dataclass(slots=True)
class Branch:
    """A crate or a part of a module path. `rest` sums the functions that have no entry of their own."""

    label: str
    branches: dict[str, Branch] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    rest: Entry = _NOTHING

    def fold(self, entry: Entry) -> None:
        """Add an entry to the sum."""
        self.rest = Entry(
            None,
            (self.rest.head or 0) + (entry.head or 0),
            (self.rest.base or 0) + (entry.base or 0),
            self.rest.delta + entry.delta,
            self.rest.count + entry.count,
        )

    def plain(self) -> list[object]:
        """As the page reads it: [label, [branches and entries]]; a path without forks is one label."""
        rest = [self.rest.plain()] if self.rest.head or self.rest.base or self.rest.delta else []
        entries = [entry.plain() for entry in self.entries]
        return [
            self.label,
            [*(branch.joined().plain() for branch in self.branches.values()), *entries, *rest],
        ]

    def joined(self) -> Branch:
        """Itself, or the only branch that it consists of under both names."""
        branch = self
        while len(branch.branches) == 1 and not branch.entries and branch.rest == _NOTHING:
            (only,) = branch.branches.values()
            branch = Branch(f"{branch.label}::{only.label}", only.branches, only.entries, only.rest)
        return branch


def make_function_tree(
    head: Module, base: Module | None, limit: int, *, renamed: Mapping[str, str] = MappingProxyType({})
) -> Branch:
    """The crates as branches of a nameless root, at most about `limit` bytes as JSON in a page (a few for the root).

    `renamed` are the names that functions of the base have on the head.
    """
    root, left = Branch(""), limit
    placed = sorted(_placed(head, base, renamed), key=lambda place: -place[1].weight)
    for path, entry in placed:
        if left >= 0:
            shown = replace(entry, label=_label(entry.label or ""))
            left -= _cost(root, path, shown)
        if left >= 0:
            _grown(root, path).entries.append(shown)
        else:
            _deepest(root, path)[0].fold(entry)
    for crate, unlisted in _unlisted(head, base, placed):
        _deepest(root, (crate,))[0].fold(unlisted)
    return root


def function_place(function: Function) -> tuple[tuple[str, ...], str]:
    """Crate and module path of a function, and what is left of its name.

    Modules and functions look alike (`a::b::{closure}`): the last segment before a closure or type arguments belongs
    to the function. `<T as Trait>::f` is placed by the first path in it that its crate begins, and keeps its whole name.
    """
    crate, name = function.crate, group_name(function.name)
    if crate is not None and not name.startswith(f"{crate}::"):
        inside = re.search(rf"\b{re.escape(crate)}::({_MODULE_PATH.pattern})", name)
        modules = inside[1].split("::")[:-1] if inside else []
        return (crate, *modules[:DEEPEST_PATH]), name
    *modules, leaf = _split(name)
    if crate is None:
        return (UNATTRIBUTED, *modules), leaf
    return (tuple(modules), leaf) if modules else ((crate,), leaf)


def _split(name: str) -> list[str]:
    path = _MODULE_PATH.match(name)
    modules = path[0].split("::")[:-1] if path else []
    leaf = name[path.end() if path else 0 :]
    if modules and leaf.startswith(("{", "<")) and not leaf.startswith("<impl "):
        leaf = f"{modules.pop()}::{leaf}"
    if len(modules) > DEEPEST_PATH:
        leaf = "::".join([*modules[DEEPEST_PATH:], leaf])
    return [*modules[:DEEPEST_PATH], leaf]


def _placed(head: Module, base: Module | None, renamed: Mapping[str, str]) -> Iterator[Place]:
    """Every function by name, matched as `core/growth.py` matches them: by name, duplicates summed."""
    after, before = _by_name(head), _by_name(base, renamed) if base else {}
    head_absent = 0 if _is_complete(head) else None
    base_absent = 0 if base is None or _is_complete(base) else None
    for name in {**after, **before}:
        function = (after.get(name) or before[name])[0]
        entry_head = after[name][1] if name in after else head_absent
        entry_base = before[name][1] if name in before else base_absent
        delta = 0 if entry_head is None or entry_base is None or base is None else entry_head - entry_base
        path, leaf = function_place(function)
        yield tuple(map(_step, path)), Entry(leaf, entry_head, entry_base, delta)


@lru_cache(maxsize=10_000)
def _step(name: str) -> str:
    return clean(name) or "?"


def _label(leaf: str) -> str:
    """One visible line; the middle of a long one goes, because a method's name is at the end."""
    text = clean(leaf, 4 * LONGEST_LABEL) or "?"
    if len(text) <= LONGEST_LABEL:
        return text
    tail = LONGEST_LABEL // 3
    return f"{text[: LONGEST_LABEL - tail - 1]}…{text[-tail:]}"


def _by_name(
    module: Module, renamed: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, tuple[Function, int]]:
    sizes: Counter[str] = Counter()
    functions: dict[str, Function] = {}
    for function in module.largest:
        name = group_name(function.name)
        name = renamed.get(name, name)
        sizes[name] += function.size
        functions.setdefault(name, function)
    return {name: (function, sizes[name]) for name, function in functions.items()}


def _is_complete(module: Module) -> bool:
    return len(module.largest) == module.functions.count


def _unlisted(head: Module, base: Module | None, placed: Sequence[Place]) -> Iterator[tuple[str, Entry]]:
    """For each crate what a cut list leaves out: known as the crate's bytes without the listed functions'."""
    if _is_complete(head) and (base is None or _is_complete(base)):
        return
    after, before = _crates(head), _crates(base) if base else {}
    listed_after, listed_before = _listed(head), _listed(base) if base else {}
    known = Counter[str]()
    for path, entry in placed:
        known[path[0]] += entry.delta
    for crate in {**after, **before}:
        rest_after = max(0, after.get(crate, 0) - listed_after.get(crate, 0))
        rest_before = max(0, before.get(crate, 0) - listed_before.get(crate, 0))
        delta = after.get(crate, 0) - before.get(crate, 0) - known[crate] if base else 0
        if rest_after or rest_before or delta:
            yield crate, Entry(None, rest_after, rest_before, delta, count=0)


def _crates(module: Module) -> Mapping[str, int]:
    return {_step(crate.name or UNATTRIBUTED): crate.size for crate in module.crates}


def _listed(module: Module) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for function in module.largest:
        sizes[_step(function.crate or UNATTRIBUTED)] += function.size
    return sizes


def _cost(root: Branch, path: tuple[str, ...], entry: Entry) -> int:
    missing = path[_deepest(root, path)[1] :]
    return 1 + page_bytes(entry.plain()) + sum(_BRANCH_BYTES + page_bytes(step) for step in missing)


def _deepest(root: Branch, path: tuple[str, ...]) -> tuple[Branch, int]:
    """The branch that is there already and nearest to the path's end, and how many of its steps lead there."""
    branch = root
    for depth, step in enumerate(path):
        if step not in branch.branches:
            return branch, depth
        branch = branch.branches[step]
    return branch, len(path)


def _grown(root: Branch, path: tuple[str, ...]) -> Branch:
    branch = root
    for step in path:
        branch = branch.branches.setdefault(step, Branch(step))
    return branch
