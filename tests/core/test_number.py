"""Numbers: their spellings, ranges, and which two are the same."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.number import is_number, is_same, number_problem, spell_number, ulp_distance


@pytest.mark.parametrize(
    ("type_", "text", "spelled"),
    [
        ("i32", "5", "5"),
        ("i32", "+5", "5"),
        ("i32", "-0", "0"),
        ("i32", "0xFFFFFFFF", "-1"),
        ("i32", "4294967295", "-1"),
        ("i32", "-2147483648", "-2147483648"),
        ("i64", "18446744073709551615", "-1"),
        ("i64", "9223372036854775807", "9223372036854775807"),
        ("f32", "0.1", "0.1"),
        ("f32", "0.10000000149011612", "0.1"),
        ("f32", "16777217", "16777216.0"),
        ("f32", "3.4028235e38", "3.4028235e+38"),
        ("f32", "1e-46", "0.0"),
        ("f64", "0.1", "0.1"),
        ("f64", "5", "5.0"),
        ("f64", "-0.0", "-0.0"),
        ("f64", ".5e1", "5.0"),
        ("f64", "Infinity", "inf"),
        ("f64", "-INF", "-inf"),
        ("f64", "-nan", "nan"),
    ],
)
def test_spellings(type_: str, text: str, spelled: str) -> None:
    assert is_number(text)
    assert number_problem(type_, text) == ""
    assert spell_number(type_, text) == spelled


@pytest.mark.parametrize(
    ("type_", "text", "problem"),
    [
        ("i32", "4294967296", "is out of the range of i32"),
        ("i32", "-2147483649", "is out of the range of i32"),
        ("i64", "18446744073709551616", "is out of the range of i64"),
        ("i64", "9" * 399, "is out of the range of i64"),
        ("f32", "1e39", "is out of the range of f32"),
        ("f32", "3.4028236e38", "is out of the range of f32"),
        ("f64", "1e309", "is out of the range of f64"),
        ("i32", "1.0", "is no i32"),
        ("i32", "nan", "is no i32"),
        ("i32", "1_000", "is no i32"),
        ("i32", "٣", "is no i32"),
        ("i32", "", "is no i32"),
        ("i64", "9" * 401, "is no i64"),
        ("f64", "0x10", "is no f64"),
        ("f64", " 1", "is no f64"),
        ("f64", "1e", "is no f64"),
    ],
)
def test_what_is_no_value(type_: str, text: str, problem: str) -> None:
    assert problem in number_problem(type_, text)


@pytest.mark.parametrize(
    ("type_", "expected", "actual", "ulp", "same"),
    [
        ("i32", "1", "1", None, True),
        ("i64", "9007199254740992", "9007199254740993", 5, False),
        ("f64", "nan", "nan", None, True),
        ("f64", "nan", "1.0", 1000, False),
        ("f64", "0.0", "-0.0", None, False),
        ("f64", "0.0", "-0.0", 0, True),
        ("f64", "5e-324", "-5e-324", 1, False),
        ("f64", "5e-324", "-5e-324", 2, True),
        ("f64", "inf", "1.7976931348623157e+308", 1, False),
        ("f64", "inf", "inf", 0, True),
        ("f64", "1.0", "1.0000000000000002", None, False),
        ("f64", "1.0", "1.0000000000000002", 1, True),
        ("f32", "1.4142134", "1.4142135", 1, True),
        ("f32", "1.4142133", "1.4142135", 1, False),
    ],
)
def test_which_values_are_the_same(
    type_: str, expected: str, actual: str, ulp: int | None, same: bool
) -> None:
    assert is_same(type_, expected, actual, ulp) is same
    assert is_same(type_, actual, expected, ulp) is same


@given(st.floats(width=32))
def test_every_f32_has_a_spelling_that_reads_back(value: float) -> None:
    spelled = spell_number("f32", repr(value))

    back = struct.unpack("<f", struct.pack("<f", float(spelled)))[0]
    assert math.isnan(value) if math.isnan(back) else struct.pack("<f", back) == struct.pack("<f", value)
    assert spell_number("f32", spelled) == spelled


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 100))
def test_the_distance_counts_steps(value: float, steps: int) -> None:
    other = value
    for _ in range(steps):
        other = math.nextafter(other, math.inf)

    if math.isfinite(other):
        # Both zeros are one place on the line.
        crossed = value < 0 <= other or (value == 0 and math.copysign(1, value) < 0 < other)
        assert steps - ulp_distance("f64", value, other) in ({0, 1} if crossed else {0})


@given(st.text(max_size=20))
def test_any_text_is_a_value_or_has_a_reason(text: str) -> None:
    for type_ in ("i32", "i64", "f32", "f64"):
        if not number_problem(type_, text):
            assert number_problem(type_, spell_number(type_, text)) == ""
