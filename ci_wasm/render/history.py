"""History renderer: sizes over commits, for every Worker. Histories -> text, Markdown, JSON, or a report for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci_wasm.core.history import History, Point
from ci_wasm.core.report import Report, Subject, WorkerReport
from ci_wasm.core.verdict import Conclusion, Verdict
from ci_wasm.outcome import Skipped
from ci_wasm.render.columns import columns
from ci_wasm.render.markdown import clean, code, table
from ci_wasm.render.quantity import change, size
from ci_wasm.render.trend import day, sparkline, trend_chart, trend_sentence

HEADER = ("commit", "day", "raw", "change", "gzip", "brotli")
# What Cloudflare needed to start the upload, where some commit was uploaded.
STARTUP = "start"


def render_history(workers: Mapping[str, History], order: str, format_: str) -> str:
    """`format_` is text, markdown or json; the newest commit comes last."""
    if format_ == "json":
        from ci_wasm.render.report_json import plain_value, render_json

        return render_json({"schema": 1, "order": order, "workers": plain_value(dict(workers))})
    blocks = [
        (_markdown if format_ == "markdown" else _text)(name, history)
        for name, history in workers.items()
        if history
    ]
    return "\n\n".join([*blocks, f"The order is {order}."]) + "\n"


def history_report(workers: Mapping[str, History], version: str) -> Report:
    """The histories alone, as the page takes them."""
    nothing = Skipped("only the history was asked for")
    commits = len({point.commit for history in workers.values() for point in history})
    return Report(
        Subject(""),
        tuple(WorkerReport(name, nothing, nothing, history=history) for name, history in workers.items()),
        Verdict(Conclusion.SUCCESS, 0, f"{commits} commits"),
        version=version,
    )


def _text(name: str, history: History) -> str:
    rows = [_header(history), *_rows(history)]
    return "\n".join([f"{clean(name)} {sparkline(history)} {trend_sentence(history)}", *columns(rows)])


def _markdown(name: str, history: History) -> str:
    rows = [(code(commit), *rest) for commit, *rest in _rows(history)]
    picture = [trend_chart(history)] if len(history) > 1 else []
    return "\n\n".join(
        [
            f"### {code(name)}",
            trend_sentence(history),
            *picture,
            table(_header(history), rows, "llrrrr" + "r" * _has_startup(history)),
        ]
    )


def _header(history: History) -> tuple[str, ...]:
    return (*HEADER, STARTUP) if _has_startup(history) else HEADER


def _has_startup(history: History) -> bool:
    return any(point.startup_ms is not None for point in history)


def _rows(history: History) -> Iterator[tuple[str, ...]]:
    before: Point | None = None
    for point in history:
        yield (
            point.commit[:7],
            day(point) or "–",
            size(point.raw),
            change(before.raw, point.raw) if before else "–",
            *("–" if compressed is None else size(compressed) for compressed in (point.gzip, point.brotli)),
            *(
                ["–" if point.startup_ms is None else f"{point.startup_ms:,} ms"]
                if _has_startup(history)
                else ()
            ),
        )
        before = point
