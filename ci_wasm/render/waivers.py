"""Waivers: who let what pass, as the comment shows it. Report -> Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ci_wasm.core.finding import Finding
from ci_wasm.core.report import Report
from ci_wasm.core.waiver import Waiver, moment
from ci_wasm.render.markdown import code, prose
from ci_wasm.render.quantity import short_sha

# All of them stand below, beside their Worker.
_SHOWN = 3


def waiver_blocks(report: Report) -> Iterator[str]:
    """A paragraph and a list for each waiver: who, when, for which commit, and what."""
    waived: dict[Waiver, list[tuple[str, Finding]]] = {}
    told = [(worker.name, finding) for worker in report.workers for finding in worker.findings]
    told += [(group.name, finding) for group in report.groups for finding in group.findings]
    for name, finding in told:
        if finding.waiver:
            waived.setdefault(finding.waiver, []).append((name, finding))
    for waiver, findings in waived.items():
        lines = [f"- {code(name)}: {prose(finding.statement, 600)}" for name, finding in findings[:_SHOWN]]
        if len(findings) > len(lines):
            lines.append(f"- … and {len(findings) - len(lines)} more")
        yield "\n".join([_heading(waiver), "", *lines])


def _heading(waiver: Waiver) -> str:
    # In a code span, the name mentions nobody.
    return (
        f"**Waived by** {code(f'@{waiver.by}')} at {moment(waiver.at)} for {code(short_sha(waiver.commit))} with the label "
        f"{code(waiver.label)}; the next push needs it again:"
    )
