"""Waiving: what GitHub is asked for, and what becomes of findings, budgets and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from ci_wasm.core.budget import BudgetState
from ci_wasm.core.event import PullRequest
from ci_wasm.core.finding import ALLOWANCES, Finding, FindingKind, Severity
from ci_wasm.core.plan import Check, Strategy
from ci_wasm.core.report import WorkerReport, make_report
from ci_wasm.core.waiver import Allowance, BranchTip
from ci_wasm.errors import ForgeError
from ci_wasm.waive import Granted, ask_for_waivers, waive_report
from tests.fakes.forge import Hub, InMemoryForge
from tests.reports import COMMIT, SUBJECT, broken, passing

GROWTH, BREAKING = "ci-wasm:allow-growth", "ci-wasm:allow-breaking"
LABELS = {Allowance.GROWTH: GROWTH, Allowance.BREAKING: BREAKING}
EVENT = PullRequest(
    "synchronize", 12, "Title", COMMIT, "change", "octo-org/crates", "c" * 40, "main", "octo-org/crates",
    "https://x", False, 7, (GROWTH, BREAKING), "", "mona", "",
)  # fmt: skip
NEVER = {
    FindingKind.BEHAVIOR_BROKEN,
    FindingKind.BEHAVIOR_INVALID,
    FindingKind.SMOKE_FAILED,
    FindingKind.STARTUP_LIMIT,
    FindingKind.STALE_PREVIEW,
}


def hub(*labels: str, role: str = "write", by: str = "mona") -> Hub:
    """A pull request whose head was pushed before somebody set these labels."""
    made = Hub(permissions={by: role})
    made.tips["change", None] = BranchTip(COMMIT, made.now())
    for label in labels:
        made.set_label(by, label)
    return made


@dataclass(frozen=True)
class Waived:
    """One Worker's report after somebody was asked."""

    report: WorkerReport
    notes: tuple[str, ...]


def waived(
    hub: Hub,
    event: PullRequest = EVENT,
    *,
    is_rerun: bool = False,
    report: WorkerReport | None = None,
    labels: Mapping[Allowance, str] = LABELS,
) -> Waived:
    worker = report or broken().workers[0]
    plan = Check(event, Strategy.NONE, is_rerun=is_rerun)
    granted = ask_for_waivers(plan, worker.findings, labels, InMemoryForge(hub))
    return Waived(waive_report(worker, granted.waivers), granted.notes)


def severities(made: Waived) -> dict[FindingKind, Severity]:
    return {finding.kind: finding.severity for finding in made.report.findings}


@pytest.mark.parametrize(
    ("labels", "growth", "contract", "exit_code"),
    [
        ((), Severity.ERROR, Severity.ERROR, 1),
        ((GROWTH,), Severity.WARNING, Severity.ERROR, 1),
        ((BREAKING,), Severity.ERROR, Severity.WARNING, 1),
        ((GROWTH, BREAKING), Severity.WARNING, Severity.WARNING, 0),
    ],
)
def test_each_label_waives_its_own_kind(
    labels: tuple[str, ...], growth: Severity, contract: Severity, exit_code: int
) -> None:
    made = waived(hub(*labels))

    found = severities(made)
    assert (found[FindingKind.BUDGET_EXCEEDED], found[FindingKind.EXPORT_CHANGED]) == (growth, contract)
    report = make_report(SUBJECT, [made.report], version="0.1.0")
    assert (report.verdict.exit_code, made.notes) == (exit_code, ())
    if exit_code == 0:
        assert report.verdict.headline == (
            "`raw` is 1,300 bytes, 276 bytes over its budget of 1,024 bytes, and 4 more, waived"
        )


def test_who_when_and_for_what_stand_in_the_message() -> None:
    made = waived(hub(GROWTH))

    finding = made.report.findings[0]
    assert finding.message == (
        "`raw` is 1,300 bytes, 276 bytes over its budget of 1,024 bytes, waived by `@mona` at 2026-11-24 09:00 UTC "
        "for `4f5e6d7`"
    )
    assert finding.statement == "`raw` is 1,300 bytes, 276 bytes over its budget of 1,024 bytes"


def test_the_budgets_in_the_table_are_waived_as_the_findings_are() -> None:
    (before,) = broken().workers
    made = waived(hub(GROWTH))

    after = made.report
    assert [result.state for result in before.budgets] == [
        BudgetState.BROKEN,
        BudgetState.BROKEN,
        BudgetState.WITHIN,
    ]
    assert [result.state for result in after.budgets] == [
        BudgetState.WARNED,
        BudgetState.WARNED,
        BudgetState.WITHIN,
    ]
    assert [finding for result in after.budgets for finding in result.findings] == list(after.findings[:2])


@pytest.mark.parametrize(
    ("labels", "event", "is_rerun", "asked"),
    [
        pytest.param((GROWTH,), replace(EVENT, labels=()), False, [], id="the payload knows no label"),
        pytest.param((GROWTH,), replace(EVENT, labels=("bug",)), False, [], id="it knows another one"),
        pytest.param((), EVENT, False, ["labelings"], id="it was taken off meanwhile"),
        pytest.param(
            (GROWTH, BREAKING),
            EVENT,
            False,
            ["labelings", "permission", "branch_tip"],
            id="two, asked for once",
        ),
        pytest.param(
            (GROWTH,),
            replace(EVENT, labels=()),
            True,
            ["labelings", "permission", "branch_tip"],
            id="an old payload",
        ),
    ],
)
def test_only_what_is_needed_is_asked(
    labels: tuple[str, ...], event: PullRequest, is_rerun: bool, asked: list[str]
) -> None:
    made = hub(*labels)

    waived(made, event, is_rerun=is_rerun)

    assert made.asked == asked


def test_where_nothing_is_broken_nothing_is_asked() -> None:
    made = hub(GROWTH)
    (worker,) = passing().workers

    assert waived(made, is_rerun=True, report=worker) == Waived(worker, ())
    assert made.asked == []


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_is_growth_breaking_or_never_waived(kind: FindingKind) -> None:
    finding = Finding(kind, Severity.ERROR, "raw", "it is wrong", "Mend it.")
    (worker,) = passing().workers

    made = waived(hub(GROWTH, BREAKING), report=replace(worker, findings=(finding,)))

    (after,) = made.report.findings
    assert (after.severity is Severity.WARNING) == (kind in ALLOWANCES)
    always_mild = {
        FindingKind.BUDGET_WARNING,
        FindingKind.BUDGET_NOISE,
        FindingKind.BUDGET_UNMEASURED,
        FindingKind.PLATFORM_LIMIT,
        FindingKind.STARTUP_SLOWER,
    }
    assert (kind in ALLOWANCES) + (kind in NEVER) + (kind in always_mild) == 1


def test_a_warning_needs_no_waiver() -> None:
    finding = Finding(FindingKind.BREAKING_CHANGE, Severity.WARNING, "add", "it changed", "Mend it.")
    (worker,) = passing().workers
    made = hub(BREAKING)

    assert waived(made, report=replace(worker, findings=(finding,))).report.findings == (finding,)
    assert made.asked == []


def test_a_label_that_waives_nothing_is_a_note() -> None:
    made = waived(hub(GROWTH, BREAKING, role="triage", by="tri"))

    assert severities(made)[FindingKind.BUDGET_EXCEEDED] is Severity.ERROR
    assert [note.partition(":")[0] for note in made.notes] == ["The label `ci-wasm"] * 2
    assert all("`tri` set it, who has no write access" in note for note in made.notes)


def test_what_cannot_be_asked_waives_nothing_and_is_told() -> None:
    (worker,) = broken().workers
    refusal = ForgeError("GitHub refused to list events", cure="Add `pull-requests: read`.")

    granted = ask_for_waivers(
        Check(EVENT, Strategy.NONE), worker.findings, LABELS, InMemoryForge(hub(), refusal=refusal)
    )

    assert granted.waivers == {}
    (note,) = granted.notes
    assert note == (
        "Whether a label waives anything could not be found out: GitHub refused to list events. "
        "Add `pull-requests: read`."
    )


@pytest.mark.parametrize("labels", [{}, {Allowance.BREAKING: BREAKING}])
def test_a_label_that_is_turned_off_waives_nothing(labels: dict[Allowance, str]) -> None:
    made = waived(hub(GROWTH), labels=labels)

    assert severities(made)[FindingKind.BUDGET_EXCEEDED] is Severity.ERROR


def test_without_a_token_there_are_no_exceptions() -> None:
    (worker,) = broken().workers

    assert ask_for_waivers(Check(EVENT, Strategy.NONE), worker.findings, LABELS, None) == Granted()


@pytest.mark.parametrize(
    ("fork_id", "asked"),
    [(71, ["labelings", "permission", "branch_tip"]), (None, ["labelings", "permission"])],
)
def test_a_forks_pushes_are_asked_by_its_id(fork_id: int | None, asked: list[str]) -> None:
    """A name could be given to another repository; of a deleted fork nothing is known."""
    made = hub(GROWTH)
    made.tips["change", 71] = made.tips.pop(("change", None))
    event = replace(EVENT, head_repository="stranger/crates", head_repository_id=fork_id)

    result = waived(made, event)

    assert made.asked == asked
    assert (severities(result)[FindingKind.BUDGET_EXCEEDED] is Severity.WARNING) == (fork_id is not None)
