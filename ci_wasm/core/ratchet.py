"""Ratchet: ceilings that may come down, because less is needed by now. BudgetResult -> bytes, Ratchet.

How a lower ceiling is written, and where, is known to config/ratchet.py.
"""

from __future__ import annotations

from msgspec import Struct

from ci_wasm.core.budget import BudgetResult


class Ceiling(Struct, frozen=True):
    """One `max`: of which Worker or group ("`add`", "the group `edge`"), and how the file writes it now and would then.

    `problem` says why the file cannot be changed there; then `after` is what to write by hand.
    """

    owner: str
    metric: str
    before: str
    after: str
    problem: str = ""


class Ratchet(Struct, frozen=True):
    """All of a file, and the unified diff that lowers them, empty where none can be lowered."""

    file: str
    ceilings: tuple[Ceiling, ...]
    diff: str


def needed_ceiling(result: BudgetResult) -> int | None:
    """The lowest `max` that holds: what was measured with its noise, and more than `warn`. None without a ratchet."""
    budget = result.budget
    if not budget.ratchet or budget.maximum is None or result.measured is None:
        return None
    needed = result.measured + budget.noise.of(result.measured)
    return needed if budget.warn is None else max(needed, budget.warn + 1)
