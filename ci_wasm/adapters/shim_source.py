"""Shim source: the JavaScript that is uploaded with a raw module, from the installed package. -> text."""

from __future__ import annotations

from pathlib import Path


def read_shim_source() -> str:
    """The text of ci_wasm/shim/shim.js."""
    return (Path(__file__).parents[1] / "shim" / "shim.js").read_text(encoding="utf-8")
