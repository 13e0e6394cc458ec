"""Budgets renderer: figures beside their base and their limits. BudgetResults -> Markdown, lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_wasm.core.budget import Budget, BudgetResult, BudgetState
from ci_wasm.core.group import GroupReport
from ci_wasm.core.metric import Margin, is_counted, margin_words
from ci_wasm.core.ratchet import Ceiling, Ratchet
from ci_wasm.render.markdown import clean, code, fenced, prose, table
from ci_wasm.render.quantity import change, size

HEADER = ("", "size", "budget")
_ICONS = {BudgetState.BROKEN: "❌", BudgetState.WARNED: "⚠️", BudgetState.UNMEASURED: "?"}
# A diff that is cut cannot be applied; a summary has room for the largest file that people write.
_LONGEST_DIFF = 200_000


def size_row(
    metric: str, before: int | None, after: int | None, budgets: Sequence[BudgetResult], name: str = ""
) -> tuple[str, ...]:
    """One row of a table of three narrow columns: a reviewer's phone shows about 40 characters."""
    own = [result for result in budgets if result.budget.metric == metric]
    return (
        " ".join(code(each) for each in (name, metric) if each),
        _sizes_cell(metric, before, after),
        "<br>".join(_limits(result) for result in own) or "–",
    )


def groups_table(groups: Sequence[GroupReport], rows: int) -> str:
    """A row for each budget of each group, and who is in it."""
    results = [(group, result) for group in groups for result in group.budgets]
    shown = [
        size_row(result.budget.metric, result.base, result.measured, [result], group.name)
        for group, result in results[:rows]
    ]
    more = [f"… and {len(results) - rows} more; they are in report.json."] if len(results) > rows else []
    members = [f"{code(group.name)}: the sum of {_members(group.workers)}." for group in groups[:rows]]
    notes = "<br>".join([*more, *members])
    return f"{table(HEADER, shown, 'lll')}\n\n<sub>{notes}</sub>"


def budget_line(result: BudgetResult) -> str:
    """As in "budget raw: 610 (within, max 1,024, max-growth 5 %)"."""
    measured = "?" if result.measured is None else f"{result.measured:,}"
    stands = ", ".join([result.state.value, *_limit_words(result.budget)])
    return f"budget {clean(result.budget.metric)}: {measured} ({stands})"


def group_lines(group: GroupReport) -> Iterator[str]:
    """The group, and a line for each of its budgets."""
    counted = "1 Worker" if len(group.workers) == 1 else f"{len(group.workers)} Workers"
    yield f"group {clean(group.name)} ({counted})"
    for result in group.budgets:
        yield f"  {budget_line(result)}"


def ratchet_lines(ratchet: Ratchet) -> Iterator[str]:
    """The ceilings that may come down."""
    yield "These ceilings may come down; `ci-wasm check --update-budgets` writes them:"
    for ceiling in ratchet.ceilings:
        yield f"  {clean(_ceiling(ceiling), 400).replace('`', '')}"


def ratchet_section(ratchet: Ratchet) -> str:
    """The same with the diff, for the job's page."""
    lines = [f"- {prose(_ceiling(ceiling), 400)}" for ceiling in ratchet.ceilings]
    parts = ["### Ceilings that may come down", "\n".join(lines)]
    if ratchet.diff:
        parts += [
            f"`ci-wasm check --update-budgets` writes this into {code(ratchet.file)}; `git apply` takes it, too:",
            fenced(ratchet.diff, "diff", limit=_LONGEST_DIFF),
        ]
    return "\n\n".join(parts)


def _ceiling(ceiling: Ceiling) -> str:
    by_hand = f" (to be changed by hand: {ceiling.problem})" if ceiling.problem else ""
    return f"`{ceiling.metric}` of {ceiling.owner}: `{ceiling.before}` → `{ceiling.after}`{by_hand}"


def _members(workers: Sequence[str]) -> str:
    shown = ", ".join(code(name) for name in workers[:5])
    return f"{shown} and {len(workers) - 5} more" if len(workers) > 5 else shown


def _sizes_cell(metric: str, before: int | None, after: int | None) -> str:
    value = "?" if after is None else f"**{_amount(metric, after)}**"
    if before is None or after is None:
        return value
    if before == after:
        return f"{value}, as before"
    counted = is_counted(metric)
    difference = f"{after - before:+,}" if counted else change(before, after)
    return f"{_amount(metric, before)} → {value}<br>{_unbroken(difference)}"


def _limits(result: BudgetResult) -> str:
    budget = result.budget
    texts = []
    if budget.maximum is not None:
        texts.append(f"≤ {_amount(budget.metric, budget.maximum)}")
    elif budget.warn is not None:
        texts.append(f"warn > {_amount(budget.metric, budget.warn)}")
    if budget.max_growth is not None:
        texts.append(f"≤ +{_margin(budget.metric, budget.max_growth)}")
    elif budget.warn_growth is not None:
        texts.append(f"warn > +{_margin(budget.metric, budget.warn_growth)}")
    if budget.min_shrink is not None:
        texts.append(f"≤ −{_margin(budget.metric, budget.min_shrink)}")
    return f"{_ICONS.get(result.state, '✅')} {', '.join(_unbroken(text) for text in texts)}"


def _limit_words(budget: Budget) -> Iterator[str]:
    for key, limit in (("max", budget.maximum), ("warn", budget.warn)):
        if limit is not None:
            yield f"{key} {limit:,}"
    margins = (
        ("max-growth", budget.max_growth),
        ("warn-growth", budget.warn_growth),
        ("min-shrink", budget.min_shrink),
    )
    for key, margin in margins:
        if margin is not None:
            yield f"{key} {margin_words(budget.metric, margin)}"


def _amount(metric: str, value: int) -> str:
    return _unbroken(f"{value:,}" if is_counted(metric) else size(value))


def _margin(metric: str, margin: Margin) -> str:
    return f"{margin.percent:g} %" if margin.percent is not None else _amount(metric, margin.amount or 0)


def _unbroken(text: str) -> str:
    """Keep a number and its unit on one line."""
    return text.replace(" ", "\u00a0")
