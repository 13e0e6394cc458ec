"""Entries: turn the texts of one Worker's entry into core values, collecting problems. entry -> Budget, Contract, ...."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from ci_wasm.config.file import Path, Problem
from ci_wasm.config.quantities import parse_margin, parse_percent, parse_size
from ci_wasm.core.budget import Budget, Inherited
from ci_wasm.core.contract import FEATURES, Breaking, Contract, ExportRule, ImportRule
from ci_wasm.core.metric import METRIC_FAMILIES, PLAIN_METRICS, Margin, is_metric, noise_of
from ci_wasm.core.pattern import Pattern, parse_pattern
from ci_wasm.core.preview import SmokeRequest
from ci_wasm.core.startup import DEFAULT_STARTUP, StartupLimits

if TYPE_CHECKING:
    from msgspec import UnsetType

    from ci_wasm.config.schema import BudgetEntry, ContractEntry, SmokeEntry, StartupEntry

T = TypeVar("T")
# What carries the request, and what the local edge or Cloudflare says in the client's place.
OUR_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "cf-connecting-ip"}
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class EntryReader:
    """Reads one Worker's entry at `path`; what cannot be read is added to `problems`, and reading goes on."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems

    def budgets(self, entries: Sequence[BudgetEntry]) -> tuple[Budget, ...]:
        """Every budget of the Worker."""
        return tuple(
            self._budget((*self.path, "budgets", index), entry) for index, entry in enumerate(entries)
        )

    def contract(self, entry: ContractEntry) -> Contract:
        """The Worker's contract."""
        path = (*self.path, "contract")
        exports = [
            ExportRule(name, pattern)
            for name, text in entry.exports.items()
            if (pattern := self._read((*path, "exports", name), parse_pattern, text)) is not None
        ]
        imports = entry.imports if isinstance(entry.imports, list) else None
        for index, feature in enumerate(entry.forbid_features):
            if feature not in FEATURES:
                self.problems.append(Problem((*path, "forbid-features", index), _unknown_feature(feature)))
        return Contract(
            exports=tuple(exports),
            imports=None if imports is None else tuple(self._imports(path, imports)),
            exact=entry.exact,
            forbid_features=tuple(entry.forbid_features),
            breaking=Breaking(entry.breaking),
        )

    def startup(self, entry: StartupEntry | UnsetType) -> StartupLimits:
        """What is measured of the start, and its limits; the fuel of it is read with the calls."""
        from msgspec import UNSET

        if entry is UNSET:
            return DEFAULT_STARTUP
        path, default = (*self.path, "startup"), DEFAULT_STARTUP
        growth = self._read((*path, "warn-growth"), parse_percent, entry.warn_growth)
        margin = self._read((*path, "platform-margin"), parse_percent, entry.platform_margin)
        return StartupLimits(
            runs=entry.runs,
            rebuilds_base=entry.rebuild_base,
            warn_growth=default.warn_growth if growth is None else growth,
            platform_max=entry.platform_max if isinstance(entry.platform_max, int) else None,
            platform_margin=default.platform_margin if margin is None else margin,
        )

    def smoke(self, entries: Sequence[SmokeEntry]) -> tuple[SmokeRequest, ...]:
        """The requests that the preview must answer."""
        for index, entry in enumerate(entries):
            path = (*self.path, "smoke", index)
            if not entry.path.startswith("/"):
                self.problems.append(Problem((*path, "path"), f"`{entry.path}` must start with `/`"))
            if entry.method not in METHODS:
                self.problems.append(
                    Problem((*path, "method"), f"`{entry.method}` is none of {', '.join(METHODS)}")
                )
            self._headers((*path, "headers"), entry.headers)
            self._headers((*path, "expect-headers"), entry.expect_headers)
        return tuple(
            SmokeRequest(
                entry.path,
                entry.method,
                entry.status,
                entry.contains,
                tuple(entry.headers.items()),
                tuple((name.lower(), text) for name, text in entry.expect_headers.items()),
            )
            for entry in entries
        )

    def _headers(self, path: Path, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name):
                self.problems.append(Problem((*path, name), f"`{name}` cannot be a header's name"))
            elif name.lower() in OUR_HEADERS:
                self.problems.append(Problem((*path, name), f"`{name}` is set by ci-wasm itself"))
            if not _HEADER_VALUE.fullmatch(value):
                self.problems.append(Problem((*path, name), "a header's value is one line of ASCII"))

    def _budget(self, path: Path, entry: BudgetEntry) -> Budget:
        if not is_metric(entry.metric):
            self.problems.append(Problem((*path, "metric"), _unknown_metric(entry.metric)))
        noise = self._limit((*path, "noise"), entry.noise, parse_margin)
        budget = Budget(
            entry.metric,
            maximum=self._limit((*path, "max"), entry.max, parse_size),
            warn=self._limit((*path, "warn"), entry.warn, parse_size),
            max_growth=self._limit((*path, "max-growth"), entry.max_growth, parse_margin),
            warn_growth=self._limit((*path, "warn-growth"), entry.warn_growth, parse_margin),
            min_shrink=self._limit((*path, "min-shrink"), entry.min_shrink, parse_margin),
            noise=noise_of(entry.metric) if noise is None else noise,
            inherited=Inherited(entry.inherited),
            ratchet=entry.ratchet,
        )
        limits = (entry.max, entry.warn, entry.max_growth, entry.warn_growth, entry.min_shrink)
        if not any(isinstance(limit, int | str) for limit in limits):
            names = "`max`, `warn`, `max-growth`, `warn-growth` or `min-shrink`"
            self.problems.append(Problem(path, f"a budget needs a limit: {names}"))
        if entry.ratchet and not isinstance(entry.max, int | str):
            self.problems.append(Problem(path, "`ratchet` lowers `max`, and there is none"))
        self.problems.extend(_contradictions(path, budget))
        return budget

    def _limit(self, path: Path, value: object, parse: Callable[[int | str], T]) -> T | None:
        return self._read(path, parse, value) if isinstance(value, int | str) else None

    def _read(self, path: Path, parse: Callable[..., T], value: object) -> T | None:
        try:
            return parse(value)
        except ValueError as error:
            self.problems.append(Problem(path, str(error)))
            return None

    def _imports(self, path: Path, texts: Sequence[str]) -> list[ImportRule]:
        rules = []
        for index, text in enumerate(texts):
            glob, separator, signature = text.partition(": ")
            pattern: Pattern | None = None
            if separator:
                pattern = self._read((*path, "imports", index), parse_pattern, signature)
            rules.append(ImportRule(glob.strip(), pattern))
        return rules


def _unknown_feature(feature: str) -> str:
    import difflib

    close = difflib.get_close_matches(feature, FEATURES, n=1, cutoff=0.5)
    return f"unknown feature `{feature}`; " + (
        f"did you mean `{close[0]}`?" if close else f"known: {', '.join(FEATURES)}"
    )


def _contradictions(path: Path, budget: Budget) -> Iterator[Problem]:
    """Limits that cannot be meant together."""
    maximum, warn = budget.maximum, budget.warn
    if maximum is not None and warn is not None and warn >= maximum:
        yield Problem((*path, "warn"), f"`warn` ({warn}) must be below `max` ({maximum})")
    most, soon, least = budget.max_growth, budget.warn_growth, budget.min_shrink
    if most and soon and _is_as_much(soon, most):
        yield Problem((*path, "warn-growth"), "`warn-growth` must be below `max-growth`")
    if least and _is_as_much(least, Margin(percent=100.0)):
        yield Problem((*path, "min-shrink"), "nothing can shrink by 100 % and be there")


def _is_as_much(margin: Margin, other: Margin) -> bool:
    """Whether a margin is as large as another, where that can be told: bytes and percentages cannot be compared."""
    if margin.percent is not None and other.percent is not None:
        return margin.percent >= other.percent
    return margin.amount is not None and other.amount is not None and margin.amount >= other.amount


def _unknown_metric(metric: str) -> str:
    import difflib

    close = difflib.get_close_matches(metric, PLAIN_METRICS, n=1, cutoff=0.5)
    known = [*PLAIN_METRICS, *(f"{family}NAME" for family in METRIC_FAMILIES)]
    return f"unknown metric `{metric}`; " + (
        f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"
    )
