"""Check run: the report beside the commit. Report -> CheckRun, CommitStatus."""

from __future__ import annotations

from pathlib import PurePosixPath

from msgspec.structs import replace

from ci_wasm.core.check_run import CheckRun, CommitStatus
from ci_wasm.core.report import Report
from ci_wasm.outcome import Done
from ci_wasm.render.annotations import make_annotations
from ci_wasm.render.comment import render_comment
from ci_wasm.render.markdown import clean

# GitHub cuts a title at 255 characters and a status's description at 140, and refuses a summary of more than 65,535.
LONGEST_TITLE = 255
LONGEST_DESCRIPTION = 140


def render_check_run(
    report: Report, *, name: str, config: str, folder: str = "", docs_url: str = ""
) -> CheckRun:
    """The whole report as a check run; what has no place in the code is told beside the configuration file `config`.

    All paths are relative to `folder`, which is one of the repository.
    """
    subject = report.subject
    return CheckRun(
        name=name,
        commit=subject.commit,
        conclusion=report.verdict.conclusion,
        title=clean(report.verdict.headline, LONGEST_TITLE),
        summary=render_comment(report, docs_url=docs_url),
        details_url=subject.run_url,
        external_id=f"{subject.run_url}/attempts/{subject.run_attempt}",
        annotations=tuple(
            replace(each, file=_in_repository(folder, each.file) or _in_repository(folder, config))
            for each in make_annotations(report)
        ),
    )


def render_status(report: Report, *, context: str) -> CommitStatus:
    """The verdict as a commit status that leads to the preview where everybody can open it, else to the run."""
    previews = [worker.preview.value for worker in report.workers if isinstance(worker.preview, Done)]
    public = [preview.deployment.url for preview in previews if preview.public]
    return CommitStatus(
        context=context,
        commit=report.subject.commit,
        state=report.verdict.status_state,
        description=clean(report.verdict.headline, LONGEST_DESCRIPTION),
        target_url=public[0] if public else report.subject.run_url,
    )


def _in_repository(folder: str, file: str | None) -> str | None:
    """The path from the repository's root; None where it leads elsewhere, as a dependency's source does."""
    path = PurePosixPath(folder, file or "")
    return None if not file or path.is_absolute() or ".." in path.parts else str(path)
