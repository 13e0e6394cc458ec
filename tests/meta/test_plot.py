"""Plot: the picture of a bench shows each point, the line and both axes from zero."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from bench.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, Point, draw, fit, ticks

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [Point("small", 2, 14), Point("large & <b>", 30, 70)]


def test_the_line_goes_through_the_points() -> None:
    assert fit(POINTS) == Line(2, 10)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (8, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (34.4, [0, 5, 10, 15, 20, 25, 30, 35]),
        (412, [0, 100, 200, 300, 400, 500]),
    ],
)
def test_ticks_are_round_and_reach_the_highest_point(highest: float, expected: list[float]) -> None:
    assert ticks(highest) == pytest.approx(expected)


def test_points_lie_in_the_picture_where_their_numbers_say() -> None:
    picture = ET.fromstring(draw(POINTS, fit(POINTS), title="a < b", x="MB", y="ms"))  # noqa: S314 (our own)
    circles = [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in picture.iter(f"{SVG}circle")]
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    # The axes end at 30 and at 70.
    assert circles == [(pytest.approx(LEFT + width * 2 / 30, abs=0.1), pytest.approx(HEIGHT - BOTTOM - height * 14 / 70, abs=0.1)),
                       (WIDTH - RIGHT, TOP)]  # fmt: skip
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    assert {"a < b", "MB", "ms", "0", "30", "70", "small", "large & <b>"} <= set(texts)
    (line,) = [each for each in picture.iter(f"{SVG}line") if each.attrib["class"] == "line"]
    ends = [float(line.attrib[name]) for name in ("x1", "y1", "x2", "y2")]
    assert ends == pytest.approx([LEFT, HEIGHT - BOTTOM - height * 10 / 70, WIDTH - RIGHT, TOP], abs=0.1)
