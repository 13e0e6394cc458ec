"""Ratchet: bring the ceilings of ci-wasm.yml down to what was measured. (Settings, Report) -> Proposal.

The new ceiling is the lowest readable size that holds (config/quantities.py says what is readable), in the unit that the
file has. One that is less than 1 % lower is not worth a change, and would be proposed again and again.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from msgspec import Struct

from ci_wasm.config.edit import Uneditable, replace_scalars, scalar_text
from ci_wasm.config.file import Document, Path
from ci_wasm.config.quantities import parse_size, write_size
from ci_wasm.config.settings import Settings
from ci_wasm.core.budget import BudgetResult
from ci_wasm.core.ratchet import Ceiling, Ratchet, needed_ceiling
from ci_wasm.core.report import Report


class Proposal(Struct, frozen=True):
    """What may come down, and the whole file with it."""

    ratchet: Ratchet
    text: str


def propose_ceilings(settings: Settings, report: Report) -> Proposal | None:
    """Every ceiling with a ratchet that may come down; None where there is none."""
    document = settings.document
    lowered: list[Ceiling] = []
    texts: dict[Path, str] = {}
    for path, owner, result in _results(settings, report):
        ceiling = _lowered(document, path, owner, result)
        if ceiling is not None:
            lowered.append(ceiling)
            texts.update({} if ceiling.problem else {path: ceiling.after})
    if not lowered:
        return None
    text = replace_scalars(document, texts)
    return Proposal(Ratchet(settings.config_path, tuple(lowered), _diff(settings, text)), text)


def _results(settings: Settings, report: Report) -> Iterator[tuple[Path, str, BudgetResult]]:
    """Every budget with the path of its `max`: the file lists Workers, groups and budgets as the settings do."""
    workers = {each.name: each.budgets for each in report.workers}
    groups = {each.name: each.budgets for each in report.groups}
    for index, worker in enumerate(settings.workers):
        for place, result in enumerate(workers.get(worker.name, ())):
            yield ("workers", index, "budgets", place, "max"), f"`{worker.name}`", result
    for index, group in enumerate(settings.groups):
        for place, result in enumerate(groups.get(group.name, ())):
            yield ("groups", index, "budgets", place, "max"), f"the group `{group.name}`", result


def _lowered(document: Document, path: Path, owner: str, result: BudgetResult) -> Ceiling | None:
    needed, maximum = needed_ceiling(result), result.budget.maximum
    if needed is None or maximum is None:
        return None
    written, problem = str(maximum), ""
    try:
        written = scalar_text(document, path)
        if parse_size(written) != maximum:
            # A number in another notation of YAML, such as 0x400 or 1_0.
            written = str(maximum)
    except (Uneditable, ValueError) as error:
        problem = str(error) if isinstance(error, Uneditable) else ""
        written = str(maximum)
    after = write_size(needed, written)
    if 100 * (maximum - parse_size(after)) < max(maximum, 1):
        return None
    return Ceiling(owner, result.budget.metric, written, after, problem)


def _diff(settings: Settings, text: str) -> str:
    """For `git apply` in the repository's root; empty where nothing changes."""
    before, after = (each.splitlines(keepends=True) for each in (settings.document.text, text))
    lines = difflib.unified_diff(before, after, f"a/{settings.config_path}", f"b/{settings.config_path}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
