"""Changes renderer: what changed for callers and hosts. Changes -> Markdown, lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_wasm.core.compatibility import Change, Weight, describe
from ci_wasm.render.markdown import clean, details, prose


def changes_fold(changes: Sequence[Change], rows: int) -> str:
    """What changed for users and hosts, folded; empty where nothing did."""
    if not changes:
        return ""
    weight = Weight.MAJOR if any(change.weight is Weight.MAJOR for change in changes) else Weight.MINOR
    lines = [f"- {entry.weight.value}: {prose(describe(entry), 400)}" for entry in changes[: max(rows, 5)]]
    if len(changes) > len(lines):
        lines.append(f"- … and {len(changes) - len(lines)} more")
    return details(f"Interface changes: a {weight.value} version", "\n".join(lines))


def change_lines(changes: Sequence[Change], rows: int = 50) -> Iterator[str]:
    """What changed for callers and hosts, the first `rows` of it."""
    for entry in changes[:rows]:
        yield f"{entry.weight.value}: {clean(describe(entry), 300)}"
    if len(changes) > rows:
        yield f"… and {len(changes) - rows:,} more changes of the interface; `--format json` has them all"
