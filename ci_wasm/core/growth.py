"""Growth: what became larger or smaller, and where. (base, head) -> Growth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ci_wasm.core.dependency_growth import (
    DependencyGrowth,
    dependency_growth,
    dependency_note,
    own_code_is_same,
)
from ci_wasm.core.matching import Delta, Matching
from ci_wasm.core.measurement import Measurement
from ci_wasm.core.module import UNATTRIBUTED, Module

# A shifted index may take a byte more or less wherever it stands. Modules of less than 16 kB have no such noise to
# speak of, and there every byte may be what somebody is after: one in a thousand at the most.
NOISE_FLOOR = 16
NOISE_PART = 1000


class Smaller(Struct, frozen=True):
    """Changes below the noise floor, summed up: how many functions, and how many bytes together."""

    count: int
    bytes: int


class Growth(Struct, frozen=True):
    """The comparison of two modules, each list sorted by absolute change, without the items that kept their size.

    `renamed` are functions with the same code under another name, largest first. `matched` is the share of the code
    that was found on both sides, None without names; where it is poor, no functions are listed. `dependencies` are what
    changed in Cargo.lock, those with code in the module first; `dependency_note` says why that is not known, where a
    Cargo.lock was there. `own_is_same` says that the code of the repository's own packages kept its size.
    """

    raw: Delta
    gzip: Delta
    brotli: Delta
    sections: tuple[Delta, ...]
    crates: tuple[Delta, ...]
    functions: tuple[Delta, ...]
    renamed: tuple[Delta, ...]
    smaller: Smaller
    matched: float | None
    poor_matching: bool
    dependencies: tuple[DependencyGrowth, ...] = ()
    dependency_note: str = ""
    own_is_same: bool = False


def make_growth(base: Measurement, head: Measurement, matching: Matching | None) -> Growth:
    """Compare two measurements of the same Worker; `matching` is that of their functions, None without names."""
    compared = matching.functions if matching and not matching.is_poor else ()
    floor = _noise_floor(base.module, head.module)
    # Ten thousand functions are common: each is looked at once, in the order that the matching has them in.
    functions, smaller = [], []
    for delta in compared:
        if delta.renamed_from is None and (grown := delta.bytes):
            if abs(grown) >= floor:
                functions.append(delta)
            else:
                smaller.append(grown)
    return Growth(
        raw=Delta("raw", base.sizes.raw, head.sizes.raw),
        gzip=Delta("gzip", base.sizes.gzip, head.sizes.gzip),
        brotli=Delta("brotli", base.sizes.brotli, head.sizes.brotli),
        sections=_deltas(_section_sizes(base.module), _section_sizes(head.module)),
        crates=_deltas(_crate_sizes(base.module), _crate_sizes(head.module)),
        functions=tuple(functions),
        renamed=_renamed(compared),
        smaller=Smaller(len(smaller), sum(smaller)),
        matched=matching.share if matching else None,
        poor_matching=_is_poor(matching),
        dependencies=dependency_growth(base, head),
        dependency_note=dependency_note(base, head),
        own_is_same=own_code_is_same(base, head),
    )


def _is_poor(matching: Matching | None) -> bool:
    return matching is not None and matching.is_poor


def _noise_floor(base: Module, head: Module) -> int:
    return min(NOISE_FLOOR, max(base.functions.size, head.functions.size) // NOISE_PART)


def _renamed(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    renamed = [delta for delta in deltas if delta.renamed_from is not None]
    return tuple(sorted(renamed, key=lambda delta: (-(delta.after or 0), delta.name)))


def _deltas(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Delta, ...]:
    deltas = (Delta(name, before.get(name), after.get(name)) for name in before.keys() | after.keys())
    return _sorted(delta for delta in deltas if delta.bytes)


def _sorted(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    return tuple(sorted(deltas, key=lambda delta: (-abs(delta.bytes), delta.name)))


def _section_sizes(module: Module) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for section in module.sections:
        sizes[section.name] += section.size
    return sizes


def _crate_sizes(module: Module) -> Mapping[str, int]:
    return {crate.name or UNATTRIBUTED: crate.size for crate in module.crates}
