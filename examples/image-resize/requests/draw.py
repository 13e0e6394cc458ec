"""Draws the requests that ci-wasm.yml sends to `handle_http`, each a whole HTTP/1.1 message. Pillow -> *.http.

They are committed, because ci-wasm reads files and runs nothing; `python draw.py` writes them again.
"""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter


def photo(width: int, height: int) -> Image.Image:
    """Soft shapes over a gradient: what a codec has to do for a photograph."""
    ramp = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (ramp, ramp.transpose(Image.Transpose.FLIP_TOP_BOTTOM), ramp.rotate(90)))
    pen = ImageDraw.Draw(picture)
    for number, color in enumerate(["crimson", "gold", "teal", "navy", "orchid", "olive"]):
        left, top = number * width // 7, (number * 5 % 6) * height // 7
        pen.ellipse((left, top, left + width // 3, top + height // 3), fill=color)
    return picture.filter(ImageFilter.GaussianBlur(2))


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    photo(320, 240).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of 30,000 by 30,000 black pixels, 2.7 GB when unpacked, of which there are the header and a few rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(90_001 * 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)


def message(query: str, body: bytes) -> bytes:
    head = f"POST /resize?{query} HTTP/1.1\r\nhost: image-resize.example.com\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


REQUESTS = {
    "jpeg": message("width=160&quality=75", encoded("JPEG", quality=85)),
    "png": message("width=160", encoded("PNG")),
    "webp": message("width=120&height=120&fit=cover&format=jpeg", encoded("WEBP", quality=85)),
    "bomb": message("width=160", bomb()),
}

if __name__ == "__main__":
    for name, content in REQUESTS.items():
        Path(__file__).with_name(f"{name}.http").write_bytes(content)
