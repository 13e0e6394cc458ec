"""Finding: one thing that the reviewer must know, with its severity, cure and page. facts -> Finding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
    BUDGET_UNMEASURED = "budget-unmeasured"
    EXPORT_MISSING = "export-missing"
    EXPORT_CHANGED = "export-changed"
    EXPORT_UNLISTED = "export-unlisted"
    IMPORT_UNLISTED = "import-unlisted"
    FEATURE_FORBIDDEN = "feature-forbidden"
    BREAKING_CHANGE = "breaking-change"
    BEHAVIOR_BROKEN = "behavior-broken"
    BEHAVIOR_FUEL = "behavior-fuel"
    BEHAVIOR_MEMORY = "behavior-memory"
    PLATFORM_LIMIT = "platform-limit"
    STARTUP_SLOWER = "startup-slower"
    STARTUP_LIMIT = "startup-limit"
    SMOKE_FAILED = "smoke-failed"
    STALE_PREVIEW = "stale-preview"


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgment. `message` says what and by how much, in one sentence; `cure` says what to do.

    `subject` is what the finding is about (a metric, an export's name) and may be text from a binary. `measured` and
    `limit` are in bytes or counts where the finding has them.
    """

    kind: FindingKind
    severity: Severity
    subject: str
    message: str
    cure: str
    measured: int | None = None
    limit: int | None = None

    @property
    def page(self) -> str:
        """Where the documentation explains this kind of finding, relative to the repository's root."""
        return f"docs/findings.md#{self.kind.value}"
