"""Page source: the parts of report.html, from the installed package. -> PageSource."""

from __future__ import annotations

from pathlib import Path

from ci_wasm.errors import ToolMissingError
from ci_wasm.render.html import PageSource

_PAGE = Path(__file__).parents[1] / "page"
# In the order in which they use each other.
_SCRIPTS = ("format.js", "tree.js", "treemap.js", "functions.js", "explorer.js", "trend.js", "report.js")
# The version is that of scripts/pins.json: another one lies elsewhere.
LIBRARY = "vendor/d3-hierarchy/3.1.3/d3-hierarchy.min.js"
LICENSE = "vendor/d3-hierarchy-license/3.1.3/LICENSE"


def read_page_source() -> PageSource:
    """Read ci_wasm/page/; raises ToolMissingError where set-up has not brought the library."""
    try:
        library, notice = _read(LIBRARY), _read(LICENSE)
    except FileNotFoundError as error:
        raise ToolMissingError(
            f"the library of report.html is missing: there is no {Path(str(error.filename)).name} in the package",
            cure="Run `make setup`, which fetches it.",
        ) from None
    script = "\n".join(_read(name) for name in _SCRIPTS)
    return PageSource(_read("report.html"), _read("report.css"), script, library, notice)


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
