"""Quantities: sizes and margins as people write them. text or number -> int or Margin, and sizes back to text.

`900 KiB`, `1.5 MB`, `512` (bytes); a margin is that or `2%`. KB and MB are powers of 1,000, KiB and MiB of 1,024.
"""

from __future__ import annotations

import re

from ci_wasm.core.metric import Margin

_UNITS = {
    "": 1,
    "B": 1,
    "KB": 1000,
    "KIB": 1024,
    "MB": 1000**2,
    "MIB": 1024**2,
    "GB": 1000**3,
    "GIB": 1024**3,
}
_SMALLER = {"KB": "B", "MB": "KB", "GB": "MB", "KIB": "B", "MIB": "KiB", "GIB": "MiB"}
_SIZE = re.compile(r"(\d+(?:[_,]\d+)*)(?:\.(\d+))?(\s*)([A-Za-z]*)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def parse_size(value: int | str) -> int:
    """Bytes (or a count), rounded down; raises ValueError that says what is wrong."""
    if isinstance(value, int):
        if value < 0:
            raise ValueError(f"{value} is negative; a limit is 0 or more")
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None or match[4].upper() not in _UNITS:
        raise ValueError(f"`{value}` is no size; write a number with B, KB, KiB, MB or MiB, as in `900 KiB`")
    # In whole numbers: as a float, 1.001 KB would be 1,000 bytes.
    whole, fraction = match[1].replace("_", "").replace(",", ""), match[2] or ""
    scale: int = 10 ** len(fraction)
    return int(whole + fraction) * _UNITS[match[4].upper()] // scale


def parse_margin(value: int | str) -> Margin:
    """A margin in bytes or percent; raises ValueError."""
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        return Margin(percent=float(match[1]))
    if isinstance(value, str) and value.strip().endswith("%"):
        raise ValueError(f"`{value}` is no percentage; write it as in `2%` or `0.5%`")
    return Margin(amount=parse_size(value))


def parse_percent(value: str) -> float:
    """A percentage alone, `25%`; raises ValueError."""
    match = _PERCENT.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"`{value}` is no percentage; write it as in `25%`")
    return float(match[1])


def write_size(needed: int, like: str) -> str:
    """The lowest readable size of at least `needed` bytes, in the unit of `like`, or in a smaller one for less than one.

    Readable is a multiple of 1, 2 or 5 times a power of ten: of the largest that is no more than 1 % of what is needed. So
    the same text comes out until the need has changed by about that. Raises ValueError where `like` is no size.
    """
    parse_size(like)
    match = _SIZE.fullmatch(like.strip())
    space, unit = (match[3], match[4]) if match else ("", "")
    while needed < _UNITS[unit.upper()] and unit.upper() in _SMALLER:
        unit = _SMALLER[unit.upper()]
    factor = _UNITS[unit.upper()]
    # Everything in thousandths of the unit from here on; a byte has none.
    thousandths = -(-needed * 1000 // factor)
    step = _step(thousandths // 100, 1000 if factor == 1 else 10)
    whole, rest = divmod(-(-thousandths // step) * step, 1000)
    return f"{whole}{f'.{rest:03}'.rstrip('0') if rest else ''}{space}{unit}"


def _step(most: int, least: int) -> int:
    """The largest of 1, 2, 5, 10, 20, … times `least` that is no more than `most`."""
    step = least
    while step * 10 <= most:
        step *= 10
    return max(step, *(step * factor for factor in (2, 5) if step * factor <= most), least)
