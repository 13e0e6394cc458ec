"""Number: a value of WebAssembly's numeric types, as text. (type, text) -> its one spelling, or why it is none.

JSON's numbers lose 64-bit integers and have no NaN, so values are texts wherever they go: integers in signed decimal,
floats as the shortest decimal that reads back as the same value, and `nan`, `inf`, `-inf`, `-0.0`.

| two values    | are the same                                                                   |
|---------------|--------------------------------------------------------------------------------|
| i32, i64      | where all bits are: -1 is also 4294967295 (i32), 18446744073709551615 (i64)     |
| f32, f64      | where all bits are: 0.0 is not -0.0; what is expected is first rounded to the type |
| NaN           | always: neither sign nor payload counts                                        |
| with `ulp: n` | where at most n steps lie between them: 0.0 and -0.0 are one; inf is only inf   |
"""

from __future__ import annotations

import math
import re
import struct

_INTEGER = re.compile(r"[+-]?(\d+|0x[0-9a-f]+)", re.IGNORECASE | re.ASCII)
_FLOAT = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII)
# More digits than any value has, and fewer than Python refuses to read.
_LONGEST = 400
_FORMATS = {"f32": ("<f", "<i"), "f64": ("<d", "<q")}


def is_number(text: str) -> bool:
    """Whether some numeric type has a value that is written so."""
    return len(text) <= _LONGEST and bool(_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text))


def number_problem(type_: str, text: str) -> str:
    """Why a text is no value of a type; empty where it is one."""
    pattern = _FLOAT if type_ in _FORMATS else _INTEGER
    if len(text) > _LONGEST or not pattern.fullmatch(text):
        return f"`{text[:60]}` is no {type_}"
    if type_ in _FORMATS:
        # A finite number must not become infinite on its way in.
        is_held = math.isinf(_read_float(type_, text)) == (text.lstrip("+-").lower()[:3] == "inf")
    else:
        bits = int(type_[1:])
        is_held = -(1 << (bits - 1)) <= _read_integer(text) < 1 << bits
    return "" if is_held else f"`{text[:60]}` is out of the range of {type_}"


def spell_number(type_: str, text: str) -> str:
    """The one spelling of a value; `text` has no problem."""
    if type_ in _FORMATS:
        return _spell_float(type_, _read_float(type_, text))
    bits, value = int(type_[1:]), _read_integer(text)
    return str(value - (1 << bits) if value >= 1 << (bits - 1) else value)


def is_same(type_: str, expected: str, actual: str, ulp: int | None = None) -> bool:
    """Whether two values, each in its one spelling, are the same; `ulp` None asks for the same bits."""
    if expected == actual or ulp is None or type_ not in _FORMATS:
        return expected == actual
    one, other = float(expected), float(actual)
    return math.isfinite(one) and math.isfinite(other) and ulp_distance(type_, one, other) <= ulp


def ulp_distance(type_: str, one: float, other: float) -> int:
    """How many steps from one value of a float type to the next lie between two finite ones."""
    return abs(_position(type_, one) - _position(type_, other))


def _position(type_: str, value: float) -> int:
    """A value's place on the line of all values of its type; both zeros are at 0."""
    float_format, integer_format = _FORMATS[type_]
    bits = int(struct.unpack(integer_format, struct.pack(float_format, value))[0])
    magnitude = bits & ((1 << (int(type_[1:]) - 1)) - 1)
    return -magnitude if bits < 0 else magnitude


def _read_integer(text: str) -> int:
    return int(text, 16 if "x" in text.lower() else 10)


def _read_float(type_: str, text: str) -> float:
    """The nearest value of the type; infinite where there is none."""
    value = float(text)
    if type_ == "f64" or not math.isfinite(value):
        return value
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _spell_float(type_: str, value: float) -> str:
    if math.isnan(value):
        return "nan"
    if type_ == "f64" or not math.isfinite(value):
        return repr(value)
    # Nine digits tell all values of 32 bits apart, most need fewer.
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return repr(next(each for each in candidates if _read_float("f32", repr(each)) == value))
