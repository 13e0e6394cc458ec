"""Quantities: sizes and growth limits as people write them."""

from __future__ import annotations

import pytest

from ci_wasm.config.quantities import parse_growth, parse_size
from ci_wasm.core.budget import GrowthLimit


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
        ("2%", GrowthLimit(percent=2.0)),
        ("0.5 %", GrowthLimit(percent=0.5)),
        ("1 KiB", GrowthLimit(amount=1024)),
        (0, GrowthLimit(amount=0)),
    ],
)
def test_growth_limits(text: int | str, expected: GrowthLimit) -> None:
    assert parse_growth(text) == expected


@pytest.mark.parametrize("text", ["-2%", "%", "two %", "-1"])
def test_what_is_no_growth_limit_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no"):
        parse_growth(text)


@pytest.mark.parametrize(
    ("limit", "base", "allowed"),
    [
        (GrowthLimit(percent=2.0), 1000, 1020),
        (GrowthLimit(percent=0.0), 1000, 1000),
        (GrowthLimit(amount=24), 1000, 1024),
        (GrowthLimit(percent=50.0), 0, 0),
    ],
)
def test_what_a_growth_limit_allows(limit: GrowthLimit, base: int, allowed: int) -> None:
    assert limit.allowed(base) == allowed
