"""Write docs: fill the blocks of the documentation that the code knows best. code -> docs/, README.md.

With `--check`, nothing is written: the exit code is 1 where a block is out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ci_wasm.config.docs import configuration_tables, inputs_table, json_schema, outputs_table
from ci_wasm.config.schema import ExceptionsEntry
from ci_wasm.core import budget, compatibility, limits, metric
from ci_wasm.core.finding import ALLOWANCES
from ci_wasm.core.waiver import Allowance

ROOT = Path(__file__).resolve().parent.parent
# The renderer's own golden file, so that the README shows what a run posts.
COMMENT = ROOT / "tests" / "render" / "golden" / "broken.md"


def main() -> int:
    stale = [
        path
        for path, text in rendered().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(
            f"{path.relative_to(ROOT)} {'is out of date; run `make docs`' if '--check' in sys.argv else 'written'}"
        )
        if "--check" not in sys.argv:
            path.write_text(rendered()[path], encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


def rendered() -> dict[Path, str]:
    """Every generated or filled file with the text that it should have."""
    blocks = {
        "keys": configuration_tables(),
        "metrics": metrics_table(),
        "budget-limits": budget_limits_table(),
        "changes": changes_table(),
        "limits": limits_table(),
        "allowances": allowances_table(),
        "inputs": inputs_table(),
        "outputs": outputs_table(),
        "comment": quoted(COMMENT.read_text(encoding="utf-8")),
    }
    files = {ROOT / "docs" / "config.schema.json": json_schema()}
    for path in (ROOT / "docs" / "configuration.md", ROOT / "docs" / "findings.md", ROOT / "README.md"):
        files[path] = fill(path.read_text(encoding="utf-8"), blocks)
    return files


def fill(text: str, blocks: dict[str, str]) -> str:
    """Replace what stands between `<!-- NAME: … -->` and `<!-- /NAME -->`."""
    for name, block in blocks.items():
        opening = re.search(rf"<!-- {name}: [^>]*-->\n", text)
        if opening:
            text = text[: opening.end()] + block + text[text.index(f"<!-- /{name} -->", opening.end()) :]
    return text


def quoted(markdown: str) -> str:
    """A block quote, which GitHub shows as the comment it is."""
    return "".join(f"> {line}\n" if line else ">\n" for line in markdown.splitlines())


def metrics_table() -> str:
    """The table of `core/metric.py`'s own docstring."""
    return docstring_table(metric.__doc__ or "")


def budget_limits_table() -> str:
    """The table of `core/budget.py`'s own docstring."""
    return docstring_table(budget.__doc__ or "")


def changes_table() -> str:
    """The table of `core/compatibility.py`'s own docstring."""
    return docstring_table(compatibility.__doc__ or "")


def docstring_table(docstring: str) -> str:
    """The rows of the table in it."""
    return "\n".join(line for line in docstring.splitlines() if line.startswith("|")) + "\n"


def allowances_table() -> str:
    """Which label waives what; the labels are those that nobody changed."""
    labels = ExceptionsEntry()
    given = {Allowance.GROWTH: labels.growth_label, Allowance.BREAKING: labels.breaking_label}
    rows = [
        f"| `{given[allowance]}` | {', '.join(f'[{kind.value}](#{kind.value})' for kind in ALLOWANCES if ALLOWANCES[kind] is allowance)} |"
        for allowance in Allowance
    ]
    return "\n".join(["| label | turns into warnings |", "|---|---|", *rows]) + "\n"


def limits_table() -> str:
    """The docstring of `core/limits.py` without its first line: the table, its date and what is judged."""
    return (limits.__doc__ or "").partition("\n\n")[2]


if __name__ == "__main__":
    sys.exit(main())
