"""Analyzer answer: what the analyzer says, as the core's records. bytes -> Module, Matching, Why; Module -> a list for it.

A file of its own, because the analyzer can work while this is still being imported: msgspec and the records take as long as
reading a module of 3 MB.
"""

from __future__ import annotations

import struct

import msgspec

from ci_wasm.core.module import Function, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ci_wasm.core.matching import Matching
    from ci_wasm.core.why import Why

# Made here, which one thread does: msgspec 0.22 crashes where two of them are the first to decode a type.
MODULE = msgspec.json.Decoder(Module)
_NOTHING = 0xFFFF_FFFF


def decode_matching(answer: bytes) -> Matching:
    """What `diff` answers."""
    from ci_wasm.core.matching import Matching

    return msgspec.json.decode(answer, type=Matching)


def decode_why(answer: bytes) -> Why:
    """What `why` answers."""
    from ci_wasm.core.why import Why

    return msgspec.json.decode(answer, type=Why)


def write_list(module: Module) -> bytes:
    """The functions as another instance reads them: analyzer/src/function_list.rs says how they are laid out."""
    return struct.pack("<I", module.functions.count) + b"".join(map(_write_function, module.largest))


def _write_function(function: Function) -> bytes:
    name, crate = function.name.encode(errors="replace"), (function.crate or "").encode(errors="replace")
    retained = _NOTHING if function.retained is None else function.retained
    fingerprint = int(function.fingerprint or "0", 16)
    numbers = struct.pack("<IIQHH", function.size, retained, fingerprint, len(name), len(crate))
    return numbers + name + crate
