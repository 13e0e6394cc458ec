"""Stored reports: what `ci-wasm report` and `ci-wasm history` make of files that runs left behind. paths -> text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_wasm import __version__
from ci_wasm.adapters.baseline_branch import decode_baseline
from ci_wasm.adapters.report_wire import decode_report, read_report
from ci_wasm.core.history import Commit, History, extend_history, make_point, merge_histories
from ci_wasm.core.report import Report, WorkerReport
from ci_wasm.errors import CiWasmError, ConfigError
from ci_wasm.outcome import Done

InOrder = Callable[[Sequence[str]], Sequence[str] | None]


@dataclass(frozen=True)
class Told:
    """The histories of all Workers by name, oldest first, and in whose order."""

    workers: Mapping[str, History]
    order: str


def show_report(path: str, format_: str) -> str:
    """A stored report as `text`, `markdown`, `html` or `json`; raises ConfigError for a file that is none."""
    report = read_report(Path(path))
    match format_:
        case "json":
            from ci_wasm.render.report_json import render_json

            return render_json(report)
        case "markdown":
            from ci_wasm.render.comment import render_comment

            return render_comment(report)
        case "html":
            from ci_wasm.adapters.page_source import read_page_source
            from ci_wasm.render.html import render_html

            return render_html(report, read_page_source())
        case _:
            from ci_wasm.render.log import render_log

            return render_log(report) + "\n"


def show_history(paths: Sequence[str], format_: str, in_order: InOrder) -> str:
    """The sizes over commits that stored reports and recorded baselines tell of; raises ConfigError, all problems at once.

    `in_order` sorts commits as a checkout's history has them, None where one is not known there.
    """
    from ci_wasm.render.history import render_history

    told = tell_history(paths, in_order)
    if format_ != "html":
        return render_history(told.workers, told.order, format_)
    from ci_wasm.adapters.page_source import read_page_source
    from ci_wasm.render.history import history_report
    from ci_wasm.render.html import render_html

    return render_html(
        history_report(told.workers, __version__), read_page_source(), title="Sizes over commits"
    )


def tell_history(paths: Iterable[str], in_order: InOrder) -> Told:
    """Read files, and the JSON files in folders; see `show_history`."""
    found: dict[str, list[History]] = {}
    problems = []
    for file in [file for path in paths for file in _files(Path(path))]:
        try:
            for name, history in _histories(file):
                found.setdefault(name, []).append(history)
        except CiWasmError as error:
            problems.append(error.message)
    if problems or not found:
        raise ConfigError(
            "; ".join(problems) or "no file with a report was given",
            cure="Give report.json files of ci-wasm, recorded baselines (`baselines/*.json` of the branch `ci-wasm-data`), or "
            "folders of them.",
        )
    merged = {name: merge_histories(histories) for name, histories in found.items()}
    commits = list(dict.fromkeys(point.commit for history in merged.values() for point in history))
    ordered = in_order(commits)
    if ordered is not None:
        places = {commit: place for place, commit in enumerate(ordered)}
        return Told(
            {
                name: tuple(sorted(each, key=lambda point: places[point.commit]))
                for name, each in merged.items()
            },
            "as in the history of this checkout",
        )
    return Told(merged, "as given, because this checkout does not know all of these commits")


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.json")) if path.is_dir() else [path]


def _histories(file: Path) -> Iterator[tuple[str, History]]:
    """A report's or a baseline's. A baseline says `workers` by name, a report as a list with what was checked."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", cure="") from None
    if content.lstrip()[:200].find(b'"subject"') >= 0:
        yield from _of_report(decode_report(content, file))
        return
    try:
        yield from decode_baseline(content).histories.items()
    except CiWasmError:
        # Neither: what a report's reader says of it fits both.
        yield from _of_report(decode_report(content, file))


def _of_report(report: Report) -> Iterator[tuple[str, History]]:
    return ((worker.name, _of_worker(worker, report.subject.commit)) for worker in report.workers)


def _of_worker(worker: WorkerReport, commit: str) -> History:
    if isinstance(worker.head, Done) and commit:
        return worker.history or extend_history((), make_point(Commit(commit), worker.head.value))
    return worker.history
