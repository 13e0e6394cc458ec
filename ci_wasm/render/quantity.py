"""Quantity: numbers as a reader takes them in. int -> text."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes with at most four figures: `812 B`, `1.21 KiB`, `34.2 MiB`."""
    if abs(count) < 1024:
        return f"{count} B"
    value, unit = count / 1024, "KiB"
    if abs(value) >= 1024:
        value, unit = value / 1024, "MiB"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f} {unit}"


def signed_size(count: int) -> str:
    """A change in bytes, with a true minus sign: `+812 B`, `−1.21 KiB`, `±0 B`."""
    if count == 0:
        return "±0 B"
    return f"{'+' if count > 0 else '−'}{size(abs(count))}"


def signed_percent(before: int, after: int) -> str:
    """A relative change: `+3.1 %`, from tenfold on `×32`; empty where there is nothing to relate to, or no change."""
    if before in {0, after}:
        return ""
    if after >= 10 * before:
        return f"×{after / before:.0f}"
    change = (after - before) / before * 100
    return f"{'+' if change > 0 else '−'}{abs(change):.{0 if abs(change) >= 100 else 1}f} %"


def change(before: int | None, after: int | None) -> str:
    """A change as one cell of a table: `new`, `gone`, `±0 B` or `+812 B (+3.1 %)`."""
    if before is None or after is None:
        word = "new" if before is None else "gone"
        return f"{word} ({signed_size((after or 0) - (before or 0))})"
    percent = signed_percent(before, after)
    return f"{signed_size(after - before)} ({percent})" if percent else signed_size(after - before)


def short_sha(commit: str) -> str:
    """A commit as people read it."""
    return commit[:7]
