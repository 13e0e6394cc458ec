"""Behavior renderer: what calls gave and what they cost, before and after. WorkerReport -> Markdown, lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ci_wasm.core.call_result import CallResult
from ci_wasm.core.execution import Cost, Execution
from ci_wasm.core.report import WorkerReport
from ci_wasm.outcome import Done, Skipped
from ci_wasm.render.markdown import clean, code, details, plain, prose, table
from ci_wasm.render.quantity import change, signed_percent, size

# Few enough to be seen at once on a phone.
_FEWEST_ROWS = 3


class _Row(Struct, frozen=True):
    """The start or a call with its cost, and that of the base where there is one to compare with."""

    text: str
    before: Cost | None
    after: Cost | None
    result: CallResult | None = None


def behavior_parts(worker: WorkerReport, rows: int) -> Iterator[str]:
    """What cost changed in a table of three narrow columns, and everything else in a fold."""
    made = list(_rows(worker))
    if not made:
        return
    if cells := list(_changed(made)):
        shown = cells[: max(rows, _FEWEST_ROWS)]
        more = [(f"… and {len(cells) - len(shown):,} more", "", "")] if len(cells) > len(shown) else []
        yield table(("call", "instructions (fuel)", "memory"), [*shown, *more], "lll")
    if reason := _not_compared(worker):
        yield f"<sub>Fuel and memory were not compared: {prose(reason)}.</sub>"
    yield _fold(made, _execution(worker), rows)


def behavior_lines(worker: WorkerReport) -> Iterator[str]:
    """The same for a terminal, a line for each call."""
    for row in _rows(worker):
        result = row.result
        if result is None:
            yield f"{row.text}: {_cost_text(row)}"
        elif result.failure:
            word = "" if result.as_expected else "failed: "
            yield f"call {clean(row.text)}: {word}{clean(result.failure, 300)}"
        else:
            yield f"call {clean(row.text)}: {clean(_gave(result), 300)}, {_cost_text(row)}"
    if reason := _not_compared(worker):
        yield f"fuel and memory were not compared: {reason}"


def _rows(worker: WorkerReport) -> Iterator[_Row]:
    head, base = _execution(worker), _base_execution(worker)
    before = base.value if isinstance(base, Done) else Execution("")
    if head is not None and head.startup is not None:
        yield _Row("startup", before.startup, head.startup)
    for result in worker.behavior:
        after = head.calls.get(result.name) if head else None
        yield _Row(result.text, before.calls.get(result.name), after, result)


def _changed(rows: Sequence[_Row]) -> Iterator[tuple[str, str, str]]:
    """What costs something else than before."""
    for row in rows:
        before, after = row.before, row.after
        if before and after and (before.fuel, before.memory) != (after.fuel, after.memory):
            fuel = _fuel_cell(before.fuel, after.fuel)
            yield code(row.text, 60), fuel, _memory_cell(before.memory, after.memory)


def _execution(worker: WorkerReport) -> Execution | None:
    made = worker.head.value.execution if isinstance(worker.head, Done) else None
    return made.value if isinstance(made, Done) else None


def _base_execution(worker: WorkerReport) -> Done[Execution] | Skipped | None:
    return worker.base.value.measurement.execution if isinstance(worker.base, Done) else None


def _not_compared(worker: WorkerReport) -> str:
    """Why there is a base and yet nothing to compare with; empty where there is no base, which is said elsewhere."""
    base = _base_execution(worker)
    return base.reason if isinstance(base, Skipped) and _execution(worker) is not None else ""


def _fold(made: Sequence[_Row], execution: Execution | None, rows: int) -> str:
    shown = made[: max(rows, _FEWEST_ROWS)]
    cells = [
        (
            code(row.text, 80),
            _gave_cell(row.result),
            f"{row.after.fuel:,}" if row.after else "–",
            "–" if row.after is None or row.after.memory is None else _unbroken(size(row.after.memory)),
        )
        for row in shown
    ]
    parts = [table(("call", "gave", "fuel", "memory"), cells, "llrr")]
    if len(made) > len(shown):
        parts.append(f"… and {len(made) - len(shown):,} more; they are in report.json.")
    if execution is not None:
        parts.append(
            f"<sub>Run in {plain(execution.engine)}. Fuel counts instructions; it is the same in every run of one "
            "version. Memory is the linear memory after the call.</sub>"
        )
    return details(_summary([row.result for row in made if row.result]), "\n\n".join(parts))


def _summary(results: Sequence[CallResult]) -> str:
    count = len(results)
    counted = "the start" if not count else "1 call" if count == 1 else f"{count:,} calls"
    wrong = sum(not result.as_expected for result in results)
    return f"Behavior: {counted}" + (f", {wrong:,} not as expected" if wrong else "")


def _gave_cell(result: CallResult | None) -> str:
    if result is None:
        return ""
    icon = "" if result.as_expected else "❌ "
    return f"{icon}{prose(result.failure, 200) if result.failure else _gave_code(result)}"


def _gave_code(result: CallResult) -> str:
    if result.output is None:
        return code(", ".join(result.results), 80) if result.results else "nothing"
    return code(_gave(result), 80)


def _gave(result: CallResult) -> str:
    if result.output is not None:
        return f"{result.output.size:,} bytes: {result.output.preview}" if result.output.size else "no bytes"
    return f"({', '.join(result.results or ())})"


def _fuel_cell(before: int, after: int) -> str:
    if before == after:
        return f"{after:,}, as before"
    return f"{before:,} → **{after:,}**<br>{_unbroken(_difference(before, after))}"


def _memory_cell(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "–"
    if before == after:
        return f"{_unbroken(size(after))}, as before"
    return f"{_unbroken(size(before))} → **{_unbroken(size(after))}**<br>{_unbroken(change(before, after))}"


def _cost_text(row: _Row) -> str:
    if row.after is None:
        return "no figures"
    memory = "" if row.after.memory is None else f", {row.after.memory:,} bytes of memory"
    if row.before is None or row.before.fuel == row.after.fuel:
        return f"{row.after.fuel:,} fuel{memory}"
    return f"{row.after.fuel:,} fuel, {_difference(row.before.fuel, row.after.fuel)} against the base{memory}"


def _difference(before: int, after: int) -> str:
    percent = signed_percent(before, after)
    sign = "+" if after > before else "−"
    return f"{sign}{abs(after - before):,}" + (f" ({percent})" if percent else "")


def _unbroken(text: str) -> str:
    """Keep a number and its unit on one line."""
    return text.replace(" ", "\u00a0")
