"""The report's page in a real Chromium: what a reviewer sees, clicks, types and hears of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_wasm.adapters.page_source import read_page_source
from ci_wasm.core.module import Crate, Function, Module
from ci_wasm.core.report import Report
from ci_wasm.render.html import render_html
from tests import reports
from tests.browser.chromium import Browser, Tab
from tests.modules import make_measured, make_module

pytestmark = pytest.mark.browser

HEAD = {
    "core::fmt::write": 4000,
    "core::fmt::num::pad": 900,
    "core::ptr::drop_in_place::<T>": 500,
    "app::main": 3000,
    "app::new": 700,
}
BASE = {
    "core::fmt::write": 4000,
    "core::fmt::num::pad": 1300,
    "core::ptr::drop_in_place::<T>": 500,
    "app::main": 2400,
    "app::old": 300,
}
ROWS = "[...document.querySelectorAll('.functions tbody tr')].map(row => row.firstElementChild.textContent)"
LABELS = "[...document.querySelectorAll('.cell.open > .label')].map(label => label.textContent)"
PATH = "[...document.querySelectorAll('nav li')].map(step => step.textContent)"


def named(sizes: dict[str, int]) -> Module:
    functions = tuple(
        Function(index, name, None, name.split("::")[0], size)
        for index, (name, size) in enumerate(sizes.items())
    )
    crates = {crate: sum(each.size for each in functions if each.crate == crate) for crate in ("core", "app")}
    module = make_module(functions=sizes)
    return replace(
        module, largest=functions, crates=tuple(Crate(name, size, 1) for name, size in crates.items())
    )


def compared() -> Report:
    return reports.comparison(make_measured(9100, named(HEAD)), make_measured(8500, named(BASE)))


def write(folder: Path, report: Report) -> str:
    path = folder / "report.html"
    path.write_text(render_html(report, read_page_source()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Iterator[Tab]:
    """The page of a pull request, from a file as an artifact is opened; it has to be without a complaint at the end."""
    opened = browser.tab()
    opened.open(write(tmp_path, compared()))
    yield opened
    assert opened.complaints() == []
    assert opened.requests() == [(tmp_path / "report.html").as_uri()]


def test_the_treemap_shows_crates_with_their_functions(tab: Tab) -> None:
    boxes = tab.run(
        "[...document.querySelectorAll('.cell')].map(cell => cell.getBoundingClientRect()).map(box => box.width * box.height)"
    )

    assert set(tab.run(LABELS)) == {"core", "app", "fmt", "ptr"}
    assert len(boxes) >= 7
    assert min(boxes) > 0


def test_areas_are_as_the_sizes(tab: Tab) -> None:
    areas = tab.run(
        "Object.fromEntries([...document.querySelectorAll('.cell.leaf')].map(cell =>"
        " [cell.getAttribute('aria-label').split(':').slice(0, -1).join(':'), cell.clientWidth * cell.clientHeight]))"
    )

    assert areas["app::main"] / areas["app::new"] == pytest.approx(3000 / 700, rel=0.1)


def test_a_click_opens_and_escape_goes_up(tab: Tab) -> None:
    tab.click(".cell.open > .label")
    opened = tab.run(PATH)
    tab.press("Escape")

    assert opened == ["all", "core"]
    assert tab.run(PATH) == ["all"]


def test_keys_walk_through_the_treemap_and_back(tab: Tab) -> None:
    tab.run("document.querySelector('input[type=search]').focus()")
    tab.press("Tab")
    tab.press("Tab")
    assert tab.run("document.activeElement.getAttribute('aria-label')").startswith("core:")
    tab.press("ArrowDown")
    assert tab.run("document.activeElement.getAttribute('aria-label')").startswith("core::fmt:")
    tab.press("Enter")

    assert tab.run(PATH) == ["all", "core", "fmt"]
    assert tab.run("document.activeElement.matches('.cell')")
    tab.click("nav li button")
    assert tab.run(PATH) == ["all"]


def test_search_filters_the_table_and_lights_up_the_boxes(tab: Tab) -> None:
    tab.click("input[type=search]")
    tab.type("FMT pad")

    assert tab.run(ROWS) == ["core::fmt::num::pad"]
    assert tab.run("document.querySelector('.facts').textContent") == "1 function found, 900\u00a0B"
    dim = tab.run(
        "[...document.querySelectorAll('.cell.leaf.dim')].map(cell => cell.getAttribute('aria-label'))"
    )
    assert any(label.startswith("app::main") for label in dim)
    assert not any("pad" in label for label in dim)
    tab.press("Escape")
    assert len(tab.run(ROWS)) == 6


def test_the_table_sorts_by_each_column_both_ways(tab: Tab) -> None:
    assert tab.run(ROWS)[:2] == ["core::fmt::write", "app::main"]
    tab.click("th[data-key=name] button")
    assert tab.run(ROWS) == sorted({*HEAD, *BASE})
    tab.click("th[data-key=name] button")
    assert tab.run(ROWS) == sorted({*HEAD, *BASE}, reverse=True)
    assert tab.run("document.querySelector('th[data-key=name]').getAttribute('aria-sort')") == "descending"
    tab.click("th[data-key=delta] button")
    assert tab.run(ROWS)[:2] == ["app::new", "app::main"]


def test_the_change_view_shows_what_grew_and_what_shrank(tab: Tab) -> None:
    tab.click("input[value=delta]")

    hues = tab.run(
        "Object.fromEntries([...document.querySelectorAll('.cell.leaf')].map(cell =>"
        " [cell.getAttribute('aria-label').split(': ')[0], cell.style.getPropertyValue('--hue')]))"
    )
    grown, shrunk = "var(--grown)", "var(--shrunk)"
    assert hues["app::main"] == hues["app::new"] == grown
    assert hues["app::old"] == shrunk
    assert set(tab.run(ROWS)) == {"app::main", "app::new", "app::old", "core::fmt::num::pad"}


def test_the_cause_is_told_and_cargo_lock_unfolds(browser: Browser, tmp_path: Path) -> None:
    tab = browser.tab(width=390, height=844)
    tab.open(write(tmp_path, reports.upgraded()))
    fold = "[...document.querySelectorAll('details')].find(each => each.firstElementChild.textContent === 'Cargo.lock')"

    cause = tab.run("document.querySelector('.cause').textContent")
    tab.run(f"{fold}.firstElementChild.click()")

    assert (
        cause == "regex 1.11.1 is new and brings 114,647 bytes of code, with another package that it needs."
    )
    rows = [line.split("\t") for line in tab.run(f"{fold}.innerText").split("\n") if "\t" in line]
    assert [row[:2] for row in rows[:5]] == [
        ["package", "version"],
        ["regex-automata", "0.4.9 (new)"],
        ["regex", "1.11.1 (new)"],
        ["syn", "2.0.1 → 2.0.5"],
        ["syn", "1.0.109 (gone)"],
    ]
    assert [rows[place][2] for place in (1, 3, -1)] == [
        "new, +110\u00a0KiB",
        "−200\u00a0B (−4.7\u00a0%), all versions",
        "none in the module",
    ]
    assert tab.run("document.documentElement.scrollWidth") <= 390
    assert tab.complaints() == []


def test_it_is_dark_where_the_reader_wants_it_dark(browser: Browser, tmp_path: Path) -> None:
    address = write(tmp_path, compared())
    colors = []
    for dark in (False, True):
        tab = browser.tab(dark=dark)
        tab.open(address)
        colors.append(
            [
                tab.run(f"getComputedStyle(document.querySelector('{part}')).backgroundColor")
                for part in ("body", ".cell.leaf")
            ]
        )

    assert colors[0][0] == "rgb(255, 255, 255)"
    assert colors[1][0] == "rgb(15, 19, 24)"
    assert colors[0][1] != colors[1][1]


@pytest.mark.parametrize(
    "make",
    [
        compared,
        reports.broken,
        reports.upgraded,
        reports.does_not_build,
        reports.ended_early,
        partial(reports.hostile, "w" * 300, 20),
    ],
)
def test_a_phone_never_scrolls_sideways(browser: Browser, tmp_path: Path, make: partial[Report]) -> None:
    tab = browser.tab(width=390, height=844)
    tab.open(write(tmp_path, make()))

    assert tab.run("document.documentElement.scrollWidth") <= 390
    assert tab.complaints() == []


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "javascript:alert(1)",
        "`${alert(1)}`",
    ],
)
def test_a_hostile_name_is_shown_as_it_is(browser: Browser, tmp_path: Path, name: str) -> None:
    tab = browser.tab()
    tab.open(write(tmp_path, reports.hostile(name)))

    assert name in tab.run("document.querySelector('h2').textContent")
    assert tab.run("document.querySelectorAll('img, script').length") == 3
    assert not tab.run("[...document.links].some(link => !/^https?:/.test(link.protocol))")
    assert tab.complaints() == []


def test_markup_from_text_is_refused_by_the_policy(browser: Browser, tmp_path: Path) -> None:
    tab = browser.tab()
    tab.open(write(tmp_path, compared()))

    refused = tab.run(
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (error) { return error.name; } })()"
    )
    reached = tab.run("fetch('http://127.0.0.1:9/').then(() => true, () => false)")
    assert refused == "TypeError"
    assert reached is False
    assert any("Content Security Policy" in text for text in tab.complaints())


def test_served_over_http_it_asks_for_nothing_else(browser: Browser, tmp_path: Path) -> None:
    write(tmp_path, compared())
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, code: object = "-", size: object = "-") -> None:  # noqa: ARG002 (http.server's own)
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        tab = browser.tab()
        tab.open(f"http://127.0.0.1:{server.server_port}/report.html")
        assert set(tab.run(LABELS)) == {"core", "app", "fmt", "ptr"}
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["/report.html"]


def test_groups_stand_above_the_workers_with_their_findings(browser: Browser, tmp_path: Path) -> None:
    tab = browser.tab()
    tab.open(write(tmp_path, reports.grouped()))

    headings = tab.run("[...document.querySelectorAll('h2')].map(each => each.textContent)")
    shown = tab.run("document.querySelector('[aria-labelledby=group-0]').textContent")

    assert headings == ["Group all", "Group lost", "add", "edge"]
    assert "48 bytes more than the 1 % that it may grow" in shown
    assert "≤\u00a04.00\u00a0KiB, ≤\u00a0+1\u00a0%" in shown
    assert "The sum of add, edge." in shown
