"""image-resize on workerd: its pictures against Pillow's. drawn picture, query -> decibels."""

from __future__ import annotations

import httpx
import pytest
from PIL import Image, ImageCms, ImageOps

from tests.examples.conftest import Build, Serve
from tests.examples.pictures import decoded, drawn, encoded, photo, psnr

pytestmark = pytest.mark.slow

LANCZOS = Image.Resampling.LANCZOS
# Decibels; above 40 nobody sees a difference. Pillow filters rows first and this crate columns first, and each rounds in
# between. What a JPEG of ours loses at quality 90 is what JPEG loses.
SAME_PIXELS, SAME_JPEG, AFTER_JPEG = 43, 46, 40


@pytest.fixture
def service(serve: Serve) -> httpx.Client:
    return serve("image-resize")


def resized(service: httpx.Client, query: str, body: bytes) -> Image.Image:
    response = service.post(f"/resize?{query}", content=body)
    assert response.status_code == 200, response.text
    return decoded(response.content)


def test_it_ships_within_its_budget(build: Build) -> None:
    assert build("image-resize").head.measurement.sizes.raw <= 700_000


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("width=200", (200, 133)),
        ("height=50", (75, 50)),
        ("width=100&height=100&fit=contain", (100, 67)),
        ("width=37&height=91&fit=fill", (37, 91)),
        ("width=900", (900, 600)),
        ("width=1", (1, 1)),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_resizing_gives_pillows_pixels(
    service: httpx.Client, query: str, size: tuple[int, int], mode: str
) -> None:
    source = drawn(600, 400, alpha=mode in {"RGBA", "LA"}).convert(mode, dither=Image.Dither.NONE)

    result = resized(service, query, encoded(source, "PNG"))

    as_color = source.convert("RGBA" if mode in {"RGBA", "LA"} else "RGB")
    assert psnr(result, as_color.resize(size, LANCZOS)) >= SAME_PIXELS


@pytest.mark.parametrize("size", [(100, 100), (300, 100), (100, 300), (601, 401)])
def test_cover_is_what_pillow_calls_fit(service: httpx.Client, size: tuple[int, int]) -> None:
    source = drawn(600, 400)

    result = resized(service, f"width={size[0]}&height={size[1]}&fit=cover", encoded(source, "PNG"))

    assert psnr(result, ImageOps.fit(source, size, LANCZOS)) >= SAME_PIXELS


@pytest.mark.parametrize("alpha", [False, True])
def test_a_crop_is_a_region_of_the_source(service: httpx.Client, *, alpha: bool) -> None:
    source = drawn(600, 400, alpha=alpha)
    body = encoded(source, "PNG")
    region = source.crop((10, 20, 310, 220))

    assert psnr(resized(service, "crop=10,20,300,200", body), region) == float("inf")
    assert psnr(resized(service, "crop=10%2C20%2C300%2C200", body), region) == float("inf")
    # Pillow's `box` may look beyond the region's edge; what is cut first may not.
    box = source.resize((60, 40), LANCZOS, box=(10, 20, 310, 220))
    assert psnr(resized(service, "crop=10,20,300,200&width=60", body), box) >= SAME_PIXELS


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 90},
        {"quality": 90, "progressive": True},
        {"quality": 90, "subsampling": "4:4:4"},
        {"quality": 60, "optimize": True},
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_are_read_as_pillow_reads_them(
    service: httpx.Client, options: dict[str, object], mode: str
) -> None:
    body = encoded(photo(640, 480).convert(mode), "JPEG", **options)

    result = resized(service, "width=320&format=png", body)

    assert psnr(result, decoded(body).convert("RGB").resize((320, 240), LANCZOS)) >= SAME_JPEG


@pytest.mark.parametrize(("lossless", "alpha"), [(True, False), (True, True), (False, False), (False, True)])
def test_webps_are_read_as_pillow_reads_them(service: httpx.Client, *, lossless: bool, alpha: bool) -> None:
    body = encoded(drawn(320, 240, alpha=alpha), "WEBP", lossless=lossless, quality=90)

    result = resized(service, "width=160&format=png", body)

    expected = decoded(body).resize((160, 120), LANCZOS)
    assert psnr(result, expected) >= (SAME_PIXELS if lossless else SAME_JPEG)


@pytest.mark.parametrize(
    ("kind", "media_type"), [("jpeg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")]
)
def test_every_format_becomes_every_other(service: httpx.Client, kind: str, media_type: str) -> None:
    source = photo(320, 240)
    for before in ("JPEG", "PNG", "WEBP"):
        body = encoded(source, before, quality=95)

        response = service.post(f"/resize?width=160&quality=90&format={kind}", content=body)

        assert response.headers["content-type"] == media_type
        result = decoded(response.content)
        assert (result.format or "").lower() == kind
        expected = decoded(body).convert("RGB").resize((160, 120), LANCZOS)
        assert psnr(result.convert("RGB"), expected) >= (AFTER_JPEG if kind == "jpeg" else SAME_JPEG)
    assert service.post("/resize", content=encoded(source, kind)).headers["content-type"] == media_type


def test_quality_is_paid_in_bytes(service: httpx.Client) -> None:
    body = encoded(photo(640, 480), "PNG")
    sizes, distances = [], []
    for quality in (5, 40, 75, 95):
        response = service.post(f"/resize?format=jpeg&quality={quality}", content=body)
        sizes.append(len(response.content))
        distances.append(psnr(decoded(response.content), photo(640, 480)))

    assert sizes == sorted(sizes)
    assert distances == sorted(distances)
    assert sizes[-1] > 2 * sizes[0]


def test_what_can_be_seen_through_becomes_white_in_a_jpeg(service: httpx.Client) -> None:
    source = drawn(300, 200, alpha=True)

    result = resized(service, "format=jpeg&quality=95", encoded(source, "PNG"))

    white = Image.alpha_composite(Image.new("RGBA", source.size, "white"), source).convert("RGB")
    assert psnr(result, white) >= AFTER_JPEG


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(service: httpx.Client, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    body = encoded(photo(320, 200), "JPEG", quality=95, exif=exif)

    result = resized(service, "width=100&format=png", body)

    upright = ImageOps.exif_transpose(decoded(body))
    expected = upright.resize((100, 63 if upright.height < upright.width else 160), LANCZOS)
    assert psnr(result, expected) >= SAME_JPEG


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_color_profile_stays_and_the_place_where_it_was_taken_does_not(
    service: httpx.Client, kind: str
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "47.3769 N, 8.5417 E"

    response = service.post(
        "/resize?width=50", content=encoded(photo(100, 100), kind, icc_profile=profile, exif=exif)
    )

    assert decoded(response.content).info["icc_profile"] == profile
    assert b"47.3769" not in response.content
