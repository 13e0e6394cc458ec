"""Function names: what a module's name section calls its functions, to the last byte. bytes -> names, names -> bytes.

The analyzer cuts long names; what it is held against does not. The format:
https://webassembly.github.io/spec/core/appendix/custom.html#name-section
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PREAMBLE = b"\0asm\x01\0\0\0"
CUSTOM, TYPE, FUNCTION, CODE = 0, 1, 3, 10
FUNCTION_NAMES = 1
NAME = b"\x04name"
EMPTY_BODY = b"\x02\0\x0b"


def read_names(wasm: bytes) -> dict[int, bytes]:
    """The name of each function by its index; of those that have one."""
    names: dict[int, bytes] = {}
    for kind, start, end in _parts(wasm, len(PREAMBLE), len(wasm)):
        if kind == CUSTOM and wasm.startswith(NAME, start):
            for subsection, first, last in _parts(wasm, start + len(NAME), end):
                if subsection == FUNCTION_NAMES:
                    names |= _name_map(wasm, first, last)
    return names


def named_module(symbols: Sequence[bytes]) -> bytes:
    """A module with a function that does nothing for each symbol."""
    count = leb(len(symbols))
    named = b"".join(leb(index) + _vector(symbol) for index, symbol in enumerate(symbols))
    sections = [
        (TYPE, b"\x01\x60\0\0"),
        (FUNCTION, count + b"\0" * len(symbols)),
        (CODE, count + EMPTY_BODY * len(symbols)),
        (CUSTOM, NAME + bytes([FUNCTION_NAMES]) + _vector(count + named)),
    ]
    return PREAMBLE + b"".join(bytes([kind]) + _vector(content) for kind, content in sections)


def leb(value: int) -> bytes:
    """An unsigned LEB128."""
    groups = [value >> shift & 0x7F for shift in range(0, max(1, value.bit_length()), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def _vector(content: bytes) -> bytes:
    return leb(len(content)) + content


def _parts(wasm: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of the content of what follows each other with id and size."""
    while position < end:
        size, start = _number(wasm, position + 1)
        yield wasm[position], start, start + size
        position = start + size


def _name_map(wasm: bytes, position: int, end: int) -> dict[int, bytes]:
    count, position = _number(wasm, position)
    names = {}
    for _ in range(count):
        index, position = _number(wasm, position)
        size, position = _number(wasm, position)
        names[index] = wasm[position : position + size]
        position += size
    assert position == end
    return names


def _number(wasm: bytes, position: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = wasm[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
