"""Name section: whether a module tells the names of its functions. (module's bytes) -> bool.

Only section headers are walked; the analyzer judges the module. The format:
https://webassembly.github.io/spec/core/appendix/custom.html#name-section
"""

from __future__ import annotations

_PREAMBLE = b"\0asm\x01\0\0\0"
_CUSTOM = 0


def has_names(wasm: bytes) -> bool:
    """True where a custom section is called `name`; False also for what is no module, or ends too early."""
    if not wasm.startswith(_PREAMBLE):
        return False
    position = len(_PREAMBLE)
    while position < len(wasm):
        kind = wasm[position]
        size, start = _leb128(wasm, position + 1)
        if kind == _CUSTOM and wasm[start : start + 5] == b"\x04name":
            return True
        position = start + size
    return False


def _leb128(wasm: bytes, position: int) -> tuple[int, int]:
    """An unsigned 32-bit number and the position after it; past the end, a size that ends the walk."""
    value = 0
    for index, byte in enumerate(wasm[position : position + 5]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    return len(wasm), position
