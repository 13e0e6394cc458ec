"""Dependencies renderer: long lists, several versions, other sources, and what is not known, as they read."""

from __future__ import annotations

from ci_wasm.core.dependencies import Dependencies, LockedPackage
from ci_wasm.core.growth import Growth
from ci_wasm.render.growth import growth_fold, growth_lines
from tests.modules import grow, make_measured, make_module

REGISTRY = "registry+https://example.org/index"
CODE = {"kept": 5000}


def locked(*packages: str) -> Dependencies:
    entries = (package.split() for package in packages)
    return Dependencies(
        tuple(
            LockedPackage(name, version, REGISTRY, (), crate[0] if crate else "")
            for name, version, *crate in entries
        )
    )


def growth(*, named: bool = True) -> Growth:
    before: dict[str | None, int] = {"app": 4000, "a": 900, "b": 50, "two": 50}
    after: dict[str | None, int] = {"app": 4000, "a": 400, "b": 90, "two": 70}
    base = make_module(functions=CODE, crates=before if named else {}, named=named)
    head = make_module(functions=CODE, crates=after if named else {}, named=named)
    return grow(
        make_measured(9000, base, dependencies=locked("a 1.0.0 a", "b 1.0.0 b", "two 1.0.0 two", "x 1.0.0")),
        make_measured(
            9000,
            head,
            dependencies=locked(
                "a 1.1.0 a", "b 1.1.0 b", "two 1.0.0 two", "two 2.0.0 two", "x 1.1.0", "y 1.0.0", "z 1.0.0"
            ),
        ),
    )


def test_lines() -> None:
    assert [line for line in growth_lines(growth(), 2) if line.startswith("Cargo.lock")] == [
        "Cargo.lock a 1.0.0 → 1.1.0: −500 B (−55.6 %)",
        "Cargo.lock b 1.0.0 → 1.1.0: +40 B (+80.0 %)",
        "Cargo.lock … and 1 more: +20 B",
        "Cargo.lock, without code of their own in the module: x 1.0.0 → 1.1.0, y 1.0.0 (new), … and 1 more",
    ]
    assert "Cargo.lock two 2.0.0 (new): +20 B (+40.0 %), all versions" in list(growth_lines(growth()))


def test_the_fold_begins_with_the_cause() -> None:
    (fold,) = growth_fold(growth(), 1)

    assert fold.splitlines()[:9] == [
        "<details><summary>What changed: ±0 B in the shipped module</summary>",
        "",
        "`a` 1.0.0 → 1.1.0 saves 500 bytes of code.",
        "",
        "| Cargo.lock | code |",
        "| --- | ---: |",
        "| `a` 1.0.0 → 1.1.0 | −500 B (−55.6 %) |",
        "| … and 2 more | +60 B |",
        "",
    ]


def test_without_names_no_package_is_said_to_have_no_code() -> None:
    line, *_ = growth_lines(growth(named=False))

    assert line.startswith("Cargo.lock, whose code is not known without names: a 1.0.0 → 1.1.0, b ")


def test_what_is_not_known_is_said_even_where_nothing_changed() -> None:
    module = make_module(functions=CODE)
    unreadable = grow(
        make_measured(9000, module, dependencies=Dependencies((), "it is not valid TOML")),
        make_measured(9000, module, dependencies=Dependencies(())),
    )

    (fold,) = growth_fold(unreadable, 10)

    sentence = "The Cargo.lock of the base cannot be read: it is not valid TOML."
    assert sentence in fold
    assert list(growth_lines(unreadable)) == [sentence]
