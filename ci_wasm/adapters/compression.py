"""Compression: sizes as servers send a file, found in threads of their own. bytes -> Sizes.

zlib and brotli let other threads run while they work, so the analysis costs no extra time beside them.
"""

from __future__ import annotations

import zlib

from ci_wasm.adapters.background import start
from ci_wasm.core.sizes import Sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ci_wasm.core.measurement import Upload
    from ci_wasm.core.worker import Worker

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

        gzip = start(lambda: _gzip_size(wasm))
        packed = start(lambda: len(brotli.compress(wasm, quality=self._quality)))
        libraries = f"zlib {zlib.ZLIB_RUNTIME_VERSION}, brotli {brotli.version} quality {self._quality}"
        return lambda: Sizes(len(wasm), gzip(), libraries, packed())

    def start_upload(self, worker: Worker) -> Callable[[], Upload]:
        """See the port."""
        from ci_wasm.core.measurement import Upload

        gzip = start(lambda: _upload_gzip_size(worker))
        return lambda: Upload(worker.size, gzip())


def _gzip_size(wasm: bytes) -> int:
    # zlib's builds differ by about 1 %, so both sides of a comparison need the same one.
    compressor = zlib.compressobj(level=9, wbits=31)
    return len(compressor.compress(wasm)) + len(compressor.flush())


def _upload_gzip_size(worker: Worker) -> int:
    """All modules in one stream, the main one last, at zlib's own level: so wrangler's "Total Upload" counts it."""
    contents = {module.name: module.content for module in worker.modules}
    main = contents.pop(worker.main_module)
    compressor = zlib.compressobj(level=6, wbits=31)
    return sum(len(compressor.compress(content)) for content in (*contents.values(), main)) + len(
        compressor.flush()
    )
