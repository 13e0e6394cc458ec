"""Log: the report for a terminal or a job's log. Report -> lines of text.

Foreign names stay as they are here: the runner adapter neutralizes whatever it prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ci_wasm.core.finding import Finding
from ci_wasm.core.history import FEWEST_POINTS
from ci_wasm.core.measurement import Measurement
from ci_wasm.core.metric import metric_value
from ci_wasm.core.preview import Preview
from ci_wasm.core.report import Report, WorkerReport
from ci_wasm.core.verdict import Conclusion
from ci_wasm.outcome import Done, Failed, Outcome, Skipped
from ci_wasm.render.behavior import behavior_lines
from ci_wasm.render.budgets import budget_line, group_lines, ratchet_lines
from ci_wasm.render.changes import change_lines
from ci_wasm.render.columns import columns
from ci_wasm.render.markdown import clean
from ci_wasm.render.quantity import change, short_sha
from ci_wasm.render.startup import startup_text

if TYPE_CHECKING:
    from ci_wasm.config.settings import Settings


def render_log(report: Report) -> str:
    """The whole report: a block for each Worker, the verdict last, where a log is read first."""
    failures = [line for failure in report.failures for line in _failure(failure)]
    findings = [line for worker in report.workers for line in _worker_findings(worker)]
    findings += [line for group in report.groups for line in _findings(f"group {group.name}", group.findings)]
    parts = ["\n".join([*failures, *findings])]
    parts = [part for part in (render_facts(report), *parts, render_verdict(report)) if part]
    return "\n\n".join(parts) + "\n"


def render_facts(report: Report) -> str:
    """What was measured and deployed, without what annotations say: failures and findings."""
    blocks = ["\n".join(report.notes)]
    blocks += [
        "\n".join([clean(worker.name), *(f"  {line}" for line in _worker(worker))])
        for worker in report.workers
    ]
    blocks += ["\n".join(group_lines(group)) for group in report.groups]
    blocks += ["\n".join(ratchet_lines(report.ratchet))] if report.ratchet else []
    return "\n\n".join(block for block in blocks if block)


def render_verdict(report: Report) -> str:
    """The conclusion in one line."""
    passed = report.verdict.conclusion is Conclusion.SUCCESS
    return f"{'passed' if passed else 'FAILED'}: {clean(report.verdict.headline, 600)}"


def settings_table(settings: Settings) -> str:
    """Every resolved value and where it came from."""
    rows = [("setting", "value", "from"), *((row.name, row.value, row.origin) for row in settings.origins)]
    return "\n".join(columns(rows))


def _worker(worker: WorkerReport) -> Iterator[str]:
    if isinstance(worker.head, Done):
        yield from _sizes(worker, worker.head.value)
    yield from (budget_line(result) for result in worker.budgets)
    if worker.growth is not None:
        from ci_wasm.render.growth import growth_lines

        yield from growth_lines(worker.growth)
    yield from change_lines(worker.changes)
    yield from behavior_lines(worker)
    if text := startup_text(worker):
        yield f"start: {text}"
    if len(worker.history) >= FEWEST_POINTS:
        from ci_wasm.render.trend import sparkline, trend_sentence

        yield f"trend {sparkline(worker.history[-30:])} {trend_sentence(worker.history)}"
    yield from _preview(worker.preview)


def _sizes(worker: WorkerReport, head: Measurement) -> Iterator[str]:
    before = worker.base.value.measurement if isinstance(worker.base, Done) else None
    for metric in ("raw", "gzip", "brotli", "upload"):
        value, old = metric_value(metric, head), metric_value(metric, before) if before else None
        if value is not None:
            difference = "" if old is None else f"  {change(old, value)}"
            yield f"{metric:7}{value:>12,} bytes{difference}"
    if isinstance(head.upload, Done) and head.upload.value.gzip is not None:
        yield f"        (upload as wrangler tells it: {_kib(head.upload.value.raw)} / gzip: {_kib(head.upload.value.gzip)})"
    match worker.base:
        case Done(base):
            yield f"base {short_sha(base.commit)} ({'recorded' if base.recorded else 'built now'})"
        case Skipped(reason):
            yield f"no base: {reason}"
        case Failed():
            yield f"no base: {worker.base.message}. {worker.base.cure}"


def _kib(count: int) -> str:
    return f"{count / 1024:.2f} KiB"


def _preview(preview: Outcome[Preview]) -> Iterator[str]:
    match preview:
        case Done(value):
            yield f"preview {value.deployment.url}{'' if value.public else ' (local)'}"
            for answer in value.answers:
                yield f"  {answer.request.method} {answer.request.path}: {answer.status} in {answer.milliseconds:.0f} ms"
        case Skipped(reason):
            yield f"no preview: {reason}"
        case Failed():
            yield "no preview: it failed"


def _worker_findings(worker: WorkerReport) -> Iterator[str]:
    for failure in worker.failures:
        yield from _failure(failure)
    yield from _findings(worker.name, worker.findings)


def _findings(owner: str, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        place = f" ({finding.file}:{finding.line})" if finding.file else ""
        yield f"{finding.severity.value}: {clean(owner)}: {clean(finding.message, 600)}{place}"
        yield f"  {finding.cure}"


def _failure(failure: Failed) -> Iterator[str]:
    yield f"error: {clean(failure.message, 600)}"
    yield f"  {failure.cure} (More: {failure.page})"
    yield from (f"  | {line}" for line in failure.detail.splitlines())
