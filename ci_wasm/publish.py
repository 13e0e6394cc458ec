"""Publish: bring a report to everybody who reads it. Report -> files, summary, comment, check run, outputs, exit code."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

from ci_wasm.adapters.page_source import read_page_source
from ci_wasm.adapters.report_files import write_report_files
from ci_wasm.config.inputs import INPUTS, Inputs
from ci_wasm.core.check_run import Annotation
from ci_wasm.core.event import Event, PullRequest
from ci_wasm.core.report import Report, preview_url
from ci_wasm.outcome import Done, Failed, Outcome, Skipped, attempt
from ci_wasm.ports import Runner
from ci_wasm.render.annotations import failure_annotation, make_annotations
from ci_wasm.render.check_run import render_check_run, render_status
from ci_wasm.render.comment import render_comment
from ci_wasm.render.html import render_html
from ci_wasm.render.log import render_facts, render_verdict
from ci_wasm.render.report_json import render_json
from ci_wasm.render.summary import render_summary
from ci_wasm.wiring import Adapters


def publish(report: Report, event: Event, inputs: Inputs, adapters: Adapters, runner: Runner) -> int:
    """Show the report everywhere; gives its exit code. What cannot be shown in one place is still shown in the others."""
    comment = render_comment(report, docs_url=adapters.docs_url)
    page = attempt(lambda: render_html(report, read_page_source(), docs_url=adapters.docs_url))
    texts = {"report.json": render_json(report), "comment.md": comment}
    if isinstance(page, Done):
        texts["report.html"] = page.value
    files = write_report_files(adapters.root, report_directory(inputs, adapters.root), texts)
    runner.log_foreign(render_facts(report))
    runner.add_summary(render_summary(report, docs_url=adapters.docs_url))
    posted = post_comment(comment, event, inputs, adapters)
    checked = post_checks(report, event, inputs, adapters)
    for annotation in [
        *make_annotations(report),
        *page_annotations(page),
        *comment_annotations(posted),
        *check_annotations(checked),
    ]:
        runner.annotate(
            annotation.severity,
            annotation.message,
            title=annotation.title,
            file=annotation.file and str(PurePosixPath(inputs.working_directory, annotation.file)),
            line=annotation.line,
        )
    log_details(report, runner)
    runner.log_foreign(render_verdict(report))
    runner.set_outputs(
        {
            "report-html": "",
            **outputs(report),
            **files,
            "comment-url": posted.value if isinstance(posted, Done) else "",
        }
    )
    return report.verdict.exit_code


def report_directory(inputs: Inputs, root: Path) -> Path:
    """Where the report goes: also where the input that says it is the mistake, there has to be a report about that."""
    folder = Path(inputs.report_directory)
    is_inside = (root / folder).resolve().is_relative_to(root.resolve())
    return folder if is_inside else Path(INPUTS["report-directory"][0])


def log_details(report: Report, runner: Runner) -> None:
    """The evidence of failures (a compiler's error, all problems of a file), which is too long for an annotation."""
    for failure in [*report.failures, *(failure for worker in report.workers for failure in worker.failures)]:
        if failure.detail:
            runner.log_foreign(failure.detail)


def post_comment(body: str, event: Event, inputs: Inputs, adapters: Adapters) -> Outcome[str]:
    """Post the sticky comment; one for each working directory, so that several steps do not overwrite each other."""
    if not isinstance(event, PullRequest):
        return Skipped("the event belongs to no pull request")
    if event.action == "closed":
        return Skipped("the pull request is closed")
    if not inputs.comment:
        return Skipped("the input `comment` is false")
    if event.is_fork:
        return Skipped(
            "GitHub gives pull requests from forks a read-only token; the report is in the job summary"
        )
    forge = adapters.forge
    if forge is None:
        return Skipped("no `github-token` was given; the report is in the job summary")
    key = comment_key(inputs.working_directory)
    return attempt(lambda: forge.put_comment(event.number, key, body))


def post_checks(report: Report, event: Event, inputs: Inputs, adapters: Adapters) -> list[Failed]:
    """Show the verdict on the commit as the input `checks` says; gives what could not be shown.

    A closed pull request has no verdict to show, and a fork's token may show none.
    """
    forge = adapters.forge
    if forge is None or (isinstance(event, PullRequest) and (event.action == "closed" or event.is_fork)):
        return []
    name = f"ci-wasm ({inputs.working_directory})" if inputs.working_directory else "ci-wasm"
    posted: list[Outcome[object]] = []
    if inputs.checks not in {"commit-status", "none"}:
        check = render_check_run(
            report,
            name=name,
            config=inputs.config,
            folder=inputs.working_directory,
            docs_url=adapters.docs_url,
        )
        posted.append(attempt(partial(forge.put_check_run, check)))
    if inputs.checks in {"commit-status", "both"}:
        posted.append(attempt(partial(forge.put_status, render_status(report, context=name))))
    return [each for each in posted if isinstance(each, Failed)]


def comment_key(working_directory: str) -> str:
    """The key of the comment's hidden marker: letters, digits and dashes of the working directory."""
    slug = "".join(
        character if character.isascii() and character.isalnum() else "-" for character in working_directory
    )
    return slug.strip("-") or "report"


def comment_annotations(posted: Outcome[str]) -> list[Annotation]:
    """A comment that could not be posted is a warning: the gate has been judged, and the summary shows the report."""
    match posted:
        case Failed():
            failure = failure_annotation(posted)
            return [Annotation("warning", "ci-wasm: no comment", failure.message)]
        case Skipped(reason) if "forks" in reason:
            return [Annotation("notice", "ci-wasm: no comment", reason)]
        case _:
            return []


def check_annotations(failures: list[Failed]) -> list[Annotation]:
    """Less than a comment that is missing: the job is a check of its own, with the same conclusion."""
    return [
        Annotation(
            "notice",
            "ci-wasm: not shown on the commit",
            f"{failure_annotation(failure).message} Or set the input `checks: none`.",
        )
        for failure in failures
    ]


def page_annotations(page: Outcome[str]) -> list[Annotation]:
    """A page that could not be made is a warning: its numbers are in the other files."""
    if not isinstance(page, Failed):
        return []
    return [Annotation("warning", "ci-wasm: no report.html", failure_annotation(page).message)]


def outputs(report: Report) -> dict[str, str]:
    """The step's outputs that the report itself gives."""
    heads = [worker.head.value for worker in report.workers if isinstance(worker.head, Done)]
    grown = [worker.growth.raw.bytes for worker in report.workers if worker.growth is not None]
    return {
        "conclusion": report.verdict.conclusion.value,
        "headline": report.verdict.headline,
        "preview-url": preview_url(report),
        "raw-bytes": str(sum(head.sizes.raw for head in heads)) if heads else "",
        "gzip-bytes": str(sum(head.sizes.gzip or 0 for head in heads)) if heads else "",
        "growth-bytes": str(sum(grown)) if grown else "",
    }
