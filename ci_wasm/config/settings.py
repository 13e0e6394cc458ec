"""Settings: every value that a run goes by, and where it came from. -> Settings."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ci_wasm.config.file import Document
from ci_wasm.core.behavior import Behavior
from ci_wasm.core.budget import Budget
from ci_wasm.core.build import Source
from ci_wasm.core.contract import Contract
from ci_wasm.core.group import Group
from ci_wasm.core.plan import Strategy
from ci_wasm.core.preview import SmokeRequest
from ci_wasm.core.startup import DEFAULT_STARTUP, StartupLimits
from ci_wasm.core.waiver import Allowance

# The newest date whose runtime behavior the generated shim was tested with; a wrangler config overrides it.
DEFAULT_COMPATIBILITY_DATE = "2026-07-01"
NO_DOCUMENT = Document("ci-wasm.yml", {}, {})


class Setting(Struct, frozen=True):
    """One line of the log's table: a value and its origin, as in ("preview.strategy", "auto", "default")."""

    name: str
    value: str
    origin: str


class WorkerSettings(Struct, frozen=True):
    """One Worker. `unpreviewable` says why it cannot be previewed, when its wrangler config asks for what is not supported.

    `places` are the lines of its rules in `config_file`; see config/places.py.
    """

    name: str
    source: Source
    budgets: tuple[Budget, ...] = ()
    contract: Contract = field(default_factory=Contract)
    behavior: Behavior = field(default_factory=Behavior)
    startup: StartupLimits = DEFAULT_STARTUP
    smoke: tuple[SmokeRequest, ...] = ()
    cache_control: str | None = None
    strip_names: bool = False
    compatibility_date: str = DEFAULT_COMPATIBILITY_DATE
    compatibility_flags: tuple[str, ...] = ()
    vars: Mapping[str, object] = field(default_factory=dict)
    unpreviewable: str = ""
    config_file: str = ""
    places: Mapping[str, int] = field(default_factory=dict)


class Settings(Struct, frozen=True):
    """The whole run. `records_baseline`: whether measurements are kept on the data branch, or the base is rebuilt.

    `exceptions` are the labels that let a pull request pass all the same; what is turned off is not in it. `document` is the
    file that all of it comes of, `config_path` its path from the repository's root; the Workers and groups, and the budgets
    of each, stand there in the same order.
    """

    workers: tuple[WorkerSettings, ...]
    strategy: Strategy
    records_baseline: bool
    exceptions: Mapping[Allowance, str] = field(default_factory=dict)
    origins: tuple[Setting, ...] = ()
    groups: tuple[Group, ...] = ()
    document: Document = NO_DOCUMENT
    config_path: str = "ci-wasm.yml"

    @property
    def budgets(self) -> list[Budget]:
        """Those of all Workers and groups."""
        of_workers = [budget for worker in self.workers for budget in worker.budgets]
        return of_workers + [budget for group in self.groups for budget in group.budgets]

    @property
    def has_ratchet(self) -> bool:
        """Whether a budget asks for proposals to lower it."""
        return any(budget.ratchet for budget in self.budgets)
