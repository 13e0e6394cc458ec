"""Waive: what people with write access let pass for this commit. (Check, findings, Forge) -> Granted; reports -> reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial

from msgspec import Struct, field
from msgspec.structs import replace

from ci_wasm.core.budget import BudgetResult, BudgetState
from ci_wasm.core.event import PullRequest
from ci_wasm.core.finding import Finding, Severity, allowance_for, waive
from ci_wasm.core.group import GroupReport
from ci_wasm.core.plan import Check
from ci_wasm.core.report import WorkerReport
from ci_wasm.core.waiver import Allowance, NotWaived, Waiver, decide_waiver, may_be_set
from ci_wasm.outcome import Failed, attempt
from ci_wasm.ports import Forge


class Granted(Struct, frozen=True):
    """The waivers by what they allow, and sentences about labels that waived nothing."""

    waivers: Mapping[Allowance, Waiver] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def ask_for_waivers(
    plan: Check, findings: Iterable[Finding], labels: Mapping[Allowance, str], forge: Forge | None
) -> Granted:
    """Ask for the labels that would let broken findings pass, where there are any; `labels` are the settings'.

    What cannot be asked waives nothing: the report then says so, and the findings stay errors.
    """
    wanted = {allowance_for(finding) for finding in findings}
    asked = {
        allowance: label
        for allowance, label in labels.items()
        if allowance in wanted and may_be_set(label, plan.pull_request, is_rerun=plan.is_rerun)
    }
    if not asked or forge is None:
        return Granted()
    decided = attempt(partial(_decide, plan.pull_request, asked, forge))
    if isinstance(decided, Failed):
        note = f"Whether a label waives anything could not be found out: {decided.message}. {decided.cure}"
        return Granted(notes=(note,))
    return Granted(
        {each.allowance: each for each in decided.value if isinstance(each, Waiver)},
        tuple(each.reason for each in decided.value if isinstance(each, NotWaived)),
    )


def waive_report(report: WorkerReport, waivers: Mapping[Allowance, Waiver]) -> WorkerReport:
    """One Worker's report with its waived errors as warnings. Pure."""
    return replace(
        report,
        findings=tuple(waive(finding, waivers) for finding in report.findings),
        budgets=tuple(waive_budget(result, waivers) for result in report.budgets),
    )


def waive_group(report: GroupReport, waivers: Mapping[Allowance, Waiver]) -> GroupReport:
    """The same of a group. Pure."""
    return replace(report, budgets=tuple(waive_budget(result, waivers) for result in report.budgets))


def waive_budget(result: BudgetResult, waivers: Mapping[Allowance, Waiver]) -> BudgetResult:
    """One budget with its waived errors as warnings. Pure."""
    findings = tuple(waive(finding, waivers) for finding in result.findings)
    still_broken = any(finding.severity is Severity.ERROR for finding in findings)
    is_waived = result.state is BudgetState.BROKEN and not still_broken
    return replace(result, findings=findings, state=BudgetState.WARNED if is_waived else result.state)


def _decide(
    request: PullRequest, labels: Mapping[Allowance, str], forge: Forge
) -> list[Waiver | NotWaived | None]:
    events = forge.labelings(request.number)
    permission = cache(forge.permission)
    fork = request.head_repository_id if request.is_fork else None
    tip = cache(
        lambda: None if request.is_fork and fork is None else forge.branch_tip(request.head_ref, fork)
    )
    return [
        decide_waiver(allowance, label, events, request, permission, tip)
        for allowance, label in labels.items()
    ]
