"""Shim source: the JavaScript that is uploaded with a module, from the installed package. -> text."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "shim"


def read_shim_source() -> str:
    """The text of ci_wasm/shim/shim.js, which serves a raw module."""
    return (_FOLDER / "shim.js").read_text(encoding="utf-8")


def read_proof_source() -> str:
    """The text of ci_wasm/shim/proof.js, which puts the commit into the answers of any other Worker."""
    return (_FOLDER / "proof.js").read_text(encoding="utf-8")
