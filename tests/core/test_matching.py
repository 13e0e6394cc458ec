"""Matching: which functions of two modules are the same, as tables and properties."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.growth import Smaller
from tests.modules import READER, grow, make_measured, make_module

NAMES = st.sampled_from(["a", "b", "c#1", "c#2", "d", "e"])
SIZES = st.dictionaries(NAMES, st.integers(1, 500), min_size=1)
PRINTS = st.dictionaries(NAMES, st.sampled_from(["p", "q", "r"]))

Row = tuple[str, int | None, int | None, str | None]


@pytest.mark.parametrize(
    ("base", "head", "prints", "expected"),
    [
        ({"a": 40}, {"a": 41}, {}, [("a", 40, 41, None)]),
        # Renamed: the same body, one byte longer for an index.
        ({"a": 40}, {"b": 41}, {"a": "p", "b": "p"}, [("b", 40, 41, "a")]),
        ({"a": 40}, {"b": 40}, {"a": "p", "b": "q"}, [("a", 40, None, None), ("b", None, 40, None)]),
        # Small bodies have no fingerprint: two of a size are no sign.
        ({"a": 9}, {"b": 9}, {}, [("a", 9, None, None), ("b", None, 9, None)]),
        # The name counts more than the body.
        ({"a": 40, "b": 50}, {"a": 50, "b": 40}, {"a": "p", "b": "p"}, [("a", 40, 50, None), ("b", 50, 40, None)]),
        # Copied, not renamed: the name is still there.
        ({"a": 40}, {"a": 40, "b": 40}, {"a": "p", "b": "p"}, [("a", 40, 40, None), ("b", None, 40, None)]),
        # Duplicates are one group, also when they are renamed.
        ({"a#1": 40, "a#2": 50}, {"b#1": 50, "b#2": 40}, {"a#1": "p", "a#2": "q", "b#1": "q", "b#2": "p"}, [("b", 90, 90, "a")]),
        ({"a#1": 40, "a#2": 9}, {"b#1": 40, "b#2": 9}, {"a#1": "p", "b#1": "p"}, [("a", 49, None, None), ("b", None, 49, None)]),
        # wasm-bindgen numbers duplicates, in whatever order they come.
        ({"a[1]": 40, "a[2]": 50}, {"a": 50, "a[1]": 41, "a[13]": 9}, {}, [("a", 90, 100, None)]),
        # LLVM, too, behind a dot; other names may have dots.
        ({"a.1": 40, "a.2": 50, "b.c": 9}, {"a.7": 50, "a": 41, "b.d": 9}, {}, [("a", 90, 91, None), ("b.c", 9, None, None), ("b.d", None, 9, None)]),
        # Several with one body go by name, and what is left over is new.
        (
            {"a": 40, "b": 40},
            {"x": 40, "y": 40, "z": 40},
            dict.fromkeys("abxyz", "p"),
            [("x", 40, 40, "a"), ("y", 40, 40, "b"), ("z", None, 40, None)],
        ),
    ],
)  # fmt: skip
def test_what_matches(
    base: Mapping[str, int], head: Mapping[str, int], prints: Mapping[str, str], expected: list[Row]
) -> None:
    matching = READER.match(
        make_module(functions=base, fingerprints=prints), make_module(functions=head, fingerprints=prints)
    )

    assert matching is not None
    found = [(delta.name, delta.before, delta.after, delta.renamed_from) for delta in matching.functions]
    assert sorted(found, key=str) == sorted(expected, key=str)


@given(SIZES, PRINTS, SIZES, PRINTS)
def test_every_byte_is_on_one_line(
    base: dict[str, int], base_prints: dict[str, str], head: dict[str, int], head_prints: dict[str, str]
) -> None:
    before = make_module(functions=base, fingerprints=base_prints)
    after = make_module(functions=head, fingerprints=head_prints)
    matching, reverse = READER.match(before, after), READER.match(after, before)

    assert matching is not None
    assert reverse is not None
    assert sum(delta.before or 0 for delta in matching.functions) == before.functions.size
    assert sum(delta.after or 0 for delta in matching.functions) == after.functions.size
    assert (matching.share, len(matching.functions)) == (reverse.share, len(reverse.functions))
    assert 0 <= matching.share <= 1


@given(SIZES, PRINTS)
def test_a_module_is_all_itself(functions: dict[str, int], prints: dict[str, str]) -> None:
    module = make_module(functions=functions, fingerprints=prints)
    growth = grow(make_measured(1, module), make_measured(1, module))

    assert (growth.functions, growth.renamed, growth.smaller, growth.matched) == ((), (), Smaller(0, 0), 1)


@pytest.mark.parametrize(
    ("base", "head", "share", "is_poor"),
    [
        ({"a": 100}, {"a": 100}, 1, False),
        # A module that only grows or only shrinks is well matched.
        ({"a": 100}, {"a": 100, "b": 900}, 1, False),
        ({"a": 100, "b": 900}, {"a": 100}, 1, False),
        ({"a": 100}, {"a": 10_000}, 1, False),
        ({"a": 80, "b": 20}, {"a": 80, "c": 20}, 0.8, False),
        # Inlined: the caller takes in its callees on one side, and others on the other.
        ({"a": 10, "b": 50, "c": 50}, {"a": 60, "c": 10, "d": 40}, 0.182, True),
        ({"a": 100}, {"b": 100}, 0, True),
    ],
)
def test_the_share_that_matches(
    base: Mapping[str, int], head: Mapping[str, int], share: float, is_poor: bool
) -> None:
    growth = grow(
        make_measured(1, make_module(functions=base, crates={"a": 1})),
        make_measured(1, make_module(functions=head, crates={"a": 2})),
    )

    assert (growth.matched, growth.poor_matching) == (share, is_poor)
    assert len(growth.crates) == 1
    if is_poor:
        assert (growth.functions, growth.renamed, growth.smaller) == ((), (), Smaller(0, 0))


def test_small_changes_of_a_large_module_are_noise() -> None:
    base = make_module(functions={"big": 15_000, "a": 100, "b": 100, "c": 100, "d": 900})
    head = make_module(functions={"big": 15_000, "a": 101, "b": 85, "c": 84, "d": 900, "e": 15})

    growth = grow(make_measured(1, base), make_measured(1, head))

    assert [(delta.name, delta.bytes) for delta in growth.functions] == [("c", -16)]
    assert growth.smaller == Smaller(3, 1)


def test_a_renamed_function_is_no_growth() -> None:
    base = make_module(functions={"a": 100, "b": 40, "c": 60}, fingerprints={"b": "p", "c": "q"})
    head = make_module(functions={"a": 120, "x": 40, "y": 61}, fingerprints={"x": "p", "y": "q"})

    growth = grow(make_measured(1, base), make_measured(1, head))

    assert [delta.name for delta in growth.functions] == ["a"]
    assert [(delta.name, delta.renamed_from, delta.bytes) for delta in growth.renamed] == [
        ("y", "c", 1),
        ("x", "b", 0),
    ]
