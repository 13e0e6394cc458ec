"""Annotations: findings and failures as the runner shows them beside the code. Report -> annotations."""

from __future__ import annotations

from collections.abc import Iterator

from ci_wasm.core.check_run import Annotation
from ci_wasm.core.finding import Finding
from ci_wasm.core.report import Report
from ci_wasm.outcome import Failed


def make_annotations(report: Report) -> list[Annotation]:
    """All of them, errors first: the runner keeps ten of each severity."""
    annotations = list(_annotations(report))
    order = ("error", "warning", "notice")
    return sorted(annotations, key=lambda annotation: order.index(annotation.severity))


def _annotations(report: Report) -> Iterator[Annotation]:
    for failure in report.failures:
        yield failure_annotation(failure)
    for worker in report.workers:
        for failure in worker.failures:
            yield failure_annotation(failure, worker.name)
        for finding in worker.findings:
            yield _finding_annotation(finding, worker.name)
    for group in report.groups:
        for finding in group.findings:
            yield _finding_annotation(finding, f"group {group.name}")


def _finding_annotation(finding: Finding, owner: str) -> Annotation:
    message = f"{finding.message}. {finding.cure} ({finding.page})"
    return Annotation(finding.severity.value, f"ci-wasm: {owner}", message, finding.file, finding.line)


def failure_annotation(failure: Failed, worker: str = "") -> Annotation:
    """A failure as an annotation; the detail stays in the log and in the report."""
    title = f"ci-wasm: {worker}" if worker else "ci-wasm"
    return Annotation(
        "error", title, f"{failure.message}. {failure.cure} ({failure.page})", failure.file, failure.line
    )
