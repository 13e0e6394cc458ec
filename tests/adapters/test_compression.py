"""Compression: the sizes are those of the real formats, and a file that cannot be weighed says so when asked."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
import time
from typing import cast

import brotli
import pytest

from ci_wasm.adapters.compression import ThreadedScales
from ci_wasm.core.measurement import Upload
from ci_wasm.core.script import ModuleType, WorkerModule
from ci_wasm.core.worker import Worker

TEXT = b'(module (func (export "add")))' * 500
NOISE = random.Random(0).randbytes(100_000)  # noqa: S311 (data, not a secret)


@pytest.mark.parametrize("data", [b"", b"\0asm", TEXT, NOISE], ids=["empty", "tiny", "text", "noise"])
@pytest.mark.parametrize(("name", "quality"), [("fast", 5), ("standard", 11)])
def test_sizes_are_those_of_the_formats(data: bytes, name: str, quality: int) -> None:
    sizes = ThreadedScales(name).start(data)()

    assert sizes.raw == len(data)
    assert sizes.gzip == len(gzip.compress(data, 9))
    assert sizes.brotli == len(brotli.compress(data, quality=quality))
    assert f"brotli {brotli.version} quality {quality}" in sizes.compressor
    assert sizes.compressor.startswith("zlib ")


def test_the_caller_works_on_meanwhile() -> None:
    wasm = NOISE * 100
    started = time.monotonic()
    sizes = ThreadedScales().start(wasm)
    begun = time.monotonic() - started

    assert sizes().gzip is not None
    assert begun < (time.monotonic() - started) / 4


def test_an_upload_is_all_modules_in_one_stream_the_main_one_last() -> None:
    parts = {"main.js": b"import './data.bin'" * 9, "data.bin": NOISE[:999], "app.wasm": TEXT}
    modules = tuple(WorkerModule(name, ModuleType.DATA, content) for name, content in parts.items())
    worker = Worker("app", "main.js", modules, "2026-07-01")
    total = sum(map(len, parts.values()))

    weighed = ThreadedScales().start_upload(worker)()

    stream = parts["data.bin"] + parts["app.wasm"] + parts["main.js"]
    assert weighed == Upload(total, len(gzip.compress(stream, 6)))


def test_what_goes_wrong_is_raised_where_the_sizes_are_asked_for() -> None:
    weighing = ThreadedScales().start(cast("bytes", memoryview(TEXT)[::2]))
    with pytest.raises(BufferError):
        weighing()


def test_a_process_that_gives_up_does_not_wait_for_it() -> None:
    program = (
        "import os, time; from ci_wasm.adapters.compression import ThreadedScales;"
        "ThreadedScales('standard').start(os.urandom(1 << 25)); time.sleep(0.2)"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert time.monotonic() - started < 6
