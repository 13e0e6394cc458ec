"""Startup: what starting a Worker costs, against its base and against the platform's own figure. (times) -> findings.

workerd's figure is the CPU time of a fresh process until it listens, the least of several: others only ever add to it. It
depends on the machine, so base and head are started in turn on one, and a recorded base is not compared. Processes
without a Worker are started beside them: what they take is workerd's own. It warns, and fails nothing.

Cloudflare measures an upload's start by itself (`startup_time_ms`) and refuses one that takes more than a second
(https://developers.cloudflare.com/workers/platform/limits/#worker-startup-time). That figure differs from upload to upload, so
a limit on it has a margin: what lies between is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.outcome import Done, Skipped

# Below this many milliseconds no difference is one: so much do the least of seven processes differ among themselves.
NOISE_MS = 2.0


class StartupLimits(Struct, frozen=True):
    """What is measured and judged. `runs` are processes of each kind, 0 for none; `warn_growth` is in percent.

    `rebuilds_base` asks for a base that is built now where a recorded one has no bytes to start.

    `platform_max` is in milliseconds of Cloudflare's figure, `platform_margin` in percent of it.
    """

    runs: int = 7
    rebuilds_base: bool = False
    warn_growth: float = 25.0
    platform_max: int | None = None
    platform_margin: float = 25.0


DEFAULT_STARTUP = StartupLimits()


class StartupTimes(Struct, frozen=True):
    """CPU milliseconds of several fresh processes that started the same Worker, in the order of their runs."""

    milliseconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The least: the one that was disturbed least."""
        return min(self.milliseconds)

    @property
    def worst(self) -> float:
        """The most, which tells how far to trust the least."""
        return max(self.milliseconds)


class Startup(Struct, frozen=True):
    """The start of a Worker on this machine; `empty` is that of workerd with nothing to start."""

    head: StartupTimes
    empty: StartupTimes
    base: StartupTimes | None = None

    @property
    def own(self) -> float:
        """What the head's start adds to workerd's own, in milliseconds."""
        return max(0.0, self.head.best - self.empty.best)

    @property
    def own_worst(self) -> float:
        """The same of its slowest process: how far to trust it."""
        return max(0.0, self.head.worst - self.empty.best)

    @property
    def base_own(self) -> float | None:
        """The same of the base."""
        return None if self.base is None else max(0.0, self.base.best - self.empty.best)


def startup_findings(
    startup: Done[Startup] | Skipped, platform_ms: int | None, limits: StartupLimits
) -> Iterator[Finding]:
    """A start that became slower on this machine, and one that is too slow for Cloudflare (in ms, None if unknown)."""
    if isinstance(startup, Done):
        yield from _slower(startup.value, limits)
    if platform_ms is not None and limits.platform_max is not None:
        yield from _over_platform_limit(platform_ms, limits.platform_max, limits.platform_margin)


def _slower(startup: Startup, limits: StartupLimits) -> Iterator[Finding]:
    before = startup.base_own
    if before is None:
        return
    grown = startup.own - before
    if grown <= max(NOISE_MS, before * limits.warn_growth / 100):
        return
    yield Finding(
        FindingKind.STARTUP_SLOWER,
        Severity.WARNING,
        "startup",
        f"starting the Worker takes {startup.own:.1f} ms of CPU on workerd, {grown:.1f} ms more than on the base",
        "Look at what grew, and at what runs in global scope or in the start function; do it when it is first needed.",
    )


def _over_platform_limit(measured: int, limit: int, margin: float) -> Iterator[Finding]:
    if measured <= limit:
        return
    allowed = limit + limit * margin / 100
    is_sure = measured > allowed
    yield Finding(
        FindingKind.STARTUP_LIMIT,
        Severity.ERROR if is_sure else Severity.WARNING,
        "startup",
        f"Cloudflare took {measured:,} ms to start the upload, {measured - limit:,} ms more than its limit of {limit:,} ms"
        + ("" if is_sure else f", which is within the margin of {margin:g} %"),
        "Do less in global scope and in the start function, or raise `startup.platform-max` in ci-wasm.yml and say why.",
        measured,
        limit,
    )
