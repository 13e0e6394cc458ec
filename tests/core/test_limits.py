"""Limits: what the platform refuses is told before a deployment finds out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ci_wasm.core.finding import FindingKind, Severity
from ci_wasm.core.limits import limit_findings
from ci_wasm.core.module import Memory
from tests.modules import make_measured, make_module

MIB = 1 << 20


@pytest.mark.parametrize(
    ("raw", "pages", "subjects"),
    [
        (1000, 17, []),
        (64 * MIB, 2048, []),
        (64 * MIB + 1, 2048, ["raw"]),
        (1000, 2049, ["memory"]),
        (65 * MIB, 4096, ["raw", "memory"]),
    ],
)
def test_what_is_over_a_limit_is_a_warning(raw: int, pages: int, subjects: list[str]) -> None:
    memory = Memory(
        minimum=pages, maximum=None, shared=False, memory64=False, page_size=65536, imported=False
    )
    measured = make_measured(raw, replace(make_module(), memories=(memory,)))

    findings = list(limit_findings(measured))

    assert [finding.subject for finding in findings] == subjects
    assert {(finding.kind, finding.severity) for finding in findings} <= {
        (FindingKind.PLATFORM_LIMIT, Severity.WARNING)
    }
    assert all((finding.measured or 0) > (finding.limit or 0) > 0 for finding in findings)
