"""Comment: the report as the reviewer of a pull request reads it. Report -> Markdown of at most 60,000 characters.

The order is that of the questions: does it pass, where can I try it, what breaks, how large is it, what grew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ci_wasm.core.budget import BudgetResult
from ci_wasm.core.finding import Finding, Severity
from ci_wasm.core.group import GroupReport
from ci_wasm.core.measurement import Base, Measurement
from ci_wasm.core.metric import metric_value
from ci_wasm.core.preview import Preview
from ci_wasm.core.report import Report, WorkerReport
from ci_wasm.outcome import Done, Failed, Outcome, Skipped
from ci_wasm.render.behavior import behavior_parts
from ci_wasm.render.budgets import HEADER, groups_table, size_row
from ci_wasm.render.changes import changes_fold
from ci_wasm.render.growth import growth_fold
from ci_wasm.render.markdown import code, fenced, link, plain, prose, table
from ci_wasm.render.quantity import short_sha
from ci_wasm.render.startup import startup_text
from ci_wasm.render.trend import trend_fold
from ci_wasm.render.waivers import waiver_blocks

# GitHub refuses comments over 65,536 characters; the distance leaves room for the marker and for counting otherwise.
LONGEST_COMMENT = 60_000
ICONS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTICE: "ℹ️"}  # noqa: RUF001 (the sign is meant)

Page = Callable[[str], str]


def render_comment(report: Report, *, docs_url: str = "", limit: int = LONGEST_COMMENT) -> str:
    """The whole comment, shortened item by item until it fits.

    `docs_url` is where the `docs/` folder of this version can be read, such as
    `https://github.com/OWNER/ci-wasm/blob/v1/`; without it pages are named, not linked.
    """
    for rows in (10, 5, 2, 0):
        text = _render(report, docs_url, rows)
        if len(text) <= limit:
            return text
    return _shortest(report, limit)


def _render(report: Report, docs_url: str, rows: int) -> str:
    def page(path: str) -> str:
        return link("help", docs_url + path) if docs_url else f"see {code(path)}"

    parts = [
        _headline(report),
        *waiver_blocks(report),
        *(prose(note) for note in report.notes),
        *(_failure(failure, page) for failure in report.failures),
        *_groups(report.groups, page, rows),
    ]
    for worker in report.workers:
        parts += _worker(worker, page, rows)
    parts.append(_footer(report))
    return "\n\n".join(part for part in parts if part) + "\n"


def _shortest(report: Report, limit: int) -> str:
    text = "\n\n".join(
        [
            _headline(report),
            "The full report is too long for a comment; it is in the job summary and in report.json.",
        ]
    )
    return text[:limit]


def _headline(report: Report) -> str:
    return f"### {'✅' if report.verdict.passed else '❌'} ci-wasm: {prose(report.verdict.headline, 300)}"


def _groups(groups: Sequence[GroupReport], page: Page, rows: int) -> Iterator[str]:
    if groups:
        yield "#### Groups"
        yield _findings([finding for group in groups for finding in group.findings], page, 2 * rows)
        yield groups_table(groups, max(2 * rows, 5))


def _worker(worker: WorkerReport, page: Page, rows: int) -> Iterator[str]:
    yield f"#### {code(worker.name)}"
    yield _preview(worker.preview, page)
    if isinstance(worker.head, Failed):
        yield _failure(worker.head, page)
    yield _findings(worker.findings, page, 2 * rows)
    if isinstance(worker.head, Done):
        yield _sizes(worker.head.value, worker.base, worker.budgets)
        yield _base_note(worker.base)
    if worker.growth is not None:
        yield from growth_fold(worker.growth, rows)
    yield changes_fold(worker.changes, rows)
    yield from behavior_parts(worker, rows)
    if text := startup_text(worker):
        yield f"<sub>Start: {plain(text)}.</sub>"
    yield from trend_fold(worker.history, worker.budgets, most=10 * rows)


def _preview(preview: Outcome[Preview], page: Page) -> str:
    match preview:
        case Done(value):
            return _preview_line(value)
        case Skipped(reason):
            return f"**Preview:** none, {prose(reason)}."
        case Failed():
            return _failure(preview, page, title="The preview failed: ")


def _preview_line(preview: Preview) -> str:
    url = preview.deployment.url
    answered = ", ".join(
        f"{code(f'{answer.request.method} {answer.request.path}')} answered {answer.status} "
        f"in {answer.milliseconds:.0f} ms"
        for answer in preview.answers
    )
    where = (
        link(plain(url.partition("://")[2]), url)
        if preview.public
        else f"{code(url)} on the runner's own workerd, gone with the job"
    )
    return f"**Preview:** {where}" + (f"  \n{answered}" if answered else "")


def _findings(findings: Sequence[Finding], page: Page, rows: int) -> str:
    gravest = sorted(findings, key=lambda finding: list(ICONS).index(finding.severity))
    lines = [
        f"- {ICONS[finding.severity]} **{_message(finding)}**  \n  {prose(finding.cure)} ({page(finding.page)})"
        for finding in gravest[:rows]
    ]
    if len(gravest) > rows:
        lines.append(f"- … and {len(gravest) - rows} more findings; they are in report.json.")
    return "\n".join(lines)


def _message(finding: Finding) -> str:
    """Who waived it stands at the top."""
    return f"{prose(finding.statement, 600)}{', waived' if finding.waiver else ''}"


def _sizes(head: Measurement, base: Outcome[Base], budgets: Sequence[BudgetResult]) -> str:
    before = base.value.measurement if isinstance(base, Done) else None
    shown = ["raw", "gzip"] if head.sizes.gzip is not None else ["raw"]
    shown += ["upload"] if metric_value("upload", head) not in {None, head.sizes.raw} else []
    rows = [
        *(
            size_row(
                metric, metric_value(metric, before) if before else None, metric_value(metric, head), budgets
            )
            for metric in shown
        ),
        *(
            size_row(result.budget.metric, result.base, result.measured, [result])
            for result in budgets
            if result.budget.metric not in shown
        ),
    ]
    return table(HEADER, rows, "lll")


def _base_note(base: Outcome[Base]) -> str:
    match base:
        case Done(value):
            how = (
                "as recorded when it was merged"
                if value.recorded
                else "built in this run with the same toolchain"
            )
            return f"<sub>Base: {code(short_sha(value.commit))}, {how}.</sub>"
        case Skipped(reason):
            return f"<sub>No base to compare with: {prose(reason)}.</sub>"
        case Failed():
            return f"<sub>No base to compare with: {prose(base.message)}. {prose(base.cure)}</sub>"


def _failure(failure: Failed, page: Page, title: str = "") -> str:
    text = f"❌ **{title}{prose(failure.message, 600)}**  \n{prose(failure.cure)} ({page(failure.page)})"
    return f"{text}\n\n{fenced(failure.detail)}" if failure.detail else text


def _footer(report: Report) -> str:
    run = f" · {link('this run', report.subject.run_url)}" if report.subject.run_url else ""
    return (
        f"<sub>ci-wasm {plain(report.version)} · commit {code(short_sha(report.subject.commit))}{run}</sub>"
    )
