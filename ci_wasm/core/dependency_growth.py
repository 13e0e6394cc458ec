"""Dependency growth: what a change of Cargo.lock did to the code. (base, head) -> DependencyGrowth of each package.

Code is charged to the crate that defines it. So what a package makes of generic code of others counts as theirs, and
inlined code as that of the crate it was inlined into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ci_wasm.core.dependencies import (
    DependencyChange,
    LockedPackage,
    dependency_changes,
    need_changes,
)
from ci_wasm.core.matching import Delta
from ci_wasm.core.measurement import Measurement


class DependencyGrowth(Struct, frozen=True):
    """A changed package and the code of its crate; `code` is None where the module has none of it, or has no names.

    `shared` says that other versions of the package are in the module too: the bytes are those of all of them together.
    """

    change: DependencyChange
    code: Delta | None
    shared: bool = False


def dependency_growth(base: Measurement, head: Measurement) -> tuple[DependencyGrowth, ...]:
    """Every package that Cargo.lock changed: by absolute growth, then by name; those without code in the module last.

    Those that are the same and only needed by others are among them; what is under these, where its code is not the same.
    """
    if base.dependencies is None or head.dependencies is None or dependency_note(base, head):
        return ()
    before, after = _side(base), _side(head)
    changes = dependency_changes(base.dependencies, head.dependencies)
    grown = [_grown(change, before, after) for change in changes]
    needs = need_changes(base.dependencies, head.dependencies)
    same = [_grown(change, before, after) for change in needs]
    grown += [each for each in same if not each.change.under or (each.code and each.code.bytes)]
    return tuple(sorted(grown, key=_order))


def code_bytes(grown: Iterable[DependencyGrowth]) -> int:
    """How much code all of them brought: of each crate once, because its versions have one number together."""
    return sum({each.code.name: each.code.bytes for each in grown if each.code}.values())


def own_code_is_same(base: Measurement, head: Measurement) -> bool:
    """Whether the repository's own packages have code in the module, and as many bytes of it as before, in each of them."""
    before, after = _own_code(base), _own_code(head)
    return before == after and any(before.values())


def dependency_note(base: Measurement, head: Measurement) -> str:
    """Why it is not known what changed in Cargo.lock, in a sentence; empty where it is known, or where there is none."""
    for side, measurement in (("base", base), ("head", head)):
        if measurement.dependencies and measurement.dependencies.problem:
            return f"The Cargo.lock of the {side} cannot be read: {measurement.dependencies.problem}."
    if base.dependencies is None and head.dependencies is not None:
        return "What changed in Cargo.lock is not known: the base was recorded without it."
    return ""


def _own_code(measurement: Measurement) -> Mapping[str, int]:
    packages = measurement.dependencies.packages if measurement.dependencies else ()
    own = {package.crate for package in packages if package.crate and not package.source}
    return {crate.name: crate.size for crate in measurement.module.crates if crate.name in own}


class _Side(Struct, frozen=True):
    """The bytes of each crate in a module, and how many packages became a crate of a name."""

    sizes: Mapping[str | None, int]
    packages: Mapping[str, int]

    def code(self, package: LockedPackage | None) -> int | None:
        return self.sizes.get(package.crate) if package and package.crate else None


def _side(measurement: Measurement) -> _Side:
    packages = measurement.dependencies.packages if measurement.dependencies else ()
    sizes = {crate.name: crate.size for crate in measurement.module.crates}
    return _Side(sizes, Counter(package.crate for package in packages if package.crate))


def _grown(change: DependencyChange, before: _Side, after: _Side) -> DependencyGrowth:
    crate = change.crate
    shared = max(before.packages.get(crate, 0), after.packages.get(crate, 0)) > 1
    if shared:
        code = Delta(crate, before.sizes.get(crate), after.sizes.get(crate))
    else:
        code = Delta(crate, before.code(change.before), after.code(change.after))
    if code.before is None and code.after is None:
        return DependencyGrowth(change, None)
    return DependencyGrowth(change, code, shared)


def _order(grown: DependencyGrowth) -> tuple[bool, int, str]:
    return (grown.code is None, -abs(grown.code.bytes if grown.code else 0), grown.change.name)
