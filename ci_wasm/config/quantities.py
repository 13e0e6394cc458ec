"""Quantities: sizes and growth limits as people write them. text or number -> int or GrowthLimit.

`900 KiB`, `1.5 MB`, `512` (bytes); for growth also `2%`. KB and MB are powers of 1,000, KiB and MiB of 1,024.
"""

from __future__ import annotations

import re

from ci_wasm.core.budget import GrowthLimit

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
_SIZE = re.compile(r"(\d+(?:[_,]\d+)*(?:\.\d+)?)\s*([A-Za-z]*)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def parse_size(value: int | str) -> int:
    """Bytes (or a count); raises ValueError that says what is wrong."""
    if isinstance(value, int):
        if value < 0:
            raise ValueError(f"{value} is negative; a limit is 0 or more")
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None or match.group(2).upper() not in _UNITS:
        raise ValueError(f"`{value}` is no size; write a number with B, KB, KiB, MB or MiB, as in `900 KiB`")
    number = match.group(1).replace("_", "").replace(",", "")
    return int(float(number) * _UNITS[match.group(2).upper()])


def parse_growth(value: int | str) -> GrowthLimit:
    """A growth limit in bytes or percent; raises ValueError."""
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        return GrowthLimit(percent=float(match.group(1)))
    if isinstance(value, str) and value.strip().endswith("%"):
        raise ValueError(f"`{value}` is no percentage; write it as in `2%` or `0.5%`")
    return GrowthLimit(amount=parse_size(value))
