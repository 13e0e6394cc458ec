"""Growth: what became larger or smaller, and where. (base, head) -> Growth.

Functions are matched by their name without the compiler's hash, duplicates grouped and summed, because a new
compiler or crate version renames every symbol without changing a byte of code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ci_wasm.core.measurement import Measurement
from ci_wasm.core.module import Module

UNATTRIBUTED = "(unattributed)"


@dataclass(frozen=True, slots=True)
class Delta:
    """One item's bytes on both sides; None where the item does not exist there."""

    name: str
    before: int | None
    after: int | None

    @property
    def bytes(self) -> int:
        """How many bytes the item grew; negative where it shrank."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Growth:
    """The comparison of two modules, each list sorted by absolute change, without the items that kept their size."""

    raw: Delta
    gzip: Delta
    sections: tuple[Delta, ...]
    crates: tuple[Delta, ...]
    functions: tuple[Delta, ...]


def make_growth(base: Measurement, head: Measurement) -> Growth:
    """Compare two measurements of the same Worker."""
    return Growth(
        raw=Delta("raw", base.sizes.raw, head.sizes.raw),
        gzip=Delta("gzip", base.sizes.gzip, head.sizes.gzip),
        sections=_deltas(_section_sizes(base.module), _section_sizes(head.module)),
        crates=_deltas(_crate_sizes(base.module), _crate_sizes(head.module)),
        functions=_function_deltas(base.module, head.module),
    )


def _deltas(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Delta, ...]:
    deltas = [Delta(name, before.get(name), after.get(name)) for name in before.keys() | after.keys()]
    changed = [delta for delta in deltas if delta.bytes]
    return tuple(sorted(changed, key=lambda delta: (-abs(delta.bytes), delta.name)))


def _section_sizes(module: Module) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for section in module.sections:
        sizes[section.name] += section.size
    return sizes


def _crate_sizes(module: Module) -> Mapping[str, int]:
    return {crate.name or UNATTRIBUTED: crate.size for crate in module.crates}


def _function_deltas(base: Module, head: Module) -> tuple[Delta, ...]:
    if not (base.functions.named and head.functions.named):
        # Without names, functions could only be matched by index, which shifts with every insertion.
        return ()
    before, after = _function_sizes(base), _function_sizes(head)
    both = before.keys() & after.keys()
    # A name that only one side lists may be on the other side too, below the length at which its list was cut.
    kept = {name for name in before if name in both or _is_complete(head)}
    kept |= {name for name in after if name in both or _is_complete(base)}
    return _deltas(
        {name: size for name, size in before.items() if name in kept},
        {name: size for name, size in after.items() if name in kept},
    )


def _function_sizes(module: Module) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for function in module.largest:
        sizes[function.name] += function.size
    return sizes


def _is_complete(module: Module) -> bool:
    return len(module.largest) == module.functions.count
