"""Matching: which function of one build is which of another. (base, head) -> Matching.

Functions are matched by their name without the compiler's hash, duplicates grouped and summed, because a new
compiler or crate version renames every symbol without changing a byte of code. What is left on both sides is matched
by the fingerprints of its bodies: the same code under another name was renamed, which is no growth.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_wasm.core.module import Function, Module

# Other settings for linking or inlining cut the same source into other functions; below this share, what looks new or
# gone is mostly the same code cut otherwise. Of a module with 2,300 functions, turning `lto` and one codegen unit on
# leaves 0.77, another `opt-level` 0.69, and a change of the source that added 14 % of code 0.96.
POOR_SHARE = 0.8
_NUMBER = re.compile(r"\[\d+\]\Z")


@dataclass(frozen=True, slots=True)
class Delta:
    """One item's bytes on both sides; None where the item does not exist there. `renamed_from` is its name on the base."""

    name: str
    before: int | None
    after: int | None
    renamed_from: str | None = None

    @property
    def bytes(self) -> int:
        """How many bytes the item grew; negative where it shrank."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Matching:
    """Every function that can be compared, and the share of the code that has a counterpart, from 0 to 1.

    Of a function that changed its size, the smaller size counts. `share` is that of the side with fewer strangers: code
    that was only added or only removed is no sign of a poor matching.
    """

    functions: tuple[Delta, ...]
    share: float

    @property
    def is_poor(self) -> bool:
        """Whether added and removed functions mean little, because too much has no counterpart."""
        return self.share < POOR_SHARE


def match_functions(base: Module, head: Module) -> Matching | None:
    """Match the functions of two modules; None where one has no names: an index shifts with every insertion."""
    if not (base.functions.named and head.functions.named):
        return None
    before, after = _groups(base), _groups(head)
    same = [Delta(name, _size(before[name]), _size(after[name])) for name in before.keys() & after.keys()]
    gone = {name: group for name, group in before.items() if name not in after}
    new = {name: group for name, group in after.items() if name not in before}
    renamed = _renamed(gone, new)
    for delta in renamed:
        del gone[delta.renamed_from or ""], new[delta.name]
    matched = (*same, *renamed)
    common = sum(min(delta.before or 0, delta.after or 0) for delta in matched)
    share = max(_share(common, base), _share(common, head))
    return Matching((*matched, *_removed(gone, head), *_added(new, base)), round(share, 3))


_Group = Sequence[Function]


def _groups(module: Module) -> dict[str, _Group]:
    groups: defaultdict[str, list[Function]] = defaultdict(list)
    for function in module.largest:
        groups[_key(function)].append(function)
    return dict(groups)


def _key(function: Function) -> str:
    """The name without the number that wasm-bindgen gives to duplicates: which of them has which changes freely."""
    is_unnamed = function.name == f"function[{function.index}]"
    return function.name if is_unnamed else _NUMBER.sub("", function.name)


def _size(group: _Group) -> int:
    return sum(function.size for function in group)


def _renamed(gone: Mapping[str, _Group], new: Mapping[str, _Group]) -> list[Delta]:
    """Pair groups with the same bodies. Which of several is which does not matter to a size: they go by name."""
    old_names, new_names = _by_code(gone), _by_code(new)
    return [
        Delta(name, _size(gone[old]), _size(new[name]), renamed_from=old)
        for code in old_names.keys() & new_names.keys()
        for old, name in zip(sorted(old_names[code]), sorted(new_names[code]), strict=False)
    ]


def _by_code(groups: Mapping[str, _Group]) -> Mapping[tuple[str, ...], list[str]]:
    names: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, group in groups.items():
        prints = [function.fingerprint for function in group if function.fingerprint is not None]
        # A small body has no fingerprint, and a group is only as well known as all of its bodies.
        if len(prints) == len(group):
            names[tuple(sorted(prints))].append(name)
    return names


def _removed(gone: Mapping[str, _Group], head: Module) -> list[Delta]:
    """A name that only one list has may be on the other side too, below the length at which its list was cut."""
    return [Delta(name, _size(group), None) for name, group in gone.items()] if _is_complete(head) else []


def _added(new: Mapping[str, _Group], base: Module) -> list[Delta]:
    return [Delta(name, None, _size(group)) for name, group in new.items()] if _is_complete(base) else []


def _is_complete(module: Module) -> bool:
    return len(module.largest) == module.functions.count


def _share(common: int, module: Module) -> float:
    listed = _size(module.largest)
    return common / listed if listed else 1.0
