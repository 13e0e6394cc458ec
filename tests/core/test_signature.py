"""Signature: types as one line of text, and patterns of such lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.module import ExternType, FuncType, GlobalType, MemoryType, TableType, TagType
from ci_wasm.core.pattern import SignatureError, matches, parse_pattern, print_pattern
from ci_wasm.core.signature import print_type

VALUE_TYPES = st.sampled_from(
    [
        "i32",
        "i64",
        "f32",
        "f64",
        "v128",
        "funcref",
        "externref",
        "(ref null 3)",
        "(ref func)",
        "(ref null (shared any))",
    ]
)
LISTS = st.lists(VALUE_TYPES, max_size=4).map(tuple)
LIMITS = st.tuples(st.integers(0, 2**32), st.none() | st.integers(0, 2**32))
TYPES: st.SearchStrategy[ExternType] = st.one_of(
    st.builds(FuncType, LISTS, LISTS),
    st.builds(
        lambda limits, shared, wide, page: MemoryType(limits[0], limits[1], shared, wide, page),
        LIMITS,
        st.booleans(),
        st.booleans(),
        st.sampled_from([1, 65536]),
    ),
    st.builds(
        lambda element, limits, wide, shared: TableType(element, limits[0], limits[1], wide, shared),
        VALUE_TYPES,
        LIMITS,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(GlobalType, VALUE_TYPES, st.booleans(), st.booleans()),
    st.builds(lambda params: TagType(params, ()), LISTS),
)


@given(TYPES)
def test_what_is_printed_parses_to_a_pattern_of_that_type(type_: ExternType) -> None:
    assert matches(parse_pattern(print_type(type_)), type_)


@given(TYPES, TYPES)
def test_what_is_printed_matches_no_other_type(one: ExternType, other: ExternType) -> None:
    assert matches(parse_pattern(print_type(one)), other) == (one == other)


@given(TYPES)
def test_a_pattern_prints_as_it_was_written(type_: ExternType) -> None:
    text = print_type(type_)

    assert print_pattern(parse_pattern(print_pattern(parse_pattern(text)))) == print_pattern(
        parse_pattern(text)
    )


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (FuncType((), ()), "() -> ()"),
        (FuncType(("i32", "i32"), ("i32",)), "(i32, i32) -> i32"),
        (FuncType(("i64",), ("i32", "f64")), "(i64) -> (i32, f64)"),
        (FuncType((), ("(ref null 3)",)), "() -> ((ref null 3))"),
        (FuncType(("(ref func)", "v128"), ()), "((ref func), v128) -> ()"),
        (MemoryType(17, None), "memory min=17 max=none"),
        (MemoryType(1, 2, shared=True, memory64=True), "memory min=1 max=2 shared i64"),
        (MemoryType(1, None, page_size=1), "memory min=1 max=none page-size=1"),
        (TableType("funcref", 1, 1), "table funcref min=1 max=1"),
        (GlobalType("i32", False), "global i32"),
        (GlobalType("i64", True), "global mut i64"),
        (TagType(("i32",), ()), "tag (i32)"),
    ],
)
def test_the_line_of_a_type(type_: ExternType, text: str) -> None:
    assert print_type(type_) == text


@pytest.mark.parametrize(
    ("pattern", "type_", "expected"),
    [
        ("memory min<=17", MemoryType(17, None), True),
        ("memory min<=17", MemoryType(18, None), False),
        ("memory min<=17 max=none", MemoryType(1, 5), False),
        ("memory max<=100", MemoryType(1, None), False),
        ("memory max>=100", MemoryType(1, None), True),
        ("memory", MemoryType(1, 1), True),
        ("memory", MemoryType(1, 1, shared=True), False),
        ("memory shared", MemoryType(1, 1, shared=True), True),
        ("memory", TableType("funcref", 1, 1), False),
        ("table", TableType("externref", 1, None), True),
        ("table funcref", TableType("externref", 1, None), False),
        ("table funcref min<=1", TableType("funcref", 1, None), True),
        ("(i32)->i32", FuncType(("i32",), ("i32",)), True),
        ("( i32 , i32 )  ->  ( i32 )", FuncType(("i32", "i32"), ("i32",)), True),
        ("(i32) -> i32", FuncType(("i32",), ("i64",)), False),
        ("(i32) -> i32", GlobalType("i32", False), False),
    ],
)
def test_what_a_pattern_matches(pattern: str, type_: ExternType, expected: bool) -> None:
    assert matches(parse_pattern(pattern), type_) is expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no signature"),
        ("i32 -> i32", "is no signature"),
        ("(i32, i32)", "`->` and the results are missing"),
        ("(i32 -> i32", "a parenthesis that is not closed"),
        ("(i32) ->", "no results after"),
        ("(int) -> i32", "`int` is no value type"),
        ("(i32,) -> i32", "is no value type"),
        ("(i32) -> (i32) -> i32", "stands after the closing parenthesis"),
        ("memory min<17", "says nothing about a memory"),
        ("memory min<=none", "every memory has a minimum"),
        ("memory 17", "`17` says nothing about a memory"),
        ("table i33", "says nothing about a table"),
        ("global", "is no value type"),
        ("global var i32", "is no value type"),
        ("tag i32", "should be a list in parentheses"),
    ],
)
def test_what_is_no_signature_says_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(SignatureError) as caught:
        parse_pattern(text)

    assert words in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_signature_or_an_error(text: str) -> None:
    try:
        parse_pattern(text)
    except SignatureError:
        return
