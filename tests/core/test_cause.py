"""Cause: which change of Cargo.lock a growth is put down to, and the code of every changed package."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from ci_wasm.core.cause import growth_cause
from ci_wasm.core.dependencies import Dependencies, LockedPackage, describe_versions
from ci_wasm.core.growth import Growth
from ci_wasm.core.matching import Delta
from ci_wasm.core.measurement import Measurement
from tests.modules import grow, make_measured, make_module

REGISTRY = "registry+https://example.org/index"
# What each package needs, where it needs something.
NEEDS = {
    "app": ("regex 1.11.1", "image 0.25.0"),
    "regex": ("regex-automata 0.4.0", "memchr 2.0.0"),
    "regex-automata": ("memchr 2.0.0",),
    # With what its tests need, a package of a workspace can come to need itself.
    "knot": ("loop 1.0.0",),
    "loop": ("knot 1.0.0",),
    "image": ("jpeg 0.2.0", "memchr 2.0.0"),
    "adapter": ("icu 2.0.0", "icu-data 2.0.0"),
}


def measured(lock: str, crates: Mapping[str | None, int], *, named: bool = True) -> Measurement:
    """`lock` lists packages as `name version`; those with a star have no part in the module, `app` lies in a folder."""
    return make_measured(
        1000 + sum(crates.values()),
        make_module(crates=crates, named=named, functions={"kept": 10}),
        dependencies=Dependencies(tuple(map(_package, filter(None, lock.split(", "))))),
    )


def _package(entry: str) -> LockedPackage:
    name, version = entry.rstrip("*").split(" ")
    crate = "" if entry.endswith("*") else name.replace("-", "_")
    return LockedPackage(name, version, "" if name == "app" else REGISTRY, NEEDS.get(name, ()), crate)


def grown(base: tuple[str, Mapping[str | None, int]], head: tuple[str, Mapping[str | None, int]]) -> Growth:
    return grow(measured(*base), measured(*head))


APP: Mapping[str | None, int] = {"app": 1000}
REGEX = "regex 1.11.1, regex-automata 0.4.0, memchr 2.0.0"


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        # A new package alone, and one with what it needs.
        (("", APP), ("memchr 2.0.0", {**APP, "memchr": 300}), "`memchr` 2.0.0 is new and brings 300 bytes of code"),
        (
            ("", APP),
            (REGEX, {**APP, "regex": 20, "regex_automata": 30_000, "memchr": 500}),
            "`regex` 1.11.1 is new and brings 30,520 bytes of code, with 2 more packages that it needs",
        ),
        (
            ("memchr 2.0.0", {**APP, "memchr": 500}),
            (REGEX, {**APP, "regex": 20, "regex_automata": 30_000, "memchr": 500}),
            "`regex` 1.11.1 is new and brings 30,020 bytes of code, with another package that it needs",
        ),
        (
            ("", APP),
            ("knot 1.0.0, loop 1.0.0", {**APP, "knot": 20, "loop": 10}),
            "`knot` 1.0.0 is new and brings 30 bytes of code, with another package that it needs",
        ),
        # Most of it is the app's own, or the standard library's.
        (("", APP), ("memchr 2.0.0", {"app": 2000, "memchr": 300}), ""),
        (("", APP), ("memchr 2.0.0", {**APP, "core": 400, "memchr": 300}), ""),
        (("", APP), ("memchr 2.0.0", {**APP, "core": 300, "memchr": 300}), "`memchr` 2.0.0 is new and brings 300 bytes of code"),
        # The app became smaller meanwhile.
        (("", APP), ("memchr 2.0.0", {"app": 900, "memchr": 300}), "`memchr` 2.0.0 is new and brings 300 bytes of code"),
        (("", APP), ("memchr 2.0.0", {"app": 500, "memchr": 300}), ""),
        # Without a change of Cargo.lock, or with one that is not in the module, there is none.
        (("", APP), ("", {"app": 2000}), ""),
        (("", APP), ("", APP), ""),
        (("", APP), ("memchr 2.0.0*", {"app": 2000}), ""),
        # What a new one makes of a package that was there before is the new one's.
        (
            ("jpeg 0.2.0", {**APP, "jpeg": 300}),
            ("image 0.25.0, jpeg 0.2.0", {**APP, "image": 100, "jpeg": 900, "core": 500}),
            "`image` 0.25.0 is new and brings 700 bytes of code, with another package that it needs",
        ),
        (
            ("image 0.25.0, jpeg 0.2.0", {**APP, "image": 100, "jpeg": 900, "core": 500}),
            ("jpeg 0.2.0", {**APP, "jpeg": 300}),
            "`image` 0.25.0 is gone and takes 700 bytes of code along, with another package that it needed",
        ),
        (
            ("jpeg 0.2.0", {**APP, "jpeg": 300}),
            ("image 0.25.0, jpeg 0.2.0", {**APP, "image": 100, "jpeg": 300, "core": 500}),
            "",
        ),
        # An update, alone and with what changed under it.
        (
            ("memchr 1.0.0", {**APP, "memchr": 300}),
            ("memchr 2.0.0", {**APP, "memchr": 350}),
            "`memchr` 1.0.0 → 2.0.0 brings 50 bytes of code",
        ),
        (
            ("image 0.24.0, jpeg 0.1.0", {**APP, "image": 300, "jpeg": 100}),
            ("image 0.25.0, jpeg 0.1.0, memchr 2.0.0", {**APP, "image": 310, "jpeg": 100, "memchr": 90}),
            "`image` 0.24.0 → 0.25.0 brings 100 bytes of code, with another package that changed with it",
        ),
        (
            ("memchr 1.0.0", {**APP, "memchr": 350}),
            ("memchr 2.0.0", {**APP, "memchr": 300}),
            "`memchr` 1.0.0 → 2.0.0 saves 50 bytes of code",
        ),
        # Removed, with what only it needed.
        (
            (REGEX, {**APP, "regex": 20, "regex_automata": 30_000, "memchr": 500}),
            ("memchr 2.0.0", {**APP, "memchr": 500}),
            "`regex` 1.11.1 is gone and takes 30,020 bytes of code along, with another package that it needed",
        ),
        # Many small updates are one cause together.
        (
            ("a 1.0.0, b 1.0.0, c 1.0.0, d 1.0.0*", {**APP, "a": 10, "b": 10, "c": 10}),
            ("a 1.0.1, b 1.0.1, c 1.0.1, d 1.0.1*", {**APP, "a": 20, "b": 21, "c": 22}),
            "3 changed packages of Cargo.lock bring 33 bytes of code",
        ),
        # Two versions of a package have one number together.
        (
            ("syn 1.0.0, syn 2.0.0", {**APP, "syn": 100}),
            ("syn 1.0.1, syn 2.0.1", {**APP, "syn": 150}),
            "`syn` 1.0.0 → 1.0.1 brings 50 bytes of code",
        ),
        # The app's own version number is no cause, even where the app brought it.
        (("app 1.0.0", APP), ("app 1.1.0", {"app": 2000}), ""),
        (
            ("app 1.0.0", APP),
            (f"app 1.1.0, {REGEX}", {"app": 1100, "regex": 20, "regex_automata": 30_000, "memchr": 500}),
            "`regex` 1.11.1 is new and brings 30,520 bytes of code, with 2 more packages that it needs",
        ),
    ],
)  # fmt: skip
def test_the_cause(
    base: tuple[str, Mapping[str | None, int]], head: tuple[str, Mapping[str | None, int]], expected: str
) -> None:
    cause = growth_cause(grown(base, head))

    assert (cause.sentence if cause else "") == expected


def needing(*needs: str, **crates: int) -> Measurement:
    """A lock in which `other` needs regex, and `app` needs what it is told."""
    packages = [_package(entry) for entry in ("other 1.0.0", *REGEX.split(", "))]
    own = LockedPackage("app", "1.0.0", "", needs, "app")
    dependencies = Dependencies((own, replace(packages[0], needs=("regex 1.11.1",)), *packages[1:]))
    sizes = dict(APP) | crates
    return make_measured(1000 + sum(sizes.values()), make_module(crates=sizes), dependencies=dependencies)


OTHER = ("other 1.0.0",)
BOTH = ("other 1.0.0", "regex 1.11.1")


@pytest.mark.parametrize(
    ("base", "head", "cause", "listed"),
    [
        # The app begins to use what only `other` needed before: nothing is new in Cargo.lock but that.
        (
            needing(*OTHER, regex=20, memchr=300),
            needing(*BOTH, regex=50, regex_automata=2000, memchr=300, core=900),
            "`regex` 1.11.1 is now needed by `app` and brings 2,030 bytes of code, with another package that it needs",
            ["regex-automata 0.4.0 (under regex)", "regex 1.11.1 (now needed by app)"],
        ),
        # What hardly grew is not the cause.
        (
            needing(*OTHER, regex=20),
            needing(*BOTH, regex=50, core=900),
            "",
            ["regex 1.11.1 (now needed by app)"],
        ),
        # What is under it and has no other code is not listed.
        (
            needing(*OTHER, regex=20, memchr=300),
            needing(*BOTH, regex=20, memchr=300, core=900),
            "",
            ["regex 1.11.1 (now needed by app)"],
        ),
        # The app stops to use it.
        (
            needing(*BOTH, regex=50, regex_automata=2000),
            needing(*OTHER, regex=20),
            "`regex` 1.11.1 is no longer needed by `app` and saves 2,030 bytes of code, with another package that it needs",
            ["regex-automata 0.4.0 (under regex)", "regex 1.11.1 (no longer needed by app)"],
        ),
        # The app needs one thing instead of another with the same package under both.
        (
            needing("regex-automata 0.4.0", regex=0, regex_automata=10),
            needing("regex 1.11.1", regex=300, regex_automata=10),
            "`regex` 1.11.1 is now needed by `app` and brings 300 bytes of code",
            ["regex 1.11.1 (now needed by app)"],
        ),
        # Two versions of the own package's lock that need the same.
        (needing(*BOTH, regex=20), needing(*BOTH, regex=900), "", []),
    ],
)  # fmt: skip
def test_a_need_of_the_apps_own_may_be_the_cause(
    base: Measurement, head: Measurement, cause: str, listed: list[str]
) -> None:
    growth = grow(base, head)

    found = growth_cause(growth)

    assert (found.sentence if found else "") == cause
    assert [f"{each.change.name} {describe_versions(each.change)}" for each in growth.dependencies] == listed


IDNA = "app 1.0.0, idna 1.0.0, adapter 1.0.0*"
WITH_ICU = "app 1.0.0, idna 1.0.0, adapter 1.2.0*, icu 2.0.0, icu-data 2.0.0*"
USES_IDNA: Mapping[str | None, int] = {**APP, "idna": 100, "core": 500}


@pytest.mark.parametrize(
    ("head", "own", "data", "expected"),
    [
        # Most of it is what the new package makes of others' code, and tables.
        ({"icu": 300, "idna": 350, "core": 900}, 1000, 9000, "`adapter` 1.0.0 → 1.2.0 brings 950 bytes of code, with another package that changed with it, beside 9,000 bytes of data"),
        ({"icu": 300, "idna": 350, "core": 900}, 1000, 900, "`adapter` 1.0.0 → 1.2.0 brings 950 bytes of code, with another package that changed with it"),
        # The app's own code changed, too, be it by a byte: then it is not known who made core larger.
        ({"icu": 300, "idna": 350, "core": 900}, 1001, 9000, ""),
        # Its own code is most of it: what came with that is the rest.
        ({"icu": 800, "core": 600}, 1000, 9000, "`adapter` 1.0.0 → 1.2.0 brings 900 bytes of code, with another package that changed with it, beside 9,000 bytes of data"),
        # It became smaller, which new data does not explain.
        ({"icu": 10, "idna": 20, "core": 300}, 1000, 9000, "`adapter` 1.0.0 → 1.2.0 saves 270 bytes of code, with another package that changed with it"),
        # Another package changed that has nothing to do with it.
        ({"icu": 300, "idna": 350, "core": 900, "memchr": 1}, 1000, 9000, ""),
    ],
)  # fmt: skip
def test_where_the_apps_own_code_is_the_same_the_only_change_is_the_cause(
    head: Mapping[str | None, int], own: int, data: int, expected: str
) -> None:
    lock = f"{WITH_ICU}, memchr 1.0.0" if "memchr" in head else WITH_ICU
    growth = grown((IDNA, USES_IDNA), (lock, {**USES_IDNA, **head, "app": own}))
    growth = replace(growth, sections=(Delta("data", 1000, 1000 + data),))

    cause = growth_cause(growth)

    assert (cause.sentence if cause else "") == expected


def test_a_module_without_own_code_tells_nothing_about_it() -> None:
    base: tuple[str, Mapping[str | None, int]] = (IDNA, {"idna": 100, "core": 500})
    head: tuple[str, Mapping[str | None, int]] = (WITH_ICU, {"icu": 300, "idna": 350, "core": 900})

    assert not grown(base, head).own_is_same
    assert growth_cause(grown(base, head)) is None


def test_other_settings_are_no_packages_fault() -> None:
    base = make_measured(1000, make_module(functions={"a": 900}, crates=APP), dependencies=Dependencies(()))
    head = make_measured(
        9000,
        make_module(functions={"b": 9000}, crates={**APP, "memchr": 8000}),
        dependencies=Dependencies((_package("memchr 2.0.0"),)),
    )

    growth = grow(base, head)

    assert growth.poor_matching
    assert growth_cause(growth) is None
    assert [each.change.name for each in growth.dependencies] == ["memchr"]


def rows(growth: Growth) -> list[tuple[str, int | None, int | None, bool]]:
    return [
        (
            f"{each.change.name} {describe_versions(each.change)}",
            each.code.before if each.code else None,
            each.code.after if each.code else None,
            each.shared,
        )
        for each in growth.dependencies
    ]


def test_every_change_stands_beside_the_code_of_its_crate() -> None:
    growth = grown(
        (
            "tiny 1.0.0, old-one 1.0.0, gone 1.0.0, test 1.0.0*",
            {**APP, "tiny": 7, "old_one": 500, "gone": 60},
        ),
        (
            "tiny 1.0.1, old-one 2.0.0, new 1.0.0, inlined 1.0.0, test 1.0.1*",
            {**APP, "tiny": 7, "old_one": 400, "new": 60},
        ),
    )

    assert rows(growth) == [
        ("old-one 1.0.0 → 2.0.0", 500, 400, False),
        ("gone 1.0.0 (gone)", 60, None, False),
        ("new 1.0.0 (new)", None, 60, False),
        ("tiny 1.0.0 → 1.0.1", 7, 7, False),
        ("inlined 1.0.0 (new)", None, None, False),
        ("test 1.0.0 → 1.0.1", None, None, False),
    ]


def test_versions_that_share_a_crate_say_so() -> None:
    added = grown(("syn 2.0.0", {**APP, "syn": 90}), ("syn 1.0.0, syn 2.0.0", {**APP, "syn": 150}))
    built = grown(("syn 1.0.0*, syn 2.0.0", {"syn": 90}), ("syn 1.0.1*, syn 2.0.1", {"syn": 95}))
    moved = grown(("syn 1.0.0", {"syn": 90}), ("syn 2.0.0", {"syn": 95}))

    assert rows(added) == [("syn 1.0.0 (new)", 90, 150, True)]
    # One of the two is for a macro.
    assert rows(built) == [
        ("syn 2.0.0 → 2.0.1", 90, 95, False),
        ("syn 1.0.0 → 1.0.1", None, None, False),
    ]
    assert rows(moved) == [("syn 1.0.0 → 2.0.0", 90, 95, False)]


def test_what_is_not_known_is_said() -> None:
    known = measured("memchr 2.0.0", {**APP, "memchr": 300})
    broken = make_measured(1000, dependencies=Dependencies((), "it is not valid TOML"))
    none = make_measured(1000)

    notes = {
        (one, other): grow(base, head).dependency_note
        for one, base in (("known", known), ("broken", broken), ("none", none))
        for other, head in (("known", known), ("broken", broken), ("none", none))
    }

    in_base, in_head = (
        f"The Cargo.lock of the {side} cannot be read: it is not valid TOML." for side in ("base", "head")
    )
    assert {pair: note for pair, note in notes.items() if note} == {
        ("known", "broken"): in_head,
        ("broken", "known"): in_base,
        ("broken", "broken"): in_base,
        ("broken", "none"): in_base,
        ("none", "broken"): in_head,
        ("none", "known"): "What changed in Cargo.lock is not known: the base was recorded without it.",
    }
    assert grow(none, known).dependencies == grow(broken, known).dependencies == ()
