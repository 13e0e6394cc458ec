"""Difference renderer: two modules side by side. (Growth, changes) -> text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Sequence

from ci_wasm.core.compatibility import Change, Weight
from ci_wasm.core.growth import Growth
from ci_wasm.render.changes import change_lines, changes_fold
from ci_wasm.render.growth import growth_fold, growth_lines
from ci_wasm.render.quantity import change


def render_difference(growth: Growth, changes: Sequence[Change], format_: str) -> str:
    """`format_` is text, markdown or json; `semver` is the part of a version that the changes must raise."""
    if format_ == "json":
        from ci_wasm.render.report_json import plain_value, render_json

        return render_json(
            {
                "schema": 1,
                "semver": semver(changes),
                "growth": plain_value(growth),
                "changes": plain_value(list(changes)),
            }
        )
    if format_ == "markdown":
        return "\n\n".join([*growth_fold(growth, 20), changes_fold(changes, 20)]).strip() + "\n"
    lines = [
        *(
            f"{delta.name:6}  {change(delta.before, delta.after)}"
            for delta in (growth.raw, growth.gzip, growth.brotli)
            if delta.before is not None and delta.after is not None
        ),
        *growth_lines(growth, 20),
        *change_lines(changes),
        f"interface: {semver(changes)}",
    ]
    return "\n".join(lines) + "\n"


def semver(changes: Sequence[Change]) -> str:
    """`major`, `minor`, or `patch` where the interface did not change."""
    if not changes:
        return "patch"
    return "major" if any(change.weight is Weight.MAJOR for change in changes) else "minor"
