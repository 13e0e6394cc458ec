"""Verdict: what the run concludes. (findings, failures) -> Verdict.

Exit code, headline, check run, commit status and outputs all come from this one value, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from ci_wasm.core.finding import Finding, Severity
from ci_wasm.errors import EXIT_BROKEN, EXIT_OK
from ci_wasm.outcome import Failed


class Conclusion(Enum):
    """The conclusion in the words of GitHub's check runs, and of the output `conclusion`."""

    SUCCESS = "success"
    FAILURE = "failure"


class StatusState(Enum):
    """The states of GitHub's commit statuses, as far as a run that has ended needs them; all but success block."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


class Verdict(Struct, frozen=True):
    """The conclusion, its exit code, and one line that says why."""

    conclusion: Conclusion
    exit_code: int
    headline: str

    @property
    def passed(self) -> bool:
        """Whether the run lets the commit pass."""
        return self.conclusion is Conclusion.SUCCESS

    @property
    def status_state(self) -> StatusState:
        """`failure` where something is broken, `error` where that could not be judged."""
        if self.passed:
            return StatusState.SUCCESS
        return StatusState.FAILURE if self.exit_code == EXIT_BROKEN else StatusState.ERROR


def make_verdict(findings: Sequence[Finding], failures: Sequence[Failed]) -> Verdict:
    """Conclude. A stage that failed comes before a broken budget, and the first one names the exit code:

    what could not be judged must not pass as judged. Warnings and notices never fail a run; what was waived comes before
    other warnings, because then not everything holds.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if failures:
        return Verdict(Conclusion.FAILURE, failures[0].exit_code, failures[0].message)
    if errors:
        return Verdict(Conclusion.FAILURE, EXIT_BROKEN, f"{errors[0].message}{_more(errors)}")
    if waived := [finding for finding in warnings if finding.waiver]:
        return Verdict(Conclusion.SUCCESS, EXIT_OK, f"{waived[0].statement}{_more(waived)}, waived")
    if warnings:
        headline = f"all budgets and contracts hold; {warnings[0].message}{_more(warnings)}"
        return Verdict(Conclusion.SUCCESS, EXIT_OK, headline)
    return Verdict(Conclusion.SUCCESS, EXIT_OK, "all budgets and contracts hold")


def _more(findings: Sequence[Finding]) -> str:
    return f", and {len(findings) - 1} more" if len(findings) > 1 else ""
