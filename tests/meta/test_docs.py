"""Docs: what the documentation says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.core.behavior import TRAPS
from ci_wasm.core.finding import FindingKind
from ci_wasm.errors import ALL_ERRORS, EXIT_BROKEN, EXIT_BUG, EXIT_OK
from write_docs import rendered

ROOT = Path(__file__).parents[2]
ERRORS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
BEHAVIOR = (ROOT / "docs" / "behavior.md").read_text(encoding="utf-8")
FINDINGS = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", rendered())
def test_generated_blocks_are_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == rendered()[path], "run `make docs`"


def test_the_table_of_exit_codes_is_that_of_the_errors() -> None:
    rows = re.findall(r"^\| (\d+) \| (?:\[([a-z-]+)\])?", ERRORS, re.MULTILINE)

    expected = [(str(EXIT_OK), ""), (str(EXIT_BROKEN), "")]
    expected += [(str(error.exit_code), error.code) for error in ALL_ERRORS]
    expected += [(str(EXIT_BUG), "bug")]
    assert rows == expected


@pytest.mark.parametrize("error", ALL_ERRORS)
def test_every_error_has_its_section(error: type) -> None:
    code = error("x", cure="y").page.removeprefix("docs/errors.md#")

    assert f"\n## {code}\n" in ERRORS


def test_every_finding_has_its_section_and_every_section_its_finding() -> None:
    assert re.findall(r"^## (.+)$", FINDINGS, re.MULTILINE) == [kind.value for kind in FindingKind]


def test_the_kinds_of_traps_are_those_of_the_code() -> None:
    block = re.search(r"<!-- traps: .*?-->\n(.*?)<!-- /traps -->", BEHAVIOR, re.DOTALL)

    assert block is not None
    assert tuple(re.findall("`([^`]+)`", block[1])) == TRAPS


def test_the_example_of_behavior_is_a_configuration(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", BEHAVIOR, re.DOTALL)
    assert example is not None
    (tmp_path / "ci-wasm.yml").write_text(example[1], encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/photo.png").write_bytes(b"photo")

    (worker,) = load_settings(tmp_path, read_inputs({})).workers

    assert [call.name for call in worker.behavior.calls] == [
        "add",
        "sqrt",
        "divide",
        "handle",
        "resize",
        "push",
        "length",
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")) + sorted(ROOT.glob("*.md")))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []
