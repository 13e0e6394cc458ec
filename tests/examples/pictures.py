"""Pictures: drawn by Pillow, no two regions alike, and how far two pictures are apart. -> images, decibels."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

COLORS = ["crimson", "gold", "teal", "navy", "orchid", "black", "white", "olive"]


def drawn(width: int, height: int, *, alpha: bool = False) -> Image.Image:
    """Gradients, which show rounding, under shapes with hard edges, which show the filter."""
    gradient = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge(
        "RGB", (gradient, gradient.transpose(Image.Transpose.FLIP_TOP_BOTTOM), gradient.rotate(90))
    )
    pen = ImageDraw.Draw(picture)
    for number, color in enumerate(COLORS):
        left, top = number * width // 9, (number * 5 % 8) * height // 9
        pen.ellipse((left, top, left + width // 4, top + height // 4), fill=color)
        pen.line((left, 0, width - left, height), fill=color, width=max(1, width // 150))
    if alpha:
        picture.putalpha(Image.radial_gradient("L").resize((width, height)))
    return picture


def photo(width: int, height: int) -> Image.Image:
    """As soft as a photograph, which is what JPEG is made for."""
    return drawn(width, height).filter(ImageFilter.GaussianBlur(3))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio over all channels; infinite for equal pictures.

    Colors count as much as is seen of them: below an alpha of 1 of 255 they are noise.
    """
    assert (one.size, one.mode) == (other.size, other.mode)
    if one.mode == "RGBA":
        one, other = one.convert("RGBa"), other.convert("RGBa")
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (one.width * one.height * len(squares))
    return math.inf if mean == 0 else 10 * math.log10(255**2 / mean)
