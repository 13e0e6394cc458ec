"""Finding: one thing that the reviewer must know, with its severity, cure and page. facts -> Finding."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from ci_wasm.core.waiver import Allowance, Waiver


class Severity(Enum):
    """How a finding weighs; the words are those of GitHub's workflow commands."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class FindingKind(Enum):
    """The closed list of what can be found; the value is the anchor on docs/findings.md."""

    BUDGET_EXCEEDED = "budget-exceeded"
    BUDGET_WARNING = "budget-warning"
    BUDGET_INHERITED = "budget-inherited"
    BUDGET_NOISE = "budget-noise"
    BUDGET_UNMEASURED = "budget-unmeasured"
    EXPORT_MISSING = "export-missing"
    EXPORT_CHANGED = "export-changed"
    EXPORT_UNLISTED = "export-unlisted"
    IMPORT_UNLISTED = "import-unlisted"
    FEATURE_FORBIDDEN = "feature-forbidden"
    BREAKING_CHANGE = "breaking-change"
    BEHAVIOR_BROKEN = "behavior-broken"
    BEHAVIOR_INVALID = "behavior-invalid"
    BEHAVIOR_MEMORY = "behavior-memory"
    PLATFORM_LIMIT = "platform-limit"
    STARTUP_SLOWER = "startup-slower"
    STARTUP_LIMIT = "startup-limit"
    SMOKE_FAILED = "smoke-failed"
    STALE_PREVIEW = "stale-preview"


# Which label waives what. Whatever is not here, no label waives: a wrong result is no matter of taste.
ALLOWANCES = {
    FindingKind.BUDGET_EXCEEDED: Allowance.GROWTH,
    FindingKind.BUDGET_INHERITED: Allowance.GROWTH,
    FindingKind.BEHAVIOR_MEMORY: Allowance.GROWTH,
    FindingKind.EXPORT_MISSING: Allowance.BREAKING,
    FindingKind.EXPORT_CHANGED: Allowance.BREAKING,
    FindingKind.EXPORT_UNLISTED: Allowance.BREAKING,
    FindingKind.IMPORT_UNLISTED: Allowance.BREAKING,
    FindingKind.FEATURE_FORBIDDEN: Allowance.BREAKING,
    FindingKind.BREAKING_CHANGE: Allowance.BREAKING,
}


class Finding(Struct, frozen=True):
    """One judgment. `message` says what and by how much, in one sentence; `cure` says what to do.

    A finding that was an error until somebody waived it says so in its message, and has the `waiver`. `file` and `line` are
    those of the rule, where it stands in a file. `subject` is what the finding is about (a metric, an export's name) and may be text from a binary. `measured` and
    `limit` are in bytes or counts where the finding has them.
    """

    kind: FindingKind
    severity: Severity
    subject: str
    message: str
    cure: str
    measured: int | None = None
    limit: int | None = None
    waiver: Waiver | None = None
    file: str | None = None
    line: int | None = None

    @property
    def statement(self) -> str:
        """The message without the words about its waiver."""
        return self.message.removesuffix(self.waiver.clause) if self.waiver else self.message

    @property
    def page(self) -> str:
        """Where the documentation explains this kind of finding, relative to the repository's root."""
        return f"docs/findings.md#{self.kind.value}"


def allowance_for(finding: Finding) -> Allowance | None:
    """What would let the finding pass; None where it passes anyway, or where nothing does."""
    return ALLOWANCES.get(finding.kind) if finding.severity is Severity.ERROR else None


def waive(finding: Finding, waivers: Mapping[Allowance, Waiver]) -> Finding:
    """The finding as a warning where it was an error that somebody waived; else as it is."""
    allowance = allowance_for(finding)
    waiver = waivers.get(allowance) if allowance else None
    if waiver is None:
        return finding
    message = f"{finding.message}{waiver.clause}"
    return replace(finding, severity=Severity.WARNING, message=message, waiver=waiver)
