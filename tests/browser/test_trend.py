"""The trend in a real Chromium: the page's own picture, and the comment's as mermaid itself draws it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_wasm.adapters.page_source import read_page_source
from ci_wasm.core.history import Point
from ci_wasm.render.html import render_html
from ci_wasm.render.trend import trend_chart
from tests import reports
from tests.browser.chromium import Browser

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from download import DownloadError  # noqa: E402 (the scripts are programs, and no package)
from fetch_npm_tarball import Pin, provide  # noqa: E402

pytestmark = pytest.mark.browser

# GitHub draws with a version of this major.
MERMAID = Pin(
    tool="mermaid",
    name="mermaid",
    version="11.12.0",
    integrity="sha512-ZudVx73BwrMJfCFmSSJT84y6u5brEoV8DOItdHomNLz32uBjNrelm7mg95X7g+C6UoQH/W6mBLGDEDv73JdxBg==",
    machine=None,
    member="package/dist/mermaid.min.js",
    destination=".cache/mermaid/11.12.0/mermaid.min.js",
    executable=False,
)
DRAW = """(async () => {
  mermaid.initialize({ startOnLoad: false });
  const drawn = await mermaid.render("chart", %s);
  document.body.innerHTML = drawn.svg;
  return [...document.querySelectorAll("svg text")].map((text) => text.textContent.replace(/[\\u200b\\u2060]/g, ""));
})()"""


def points(*sizes: int) -> tuple[Point, ...]:
    return tuple(
        Point(f"{index:012x}", None, raw, raw // 2, None, raw // 3) for index, raw in enumerate(sizes, 1)
    )


@pytest.fixture(scope="module")
def mermaid() -> Path:
    try:
        provide(MERMAID, ROOT, "npm" if shutil.which("npm") else "direct")
    except DownloadError as error:
        pytest.skip(f"mermaid cannot be fetched: {error}")
    return ROOT / MERMAID.destination


def test_the_page_draws_starts_beside_sizes(browser: Browser, tmp_path: Path) -> None:
    report = reports.trend()
    (worker,) = report.workers
    history = tuple(replace(point, startup_ms=8 + index) for index, point in enumerate(worker.history))
    path = tmp_path / "report.html"
    changed = replace(report, workers=(replace(worker, history=history),))
    path.write_text(render_html(changed, read_page_source()), encoding="utf-8")
    tab = browser.tab(width=390)

    tab.open(path.as_uri())

    spoken = tab.run(
        "[...document.querySelectorAll('.trend svg')].map((each) => each.getAttribute('aria-label'))"
    )
    assert spoken[1:] == ["Start at Cloudflare over 12 commits: from 8 ms to 19 ms"]
    assert tab.complaints() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_draws_every_commit_and_has_the_table_behind_it(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_html(reports.trend(), read_page_source()), encoding="utf-8")
    tab = browser.tab(width=width)

    tab.open(path.as_uri())

    spoken = tab.run("document.querySelector('.trend svg').getAttribute('aria-label')")
    assert spoken == "Raw size over 12 commits: from 610\u00a0B to 650\u00a0B, budget 1.00\u00a0KiB"
    assert tab.run("document.querySelectorAll('.trend .point').length") == 12
    assert tab.run("document.querySelectorAll('.trend .limit').length") == 1
    box = tab.run(
        "(({ left, right, width }) => [left >= 0, right <= innerWidth, width > 250])"
        "(document.querySelector('.trend svg').getBoundingClientRect())"
    )
    assert box == [True, True, True]
    rows = "[...document.querySelectorAll('.trend tbody tr')].map(row => row.innerText)"
    assert len(tab.run(rows)) == 12
    # The numbers are folded, and open with the keyboard.
    tab.run("document.querySelector('.trend details summary').focus()")
    tab.press("Enter")
    assert tab.run("document.querySelector('.trend details').open")
    assert tab.run(rows)[0].startswith("4f5e6d7")
    assert tab.complaints() == []


def test_too_few_points_make_no_picture(browser: Browser, tmp_path: Path) -> None:
    report = reports.passing()
    short = replace(report, workers=(replace(report.workers[0], history=points(1, 2)),))
    path = tmp_path / "report.html"
    path.write_text(render_html(short, read_page_source()), encoding="utf-8")
    tab = browser.tab()

    tab.open(path.as_uri())

    assert tab.run("document.querySelectorAll('.trend').length") == 0


@pytest.mark.parametrize(
    ("sizes", "labels"),
    [
        ((1000, 1100, 900), ["000000000001"[:7], "bytes"]),
        (tuple(range(2_000_000, 2_000_000 + 100)), ["KiB"]),
        ((35_000_000, 35_000_000, 35_000_001), ["MiB"]),
        ((1, 1, 1), ["bytes"]),
    ],
)
def test_mermaid_draws_the_comments_picture(
    browser: Browser, mermaid: Path, tmp_path: Path, sizes: tuple[int, ...], labels: list[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><script src='{mermaid.as_uri()}'></script>", encoding="utf-8"
    )
    chart = trend_chart(points(*sizes), max(sizes) * 2).removeprefix("```mermaid\n").removesuffix("\n```")
    tab = browser.tab(width=390)

    tab.open(page.as_uri())
    texts = tab.run(DRAW % json.dumps(chart))

    assert set(labels) <= set(texts)
    assert not any("Syntax error" in text for text in texts)
    lines = "document.querySelectorAll('svg .plot path').length"
    assert tab.run(lines) == 2
