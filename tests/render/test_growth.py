"""Growth renderer: renamed functions, noise, long lists and poor matching, as they read."""

from __future__ import annotations

from ci_wasm.core.growth import Growth
from ci_wasm.render.growth import growth_fold, growth_lines
from tests.modules import grow, make_measured, make_module

BASE = make_module(
    functions={"big": 15_000, "run": 600, "gone": 300, "tick": 100, "old": 64, "older": 50, "oldest": 40},
    fingerprints={"old": "p", "older": "q", "oldest": "r"},
)
HEAD = make_module(
    functions={"big": 15_000, "run": 900, "fresh": 200, "tick": 103, "new": 65, "newer": 50, "newest": 40},
    fingerprints={"new": "p", "newer": "q", "newest": "r"},
)


def growth() -> Growth:
    return grow(make_measured(20_000, BASE), make_measured(20_204, HEAD))


def test_lines() -> None:
    assert list(growth_lines(growth(), 2)) == [
        "function gone: gone (−300 B)",
        "function run: +300 B (+50.0 %)",
        "function … and 1 more: +200 B",
        "function 1 smaller change: +3 B",
        "renamed new, was old: 65 B (+1 B)",
        "renamed newer, was older: 50 B",
        "renamed … and 1 more: 40 B",
    ]


def test_the_fold() -> None:
    (fold,) = growth_fold(growth(), 2)

    assert fold.splitlines() == [
        "<details><summary>What changed: +204 B in the shipped module</summary>",
        "",
        "| function | change |",
        "| --- | ---: |",
        "| `gone` | gone (−300 B) |",
        "| `run` | +300 B (+50.0 %) |",
        "| … and 1 more | +200 B |",
        "| 1 smaller change | +3 B |",
        "",
        "| renamed function | change |",
        "| --- | ---: |",
        "| `new`, was `old` | 65 B (+1 B) |",
        "| `newer`, was `older` | 50 B |",
        "| … and 1 more | 40 B |",
        "",
        "</details>",
    ]


def test_poor_matching_is_said_and_nothing_invented() -> None:
    other = make_module(functions={"run": 700, "inlined": 9000}, crates={"app": 9700})
    grown = grow(make_measured(20_000, BASE), make_measured(12_000, other))

    caveat, crate = growth_lines(grown)
    (fold,) = growth_fold(grown, 10)

    assert caveat.startswith(
        "Only 6 % of the code has a counterpart on the other side, as after a change of `lto`"
    )
    assert crate == "crate app: new (+9.47 KiB)"
    assert "Only 6 % of the code" in fold
    assert "inlined" not in fold


def test_nothing_changed_nothing_said() -> None:
    same = grow(make_measured(20_000, BASE), make_measured(20_000, BASE))

    assert (list(growth_lines(same)), list(growth_fold(same, 10))) == ([], [])


def test_without_names_it_says_that_functions_are_not_compared() -> None:
    stripped = make_module(functions={"function[0]": 900}, sections={"code": 910}, named=False)
    grown = grow(make_measured(20_000, BASE), make_measured(12_000, stripped))

    caveat, *rest = growth_lines(grown)

    assert caveat.startswith("One of the two modules keeps no function names, so sections are compared")
    assert not [line for line in rest if line.startswith(("function", "renamed"))]
