"""Hostile modules: small files that mean much, and large ones that mean nothing. -> bytes."""

from __future__ import annotations

import string
from collections.abc import Sequence

NOP, END = b"\x01", b"\x0b"
# More than the 7,654,321 bytes that a function may have, and less than an engine refuses as a whole.
_BODY = 7 << 20
_DIGITS = string.digits + string.ascii_lowercase + string.ascii_uppercase


def leb(value: int) -> bytes:
    """Unsigned LEB128."""
    return bytes([value & 0x7F | 0x80]) + leb(value >> 7) if value > 0x7F else bytes([value])


def section(id_: int, content: bytes) -> bytes:
    return bytes([id_]) + leb(len(content)) + content


def module(bodies: Sequence[bytes], names: Sequence[bytes] = (), data: bytes = b"") -> bytes:
    """Functions without parameters; the first ones have names. `data` is one passive segment."""
    counted = leb(len(bodies))
    parts = [b"\0asm\x01\0\0\0", section(1, b"\x01\x60\0\0"), section(3, counted + bytes(len(bodies)))]
    parts.append(section(10, counted + b"".join(leb(len(body)) + body for body in bodies)))
    parts.append(section(11, b"\x01\x01" + leb(len(data)) + data) if data else b"")
    named = b"".join(leb(index) + leb(len(name)) + name for index, name in enumerate(names))
    parts.append(section(0, b"\x04name" + section(1, leb(len(names)) + named)) if names else b"")
    return b"".join(parts)


def functions(count: int) -> bytes:
    """A module of empty functions."""
    return module([b"\0" + END] * count)


def locals_in_groups(groups: int, each: int) -> bytes:
    """A function whose locals are declared in so many groups of so many."""
    return module([leb(groups) + (leb(each) + b"\x7f") * groups + END])


def nested(depth: int) -> bytes:
    """A function with a block in a block."""
    return module([b"\0" + b"\x02\x40" * depth + END * (depth + 1)])


def large_data(size: int) -> bytes:
    """A file of about so many bytes, most of them one data segment."""
    return module([b"\0" + END], data=bytes(size))


def large_code(size: int) -> bytes:
    """A file of about so many bytes, nearly all of them instructions."""
    body = b"\0" + NOP * (_BODY - 2) + END
    return module([body] * (size // _BODY))


def bomb(levels: int) -> str:
    """A Rust v0 symbol that prints 10 ** levels types: each is a tuple of ten references to the one before.

    https://doc.rust-lang.org/rustc/symbol-mangling/v0.html#backref
    """
    symbol, target = "INvC1a1fTuuuuE", 8
    for _ in range(levels):
        high, low = divmod(target - 1, 62)
        reference = f"B{_DIGITS[high] if high else ''}{_DIGITS[low]}_"
        target = len(symbol)
        symbol += f"T{reference * 10}E"
    return f"_R{symbol}E"


# What is parsed again for every reference, and prints next to nothing.
_PATH = f"{'Nv' * 250}C1a{'1a' * 250}"
NAMES = {
    "types of types": bomb(12),
    "types of types in an impl": f"_RNvY{bomb(12)[2:]}NtC1a1b1f",
    "references that print nothing": f"_RNvYTM{_PATH}u{'B3_' * 168}ENtC1a1b1f",
    "impls in impls": f"_RNv{'M' * 8000}C1a1b1f",
    "references in references": f"_RINvC1a1f{'R' * 8000}E",
    "no number where one must be": f"_RNvC1a{'u' * 8000}",
    "many short parts": f"_ZN{'1a' * 4000}E",
    "many escapes": f"_ZN8000{'$LT$' * 2000}E",
    "dots": f"_ZN{'..' * 4000}",
    "open": "<" * 8000,
    "open and closed": "<" * 4000 + "a::b" + ">" * 4000,
    "closed paths": "a::f<" + "]::" * 2700 + ">",
    "brackets": "[" * 8000,
    "brackets in a path": "a::f<" + "[" * 1000 + "]::x," * 1700 + ">",
    "disambiguators": "a[0]" * 2000,
    "hashes": "::h" * 2700,
    "operators": "operator" * 1000,
    "casts": "<" + "a as " * 1600,
    "casts in casts": "<" * 8 + "a::b as c::d>" * 600,
    "references": "<" + "&mut " * 1600 + "a::b as c::d>::f",
    "lifetimes": "<" + "'a " * 2600 + "x::y>::z",
}
