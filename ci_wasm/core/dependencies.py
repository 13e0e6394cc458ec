"""Dependencies: the packages that a build was made of, and how two builds differ in them. Cargo.lock -> Dependencies.

Cargo.lock has no specification; its four versions are told apart by how a package names those that it needs (`name`,
`name version` or `name version (source)`): https://doc.rust-lang.org/nightly/nightly-rustc/cargo/core/resolver/encode/
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

_FOLDER = "folder"


class LockedPackage(Struct, frozen=True):
    """One package of a Cargo.lock.

    `source` is as it stands there, empty for a package that lies in a folder. `needs` are the packages that it depends
    on, each as `name version`. `crate` is the name of its library in the module, empty where the build made none for
    it: Cargo.lock also holds what tests, build scripts, macros, other members and other targets need.
    """

    name: str
    version: str
    source: str = ""
    needs: tuple[str, ...] = ()
    crate: str = ""

    @property
    def id(self) -> str:
        """The package as others name it in `needs`."""
        return f"{self.name} {self.version}"


class Dependencies(Struct, frozen=True):
    """The packages of one Cargo.lock; where it could not be understood, none, and `problem` says why."""

    packages: tuple[LockedPackage, ...]
    problem: str = ""


class DependencyChange(Struct, frozen=True):
    """A package that was added (`before` is None), removed (`after` is None), or taken in another version or source.

    With `needed_by` it is the same on both sides, but needed by this package on one of them only: in the head, or, where
    it is `dropped`, in the base. A package of the repository that begins to use what others needed before changes no more
    of Cargo.lock than that, and may bring as much code as a new package. `under` is one that comes below such a package,
    or below a new one.
    """

    before: LockedPackage | None
    after: LockedPackage | None
    needed_by: str = ""
    dropped: bool = False
    under: bool = False

    @property
    def name(self) -> str:
        """The package's name."""
        return next((side.name for side in (self.after, self.before) if side), "")

    @property
    def crate(self) -> str:
        """The name of its library in the module; empty where neither side has one."""
        return next((side.crate for side in (self.after, self.before) if side and side.crate), "")


def parse_lock(text: str) -> Dependencies:
    """Read a Cargo.lock of any version; cargo itself refuses a broken one, so this ends no run."""
    import tomllib

    try:
        document = tomllib.loads(text)
        # Before 2017 the package itself stood apart.
        entries = [*filter(None, [document.get("root")]), *document.get("package", [])]
        versions = _versions(entries)
        return Dependencies(tuple(_package(entry, versions) for entry in entries))
    except tomllib.TOMLDecodeError:
        return Dependencies((), "it is not valid TOML")
    except RecursionError:
        return Dependencies((), "it is nested too deeply")
    except (AttributeError, KeyError, TypeError, ValueError):
        return Dependencies((), "a package in it is not written as cargo writes one")


def name_crates(dependencies: Dependencies, crates: Mapping[str, str]) -> Dependencies:
    """The same packages with the libraries that the build made of them; `crates` is by `name version`."""
    packages = (replace(package, crate=crates.get(package.id, "")) for package in dependencies.packages)
    return replace(dependencies, packages=tuple(packages))


def dependency_changes(base: Dependencies, head: Dependencies) -> tuple[DependencyChange, ...]:
    """What differs, by name. Of a package in several versions, those that are compatible are one another's successors."""
    before, after = _by_name(base.packages), _by_name(head.packages)
    names = sorted(before.keys() | after.keys())
    return tuple(change for name in names for change in _pair(before.get(name, ()), after.get(name, ())))


def need_changes(base: Dependencies, head: Dependencies) -> tuple[DependencyChange, ...]:
    """What is the same on both sides and needed on one only, by a package of the repository; and what is under that.

    So is what a package of any source needs that is on that side only.
    """
    come, gone = _new_needs(base, head), _new_needs(head, base)
    # What is needed on both sides by some way, old or new, is shown once: where it came.
    names = {change.name for change in come}
    left = (
        replace(change, before=change.after, after=change.before, dropped=True)
        for change in gone
        if change.name not in names
    )
    return (*come, *left)


def _new_needs(base: Dependencies, head: Dependencies) -> list[DependencyChange]:
    before = {_identified(package): package for package in base.packages}
    known = {package.id: package for package in head.packages}
    needed = {
        package.name: set(map(_name_of, package.needs)) for package in base.packages if not package.source
    }
    names = {package.name for package in base.packages}
    own = [package for package in head.packages if package.name in needed and not package.source]
    new = [package for package in head.packages if package.name not in names]
    waiting = [
        (need, package.name, package.name not in names)
        for package in (*own, *new)
        for need in package.needs
        if _name_of(need) not in needed.get(package.name, ())
    ]
    found: dict[str, DependencyChange] = {}
    while waiting:
        need, by, under = waiting.pop(0)
        package = known.get(need)
        if package is None or need in found or not package.source or _identified(package) not in before:
            continue
        found[need] = DependencyChange(before[_identified(package)], package, by, under=under)
        waiting += [(deeper, package.name, True) for deeper in package.needs]
    return list(found.values())


def _identified(package: LockedPackage) -> Hashable:
    return (package.name, _identity(package))


def _name_of(need: str) -> str:
    return need.partition(" ")[0]


def describe_versions(change: DependencyChange) -> str:
    """The versions, and the sources where they differ: `1.0.1 → 1.0.2`, `2.0.1 (new)`, `0.1.0 (registry → git 1a2b3c4)`.

    Of a package that is the same, who needs it: `1.0.1 (now needed by app)`, `1.0.1 (under regex)`.
    """
    before, after = change.before, change.after
    if change.needed_by and after:
        how = "under" if change.under else "no longer needed by" if change.dropped else "now needed by"
        return f"{after.version} ({how} {change.needed_by})"
    if before is None or after is None:
        package = after or before
        return f"{package.version if package else ''} ({'new' if before is None else 'gone'})"
    versions = before.version if before.version == after.version else f"{before.version} → {after.version}"
    old, new = _origin(before.source), _origin(after.source)
    if old == new and versions != before.version:
        return versions
    return f"{versions} ({old} → {new if new != old else f'another {new}'})"


def _versions(entries: Iterable[Mapping[str, Any]]) -> Mapping[str, Sequence[str]]:
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries:
        versions[_text(entry["name"])].append(_text(entry["version"]))
    return versions


def _package(entry: Mapping[str, Any], versions: Mapping[str, Sequence[str]]) -> LockedPackage:
    needs = [_text(need).split(" ") for need in entry.get("dependencies", [])]
    return LockedPackage(
        entry["name"],
        entry["version"],
        _text(entry.get("source", "")),
        # A version is left out where there is only one.
        tuple(
            " ".join((need[0], need[1] if need[1:] else next(iter(versions.get(need[0], [""])))))
            for need in needs
        ),
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError


def _by_name(packages: Iterable[LockedPackage]) -> Mapping[str, Sequence[LockedPackage]]:
    named: defaultdict[str, list[LockedPackage]] = defaultdict(list)
    for package in packages:
        named[package.name].append(package)
    return named


def _pair(old: Sequence[LockedPackage], new: Sequence[LockedPackage]) -> list[DependencyChange]:
    """The packages of one name: first those of one line of versions, then whatever is left, in order of versions."""
    kept = {_identity(package) for package in old} & {_identity(package) for package in new}
    gone, come = (
        [each for each in sorted(side, key=_order) if _identity(each) not in kept] for side in (old, new)
    )
    changes: list[DependencyChange] = []
    for line in (_line, _any_line):
        waiting: defaultdict[Hashable, list[LockedPackage]] = defaultdict(list)
        for package in come:
            waiting[line(package)].append(package)
        lines = [line(package) for package in gone]
        partners = [waiting[key].pop(0) if waiting[key] else None for key in lines]
        changes += [DependencyChange(*pair) for pair in zip(gone, partners, strict=True) if pair[1]]
        gone = [package for package, partner in zip(gone, partners, strict=True) if partner is None]
        come = sorted((package for packages in waiting.values() for package in packages), key=_order)
    removed = [DependencyChange(package, None) for package in gone]
    return [*changes, *removed, *(DependencyChange(None, package) for package in come)]


def _identity(package: LockedPackage) -> Hashable:
    return (package.version, _code_origin(package))


def _code_origin(package: LockedPackage) -> str:
    """What tells the code: of git its commit, because versions of Cargo.lock spell the URL before it differently."""
    kind, _, rest = package.source.partition("+")
    commit = rest.partition("#")[2]
    return f"git#{commit}" if kind == "git" and commit else package.source


def _origin(source: str) -> str:
    """Where a package comes from, in one or two words."""
    kind, _, rest = source.partition("+")
    if kind == "git":
        return f"git {rest.partition('#')[2][:7]}".rstrip()
    return "registry" if kind else _FOLDER


def _line(package: LockedPackage) -> Hashable:
    """Versions that cargo holds for compatible: the same up to the first number that is not zero.

    https://doc.rust-lang.org/cargo/reference/resolver.html#semver-compatibility
    """
    numbers = _numbers(package.version)
    leading = next((place for place, number in enumerate(numbers) if number), len(numbers))
    return numbers[: leading + 1]


def _any_line(_: LockedPackage) -> Hashable:
    return None


def _order(package: LockedPackage) -> tuple[tuple[int, ...], str, str]:
    return (_numbers(package.version), package.version, package.source)


def _numbers(version: str) -> tuple[int, ...]:
    """Major, minor and patch; any text may stand in a Cargo.lock, so what is no number is passed over."""
    digits = re.split(r"[-+]", version, maxsplit=1)[0].split(".")
    return tuple(int(part[:18]) for part in digits[:3] if part.isascii() and part.isdigit())
