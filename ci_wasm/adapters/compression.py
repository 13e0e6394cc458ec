"""Compression: sizes as servers send a file, found in threads of their own. bytes -> Sizes.

zlib and brotli let other threads run while they work, so the analysis costs no extra time beside them.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from ci_wasm.core.measurement import Sizes

if TYPE_CHECKING:
    from concurrent.futures import Future

# As a server compresses on the fly, and as a file is compressed once before it is uploaded (RFC 7932 names no levels;
# 11 is the highest and the default of brotli's own program).
BROTLI_QUALITIES = {"fast": 5, "standard": 11}


class ThreadedScales:
    """Keeps the `Scales` port with `gzip -9` and one of brotli's qualities, by its name in BROTLI_QUALITIES."""

    def __init__(self, brotli: str = "fast") -> None:
        self._quality = BROTLI_QUALITIES[brotli]

    def start(self, wasm: bytes) -> Callable[[], Sizes]:
        """See the port."""
        import brotli

        gzip = _start(lambda: _gzip_size(wasm))
        packed = _start(lambda: len(brotli.compress(wasm, quality=self._quality)))
        libraries = f"zlib {zlib.ZLIB_RUNTIME_VERSION}, brotli {brotli.version} quality {self._quality}"
        return lambda: Sizes(len(wasm), gzip.result(), libraries, packed.result())


class BareScales:
    """Keeps the `Scales` port without compressing anything."""

    def start(self, wasm: bytes) -> Callable[[], Sizes]:
        """See the port."""
        return lambda: Sizes(len(wasm), None, "", None)


def _gzip_size(wasm: bytes) -> int:
    # zlib's builds differ by about 1 %, so both sides of a comparison need the same one.
    compressor = zlib.compressobj(level=9, wbits=31)
    return len(compressor.compress(wasm)) + len(compressor.flush())


def _start(work: Callable[[], int]) -> Future[int]:
    from concurrent.futures import Future

    future: Future[int] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            future.set_exception(error)

    # A pool would keep the process alive for a file that was refused meanwhile.
    threading.Thread(target=run, name="compression", daemon=True).start()
    return future
