"""HTML: the page's structure, its policy, and that it holds whatever the names. The browser's part is in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_wasm.adapters.page_source import read_page_source
from ci_wasm.core.report import Report
from ci_wasm.render.html import LARGEST_PAGE, content_security_policy, render_html
from tests import reports
from tests.render.test_markdown import HOSTILE, PAYLOADS
from tests.render.test_reports import ALL

SOURCE = read_page_source()
NO_NAMES = reports.ended_early()


class Outline(HTMLParser):
    """The page's elements and comments, and the contents of its scripts, as a browser's parser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag in {"script", "style"}:
            (self.scripts if tag == "script" else self.styles).append("")

    def handle_data(self, data: str) -> None:
        if self.inside in {"script", "style"}:
            (self.scripts if self.inside == "script" else self.styles)[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if self.inside == tag else self.inside

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def data_of(page: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert block
    data: dict[str, Any] = json.loads(block[1])
    return data


@pytest.mark.parametrize("make", ALL)
def test_every_report_is_a_page_with_its_verdict(make: Callable[[], Report]) -> None:
    report = make()
    data = data_of(render_html(report, SOURCE))

    assert data["passed"] == (report.verdict.exit_code == 0)
    assert data["headline"] == report.verdict.headline
    assert [worker["name"] for worker in data["workers"]] == [worker.name for worker in report.workers]


def test_the_page_has_no_handlers_and_names_no_other_resource() -> None:
    tags = Outline(render_html(reports.broken(), SOURCE)).tags

    attributes = [(tag, name, value) for tag, given in tags for name, value in given.items()]
    assert not [entry for entry in attributes if entry[1].startswith("on") or entry[1] == "style"]
    assert [entry for entry in attributes if entry[1] in {"src", "href", "srcset", "action"}] == [
        ("link", "href", "data:,")
    ]
    assert "javascript:" not in SOURCE.script


def test_the_policy_allows_what_is_there_and_nothing_else() -> None:
    outline = Outline(render_html(reports.broken(), SOURCE))
    policy = next(
        given["content"]
        for tag, given in outline.tags
        if given.get("http-equiv") == "Content-Security-Policy"
    )

    def digest(content: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

    library, _, script = outline.scripts
    assert policy == content_security_policy(SOURCE)
    assert policy.startswith(
        f"default-src 'none'; script-src {digest(library)} {digest(script)}; style-src {digest(outline.styles[0])};"
    )
    assert "unsafe" not in policy


def test_the_page_keeps_the_librarys_license() -> None:
    (comment,) = Outline(render_html(reports.passing(), SOURCE)).comments

    assert SOURCE.notice in comment
    assert "Permission to use, copy, modify" in comment


def hostile_shape(page: str) -> list[tuple[str, dict[str, str | None]]]:
    return Outline(page).tags


@given(HOSTILE)
@example("</script><script>alert(1)</script>")
@example("<!--<script>")
@example("]]>&lt;/script&gt;\u2028\u2029")
@example("\ud800")
@example("%%SCRIPT%%%%DATA%%")
def test_a_hostile_name_adds_no_tag_and_closes_no_script(name: str) -> None:
    page = render_html(reports.hostile(name, rows=3), SOURCE)

    assert hostile_shape(page) == hostile_shape(render_html(NO_NAMES, SOURCE))
    block = re.search(r'id="data">(.*)', page)
    assert block
    assert not set("<>&\u2028\u2029") & set(block[1].removesuffix("</script>"))
    page.encode()


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_stays_a_text_of_the_data(name: str) -> None:
    data = data_of(render_html(reports.hostile(name), SOURCE))

    assert data["workers"][0]["name"] == " ".join("".join(name.split("\u202e")).split())


@given(st.text(max_size=300), st.integers(0, 600), st.integers(1, 4))
@example("<" * 300, 600, 4)
@example("\U0001f980" * 300, 600, 4)
def test_the_page_fits_whatever_the_names(name: str, rows: int, workers: int) -> None:
    report = reports.hostile(name, rows)
    report = replace(report, workers=report.workers * workers)

    assert len(render_html(report, SOURCE).encode()) <= LARGEST_PAGE


def test_many_workers_are_counted() -> None:
    report = reports.hostile("<" * 300, 600)
    page = render_html(replace(report, workers=report.workers * 100), SOURCE)

    data = data_of(page)
    assert len(page.encode()) <= LARGEST_PAGE
    assert len(data["workers"]) + data["moreWorkers"] == 100
