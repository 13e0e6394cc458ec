"""Summary: the report for the job's page. Report -> Markdown of at most 1 MiB."""

from __future__ import annotations

from ci_wasm.core.report import Report
from ci_wasm.render.budgets import ratchet_section
from ci_wasm.render.comment import render_comment

# The runner drops a step's summary over 1 MiB; four bytes a character is the worst that UTF-8 does.
LONGEST_SUMMARY = 1024 * 1024 // 4


def render_summary(report: Report, *, docs_url: str = "") -> str:
    """The comment's text with the room that a summary has, and the ceilings that may come down."""
    proposal = f"\n{ratchet_section(report.ratchet)}\n" if report.ratchet else ""
    return render_comment(report, docs_url=docs_url, limit=LONGEST_SUMMARY - len(proposal)) + proposal
