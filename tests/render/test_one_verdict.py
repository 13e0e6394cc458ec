"""One verdict: whatever was found, failed or was waived, no two places say different things about it."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.adapters.report_wire import decode_report
from ci_wasm.core.finding import ALLOWANCES, Finding, FindingKind, Severity, waive
from ci_wasm.core.report import Report, WorkerReport, make_report
from ci_wasm.core.waiver import Allowance, Waiver
from ci_wasm.errors import ALL_ERRORS
from ci_wasm.outcome import Failed, Skipped
from ci_wasm.publish import outputs
from ci_wasm.render.annotations import make_annotations
from ci_wasm.render.check_run import LONGEST_DESCRIPTION, LONGEST_TITLE, render_check_run, render_status
from ci_wasm.render.comment import render_comment
from ci_wasm.render.log import render_log
from ci_wasm.render.markdown import clean, prose
from ci_wasm.render.page_data import make_page_data
from ci_wasm.render.report_json import render_json
from ci_wasm.render.summary import render_summary
from tests.reports import SUBJECT

FINDINGS = st.builds(
    Finding,
    st.sampled_from(FindingKind),
    st.sampled_from(Severity),
    st.sampled_from(["raw", "add"]),
    st.text(min_size=1, max_size=30),
    st.just("Do something."),
)
FAILURES = st.sampled_from(ALL_ERRORS).map(lambda error: Failed.of(error("it failed", cure="Mend it.")))
WAIVERS = st.sets(st.sampled_from(Allowance)).map(
    lambda allowances: {
        each: Waiver(each, f"allow-{each.value}", "mona", "2026-11-24T10:00:00Z", SUBJECT.commit)
        for each in allowances
    }
)
WORKERS = st.lists(st.tuples(st.lists(FINDINGS, max_size=5), st.none() | FAILURES), max_size=3)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    waivers = draw(WAIVERS)
    workers = [
        WorkerReport(
            f"worker-{index}",
            failure or Skipped("it is not measured here"),
            Skipped("there is none"),
            findings=tuple(waive(finding, waivers) for finding in findings),
        )
        for index, (findings, failure) in enumerate(draw(WORKERS))
    ]
    return make_report(SUBJECT, workers, failures=draw(st.lists(FAILURES, max_size=2)), version="0.1.0")


@given(reports())
def test_every_place_says_the_same(report: Report) -> None:
    verdict = report.verdict
    passed = verdict.exit_code == 0
    check = render_check_run(report, name="ci-wasm", config="ci-wasm.yml")
    status = render_status(report, context="ci-wasm")
    errors = [each for each in make_annotations(report) if each.severity == "error"]
    stored = json.loads(render_json(report))["verdict"]

    said = {
        "annotations": not errors,
        "check run": check.conclusion.value == "success",
        "check run's annotations": all(each.severity != "error" for each in check.annotations),
        "comment": render_comment(report).startswith("### ✅"),
        "conclusion": verdict.conclusion.value == "success",
        "log": render_log(report).rstrip().splitlines()[-1].startswith("passed: "),
        "output": outputs(report)["conclusion"] == "success",
        "page": make_page_data(report, limit=10**6)["passed"],
        "report.json": (stored["conclusion"], stored["exit_code"]) == ("success", 0),
        "status": status.state.value == "success",
        "summary": render_summary(report).startswith("### ✅"),
    }
    assert said == dict.fromkeys(said, passed)
    assert (status.state.value == "error") == (verdict.exit_code > 1)


@given(reports())
def test_every_place_gives_the_same_reason(report: Report) -> None:
    headline = report.verdict.headline

    assert render_comment(report).splitlines()[0].endswith(f"ci-wasm: {prose(headline, 300)}")
    assert render_summary(report).splitlines()[0] == render_comment(report).splitlines()[0]
    check = render_check_run(report, name="ci-wasm", config="ci-wasm.yml")
    assert check.title == clean(headline, LONGEST_TITLE)
    assert check.summary.splitlines()[0] == render_comment(report).splitlines()[0]
    assert render_status(report, context="ci-wasm").description == clean(headline, LONGEST_DESCRIPTION)
    assert outputs(report)["headline"] == headline == json.loads(render_json(report))["verdict"]["headline"]


@given(reports())
def test_a_stored_report_has_the_same_verdict(report: Report) -> None:
    read = decode_report(render_json(report).encode(), Path("report.json"))

    assert read == report
    assert read.verdict.status_state is report.verdict.status_state


@given(reports())
def test_what_was_waived_is_told_everywhere_and_fails_nothing(report: Report) -> None:
    findings = [finding for worker in report.workers for finding in worker.findings]
    waived = [finding for finding in findings if finding.waiver]

    assert all(finding.severity is Severity.WARNING and finding.kind in ALLOWANCES for finding in waived)
    assert ("**Waived by** `@mona` at 2026-11-24 10:00 UTC for `4f5e6d7`" in render_comment(report)) == bool(
        waived
    )
    assert render_json(report).count('"waiver": {') == len(waived)
    told = [each.message for each in make_annotations(report) if ", waived by `@mona`" in each.message]
    assert len(told) == len(waived)
    if waived and report.verdict.exit_code == 0:
        assert report.verdict.headline.endswith(", waived")


@given(reports())
def test_every_finding_and_failure_has_a_severity_a_message_a_cure_and_a_page(report: Report) -> None:
    annotations = make_annotations(report)
    findings = [finding for worker in report.workers for finding in worker.findings]
    failures = [*report.failures, *(failure for worker in report.workers for failure in worker.failures)]

    assert len(annotations) == len(findings) + len(failures)
    for finding in findings:
        expected = f"{finding.message}. {finding.cure} (docs/findings.md#{finding.kind.value})"
        assert any(
            (each.severity, each.message) == (finding.severity.value, expected) for each in annotations
        )
    for failure in failures:
        assert any((each.severity, failure.page in each.message) == ("error", True) for each in annotations)
