"""Cause: the change of Cargo.lock that explains a change of size, where one clearly does. Growth -> Cause.

A package seldom comes alone, so what came with it counts as its own: of `regex` itself there are a few kilobytes, of
the packages under it hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from ci_wasm.core.dependencies import LockedPackage, describe_versions
from ci_wasm.core.dependency_growth import DependencyGrowth, code_bytes
from ci_wasm.core.growth import Growth


class Cause(Struct, frozen=True):
    """`sentence` says what changed and how many `bytes` of code that brought; negative where it took them away."""

    sentence: str
    bytes: int


def growth_cause(growth: Growth) -> Cause | None:
    """What brought, or took, at least half of the code that came or went; None where no change of Cargo.lock did.

    Where the repository's own code is the same, a change of Cargo.lock that has all others under it did all of it: also what
    it makes of others' code, the standard library's included.

    Where the functions of the two sides do not match, other settings cut the same code otherwise, and no package is to
    blame for it.
    """
    total = sum(delta.bytes for delta in growth.crates)
    if growth.poor_matching or not total:
        return None
    foreign = [each for each in growth.dependencies if not _is_own(each)]
    if growth.own_is_same and (only := _only_change(growth, foreign, total)):
        return only
    together = _Group(None, tuple(foreign))
    for groups in (list(_groups(foreign)), [together]):
        clear = [group for group in groups if group.bytes * total > 0 and 2 * abs(group.bytes) >= abs(total)]
        if clear:
            best = max(clear, key=lambda group: (abs(group.bytes), group.count))
            return Cause(_sentence(best, best.bytes), best.bytes)
    return None


def _only_change(growth: Growth, foreign: Sequence[DependencyGrowth], total: int) -> Cause | None:
    """The change that has every other one under it. Data is charged to nobody, so it is only put beside the code."""
    for group in _groups(foreign):
        if group.root and not group.root.change.needed_by and len(group.members) == len(foreign):
            data = sum(delta.bytes for delta in growth.sections if delta.name == "data")
            beside = f", beside {data:,} bytes of data" if data > total > 0 else ""
            return Cause(_sentence(group, total) + beside, total)
    return None


class _Group(Struct, frozen=True):
    """Changed packages that belong together: `root`, where there is one, and those that came or went because of it."""

    root: DependencyGrowth | None
    members: tuple[DependencyGrowth, ...]

    @property
    def bytes(self) -> int:
        """How much code they brought together."""
        return code_bytes(self.members)

    @property
    def count(self) -> int:
        """How many of them have code in the module, the root apart."""
        return sum(each.code is not None and each is not self.root for each in self.members)


def _is_own(grown: DependencyGrowth) -> bool:
    """Whether this is a package of the repository with another version number, which is no cause of anything."""
    before, after = grown.change.before, grown.change.after
    return before is not None and after is not None and not (before.source or after.source)


def _groups(changes: Sequence[DependencyGrowth]) -> Iterator[_Group]:
    come = {each.change.after.id: each for each in changes if each.change.after and _came(each)}
    gone = {each.change.before.id: each for each in changes if each.change.before and _went(each)}
    for root in changes:
        under = {**_under(root.change.after, come), **_under(root.change.before, gone)}
        others = (each for each in under.values() if each is not root)
        yield _Group(root, (root, *others))


def _came(grown: DependencyGrowth) -> bool:
    change = grown.change
    return change.before is None or bool(change.needed_by and not change.dropped)


def _went(grown: DependencyGrowth) -> bool:
    return grown.change.after is None or grown.change.dropped


def _under(
    package: LockedPackage | None, changed: Mapping[str, DependencyGrowth]
) -> Mapping[str, DependencyGrowth]:
    """The changed packages that a package needs, and those that they need."""
    found: dict[str, DependencyGrowth] = {}
    waiting = list(package.needs) if package else []
    while waiting:
        name = waiting.pop()
        if name in changed and name not in found:
            found[name] = changed[name]
            change = changed[name].change
            side = change.after or change.before
            waiting += side.needs if side else ()
    return found


def _sentence(group: _Group, size: int) -> str:
    amount = f"{abs(size):,} bytes of code"
    if group.root is None:
        return f"{group.count:,} changed packages of Cargo.lock {'bring' if size > 0 else 'save'} {amount}"
    change, others = group.root.change, _packages(group.count)
    if change.before is None and change.after is not None:
        needed = f", with {others} that it needs" if others else ""
        return f"`{change.name}` {change.after.version} is new and brings {amount}{needed}"
    if change.after is None and change.before is not None:
        needed = f", with {others} that it needed" if others else ""
        return f"`{change.name}` {change.before.version} is gone and takes {amount} along{needed}"
    verb = "brings" if size > 0 else "saves"
    if change.needed_by and change.after:
        needed = f", with {others} that it needs" if others else ""
        now = "is" if change.under else "is no longer" if change.dropped else "is now"
        return f"`{change.name}` {change.after.version} {now} needed by `{change.needed_by}` and {verb} {amount}{needed}"
    needed = f", with {others} that changed with it" if others else ""
    return f"`{change.name}` {describe_versions(change)} {verb} {amount}{needed}"


def _packages(count: int) -> str:
    if not count:
        return ""
    return "another package" if count == 1 else f"{count:,} more packages"
