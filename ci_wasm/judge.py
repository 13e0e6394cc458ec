"""Judge: hold one measured Worker against its base, its budgets and its contract. (settings, head, base) -> WorkerReport."""

from __future__ import annotations

from msgspec.structs import replace

from ci_wasm.config.places import locate
from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.budget import judge_budget
from ci_wasm.core.compatibility import breaking_findings, compatibility_changes
from ci_wasm.core.contract import contract_findings
from ci_wasm.core.finding import Finding
from ci_wasm.core.growth import make_growth
from ci_wasm.core.history import Commit, History, extend_history, make_point
from ci_wasm.core.limits import limit_findings
from ci_wasm.core.matching import Matching
from ci_wasm.core.measurement import Base, comparable_base
from ci_wasm.core.report import WorkerReport
from ci_wasm.core.trial import fuel_budgets
from ci_wasm.head import Head
from ci_wasm.outcome import Done, Outcome
from ci_wasm.ports import World


def with_places(report: WorkerReport, worker: WorkerSettings) -> WorkerReport:
    """The report with the line of ci-wasm.yml in every finding whose rule stands there."""

    def placed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return locate(findings, worker.config_file, worker.places)

    budgets = tuple(replace(result, findings=placed(result.findings)) for result in report.budgets)
    return replace(report, findings=placed(report.findings), budgets=budgets)


def comparable(base: Outcome[Base], head: Outcome[Head]) -> Outcome[Base]:
    """The base without what the head must not be compared with."""
    if not (isinstance(base, Done) and isinstance(head, Done)):
        return base
    return Done(comparable_base(base.value, head.value.measurement))


def history_until(commit: Commit | None, head: Outcome[Head], before: History) -> History:
    """The history with the head at its end; a module of no commit, as at home, has no place in one."""
    if commit is None or not isinstance(head, Done):
        return before
    return extend_history(before, make_point(commit, head.value.measurement))


def match(head: Outcome[Head], base: Outcome[Base], world: World) -> Matching | None:
    """Which function is which, where there are two modules with names."""
    if not (isinstance(head, Done) and isinstance(base, Done)):
        return None
    return world.reader.match(base.value.measurement.module, head.value.measurement.module)


def judge(
    worker: WorkerSettings, head: Outcome[Head], base: Outcome[Base], matching: Matching | None
) -> WorkerReport:
    """Hold one measured module against its base, its budgets and its contract. Pure."""
    if not isinstance(head, Done):
        return WorkerReport(worker.name, head, base)
    after = head.value.measurement
    before = base.value.measurement if isinstance(base, Done) else None
    limits = (*worker.budgets, *fuel_budgets(worker.behavior, after.execution))
    budgets = tuple(judge_budget(budget, before, after) for budget in limits)
    broken = contract_findings(worker.contract, after.module)
    is_alone = head.value.build.is_alone
    changes = compatibility_changes(before.module, after.module, is_alone=is_alone) if before else ()
    breaking = breaking_findings(
        changes, worker.contract.breaking, frozenset(finding.subject for finding in broken)
    )
    return WorkerReport(
        name=worker.name,
        head=Done(after),
        base=base,
        growth=make_growth(before, after, matching) if before else None,
        budgets=budgets,
        changes=changes,
        behavior=head.value.trial.results,
        findings=(
            *(finding for result in budgets for finding in result.findings),
            *limit_findings(after),
            *broken,
            *breaking,
            *head.value.trial.findings,
        ),
    )
