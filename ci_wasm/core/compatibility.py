"""Compatibility: what changed for callers and hosts of a module. (base, head) -> changes with their semver weight.

The direction is the module author's: callers use the exports, hosts provide the imports. So a removed export breaks
callers and a new import breaks hosts. (Component tooling that checks a *world* looks from the host's side and decides
the other way round.)

| change                                            | weight |
|---------------------------------------------------|--------|
| export removed, or of another type                | major  |
| export added                                      | minor  |
| limits of an exported memory or table changed     | minor  |
| import added, or of another type                  | major  |
| limits of an imported memory or table relaxed     | minor  |
| import removed                                    | minor  |
| feature of WebAssembly 2.0 newly needed           | minor  |
| later feature newly needed                        | major  |
| feature no longer needed                          | minor  |

A module that is deployed with JavaScript of its own has no other callers and no other host: of it, features alone count.
What it offers and needs then changes with every version of the tool that generates that JavaScript.

WebAssembly 2.0 (https://www.w3.org/TR/wasm-core-2/) is what every host of today runs, and compilers use it unasked:
failing a pull request for it would be noise. `contract.forbid-features` can still forbid any of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from ci_wasm.core.contract import Breaking
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.module import ExternType, MemoryType, Module, TableType
from ci_wasm.core.signature import print_type

WASM_2_FEATURES = frozenset(
    {
        "bulk-memory",
        "multi-value",
        "mutable-globals",
        "reference-types",
        "saturated-float-to-int",
        "sign-extensions",
        "simd",
    }
)


class Weight(Enum):
    """Which part of a semantic version a change must raise (https://semver.org)."""

    MAJOR = "major"
    MINOR = "minor"


class Side(Enum):
    """What a change is about."""

    EXPORT = "export"
    IMPORT = "import"
    FEATURE = "feature"


class Change(Struct, frozen=True):
    """One difference; `before` or `after` is None for what was added or removed. Features carry no signature."""

    side: Side
    name: str
    before: str | None
    after: str | None
    weight: Weight


def compatibility_changes(base: Module, head: Module, *, is_alone: bool = True) -> tuple[Change, ...]:
    """All changes, majors first, then by side and name; not `is_alone` for a module with JavaScript of its own."""
    changes = [*_feature_changes(base, head)]
    if is_alone:
        changes += _type_changes(Side.EXPORT, _exports(base), _exports(head))
        changes += _type_changes(Side.IMPORT, _imports(base), _imports(head))
    return tuple(
        sorted(
            changes, key=lambda change: (change.weight is not Weight.MAJOR, change.side.value, change.name)
        )
    )


def breaking_findings(
    changes: tuple[Change, ...], breaking: Breaking, already: frozenset[str]
) -> list[Finding]:
    """Findings for the major changes; `already` holds subjects that the contract has reported, not said twice."""
    if breaking is Breaking.ALLOW:
        return []
    severity = Severity.ERROR if breaking is Breaking.FAIL else Severity.WARNING
    return [
        Finding(
            FindingKind.BREAKING_CHANGE,
            severity,
            change.name,
            f"against the base, {describe(change)}, which breaks its {'users' if change.side is Side.EXPORT else 'hosts'}",
            "Keep the old interface beside the new one, or release a new major version and set "
            "`contract.breaking: allow` for it in ci-wasm.yml.",
        )
        for change in changes
        if change.weight is Weight.MAJOR and change.name not in already
    ]


def describe(change: Change) -> str:
    """The change in words, as in "the export `add` changed from `(i32) -> i32` to `(i64) -> i64`"."""
    subject = f"the {change.side.value} `{change.name}`"
    if change.side is Side.FEATURE:
        return f"{subject} is {'newly' if change.before is None else 'no longer'} needed"
    if change.before is None:
        return f"{subject}: `{change.after}` was added"
    if change.after is None:
        return f"{subject}: `{change.before}` was removed"
    return f"{subject} changed from `{change.before}` to `{change.after}`"


def _exports(module: Module) -> dict[str, ExternType]:
    return {export.name: export.type for export in module.exports}


def _imports(module: Module) -> dict[str, ExternType]:
    return {f"{entry.module}.{entry.name}": entry.type for entry in module.imports}


def _type_changes(
    side: Side, base: Mapping[str, ExternType], head: Mapping[str, ExternType]
) -> Iterator[Change]:
    removed, added = (Weight.MAJOR, Weight.MINOR) if side is Side.EXPORT else (Weight.MINOR, Weight.MAJOR)
    for name in base.keys() | head.keys():
        before, after = base.get(name), head.get(name)
        if before == after:
            continue
        if after is None:
            weight = removed
        elif before is None:
            weight = added
        else:
            only_limits = _without_limits(before) == _without_limits(after)
            harmless = only_limits and (side is Side.EXPORT or _accepts_more(before, after))
            weight = Weight.MINOR if harmless else Weight.MAJOR
        yield Change(side, name, _line(before), _line(after), weight)


def _line(type_: ExternType | None) -> str | None:
    return None if type_ is None else print_type(type_)


def _without_limits(type_: ExternType) -> ExternType:
    if isinstance(type_, MemoryType | TableType):
        return replace(type_, minimum=0, maximum=None)
    return type_


def _accepts_more(before: ExternType, after: ExternType) -> bool:
    """Whether every memory or table that fitted still fits (https://webassembly.github.io/spec/core/valid/matching.html)."""
    if not (isinstance(before, MemoryType | TableType) and isinstance(after, MemoryType | TableType)):
        return False
    smaller = after.minimum <= before.minimum
    return smaller and (
        after.maximum is None or (before.maximum is not None and after.maximum >= before.maximum)
    )


def _feature_changes(base: Module, head: Module) -> Iterator[Change]:
    for feature in set(base.features) ^ set(head.features):
        added = feature in head.features
        yield Change(
            Side.FEATURE,
            feature,
            None if added else feature,
            feature if added else None,
            Weight.MAJOR if added and feature not in WASM_2_FEATURES else Weight.MINOR,
        )
