"""Startup: which differences are told, and what they weigh."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.finding import FindingKind, Severity
from ci_wasm.core.startup import Startup, StartupLimits, StartupTimes, startup_findings
from ci_wasm.outcome import Done, Skipped

EMPTY = StartupTimes((21.5, 20.0, 30.0))
TIMES = st.lists(st.floats(0.1, 5000), min_size=1, max_size=9).map(lambda times: StartupTimes(tuple(times)))


def startup(head: float, base: float | None) -> Startup:
    """A start that takes so many milliseconds beside workerd's own, disturbed in one run of two."""
    times = [None if own is None else StartupTimes((20.0 + own, 90.0 + own)) for own in (head, base)]
    assert times[0] is not None
    return Startup(times[0], EMPTY, times[1])


@pytest.mark.parametrize(
    ("head", "base", "warned"),
    [
        (6.0, 6.0, False),
        (6.0, None, False),
        (3.0, 6.0, False),
        # Less than the noise, however much of the base it is.
        (2.9, 1.0, False),
        (3.1, 1.0, True),
        # A quarter more, and a little beyond.
        (50.0, 40.0, False),
        (50.1, 40.0, True),
    ],
)
def test_a_slower_start_is_a_warning(head: float, base: float | None, warned: bool) -> None:
    found = list(startup_findings(Done(startup(head, base)), None, StartupLimits()))

    assert [(finding.kind, finding.severity) for finding in found] == [
        (FindingKind.STARTUP_SLOWER, Severity.WARNING)
    ] * warned


@pytest.mark.parametrize(
    ("measured", "limit", "severity"),
    [
        (100, None, None),
        (100, 100, None),
        (101, 100, Severity.WARNING),
        (125, 100, Severity.WARNING),
        (126, 100, Severity.ERROR),
        (None, 100, None),
    ],
)
def test_cloudflare_s_own_figure_has_a_margin(
    measured: int | None, limit: int | None, severity: Severity | None
) -> None:
    found = list(
        startup_findings(Skipped("it was not measured"), measured, StartupLimits(platform_max=limit))
    )

    assert [finding.severity for finding in found] == ([severity] if severity else [])


@given(TIMES, TIMES, TIMES, st.integers(0, 5000))
def test_this_machine_s_figures_never_fail_a_run(
    head: StartupTimes, empty: StartupTimes, base: StartupTimes, platform: int
) -> None:
    found = startup_findings(Done(Startup(head, empty, base)), platform, StartupLimits())

    assert all(finding.severity is Severity.WARNING for finding in found)
