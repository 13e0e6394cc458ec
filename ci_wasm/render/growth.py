"""Growth renderer: what changed and where. Growth -> Markdown, lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ci_wasm.core.growth import Growth
from ci_wasm.core.matching import Delta
from ci_wasm.render.dependencies import dependency_lines, dependency_parts
from ci_wasm.render.markdown import clean, code, details, prose, table
from ci_wasm.render.quantity import change, signed_size, size

Row = tuple[str, str]


def growth_fold(growth: Growth, rows: int) -> Iterator[str]:
    """What changed and where, folded; nothing where nothing did."""
    functions = _rows(growth.functions, rows, _name_cell) + _smaller(growth)
    lists = [
        ("crate", _rows(growth.crates, rows, _name_cell)),
        ("function", functions),
        ("renamed function", _renamed(growth, rows, lambda name: code(name, 100))),
        ("section", _rows(growth.sections, rows, _name_cell)),
    ]
    tables = [table((title, "change"), list_, "lr") for title, list_ in lists if list_]
    parts = [*dependency_parts(growth, rows), *tables]
    if parts:
        summary = f"What changed: {signed_size(growth.raw.bytes)} in the shipped module"
        yield details(summary, "\n\n".join([*map(prose, _caveat(growth)), *parts]))


def growth_lines(growth: Growth, rows: int = 10) -> Iterator[str]:
    """What changed, by crate, function and section."""
    yield from _caveat(growth)
    yield from dependency_lines(growth, rows)
    yield from _lines("crate", _rows(growth.crates, rows, _name))
    yield from _lines("function", _rows(growth.functions, rows, _name) + _smaller(growth))
    yield from _lines("renamed", _renamed(growth, rows, lambda name: clean(name, 100)))
    yield from _lines("section", _rows(growth.sections, rows, _name))


def _lines(title: str, rows: Sequence[Row]) -> Iterator[str]:
    return (f"{title} {name}: {value}" for name, value in rows)


def _caveat(growth: Growth) -> list[str]:
    if growth.matched is None and growth.raw.bytes:
        sentence = (
            "One of the two modules keeps no function names, so sections are compared, not functions or crates: an index "
            "shifts with every function. `strip = false` keeps the names in the build that is measured."
        )
        return [sentence]
    if not growth.poor_matching:
        return []
    matched = f"{100 * (growth.matched or 0):.0f} %"
    sentence = (
        f"Only {matched} of the code has a counterpart on the other side, as after a change of `lto`, `opt-level` or "
        "`codegen-units`, or where much of it was exchanged. So functions are not compared one by one; crates and "
        "sections are, but inlining moves code from one crate to another."
    )
    return [sentence]


def _rows(deltas: Sequence[Delta], rows: int, name: Callable[[Delta], str]) -> list[Row]:
    shown = [(name(delta), change(delta.before, delta.after)) for delta in deltas[:rows]]
    rest = deltas[rows:]
    return [*shown, *_rest(len(rest), signed_size(sum(delta.bytes for delta in rest)))]


def _smaller(growth: Growth) -> list[Row]:
    count = growth.smaller.count
    title = "1 smaller change" if count == 1 else f"{count:,} smaller changes"
    return [(title, signed_size(growth.smaller.bytes))] if count else []


def _renamed(growth: Growth, rows: int, name: Callable[[str], str]) -> list[Row]:
    """A renamed function is no growth: it shows its size, and a change where its indices take other bytes."""
    shown = [
        (f"{name(delta.name)}, was {name(delta.renamed_from or '')}", _size_and_change(delta))
        for delta in growth.renamed[:rows]
    ]
    rest = growth.renamed[rows:]
    return [*shown, *_rest(len(rest), size(sum(delta.after or 0 for delta in rest)))]


def _size_and_change(delta: Delta) -> str:
    text = size(delta.after or 0)
    return f"{text} ({signed_size(delta.bytes)})" if delta.bytes else text


def _rest(count: int, value: str) -> list[Row]:
    return [(f"… and {count:,} more", value)] if count else []


def _name_cell(delta: Delta) -> str:
    return code(delta.name, 100)


def _name(delta: Delta) -> str:
    return clean(delta.name, 100)
