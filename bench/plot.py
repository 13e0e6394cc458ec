"""Plot: points and the line through them, as a picture that a browser shows. (points, words) -> SVG."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 52
MOST_TICKS = 8
STYLE = (
    "text{font:13px sans-serif;fill:#222}.title{font-size:15px;font-weight:600}.grid{stroke:#ddd}"
    ".line{stroke:#2478c8;stroke-width:1.5;stroke-dasharray:5 4}.point{fill:#2478c8}"
)


@dataclass(frozen=True)
class Point:
    """One measurement."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """y = slope · x + intercept."""

    slope: float
    intercept: float

    def at(self, x: float) -> float:
        return self.slope * x + self.intercept


def fit(points: Sequence[Point]) -> Line:
    """The line with the least squares; needs two different places on the x axis."""
    line = statistics.linear_regression([point.x for point in points], [point.y for point in points])
    return Line(line.slope, line.intercept)


def draw(points: Sequence[Point], line: Line, *, title: str, x: str, y: str) -> str:
    """Both axes begin at zero, so that a bend cannot hide; `x` and `y` say what they count."""
    across = ticks(max(point.x for point in points))
    up = ticks(max(*(point.y for point in points), line.at(across[-1])))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>',
            *_axes(across, up),
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end">{escape(x)}</text>',
            f'<text x="{LEFT - 8}" y="{TOP - 16}" text-anchor="end">{escape(y)}</text>',
            *_drawing(points, line, across[-1], up[-1]),
            "</svg>\n",
        ]
    )


def ticks(highest: float) -> list[float]:
    """Round numbers from zero to the first that is not below `highest`."""
    size = 10.0 ** math.floor(math.log10(highest / MOST_TICKS))
    step = next(each * size for each in (1, 2, 5, 10) if highest / (each * size) <= MOST_TICKS)
    return [number * step for number in range(math.ceil(highest / step) + 1)]


def _axes(across: Sequence[float], up: Sequence[float]) -> Iterator[str]:
    for value in across:
        place = _x(value, across[-1])
        yield f'<line class="grid" x1="{place:.1f}" y1="{TOP}" x2="{place:.1f}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{place:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:g}</text>'
    for value in up:
        place = _y(value, up[-1])
        yield f'<line class="grid" x1="{LEFT}" y1="{place:.1f}" x2="{WIDTH - RIGHT}" y2="{place:.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{place + 4:.1f}" text-anchor="end">{value:g}</text>'


def _drawing(points: Sequence[Point], line: Line, right: float, top: float) -> Iterator[str]:
    ends = f'x1="{_x(0, right):.1f}" y1="{_y(line.at(0), top):.1f}" x2="{_x(right, right):.1f}"'
    yield f'<line class="line" {ends} y2="{_y(line.at(right), top):.1f}"/>'
    for point in points:
        x, y = _x(point.x, right), _y(point.y, top)
        yield f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        # Below the line that rises, on the side where there is room.
        after = x < WIDTH * 2 / 3
        yield (
            f'<text x="{x + (10 if after else -10):.1f}" y="{y + (20 if after else -10):.1f}" '
            f'text-anchor="{"start" if after else "end"}">{escape(point.name)}</text>'
        )


def _x(value: float, right: float) -> float:
    return LEFT + value / right * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
