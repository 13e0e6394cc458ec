"""Upload: the whole Worker is what the platform limits, where it is known, and what a budget may limit."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ci_wasm.core.budget import Budget, BudgetState, judge_budget
from ci_wasm.core.finding import FindingKind, Severity
from ci_wasm.core.limits import WORKER_SIZE, limit_findings
from ci_wasm.core.measurement import Upload
from ci_wasm.core.metric import Margin
from ci_wasm.outcome import Skipped
from tests.modules import make_measured

OWN_MAIN = Skipped("its wrangler config has a JavaScript entry of its own (`main = index.js`)")


@pytest.mark.parametrize(
    ("raw", "upload", "subjects"),
    [
        (WORKER_SIZE - 10_000, WORKER_SIZE, []),
        (WORKER_SIZE - 10_000, WORKER_SIZE + 1, ["upload"]),
        (WORKER_SIZE + 1, WORKER_SIZE + 9000, ["upload"]),
        (WORKER_SIZE, None, []),
        (WORKER_SIZE + 1, None, ["raw"]),
    ],
)
def test_the_platforms_limit_is_for_the_whole_worker(
    raw: int, upload: int | None, subjects: list[str]
) -> None:
    measured = make_measured(raw, upload=None if upload is None else Upload(upload, None))

    findings = list(limit_findings(measured))

    assert [finding.subject for finding in findings] == subjects
    assert [finding.measured for finding in findings] == [upload or raw for _ in subjects]


@pytest.mark.parametrize(
    ("base", "head", "state"),
    [
        (9000, 9500, BudgetState.WITHIN),
        (9000, 10_001, BudgetState.BROKEN),
        (9000, 9600, BudgetState.BROKEN),
        (None, 9600, BudgetState.WITHIN),
    ],
)
def test_a_budget_on_the_upload(base: int | None, head: int, state: BudgetState) -> None:
    budget = Budget("upload", maximum=10_000, max_growth=Margin(amount=500))
    before = make_measured(100, upload=None if base is None else Upload(base, 3000))

    result = judge_budget(budget, before, make_measured(100, upload=Upload(head, 3000)))

    assert (result.state, result.base, result.measured) == (state, base, head)


def test_an_upload_that_is_not_known_breaks_no_budget_and_says_why() -> None:
    head = replace(make_measured(100), upload=OWN_MAIN)

    result = judge_budget(Budget("upload", maximum=1), make_measured(100, upload=Upload(9000, None)), head)

    assert result.state is BudgetState.UNMEASURED
    (finding,) = result.findings
    assert (finding.kind, finding.severity) == (FindingKind.BUDGET_UNMEASURED, Severity.WARNING)
    assert finding.message == (
        "`upload` cannot be measured: ci-wasm does not assemble this Worker: its wrangler config has a JavaScript entry "
        "of its own (`main = index.js`)"
    )
    assert "`raw`" in finding.cure
