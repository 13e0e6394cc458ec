"""Trend: a Worker's sizes over commits, as a picture in Markdown and as data for the page. History -> Markdown, dict.

No name stands in a picture, only digits of commits and numbers: there is nothing in it that a pull request could choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from ci_wasm.core.budget import BudgetResult
from ci_wasm.core.history import FEWEST_POINTS, MOST_POINTS, Point
from ci_wasm.render.markdown import code, details
from ci_wasm.render.quantity import change, size

# What is told of each point, and in which unit.
METRICS = {"raw": "B", "gzip": "B", "brotli": "B", "functions": "B", "startup_ms": "ms"}
# A phone shows the picture at some 340 pixels; more labels than this would touch.
MOST_LABELS = 5
# Mermaid's own first line color is next to invisible on white. These two can be told apart on white and on black.
_SETTINGS = (
    '%%{init: {"xyChart": {"width": 420, "height": 260, "xAxis": {"showTick": false}}, '
    '"themeVariables": {"xyChart": {"plotColorPalette": "#2478c8, #e0661b"}}}}%%'
)
_BARS = "▁▂▃▄▅▆▇█"


class Axis(Struct, frozen=True):
    """The range that a picture shows, in bytes."""

    low: int
    high: int

    def part(self, value: int) -> float:
        """Where a value lies on the axis, from 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def make_axis(values: Sequence[int]) -> Axis:
    """The range for these values with some air: at least a tenth of the largest, so that a small change looks small.

    Where that comes near to zero, zero is where it starts.
    """
    low, high = min(values), max(values)
    half = max(high - low, high // 10, 1) * 6 // 10 + 1
    bottom, top = (low + high) // 2 - half, (low + high) // 2 + half
    return Axis(bottom if bottom > top // 4 else 0, max(top, 1))


def drawn_budget(history: Sequence[Point], budgets: Sequence[BudgetResult]) -> int | None:
    """The lowest `max` on the raw size, unless it is so far up that the sizes would become a flat line below it."""
    limits = [result.budget.maximum for result in budgets if result.budget.metric == "raw"]
    lowest = min((limit for limit in limits if limit is not None), default=None)
    return None if lowest is None or lowest > 2 * max(point.raw for point in history) else lowest


def trend_fold(
    history: Sequence[Point], budgets: Sequence[BudgetResult] = (), most: int = MOST_POINTS
) -> Iterator[str]:
    """The last `most` points as a folded picture; nothing where there are too few to make one."""
    shown = history[-most:] if most > 0 else ()
    if len(shown) >= FEWEST_POINTS:
        body = f"{trend_chart(shown, drawn_budget(shown, budgets))}\n\n<sub>{_caption(shown, budgets)}</sub>"
        yield details(f"Trend: {trend_sentence(shown)}", body)


def trend_sentence(history: Sequence[Point], metric: str = "raw") -> str:
    """What changed from the first to the last point: `610 B → 1.27 KiB, +690 B (+113 %) over 12 commits`."""
    first, last = (getattr(point, metric) for point in (history[0], history[-1]))
    commits = "1 commit" if len(history) == 1 else f"{len(history)} commits"
    if first is None or last is None:
        return f"not measured throughout, {commits}"
    before = "" if first == last else f"{size(first)} → "
    return f"{before}{size(last)}, {change(first, last)} over {commits}"


def trend_chart(history: Sequence[Point], budget: int | None = None) -> str:
    """Mermaid's `xychart-beta` of the raw size: https://mermaid.js.org/syntax/xyChart.html."""
    axis = make_axis([*(point.raw for point in history), *([] if budget is None else [budget])])
    unit, divisor = _unit(axis.high)
    labels = ", ".join(f'"{label}"' for label in _labels(history))
    lines = [[point.raw for point in history], *([] if budget is None else [[budget] * len(history)])]
    return "\n".join(
        [
            "```mermaid",
            _SETTINGS,
            "xychart-beta",
            f"  x-axis [{labels}]",
            f'  y-axis "{unit}" {_amount(axis.low, divisor)} --> {_amount(axis.high, divisor)}',
            *(f"  line [{', '.join(_amount(value, divisor) for value in line)}]" for line in lines),
            "```",
        ]
    )


def trend_data(history: Sequence[Point], budgets: Sequence[BudgetResult]) -> dict[str, object] | None:
    """What the page's script draws (see ci_wasm/page/trend.js); None where there are too few points."""
    if len(history) < FEWEST_POINTS:
        return None
    series = []
    for metric, unit in METRICS.items():
        values = [getattr(point, metric) for point in history]
        known = [value for value in values if value is not None]
        if known:
            budget = drawn_budget(history, budgets) if metric == "raw" else None
            axis = make_axis([*known, *([] if budget is None else [budget])])
            series.append(
                {
                    "metric": metric.removesuffix("_ms"),
                    "unit": unit,
                    "values": values,
                    "low": axis.low,
                    "high": axis.high,
                    "budget": budget,
                }
            )
    points = [[_hexadecimal(point.commit), day(point)] for point in history]
    return {"points": points, "series": series}


def sparkline(history: Sequence[Point]) -> str:
    """The raw sizes as one word; the axis is that of the picture."""
    axis = make_axis([point.raw for point in history])
    return "".join(_BARS[round(axis.part(point.raw) * (len(_BARS) - 1))] for point in history)


def day(point: Point) -> str:
    """The day of a point in UTC, as 2026-11-24; empty where it is not known."""
    return "" if point.date is None else datetime.fromtimestamp(point.date, UTC).date().isoformat()


def _caption(history: Sequence[Point], budgets: Sequence[BudgetResult]) -> str:
    budget = drawn_budget(history, budgets)
    axis = make_axis([*(point.raw for point in history), *([] if budget is None else [budget])])
    sentences = [f"Raw size by commit; the last one is {code(_hexadecimal(history[-1].commit)[:7])}."]
    if budget is not None:
        sentences.append(f"The straight line is the budget, {size(budget)}.")
    start = "zero" if axis.low == 0 else f"{size(axis.low)}, not at zero"
    return " ".join([*sentences, f"The axis starts at {start}."])


def _labels(history: Sequence[Point]) -> Iterator[str]:
    """Some of the commits, the last one among them.

    Mermaid trims labels and puts points of one label on one place, so characters without a width tell them apart.
    """
    last = len(history) - 1
    step = -(-len(history) // MOST_LABELS)
    for index, point in enumerate(history):
        shown = _hexadecimal(point.commit)[:7] if (last - index) % step == 0 else ""
        yield shown + f"{index:07b}".translate({ord("0"): "\u200b", ord("1"): "\u2060"})


def _hexadecimal(commit: str) -> str:
    """A commit's digits and nothing else, whatever a file says that a commit is."""
    return re.sub(r"[^0-9a-f]", "", commit)


def _unit(highest: int) -> tuple[str, int]:
    """The unit in which the axis has figures before its point."""
    if highest < 10 << 10:
        return "bytes", 1
    return ("KiB", 1 << 10) if highest < 10 << 20 else ("MiB", 1 << 20)


def _amount(value: int, divisor: int) -> str:
    return str(value) if divisor == 1 else f"{value / divisor:.2f}"
