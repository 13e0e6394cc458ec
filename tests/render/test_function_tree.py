"""Function tree: places, sums and size, also for modules that are too large to be shown whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_wasm.core.module import Crate, Function, Module
from ci_wasm.render.function_tree import function_place, make_function_tree
from ci_wasm.render.page_text import page_bytes
from tests.modules import make_module

NAMES = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(["core", "fmt", "num", "a", "Vec<T>", "{closure}", "<impl X>", "<<<<&&"]), max_size=40
    ).map("::".join),
)
# A name, its crate, and its bytes before and after (0: not there).
ROWS = st.lists(
    st.tuples(NAMES, st.sampled_from([None, "core", "a", "<&>"]), st.integers(0, 5000), st.integers(0, 5000)),
    max_size=80,
)


@pytest.mark.parametrize(
    ("crate", "name", "place"),
    [
        ("core", "core::fmt::write", (("core", "fmt"), "write")),
        ("app", "app::main", (("app",), "main")),
        ("app", "app::run::{{closure}}", (("app",), "run::{{closure}}")),
        (
            "core",
            "core::ptr::drop_in_place::<alloc::string::String>",
            (("core", "ptr"), "drop_in_place::<alloc::string::String>"),
        ),
        (
            "core",
            "core::fmt::num::imp::<impl core::fmt::Display for i64>::fmt",
            (("core", "fmt", "num", "imp"), "<impl core::fmt::Display for i64>::fmt"),
        ),
        (
            "alloc",
            "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
            (("alloc", "vec"), "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop"),
        ),
        ("serde", "<T as serde::de::Deserialize>::f", (("serde", "de"), "<T as serde::de::Deserialize>::f")),
        ("js_sys", "_RNvNv_shim", (("js_sys",), "_RNvNv_shim")),
        (None, "BrotliDecoderDecompress", (("(unattributed)",), "BrotliDecoderDecompress")),
        (None, "v8::internal::Run(int)", (("(unattributed)", "v8", "internal"), "Run(int)")),
        ("a", "::".join(["a"] * 300), (("a",) * 12, "::".join(["a"] * 288))),
    ],
)
def test_a_function_is_placed_by_its_name(crate: str | None, name: str, place: object) -> None:
    assert function_place(Function(0, name, None, crate, 1)) == place


@given(ROWS, st.integers(0, 4000), st.integers(0, 80), st.integers(0, 80))
def test_the_tree_adds_up_whatever_is_cut(
    rows: Sequence[tuple[str, str | None, int, int]], limit: int, head_cut: int, base_cut: int
) -> None:
    base = module([(name, crate, before) for name, crate, before, _ in rows], base_cut)
    head = module([(name, crate, after) for name, crate, _, after in rows], head_cut)

    leaves = list(leaves_of(make_function_tree(head, base, limit).plain()))

    assert sum(leaf[1] or 0 for leaf in leaves) == head.functions.size
    assert sum(leaf[2] or 0 for leaf in leaves) == base.functions.size
    assert sum(change_of(leaf) for leaf in leaves) == head.functions.size - base.functions.size


@given(ROWS, st.integers(0, 4000))
@example([("<" * 500, "<&>" * 1, 1, 2)] * 3, 400)
def test_the_tree_takes_no_more_than_its_bytes(
    rows: Sequence[tuple[str, str | None, int, int]], limit: int
) -> None:
    base = module([(name, crate, before) for name, crate, before, _ in rows])
    head = module([(name, crate, after) for name, crate, _, after in rows])

    # What remains where nothing fits: the root's own brackets and the sum of everything.
    assert page_bytes(make_function_tree(head, base, limit).plain()) <= limit + 60


@settings(max_examples=5)
@given(st.text(min_size=1, max_size=200), st.integers(1, 40))
@example("<", 8)
def test_thirty_thousand_functions_fit(part: str, width: int) -> None:
    rows = [
        (f"app::m{index % 997}::n{index % 31}::{part * width}{index}", "app", 1 + index)
        for index in range(30_000)
    ]

    plain = make_function_tree(module(rows), None, 1_000_000).plain()

    assert page_bytes(plain) <= 1_000_060
    assert sum(leaf[1] or 0 for leaf in leaves_of(plain)) == sum(size for _, _, size in rows)


def test_what_changed_comes_before_what_is_only_large() -> None:
    base = module([(f"a::f{index}", "a", 1000) for index in range(100)] + [("a::small", "a", 40)])
    head = module([(f"a::f{index}", "a", 1000) for index in range(100)] + [("a::small", "a", 240)])

    shown = [leaf[0] for leaf in leaves_of(make_function_tree(head, base, 400).plain())]

    assert "small" in shown
    assert any(isinstance(label, int) for label in shown)


def test_a_function_below_a_recorded_bases_cut_is_not_called_new() -> None:
    before = module([("a::large", "a", 500), ("a::small", "a", 90)], 1)
    after = module([("a::large", "a", 500), ("a::small", "a", 90)])

    leaves = list(leaves_of(make_function_tree(after, before, 10_000).plain()))

    assert ["small", 90, None, 0] in leaves
    assert [change_of(leaf) for leaf in leaves] == [0, 0, 0]


def test_a_renamed_function_is_one_that_stayed() -> None:
    before = module([("a::old", "a", 500), ("a::same[1]", "a", 90), ("a::same[2]", "a", 60)])
    after = module([("a::new", "a", 501), ("a::same", "a", 60), ("a::same[1]", "a", 91)])

    tree = make_function_tree(after, before, 10_000, renamed={"a::old": "a::new"})

    assert sorted(leaves_of(tree.plain())) == [["new", 501, 500], ["same", 151, 150]]


def module(rows: Sequence[tuple[str, str | None, int]], cut: int | None = None) -> Module:
    """A module of these functions; `cut` keeps that many of the largest, as a recorded base does."""
    functions = [
        Function(index, name, None, crate, size) for index, (name, crate, size) in enumerate(rows) if size
    ]
    functions.sort(key=lambda function: -function.size)
    crates: Counter[str | None] = Counter()
    for _, crate, size in rows:
        crates[crate] += size
    made = make_module()
    return replace(
        made,
        largest=tuple(functions[:cut]),
        crates=tuple(Crate(name, size, 1) for name, size in crates.items()),
        functions=replace(
            made.functions, count=len(functions), size=sum(function.size for function in functions)
        ),
    )


def leaves_of(plain: Any) -> Iterator[list[Any]]:
    for item in plain[1]:
        if isinstance(item[1], list):
            yield from leaves_of(item)
        else:
            yield item


def change_of(leaf: list[Any]) -> int:
    return int(leaf[3] if len(leaf) > 3 else leaf[1] - leaf[2])
