"""Report: everything that a run found, for every renderer. (stages' values) -> Report."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from ci_wasm.core.budget import BudgetResult
from ci_wasm.core.call_result import CallResult
from ci_wasm.core.cause import Cause, growth_cause
from ci_wasm.core.compatibility import Change
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.group import GroupReport
from ci_wasm.core.growth import Growth
from ci_wasm.core.history import History
from ci_wasm.core.measurement import Base, Measurement
from ci_wasm.core.preview import Preview
from ci_wasm.core.ratchet import Ratchet
from ci_wasm.core.startup import Startup
from ci_wasm.core.verdict import Verdict, make_verdict
from ci_wasm.outcome import Done, Failed, Outcome, Skipped

SCHEMA = 1

# Too large for a budget on these: code that came is a reason.
_GROWTH_KINDS = frozenset({FindingKind.BUDGET_EXCEEDED, FindingKind.BUDGET_WARNING})
_SIZES = frozenset({"raw", "gzip", "brotli", "upload", "section.code"})


class WorkerReport(Struct, frozen=True):
    """One Worker's part. `growth` and `changes` are there where both `head` and `base` are Done.

    `history` is that of the base's branch, with the head as its last point where that was measured.
    """

    name: str
    head: Outcome[Measurement]
    base: Outcome[Base]
    growth: Growth | None = None
    budgets: tuple[BudgetResult, ...] = ()
    changes: tuple[Change, ...] = ()
    behavior: tuple[CallResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    preview: Outcome[Preview] = field(default_factory=lambda: Skipped("no preview was asked for"))
    history: History = ()
    startup: Done[Startup] | Skipped = field(default_factory=lambda: Skipped("it was not measured"))

    @property
    def failures(self) -> tuple[Failed, ...]:
        """Stages that could not do their job. A base that cannot be had is told, but fails nothing by itself."""
        return tuple(stage for stage in (self.head, self.preview) if isinstance(stage, Failed))


class Subject(Struct, frozen=True):
    """What was checked: the commit, where, and for which pull request."""

    commit: str
    repository: str = ""
    pull_request: int | None = None
    pull_request_url: str = ""
    run_url: str = ""
    run_attempt: int = 1


class Report(Struct, frozen=True):
    """A whole run. `notes` are sentences for the reader that belong to no Worker; `version` is ci-wasm's own.

    `ratchet` are ceilings that may come down, None where there are none, or where something has to be mended first.
    """

    subject: Subject
    workers: tuple[WorkerReport, ...]
    verdict: Verdict
    notes: tuple[str, ...] = ()
    failures: tuple[Failed, ...] = ()
    version: str = ""
    schema: int = SCHEMA
    groups: tuple[GroupReport, ...] = ()
    ratchet: Ratchet | None = None


def make_report(
    subject: Subject,
    workers: Sequence[WorkerReport],
    *,
    groups: Sequence[GroupReport] = (),
    notes: Sequence[str] = (),
    failures: Sequence[Failed] = (),
    version: str,
) -> Report:
    """Put the run together and conclude. `failures` are those that belong to the run as a whole, not to one Worker."""
    findings = [finding for worker in workers for finding in worker.findings]
    findings += [finding for group in groups for finding in group.findings]
    stages = [*failures, *(failure for worker in workers for failure in worker.failures)]
    verdict = make_verdict(findings, stages)
    if not stages and (cause := _cause(workers)):
        verdict = replace(verdict, headline=f"{verdict.headline}; {cause.sentence}")
    return Report(
        subject, tuple(workers), verdict, tuple(notes), tuple(failures), version, groups=tuple(groups)
    )


def _cause(workers: Sequence[WorkerReport]) -> Cause | None:
    """What the headline may name: why the Worker grew that it speaks of, or the one that changed most where all hold."""
    gravest = [
        (worker, finding)
        for severity in (Severity.ERROR, Severity.WARNING)
        for worker in workers
        for finding in worker.findings
        if finding.severity is severity
    ]
    if not gravest:
        grown = [worker.growth for worker in workers if worker.growth]
        most = max(grown, key=lambda growth: abs(growth.raw.bytes), default=None)
        return growth_cause(most) if most else None
    worker, finding = gravest[0]
    cause = growth_cause(worker.growth) if worker.growth and _is_growth(finding) else None
    return cause if cause and cause.bytes > 0 else None


def _is_growth(finding: Finding) -> bool:
    return finding.kind in _GROWTH_KINDS and finding.subject in _SIZES


def preview_url(report: Report) -> str:
    """The first public preview's URL, else the first local one's, else nothing."""
    previews = [worker.preview.value for worker in report.workers if isinstance(worker.preview, Done)]
    previews.sort(key=lambda preview: not preview.public)
    return previews[0].deployment.url if previews else ""
