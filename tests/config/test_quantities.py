"""Quantities: sizes and margins as people write them, and sizes written back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.config.quantities import parse_margin, parse_size, write_size
from ci_wasm.core.metric import Margin


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (0, 0),
        (512, 512),
        ("512", 512),
        ("512 B", 512),
        ("1 KB", 1000),
        ("1 KiB", 1024),
        ("900KiB", 921_600),
        ("1.5 MiB", 1_572_864),
        ("2 mb", 2_000_000),
        ("1_000", 1000),
        ("1,024 B", 1024),
        ("1 GiB", 1024**3),
        ("1.001 KB", 1001),
        ("0.3 KB", 300),
    ],
)
def test_sizes(text: int | str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["-3 KB", -3, "", "KiB", "1 KX", "1 2 KB", "ten", "2%", "0x10", "1e3"])
def test_what_is_no_size_says_so(text: int | str) -> None:
    with pytest.raises(ValueError, match=r"is no size|is negative"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2%", Margin(percent=2.0)),
        ("0.5 %", Margin(percent=0.5)),
        ("1 KiB", Margin(amount=1024)),
        (0, Margin(amount=0)),
    ],
)
def test_margins(text: int | str, expected: Margin) -> None:
    assert parse_margin(text) == expected


@pytest.mark.parametrize("text", ["-2%", "%", "two %", "-1"])
def test_what_is_no_margin_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no"):
        parse_margin(text)


@pytest.mark.parametrize(
    ("margin", "value", "distance"),
    [
        (Margin(percent=2.0), 1000, 20),
        (Margin(percent=0.0), 1000, 0),
        (Margin(amount=24), 1000, 24),
        (Margin(percent=50.0), 0, 0),
        (Margin(percent=1.5), 99, 1),
    ],
)
def test_how_far_a_margin_reaches(margin: Margin, value: int, distance: int) -> None:
    assert margin.of(value) == distance


@pytest.mark.parametrize(
    ("needed", "like", "expected"),
    [
        (831_898, "900 KiB", "815 KiB"),
        (831_000, "900 KiB", "815 KiB"),
        (831_898, "900KiB", "815KiB"),
        (1_300_000, "1.5 MiB", "1.24 MiB"),
        (1_300_000, "2 mb", "1.3 mb"),
        (812, "1024", "815"),
        (99_999, "1_000_000", "100000"),
        # Less than one of the unit: the next smaller one.
        (116, "1 KiB", "116 B"),
        (667_906, "0.7 MB", "670 KB"),
        (2, "3", "2"),
        (0, "5 KB", "0 B"),
    ],
)
def test_a_size_is_written_as_people_would(needed: int, like: str, expected: str) -> None:
    assert write_size(needed, like) == expected


@given(
    st.integers(0, 10**12),
    st.sampled_from(["1", "1 B", "1 KB", "1KiB", "2.5 MB", "1 MiB", "1 GB", "1 GiB", "1_000"]),
)
def test_a_written_size_holds_and_is_close_and_stays(needed: int, like: str) -> None:
    text = write_size(needed, like)
    written = parse_size(text)

    assert needed <= written <= needed + max(1, needed // 100, 10 if needed >= 1000 else 0)
    assert parse_size(write_size(written, text)) == written
