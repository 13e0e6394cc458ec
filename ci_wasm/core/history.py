"""History: a Worker's sizes over the commits that led here. (points before, Measurement) -> History.

A history is told oldest first. Each recorded baseline carries its own, so that one file gives the base and the trend;
nothing is shared that two runs could write at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ci_wasm.core.measurement import Measurement

# A hundred merges are some weeks of a busy repository, more than a picture on a phone shows.
MOST_POINTS = 100
# Two points are a change, which is told elsewhere than in a trend.
FEWEST_POINTS = 3
# What tells commits apart in the largest repositories there are, and a third of a whole SHA in a record.
COMMIT_DIGITS = 12
# The end of the year 9999: a commit may claim any date.
LAST_SECOND = 253_402_300_799


class Commit(Struct, frozen=True):
    """A commit and when it was made: the committer's date in seconds since 1970 (UTC), None where nobody knows it."""

    sha: str
    date: int | None = None


class Point(Struct, frozen=True):
    """What one commit shipped, in bytes; `gzip` and `brotli` None where it was not compressed.

    `commit` is the first 12 digits; `date` is the committer's, in seconds since 1970 (UTC), None where it is not known.
    `functions` are the bodies of the module's own functions together. `startup_ms` is what Cloudflare said that starting
    the upload took, None where it was not uploaded.
    """

    commit: str
    date: int | None
    raw: int
    gzip: int | None
    brotli: int | None
    functions: int
    startup_ms: int | None = None


History = tuple[Point, ...]


class Recorded(Struct, frozen=True):
    """The record of a merged commit, by Worker: what was measured, and the histories that end there.

    A Worker that did not build then is in `histories` alone.
    """

    measurements: Mapping[str, Measurement]
    histories: Mapping[str, History]


def make_point(commit: Commit, measurement: Measurement) -> Point:
    """One measurement as a point; a date out of all calendars is not known."""
    sizes, date = measurement.sizes, commit.date
    return Point(
        commit.sha[:COMMIT_DIGITS],
        date if date is not None and 0 <= date <= LAST_SECOND else None,
        sizes.raw,
        sizes.gzip,
        sizes.brotli,
        measurement.module.functions.size,
    )


def extend_history(before: Iterable[Point], point: Point) -> History:
    """The history with a commit at its end: once, also where its run was started again; the oldest points leave."""
    others = (other for other in before if other.commit != point.commit)
    return (*others, point)[-MOST_POINTS:]


def with_startup(history: History, commit: str, startup_ms: int | None) -> History:
    """The history with what Cloudflare measured at a commit's upload, where the commit is its end."""
    if not history or history[-1].commit != commit[:COMMIT_DIGITS]:
        return history
    return (*history[:-1], replace(history[-1], startup_ms=startup_ms))


def merge_histories(histories: Iterable[Iterable[Point]]) -> History:
    """One history of several, each commit where it first comes, with what was told of it last.

    A start that one of them tells is kept: the same commit may be uploaded by one run and only measured by the next.
    """
    points: dict[str, Point] = {}
    for history in histories:
        for point in history:
            known = points.get(point.commit, point)
            startup_ms = known.startup_ms if point.startup_ms is None else point.startup_ms
            points[point.commit] = replace(point, startup_ms=startup_ms)
    return tuple(points.values())
