"""Dependencies renderer: the change of Cargo.lock beside what it did to the code. Growth -> Markdown, lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ci_wasm.core.cause import growth_cause
from ci_wasm.core.dependencies import describe_versions
from ci_wasm.core.dependency_growth import DependencyGrowth, code_bytes
from ci_wasm.core.growth import Growth
from ci_wasm.render.markdown import clean, code, plain, prose, table
from ci_wasm.render.quantity import signed_percent, signed_size

Name = Callable[[DependencyGrowth], str]


def dependency_parts(growth: Growth, rows: int) -> Iterator[str]:
    """The cause of the growth, packages with their code, and those without code; nothing where none changed."""
    if cause := growth_cause(growth):
        yield prose(f"{cause.sentence}.", 400)
    if cells := _rows(growth, rows, _cell):
        yield table(("Cargo.lock", "code"), cells, "lr")
    yield from (f"Cargo.lock, {line}." for line in _others(growth, rows, _cell))
    if growth.dependency_note:
        yield prose(growth.dependency_note)


def dependency_lines(growth: Growth, rows: int) -> Iterator[str]:
    """The same for a terminal, where the verdict tells the cause."""
    yield from (f"Cargo.lock {name}: {value}" for name, value in _rows(growth, rows, _text))
    yield from (f"Cargo.lock, {line}" for line in _others(growth, rows, _text))
    if growth.dependency_note:
        yield growth.dependency_note


def _rows(growth: Growth, rows: int, name: Name) -> list[tuple[str, str]]:
    coded = [each for each in growth.dependencies if each.code]
    shown = [(name(each), _change(each)) for each in coded[:rows]]
    rest = coded[rows:]
    return [*shown, (f"… and {len(rest):,} more", signed_size(code_bytes(rest)))] if rest else shown


def _others(growth: Growth, rows: int, name: Name) -> Iterator[str]:
    """Those without code in one line: what tests and build scripts need, and what was inlined or left out whole."""
    others = [each for each in growth.dependencies if not each.code]
    if others:
        why = (
            "without code of their own in the module"
            if growth.matched is not None
            else "whose code is not known without names"
        )
        more = [f"… and {len(others) - rows:,} more"] if len(others) > rows else []
        yield f"{why}: {', '.join([*map(name, others[:rows]), *more])}"


def _cell(each: DependencyGrowth) -> str:
    return f"{code(each.change.name, 60)} {plain(describe_versions(each.change), 80)}"


def _text(each: DependencyGrowth) -> str:
    return clean(f"{each.change.name} {describe_versions(each.change)}", 140)


def _change(each: DependencyGrowth) -> str:
    """Bytes and, where there was code before and is now, what part of it that is; empty where there is none."""
    if each.code is None:
        return ""
    before, after = each.code.before or 0, each.code.after or 0
    percent = signed_percent(before, after) if before and after else ""
    text = signed_size(after - before) + (f" ({percent})" if percent else "")
    return f"{text}, all versions" if each.shared else text
