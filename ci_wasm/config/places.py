"""Places: the line of ci-wasm.yml that each rule stands on. (Document, path) -> places; (Finding, places) -> Finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ci_wasm.config.file import Document, Path
from ci_wasm.core.finding import ALLOWANCES, Finding
from ci_wasm.core.waiver import Allowance

if TYPE_CHECKING:
    from ci_wasm.config.schema import WorkerEntry
    from ci_wasm.core.budget import Budget

_SECTIONS = ("contract", "behavior", "startup")


def find_places(document: Document, path: Path, entry: WorkerEntry) -> dict[str, int]:
    """Lines of one Worker's rules: `budgets.METRIC`, `exports.NAME` and whole sections; of rules that stand in the file."""
    rules: list[tuple[str, Path]] = [(section, (*path, section)) for section in _SECTIONS]
    rules += [
        (f"budgets.{budget.metric}", (*path, "budgets", index)) for index, budget in enumerate(entry.budgets)
    ]
    rules += [(f"exports.{name}", (*path, "contract", "exports", name)) for name in entry.contract.exports]
    rules += [
        (f"smoke.{each.method} {each.path}", (*path, "smoke", index))
        for index, each in enumerate(entry.smoke)
    ]
    return _lines(document, rules)


def find_budget_places(document: Document, path: Path, budgets: Sequence[Budget]) -> dict[str, int]:
    """Lines of the budgets of what stands at `path`, such as a group."""
    return _lines(
        document,
        [(f"budgets.{budget.metric}", (*path, "budgets", index)) for index, budget in enumerate(budgets)],
    )


def _lines(document: Document, rules: Sequence[tuple[str, Path]]) -> dict[str, int]:
    # Of several budgets on one metric, the first.
    places = document.places
    return {name: places[place].line for name, place in reversed(rules) if place in places}


def locate(findings: Iterable[Finding], file: str, places: Mapping[str, int]) -> tuple[Finding, ...]:
    """The findings with the file and line of the rule that is broken, where that is known."""
    return tuple(_located(finding, file, places) for finding in findings)


def _located(finding: Finding, file: str, places: Mapping[str, int]) -> Finding:
    line = next((places[rule] for rule in _rules(finding) if rule in places), None)
    return finding if line is None else replace(finding, file=file, line=line)


def _rules(finding: Finding) -> tuple[str, ...]:
    if ALLOWANCES.get(finding.kind) is Allowance.BREAKING:
        return (f"exports.{finding.subject}", "contract")
    section, _, _ = finding.kind.value.partition("-")
    if section == "budget":
        return (f"budgets.{finding.subject}",)
    return (f"{section}.{finding.subject}", finding.subject, section)
