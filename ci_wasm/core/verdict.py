"""Verdict: what the run concludes. (findings, failures) -> Verdict.

Exit code, headline, annotations and outputs all come from this one value, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ci_wasm.core.finding import Finding, Severity
from ci_wasm.errors import EXIT_BROKEN, EXIT_OK
from ci_wasm.outcome import Failed


class Conclusion(Enum):
    """The conclusion in the words of GitHub's check runs, and of the output `conclusion`."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion, its exit code, and one line that says why."""

    conclusion: Conclusion
    exit_code: int
    headline: str


def make_verdict(findings: Sequence[Finding], failures: Sequence[Failed]) -> Verdict:
    """Conclude. A stage that failed comes before a broken budget, and the first one names the exit code:

    what could not be judged must not pass as judged. Warnings and notices never fail a run.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if failures:
        return Verdict(Conclusion.FAILURE, failures[0].exit_code, failures[0].message)
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        return Verdict(Conclusion.FAILURE, EXIT_BROKEN, f"{errors[0].message}{more}")
    if warnings:
        more = f", and {len(warnings) - 1} more" if len(warnings) > 1 else ""
        return Verdict(
            Conclusion.SUCCESS, EXIT_OK, f"all budgets and contracts hold; {warnings[0].message}{more}"
        )
    return Verdict(Conclusion.SUCCESS, EXIT_OK, "all budgets and contracts hold")
