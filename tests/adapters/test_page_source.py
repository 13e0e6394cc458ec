"""Page source: what is read is what is installed, and a missing library is told, not fatal."""

from __future__ import annotations

from pathlib import Path

from ci_wasm.adapters import page_source
from ci_wasm.adapters.page_source import read_page_source
from ci_wasm.outcome import Done, Failed
from ci_wasm.publish import page_annotations

PAGE = Path(page_source.__file__).parents[1] / "page"


def test_every_part_of_the_page_is_read() -> None:
    source = read_page_source()

    texts = {path.name: path.read_text(encoding="utf-8") for path in PAGE.iterdir() if path.is_file()}
    scripts = [text for name, text in texts.items() if name.endswith(".js")]
    assert (source.template, source.style) == (texts["report.html"], texts["report.css"])
    assert sorted(source.script) == sorted("\n".join(scripts))


def test_no_part_ends_its_element_or_uses_a_sink_for_markup() -> None:
    source = read_page_source()

    assert "</script" not in (source.script + source.library).lower()
    assert "</style" not in source.style.lower()
    assert "-->" not in source.notice
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function("):
        assert sink not in source.script


def test_a_page_that_could_not_be_made_is_a_warning() -> None:
    (warning,) = page_annotations(
        Failed("tool", 3, "the library is missing", "Run `make setup`.", "docs/errors.md#tool")
    )

    assert (warning.severity, warning.title) == ("warning", "ci-wasm: no report.html")
    assert "the library is missing" in warning.message
    assert page_annotations(Done("<!doctype html>")) == []
