"""image-resize on workerd: limits, bombs, and what it says to wrong input. request -> status."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.examples.conftest import Serve
from tests.examples.pictures import decoded, drawn, encoded, photo

pytestmark = pytest.mark.slow

LIMIT_BYTES = 10 << 20
LARGEST = (4096, 3072)


@pytest.fixture
def service(serve: Serve) -> httpx.Client:
    return serve("image-resize")


def half(kind: str, **options: object) -> bytes:
    """What arrives when a connection breaks."""
    whole = encoded(photo(320, 240), kind, **options)
    return whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("width=0", "width is a number from 1 to 4096"),
        ("width=1e3", "width is a number"),
        ("width=4097", "width is a number"),
        ("quality=0", "quality is a number from 1 to 100"),
        ("fit=stretch", "fit is contain, cover or fill"),
        ("format=gif", "format is jpeg, png or webp"),
        ("crop=1,2,3", "crop is x,y,width,height in pixels"),
        ("crop=60,0,41,10", "crop leaves the image, which has 100 by 80 pixels"),
        ("crop=4294967295,0,2,10", "crop leaves the image"),
        ('"}=<script>', "a parameter is unknown"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_a_400(service: httpx.Client, query: str, words: str) -> None:
    response = service.post(f"/resize?{query}", content=encoded(drawn(100, 80), "PNG"))

    assert response.status_code == 400
    assert response.json()["error"].startswith(words)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"", {}, 400, "the body is empty"),
        (b"hello", {}, 415, "the body is no JPEG, PNG or WebP image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, 415, "the body is no"),
        (encoded(drawn(9, 9), "GIF"), {}, 415, "the body is no"),
        (encoded(drawn(9, 9), "BMP"), {}, 415, "the body is no"),
        (encoded(drawn(9, 9), "PNG"), {"content-encoding": "gzip"}, 415, "send the image itself"),
        (encoded(drawn(9, 9), "PNG")[:60], {}, 400, "the image is malformed"),
        (encoded(drawn(9, 9), "JPEG")[:100], {}, 400, "the image is malformed"),
        (encoded(drawn(9, 9), "WEBP")[:30], {}, 400, "the image is malformed"),
        *((half(kind), {}, 400, "the image is malformed") for kind in ("JPEG", "PNG", "WEBP")),
        (half("JPEG", progressive=True), {}, 400, "the image is malformed"),
        (bytes(LIMIT_BYTES + 1), {}, 413, "the image has more than 10485760 bytes"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_body_is_told_what_it_is(
    service: httpx.Client, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    response = service.post("/resize", content=body, headers=headers)

    assert (response.status_code, response.json()["error"][: len(words)]) == (status, words)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 200, None),
        ("HEAD", "/", 200, None),
        ("POST", "/", 405, "GET, HEAD"),
        ("GET", "/resize", 405, "POST"),
        ("GET", "/alloc", 404, None),
    ],
)
def test_routes(service: httpx.Client, method: str, path: str, status: int, allow: str | None) -> None:
    response = service.request(method, path)

    assert (response.status_code, response.headers.get("allow")) == (status, allow)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *extra: bytes, rows: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def riff(kind: bytes, data: bytes, claimed: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(data) if claimed is None else claimed) + data + bytes(len(data) % 2)


def webp(flags: int, *chunks: bytes) -> bytes:
    """A WebP of 16 by 16 pixels, by its first chunk."""
    canvas = riff(b"VP8X", bytes([flags, 0, 0, 0, 15, 0, 0, 15, 0, 0]))
    return riff(b"RIFF", b"WEBP" + canvas + b"".join(chunks))


BOMB = zlib.compress(bytes(200 << 20), 9)
SMALL_ROWS = bytes(31 * 10)
FRAME = encoded(drawn(16, 16), "WEBP")[12:]
LARGE_FRAME = FRAME[:14] + struct.pack("<HH", 16383, 16383) + FRAME[18:]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (png(65535, 65535), 413),
        (png(4097, 3072), 413),
        (png(2**31 - 1, 2**31 - 1), 413),
        (encoded(Image.new("1", (30000, 30000)), "PNG"), 413),
        (encoded(Image.new("L", (65500, 1000)), "JPEG"), 413),
        (encoded(Image.new("RGB", (16383, 1000)), "WEBP", lossless=True), 413),
        # A color profile and a comment of 200 MB, zlib-compressed to 200 kB.
        (png(10, 10, chunk(b"iCCP", b"p\0\0" + BOMB), rows=SMALL_ROWS), 200),
        (png(10, 10, chunk(b"zTXt", b"t\0\0" + BOMB), rows=SMALL_ROWS), 200),
        # Pixels for 200 MB behind a header for 300 bytes.
        (png(10, 10, rows=bytes(200 << 20)), 200),
        # What the first chunk says is small, and what the second one says is not.
        (webp(0, LARGE_FRAME), 413),
        (webp(8, FRAME, riff(b"EXIF", b"x", 1 << 30)), 400),
        (webp(32, riff(b"ICCP", b"x", 2**32 - 2), FRAME), 400),
        (webp(2, riff(b"ANMF", riff(b"ANMF", b"") * 100_000)), 400),
    ],
    ids=[
        "png of 4 Gpx", "png of a row too many", "png of 2^62 px", "png of 900 Mpx in 100 kB", "jpeg of 65 Mpx",
        "webp of 16 Mpx", "profile", "comment", "rows beyond the last", "webp with a larger frame",
        "webp with a chunk of 1 GB", "webp with a chunk of 4 GB", "webp of chunks in chunks",
    ],
)  # fmt: skip
def test_decompression_bombs_do_not_go_off(service: httpx.Client, body: bytes, status: int) -> None:
    assert len(body) < 2 << 20

    response = service.post("/resize?width=5", content=body)

    assert response.status_code == status, response.text
    assert service.post("/resize?width=5", content=encoded(drawn(9, 9), "PNG")).status_code == 200


def large(kind: str, mode: str = "RGB", **options: object) -> bytes:
    gradient = Image.radial_gradient("L").resize(LARGEST)
    picture = Image.merge("RGBA", [gradient] * 4) if mode == "RGBA" else gradient.convert(mode)
    return encoded(picture, kind, **options)


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def moving() -> bytes:
    buffer = io.BytesIO()
    frame = Image.radial_gradient("L").resize(LARGEST).convert("RGB")
    frame.save(buffer, "WEBP", save_all=True, append_images=[frame.rotate(90)], quality=50, method=0)
    return buffer.getvalue()


NOISE = encoded(Image.effect_noise(LARGEST, 100).convert("RGB"), "JPEG", quality=60)
FULL: dict[str, Any] = {"subsampling": "4:4:4", "progressive": True}
HALF: dict[str, Any] = {"subsampling": "4:2:0", "progressive": True, "exif": turned()}
DOT = encoded(drawn(9, 9, alpha=True), "PNG")


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("width=64", large("PNG"), 200),
        ("width=64", large("PNG", "RGBA"), 200),
        ("width=2048", large("PNG", "RGBA"), 200),
        ("width=64", large("PNG", "L").ljust(LIMIT_BYTES, b"\0"), 200),
        ("width=64", large("WEBP", lossless=True, method=0), 200),
        ("width=64", large("WEBP", method=0), 200),
        ("width=64", large("JPEG", exif=turned()).ljust(LIMIT_BYTES, b"\0"), 200),
        ("width=64", large("JPEG", **HALF).ljust(LIMIT_BYTES, b"\0"), 200),
        ("width=2000&format=webp", NOISE.ljust(LIMIT_BYTES, b"\0"), 200),
        ("width=4096&height=4096&fit=fill", DOT, 200),
        ("width=4096&height=4096&fit=fill&format=jpeg", DOT, 200),
        # As many pixels, of which the decoder or the result takes too much.
        ("width=64", large("JPEG", **FULL), 413),
        ("width=64", large("JPEG", "L", **HALF), 413),
        ("width=64", large("JPEG", "CMYK", progressive=True), 413),
        ("width=64", large("WEBP", "RGBA", method=0), 413),
        ("width=64", moving(), 413),
        ("format=webp", NOISE, 413),
        ("format=png", NOISE, 413),
        ("width=4096&height=4096&fit=fill&format=webp", DOT, 413),
    ],
    ids=[
        "png", "png with alpha", "half of a png with alpha", "10 MB of gray png", "lossless webp", "webp",
        "10 MB of turned jpeg", "10 MB of turned progressive jpeg", "10 MB of noise to webp", "larger png", "larger jpeg",
        "progressive jpeg in full color", "gray progressive jpeg", "progressive cmyk", "webp with alpha", "moving webp",
        "noise to webp", "noise to png", "larger webp",
    ],
)  # fmt: skip
def test_the_memory_is_enough_or_the_image_is_refused(
    service: httpx.Client, query: str, body: bytes, status: int
) -> None:
    """Each in the instance that the one before has left."""
    response = service.post(f"/resize?{query}", content=body)

    assert response.status_code == status, response.text
    if status == 200:
        assert decoded(response.content).size
