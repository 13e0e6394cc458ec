"""Custom sections: which ones a module has, and the module without its names. (module's bytes) -> bool, bytes.

Only section headers are walked; the analyzer judges the module. The format:
https://webassembly.github.io/spec/core/binary/modules.html#custom-section
"""

from __future__ import annotations

from collections.abc import Iterator

_PREAMBLE = b"\0asm\x01\0\0\0"
_CUSTOM = 0

NAMES = b"name"
# What wasm-bindgen's macros leave for its command line, which takes it away.
WASM_BINDGEN = b"__wasm_bindgen_unstable"


def has_names(wasm: bytes) -> bool:
    """True where a custom section is called `name`; False also for what is no module, or ends too early."""
    return has_section(wasm, NAMES)


def has_section(wasm: bytes, name: bytes) -> bool:
    """True where a custom section has this name (shorter than 128 bytes)."""
    return any(_is_called(wasm, name, start, body) for start, body, _ in _sections(wasm))


def without_names(wasm: bytes) -> bytes:
    """The module without its name sections; every other byte stays what it is."""
    kept, position = bytearray(), 0
    for start, body, end in _sections(wasm):
        if _is_called(wasm, NAMES, start, body):
            kept += wasm[position:start]
            position = end
    return bytes(kept + wasm[position:])


def _is_called(wasm: bytes, name: bytes, start: int, body: int) -> bool:
    return wasm[start] == _CUSTOM and wasm[body : body + 1 + len(name)] == bytes([len(name)]) + name


def _sections(wasm: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each section starts, where its content starts, and where it ends."""
    if not wasm.startswith(_PREAMBLE):
        return
    position = len(_PREAMBLE)
    while position < len(wasm):
        size, body = _leb128(wasm, position + 1)
        yield position, body, body + size
        position = body + size


def _leb128(wasm: bytes, position: int) -> tuple[int, int]:
    """An unsigned 32-bit number and the position after it; past the end, a size that ends the walk."""
    value = 0
    for index, byte in enumerate(wasm[position : position + 5]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    return len(wasm), position
