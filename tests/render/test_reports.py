"""Reports: every renderer on every way in which a run can end."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ci_wasm.core.report import Report
from ci_wasm.render.annotations import make_annotations
from ci_wasm.render.comment import LONGEST_COMMENT, render_comment
from ci_wasm.render.log import render_log
from ci_wasm.render.report_json import render_json
from ci_wasm.render.summary import render_summary
from tests import reports
from tests.conftest import Golden
from tests.render.test_markdown import HOSTILE, rendered, tags

ALL = [
    reports.passing,
    reports.broken,
    reports.waived,
    reports.outdated,
    reports.trend,
    reports.upgraded,
    reports.grouped,
    reports.ratcheted,
    reports.called,
    reports.started,
    reports.no_base,
    reports.does_not_build,
    reports.refused,
    reports.ended_early,
]
OURS = {
    "h3",
    "h4",
    "p",
    "strong",
    "code",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "sub",
    "ul",
    "li",
    "br",
    "a",
}


@pytest.mark.parametrize("make", ALL)
def test_the_comment(make: Callable[[], Report], golden: Golden) -> None:
    docs = "https://github.com/OWNER/ci-wasm/blob/v1/"

    golden(f"{make.__name__}.md", render_comment(make(), docs_url=docs))


@pytest.mark.parametrize("make", ALL)
def test_the_log(make: Callable[[], Report], golden: Golden) -> None:
    golden(f"{make.__name__}.log", render_log(make()))


def test_the_summary_is_the_comment_with_the_ceilings_that_may_come_down(golden: Golden) -> None:
    report = reports.ratcheted()

    golden("ratcheted.summary.md", render_summary(report))
    assert render_summary(report).startswith(render_comment(report))
    assert render_summary(reports.passing()) == render_comment(reports.passing())


@pytest.mark.parametrize("make", ALL)
def test_the_json(make: Callable[[], Report], golden: Golden) -> None:
    golden(f"{make.__name__}.json", render_json(make()))


@pytest.mark.parametrize("make", ALL)
def test_conclusion_exit_code_and_annotations_agree(make: Callable[[], Report]) -> None:
    report = make()
    errors = [annotation for annotation in make_annotations(report) if annotation.severity == "error"]

    assert (report.verdict.exit_code != 0) == bool(errors)
    assert render_comment(report).startswith("### ❌" if errors else "### ✅")
    assert render_log(report).rstrip().splitlines()[-1].startswith("FAILED" if errors else "passed")


@given(HOSTILE)
@example("#")
@example("1.")
def test_a_hostile_name_is_text_wherever_it_stands(name: str) -> None:
    markup = rendered(
        render_comment(reports.hostile(name), docs_url="https://github.com/OWNER/ci-wasm/blob/v1/")
    )

    assert tags(markup) <= OURS
    assert "javascript:" not in "".join(part.split('"')[0] for part in markup.split('href="')[1:])


@given(st.text(max_size=300), st.integers(0, 600))
def test_the_comment_fits_whatever_the_names(name: str, rows: int) -> None:
    assert len(render_comment(reports.hostile(name * 10, rows))) <= LONGEST_COMMENT


@given(st.text(max_size=20))
def test_the_json_is_json_whatever_the_names(name: str) -> None:
    assert json.loads(render_json(reports.hostile(name)))["schema"] == 1
