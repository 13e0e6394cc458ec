"""Compression: sizes as servers send a file, found in threads of their own. bytes -> Sizes.

zlib and brotli let other threads run while they work, so the analysis costs no extra time beside them.
"""

from __future__ import annotations

import zlib

from ci_wasm.adapters.background import start
from ci_wasm.core.sizes import COMPRESSED_METRICS, Sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ci_wasm.core.measurement import Upload
    from ci_wasm.core.worker import Worker

# As a server compresses on the fly, and as a file is compressed once before it is uploaded (RFC 7932 names no levels;
# 11 is the highest and the default of brotli's own program).
BROTLI_QUALITIES = {"fast": 5, "standard": 11}


class ThreadedScales:
    """Keeps the `Scales` port with `gzip -9` and one of brotli's qualities, by its name in BROTLI_QUALITIES.

    `formats` are those of COMPRESSED_METRICS that are wanted: compressing takes longer than all else together.
    """

    def __init__(self, brotli: str = "fast", formats: frozenset[str] = COMPRESSED_METRICS) -> None:
        self._quality = BROTLI_QUALITIES[brotli]
        self._formats = formats

    def start(self, wasm: bytes) -> Callable[[], Sizes]:
        """See the port; a format that is not wanted has no size."""
        libraries = []
        gzip: Callable[[], int | None] = _not_wanted
        packed: Callable[[], int | None] = _not_wanted
        if "gzip" in self._formats:
            gzip = start(lambda: _gzip_size(wasm))
            libraries.append(f"zlib {zlib.ZLIB_RUNTIME_VERSION}")
        if "brotli" in self._formats:
            import brotli

            packed = start(lambda: len(brotli.compress(wasm, quality=self._quality)))
            libraries.append(f"brotli {brotli.version} quality {self._quality}")
        return lambda: Sizes(len(wasm), gzip(), ", ".join(libraries), packed())

    def start_upload(self, worker: Worker) -> Callable[[], Upload]:
        """See the port."""
        from ci_wasm.core.measurement import Upload

        gzip: Callable[[], int | None] = _not_wanted
        if "gzip" in self._formats:
            gzip = start(lambda: _upload_gzip_size(worker))
        return lambda: Upload(worker.size, gzip())


def _not_wanted() -> None:
    return None


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
