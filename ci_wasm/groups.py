"""Groups: what concerns several Workers, once each was judged. (Settings, measurements) -> GroupReports; Report -> Report."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ci_wasm.config.places import find_budget_places, locate
from ci_wasm.config.settings import Settings
from ci_wasm.core.budget import BudgetResult
from ci_wasm.core.group import GroupReport, judge_group
from ci_wasm.core.measurement import Base, Measurement
from ci_wasm.core.report import Report
from ci_wasm.core.verdict import Conclusion
from ci_wasm.head import Head
from ci_wasm.outcome import Done, Outcome


def judge_groups(
    settings: Settings, heads: Mapping[str, Outcome[Head]], bases: Mapping[str, Outcome[Base]]
) -> list[GroupReport]:
    """Hold every group's budgets against the Workers that were measured, and against those that have a base."""
    after = {name: head.value.measurement for name, head in heads.items() if isinstance(head, Done)}
    before = {name: base.value.measurement for name, base in bases.items() if isinstance(base, Done)}
    return [_judged(settings, index, before, after) for index in range(len(settings.groups))]


def _judged(
    settings: Settings, index: int, before: Mapping[str, Measurement], after: Mapping[str, Measurement]
) -> GroupReport:
    """One group, with the line of ci-wasm.yml in every finding."""
    document, group = settings.document, settings.groups[index]
    places = find_budget_places(document, ("groups", index), group.budgets)

    def placed(result: BudgetResult) -> BudgetResult:
        return replace(result, findings=locate(result.findings, document.name, places))

    report = judge_group(group, before, after)
    return replace(report, budgets=tuple(map(placed, report.budgets)))


def propose(settings: Settings, report: Report) -> Report:
    """The report with the ceilings that may come down, where some have a ratchet and nothing is broken."""
    if report.verdict.conclusion is not Conclusion.SUCCESS or not settings.has_ratchet:
        return report
    from ci_wasm.config.ratchet import propose_ceilings

    proposal = propose_ceilings(settings, report)
    return report if proposal is None else replace(report, ratchet=proposal.ratchet)
