"""Why renderer: the paths that keep a crate or a function in a module. Why -> text, Markdown or JSON."""

from __future__ import annotations

from ci_wasm.core.why import Path, Why
from ci_wasm.render.columns import columns
from ci_wasm.render.markdown import clean, code, fenced
from ci_wasm.render.quantity import size

ONLY = "*"
LEGEND = f"{ONLY} Every path to the function leads through this one: without it, the function goes too."


def render_why(name: str, why: Why, format_: str) -> str:
    """`format_` is text, markdown or json."""
    if format_ == "json":
        from ci_wasm.render.report_json import plain_fields, render_json

        return render_json({"schema": 1, "name": name, **plain_fields(why)})
    paths = ["\n".join(_path_lines(path)) for path in why.paths]
    if format_ == "markdown":
        blocks = [f"### Why {code(name)}", clean(_summary(name, why), 600), *map(fenced, paths)]
    else:
        blocks = [clean(_summary(name, why), 600), *paths]
    return "\n\n".join([*blocks, *([LEGEND] if paths else [])]) + "\n"


def _summary(name: str, why: Why) -> str:
    if not why.functions:
        return f"No crate and no function of this module has `{name}` in its name."
    what = {
        "crate": f"The crate `{name}`",
        "name": f"`{name}`",
        "part": f"Functions with `{name}` in their name",
    }[why.matched_by]
    counted = "1 function" if why.functions == 1 else f"{why.functions:,} functions"
    unreached = f"; nothing reaches {size(why.unreached)} of it" if why.unreached else ""
    several = " Those that retain most:" if why.functions > len(why.paths) else ""
    return f"{what}: {counted}, {size(why.size)}{unreached}.{several}"


def _path_lines(path: Path) -> list[str]:
    target = path.steps[-1]
    head = f"{clean(target.name)}: {size(target.size)}, {size(target.retained)} with what only it uses"
    rows = [
        (f"  {ONLY if step.only else ' '} {clean(step.name, 100)}", size(step.size)) for step in path.steps
    ]
    return [head, f"    {_entry(path)}", *columns(rows)]


def _entry(path: Path) -> str:
    match path.entry.kind:
        case "export":
            return f"export {clean(path.entry.name or '')}"
        case "start":
            return "the start function"
        case _:
            return "a table or global (called indirectly)"
