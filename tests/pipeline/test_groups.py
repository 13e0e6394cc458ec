"""Groups in a run: on their line of the file, waived like the budgets of a Worker, and in the verdict."""

from __future__ import annotations

from pathlib import Path

from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.core.budget import BudgetState
from ci_wasm.core.build import Build
from ci_wasm.core.finding import Severity
from ci_wasm.core.group import GroupReport
from ci_wasm.core.report import make_report
from ci_wasm.core.waiver import Allowance, Waiver
from ci_wasm.groups import judge_groups, propose
from ci_wasm.head import Head
from ci_wasm.outcome import Done, Failed
from ci_wasm.render.comment import render_comment
from ci_wasm.waive import waive_group
from tests.modules import make_measured
from tests.reports import SUBJECT

CONFIG = """\
workers:
  - wasm: a.wasm
  - wasm: b.wasm
groups:
  - name: both
    budgets:
      - {metric: exports, max: 5}
      - {metric: raw, max: 100, ratchet: true}
"""
HEAD = Done(Head(Build(b"", b"", None, "a.wasm", "", 1.0), make_measured(60)))
WAIVER = Waiver(Allowance.GROWTH, "ci-wasm:allow-growth", "mona", "2026-11-24T10:00:00Z", SUBJECT.commit)


def judged(root: Path, b: Done[Head] | Failed = HEAD) -> GroupReport:
    (root / "ci-wasm.yml").write_text(CONFIG, encoding="utf-8")
    (report,) = judge_groups(load_settings(root, read_inputs({})), {"a": HEAD, "b": b}, {})
    return report


def test_a_groups_finding_is_found_on_its_line(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path).findings

    assert (finding.severity, finding.file, finding.line) == (Severity.ERROR, "ci-wasm.yml", 8)


def test_a_worker_that_does_not_build_leaves_its_group_without_a_sum(tmp_path: Path) -> None:
    report = judged(tmp_path, Failed("build", 4, "it does not compile", "Mend it.", "docs/errors.md#build"))

    assert {result.state for result in report.budgets} == {BudgetState.UNMEASURED}
    assert all("`b` has no figure" in finding.message for finding in report.findings)


def test_the_growth_label_waives_what_a_group_broke(tmp_path: Path) -> None:
    broken = judged(tmp_path)
    passed = waive_group(broken, {Allowance.GROWTH: WAIVER})
    other = waive_group(broken, {Allowance.BREAKING: WAIVER})

    reports = [make_report(SUBJECT, [], groups=[each], version="0") for each in (broken, passed, other)]

    assert [report.verdict.exit_code for report in reports] == [1, 0, 1]
    assert [result.state for result in passed.budgets] == [BudgetState.WITHIN, BudgetState.WARNED]
    assert "**Waived by** `@mona`" in render_comment(reports[1])
    assert "- `both`: `raw` of the group `both` is 120 bytes" in render_comment(reports[1])


def test_nothing_is_proposed_where_something_is_broken(tmp_path: Path) -> None:
    (tmp_path / "ci-wasm.yml").write_text(CONFIG.replace("max: 100", "max: 900"), encoding="utf-8")
    settings = load_settings(tmp_path, read_inputs({}))
    groups = judge_groups(settings, {"a": HEAD, "b": HEAD}, {})
    failure = Failed("forge", 7, "refused", "Mend it.", "docs/errors.md#forge")

    passed = propose(settings, make_report(SUBJECT, [], groups=groups, version="0"))
    failed = propose(settings, make_report(SUBJECT, [], groups=groups, failures=[failure], version="0"))

    assert passed.ratchet is not None
    assert failed.ratchet is None
