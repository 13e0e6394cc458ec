"""Measurement renderer: one module for people and machines. (Module, Sizes) -> text, Markdown or JSON."""

from __future__ import annotations

from ci_wasm.core.module import (
    UNATTRIBUTED,
    Count,
    Crate,
    Elements,
    Function,
    Memory,
    MemoryType,
    Module,
    Section,
    Table,
    TableType,
)
from ci_wasm.core.signature import print_type
from ci_wasm.render.columns import columns
from ci_wasm.render.markdown import clean, code, table
from ci_wasm.render.quantity import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ci_wasm.core.sizes import Sizes

    Block = tuple[str, Sequence[tuple[str, str]]]


_NAMES = {
    "name-section": "kept, in the name section",
    "none": "none: functions go by export or index, and no crate can be told (`strip = false` keeps them)",
}


def render_measurement_json(name: str, module: Module, sizes: Sizes, sha256: str) -> str:
    """Everything that is known, as JSON."""
    from ci_wasm.render.report_json import plain_value, render_json

    facts = {"sha256": sha256, "sizes": plain_value(sizes), "module": plain_value(module)}
    return render_json({"schema": 1, "file": name, **facts})


def render_measurement(name: str, module: Module, sizes: Sizes, format_: str, *, rows: int = 15) -> str:
    """`format_` is text or markdown; both show the `rows` largest of each list."""
    blocks = [(title, list(items)) for title, items in _blocks(module, sizes, rows) if items]
    if format_ == "markdown":
        return "\n\n".join([f"### {code(name)}", *(_markdown(block) for block in blocks)]) + "\n"
    return "\n\n".join(_text(block) for block in blocks) + "\n"


def _blocks(module: Module, sizes: Sizes, rows: int) -> list[Block]:
    return [
        (
            "size",
            [
                (metric, f"{value:,} bytes")
                for metric, value in (("raw", sizes.raw), ("gzip", sizes.gzip), ("brotli", sizes.brotli))
                if value is not None
            ],
        ),
        ("section", _cut([(section.name, section.size) for section in _by_size(module)], rows)),
        ("crate", _crates(module, rows)),
        ("function", _functions(module, rows)),
        (
            "generic function",
            [
                (
                    group.name,
                    f"{size(group.size)} in {group.functions} instances, the largest {size(group.largest)}",
                )
                for group in module.monomorphizations
            ],
        ),
        ("data segment", _segments(module, rows)),
        (
            "export",
            _entries(
                [(export.name, print_type(export.type)) for export in module.exports[: 4 * rows]],
                module.entries.exports,
            ),
        ),
        (
            "import",
            _entries(
                [
                    (f"{entry.module}.{entry.name}", print_type(entry.type))
                    for entry in module.imports[: 4 * rows]
                ],
                module.entries.imports,
            ),
        ),
        ("module", _facts(module)),
    ]


def _entries(shown: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    return [*shown, (f"… and {count - len(shown):,} more", "")] if count > len(shown) else shown


def _by_size(module: Module) -> list[Section]:
    return sorted(module.sections, key=lambda section: -section.size)


def _cut(items: Sequence[tuple[str, int]], rows: int) -> list[tuple[str, str]]:
    shown = [(name, size(count)) for name, count in items[:rows]]
    if len(items) > rows:
        shown.append((f"… and {len(items) - rows} more", size(sum(count for _, count in items[rows:]))))
    return shown


def _crates(module: Module, rows: int) -> list[tuple[str, str]]:
    """Each with the generic code of others that it instantiated, where names tell."""
    shown = [(crate.name or UNATTRIBUTED, _own_and_instantiated(crate)) for crate in module.crates[:rows]]
    return shown + _cut([(crate.name or UNATTRIBUTED, crate.size) for crate in module.crates[rows:]], 0)


def _own_and_instantiated(crate: Crate) -> str:
    more = f", and {size(crate.instantiated)} of others' generic code" if crate.instantiated else ""
    return size(crate.size) + more


def _segments(module: Module, rows: int) -> list[tuple[str, str]]:
    """Those that have an address, because only these can be told to belong to a function."""
    return [
        (
            segment.name or f"at {segment.address:#x}",
            size(segment.size)
            + (f", only {segment.retained_by} points to it" if segment.retained_by else ""),
        )
        for segment in module.data.largest[:rows]
        if segment.address is not None
    ]


def _functions(module: Module, rows: int) -> list[tuple[str, str]]:
    """Each with its retained size where that is another: what would go with it."""
    shown = [(function.name, _own_and_retained(function)) for function in module.largest[:rows]]
    return shown + _cut([(function.name, function.size) for function in module.largest[rows:]], 0)


def _own_and_retained(function: Function) -> str:
    if function.retained is None:
        return f"{size(function.size)}, nothing reaches it"
    more = f", {size(function.retained)} with what only it uses" if function.retained > function.size else ""
    data = f", and {size(function.retained_data)} of data" if function.retained_data else ""
    return size(function.size) + more + data


def _memory(memory: Memory) -> MemoryType:
    return MemoryType(memory.minimum, memory.maximum, memory.shared, memory.memory64, memory.page_size)


def _table(table: Table) -> TableType:
    return TableType(table.element, table.minimum, table.maximum, table.table64, table.shared)


def _limits(text: str, *, is_imported: bool) -> str:
    """As in `min=17 max=none`, what stands before being the kind."""
    return text.partition(" ")[2] + (", imported" if is_imported else "")


def _segments_of(count: int) -> str:
    return "1 segment" if count == 1 else f"{count:,} segments"


def _counted(count: Count) -> str:
    return f"{count.defined:,}, {count.imported:,} imported"


def _facts(module: Module) -> list[tuple[str, str]]:
    functions, elements = module.functions, module.elements or Elements(0, 0)
    return [
        ("functions", f"{functions.count:,} of {size(functions.size)}, {functions.imported:,} imported"),
        ("unreached", f"{module.garbage.functions:,} functions of {size(module.garbage.size)}"),
        *(
            ("memory", _limits(print_type(_memory(each)), is_imported=each.imported))
            for each in module.memories
        ),
        *(("table", _limits(print_type(_table(each)), is_imported=each.imported)) for each in module.tables),
        ("globals", _counted(module.globals)),
        ("tags", _counted(module.tags)),
        ("data", f"{_segments_of(module.data.segments)} of {size(module.data.size)}"),
        ("elements", f"{_segments_of(elements.segments)}, {elements.entries:,} references"),
        ("names", _NAMES.get(module.names, module.names)),
        ("features", ", ".join(module.features) or "none beyond the first version of WebAssembly"),
        ("start function", "none" if module.start is None else str(module.start)),
    ]


def _text(block: Block) -> str:
    title, items = block
    return "\n".join(
        [title, *(f"  {line}" for line in columns([(clean(name, 90), value) for name, value in items]))]
    )


def _markdown(block: Block) -> str:
    title, items = block
    return table((title, ""), [(code(name, 90), code(value)) for name, value in items], "lr")
