"""Shim source: the JavaScript that runs with a Worker or beside it, from the installed package. -> text."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "shim"


def read_shim_source() -> str:
    """The text of ci_wasm/shim/shim.js, which serves a raw module."""
    return (_FOLDER / "shim.js").read_text(encoding="utf-8")


def read_proof_source() -> str:
    """The text of ci_wasm/shim/proof.js, which puts the commit into the answers of any other Worker."""
    return (_FOLDER / "proof.js").read_text(encoding="utf-8")


def read_outside_sources() -> dict[str, str]:
    """What the local edge puts around each Worker, by file name: its network and its cache. The first is the main module."""
    return {name: (_FOLDER / name).read_text(encoding="utf-8") for name in ("outside.js", "cache.js")}
