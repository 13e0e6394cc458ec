"""Sizes: what a file weighs, as it is and compressed. bytes -> Sizes."""

from __future__ import annotations

from msgspec import Struct

COMPRESSED_METRICS = frozenset({"gzip", "brotli"})


class Sizes(Struct, frozen=True, gc=False):
    """Bytes of the shipped file, as it is, after `gzip -9` and after brotli; None where it was not compressed.

    `compressor` names the libraries, whose versions differ by about 1 %. Records from before brotli have none.
    """

    raw: int
    gzip: int | None
    compressor: str
    brotli: int | None = None
