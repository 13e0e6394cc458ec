"""Page data: what report.html shows, as plain values for its script. (Report, bytes) -> dict.

Sizes stay bytes here; the script writes them as people read them. Texts are visible lines of a bounded length, and
lists are cut until everything fits, with the number of what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ci_wasm.core.budget import BudgetResult
from ci_wasm.core.cause import growth_cause
from ci_wasm.core.compatibility import describe
from ci_wasm.core.dependencies import describe_versions
from ci_wasm.core.finding import Finding
from ci_wasm.core.group import GroupReport
from ci_wasm.core.growth import Growth
from ci_wasm.core.measurement import Base, Measurement
from ci_wasm.core.metric import is_counted, metric_value
from ci_wasm.core.module import Module
from ci_wasm.core.preview import Preview
from ci_wasm.core.report import Report, WorkerReport
from ci_wasm.core.verdict import Conclusion
from ci_wasm.outcome import Done, Failed, Outcome, Skipped
from ci_wasm.render.function_tree import make_function_tree
from ci_wasm.render.markdown import clean, visible
from ci_wasm.render.page_text import page_bytes
from ci_wasm.render.trend import trend_data

Plain = dict[str, object]

# Everything but the trees of functions may take this share of the page.
_FACTS_SHARE = 0.3
# The longest list of each kind, of Workers too; the first length that fits is taken.
_ROWS = (200, 50, 10, 3)


def make_page_data(report: Report, *, docs_url: str = "", title: str = "", limit: int) -> Plain:
    """At most `limit` bytes as JSON in a page. The keys are documented by ci_wasm/page/report.js, which reads them."""
    facts: Plain = {}
    for rows in _ROWS:
        facts = {**_facts(report, docs_url, rows), "title": title}
        left = limit - page_bytes(facts)
        if left >= (1 - _FACTS_SHARE) * limit:
            break
    shown = report.workers[:rows]
    workers = facts["workers"]
    if isinstance(workers, list) and left > 0:
        for worker, plain in zip(shown, workers, strict=True):
            # 200 bytes for the keys around the tree.
            plain["code"] = _code(worker, left // len(shown) - 200)
    return facts


def _facts(report: Report, docs_url: str, rows: int) -> Plain:
    subject = report.subject
    return {
        "version": report.version,
        "docs": docs_url,
        "passed": report.verdict.conclusion is Conclusion.SUCCESS,
        "headline": clean(report.verdict.headline, 600),
        "repository": clean(subject.repository),
        "commit": clean(subject.commit),
        "pullRequest": subject.pull_request,
        "pullRequestUrl": clean(subject.pull_request_url, 500),
        "runUrl": clean(subject.run_url, 500),
        "notes": _cut([clean(note, 600) for note in report.notes], rows),
        "failures": _cut([_failure(failure) for failure in report.failures], rows),
        "groups": _cut([_group(group, rows) for group in report.groups], rows),
        "workers": [_worker(worker, rows) for worker in report.workers[:rows]],
        "moreWorkers": max(0, len(report.workers) - rows),
    }


def _worker(worker: WorkerReport, rows: int) -> Plain:
    gravest = sorted(
        worker.findings, key=lambda finding: ("error", "warning", "notice").index(finding.severity.value)
    )
    plain: Plain = {
        "name": clean(worker.name),
        "preview": _preview(worker.preview, rows),
        "failures": [_failure(worker.head)] if isinstance(worker.head, Failed) else [],
        "findings": _cut([_finding(finding) for finding in gravest], rows),
        "base": _base(worker.base),
        "changes": _cut(
            [
                {"weight": change.weight.value, "text": clean(describe(change), 400)}
                for change in worker.changes
            ],
            rows,
        ),
    }
    if (trend := trend_data(worker.history[-rows:], worker.budgets)) is not None:
        plain["trend"] = trend
    if worker.growth is not None:
        plain["dependencies"] = _dependencies(worker.growth, rows)
    if isinstance(worker.head, Done):
        before = worker.base.value.measurement if isinstance(worker.base, Done) else None
        plain["sizes"] = _sizes(worker.head.value, before, worker.budgets, rows)
        plain["sections"] = _cut(_sections(worker.head.value.module, before.module if before else None), rows)
    return plain


def _group(group: GroupReport, rows: int) -> Plain:
    figures = {result.budget.metric: (result.measured, result.base) for result in group.budgets}
    return {
        "name": clean(group.name),
        "workers": _cut([clean(name) for name in group.workers], rows),
        "findings": _cut([_finding(finding) for finding in group.findings], rows),
        "sizes": _figures(figures, group.budgets, rows),
    }


def _cut(items: Sequence[object], rows: int) -> Plain:
    """The first items, and how many there are beyond."""
    return {"shown": list(items[:rows]), "more": max(0, len(items) - rows)}


def _finding(finding: Finding) -> Plain:
    return {
        "severity": finding.severity.value,
        "message": clean(finding.message, 600),
        "cure": clean(finding.cure, 600),
        "page": finding.page,
    }


def _failure(failure: Failed) -> Plain:
    detail = "\n".join(visible(line) for line in failure.detail[:8000].splitlines())
    return {
        "severity": "error",
        "message": clean(failure.message, 600),
        "cure": clean(failure.cure, 600),
        "page": failure.page,
        "detail": detail if len(detail) <= 4000 else f"{detail[:4000]}\n…",
    }


def _preview(preview: Outcome[Preview], rows: int) -> Plain:
    match preview:
        case Skipped(reason):
            return {"reason": clean(reason, 600)}
        case Failed():
            return {"failure": _failure(preview)}
        case Done(value):
            answers = [
                {
                    "request": clean(f"{answer.request.method} {answer.request.path}", 200),
                    "status": answer.status,
                    "milliseconds": round(answer.milliseconds),
                }
                for answer in value.answers
            ]
            return {
                "url": clean(value.deployment.url, 500),
                "public": value.public,
                "answers": _cut(answers, rows),
            }


def _base(base: Outcome[Base]) -> Plain:
    match base:
        case Done(value):
            return {"commit": clean(value.commit), "recorded": value.recorded}
        case Skipped(reason):
            return {"reason": clean(reason, 600)}
        case Failed():
            return {"reason": clean(f"{base.message}. {base.cure}", 1200)}


def _sizes(
    head: Measurement, base: Measurement | None, budgets: Sequence[BudgetResult], rows: int
) -> list[Plain]:
    """Raw and compressed, where it was, then every other metric that has a budget, each with the budgets on it."""
    values: dict[str, tuple[int | None, int | None]] = {
        "raw": (head.sizes.raw, base.sizes.raw if base else None),
        "gzip": (head.sizes.gzip, base.sizes.gzip if base else None),
        "brotli": (head.sizes.brotli, base.sizes.brotli if base else None),
        "upload": (metric_value("upload", head), metric_value("upload", base) if base else None),
    }
    for result in budgets:
        values.setdefault(result.budget.metric, (result.measured, result.base))
    measured = {
        metric: figures
        for metric, figures in values.items()
        if figures[0] is not None or metric not in {"gzip", "brotli", "upload"}
    }
    return _figures(measured, budgets, rows)


def _figures(
    values: Mapping[str, tuple[int | None, int | None]], budgets: Sequence[BudgetResult], rows: int
) -> list[Plain]:
    """Head and base of each metric, with the budgets on it."""
    return [
        {
            "metric": clean(metric),
            "counted": is_counted(metric),
            "head": after,
            "base": before,
            "budgets": [_budget(result) for result in budgets if result.budget.metric == metric][:rows],
        }
        for metric, (after, before) in list(values.items())[:rows]
    ]


def _budget(result: BudgetResult) -> Plain:
    growth, shrink, warn = result.budget.max_growth, result.budget.min_shrink, result.budget.warn_growth
    return {
        "state": result.state.value,
        "max": result.budget.maximum,
        "warn": result.budget.warn,
        "growth": growth.amount if growth else None,
        "growthPercent": growth.percent if growth else None,
        "warnGrowth": warn.amount if warn else None,
        "warnGrowthPercent": warn.percent if warn else None,
        "shrink": shrink.amount if shrink else None,
        "shrinkPercent": shrink.percent if shrink else None,
    }


def _dependencies(growth: Growth, rows: int) -> Plain:
    """What Cargo.lock changed; `head` and `base` are null without code of it."""
    listed = [
        {
            "name": clean(each.change.name, 100),
            "versions": clean(describe_versions(each.change), 120),
            "head": each.code.after or 0 if each.code else None,
            "base": each.code.before or 0 if each.code else None,
            "shared": each.shared,
        }
        for each in growth.dependencies
    ]
    cause = growth_cause(growth)
    return {
        **_cut(listed, rows),
        "cause": clean(cause.sentence, 400) if cause else "",
        "note": growth.dependency_note,
        "named": growth.matched is not None,
    }


def _sections(head: Module, base: Module | None) -> list[list[object]]:
    """[name, head, base] of all sections of a name, the largest first; base None where there is nothing to compare."""
    after, before = _section_sizes(head), _section_sizes(base) if base else {}
    names = sorted({**after, **before}, key=lambda name: -max(after.get(name, 0), before.get(name, 0)))
    return [[clean(name) or "?", after.get(name, 0), before.get(name, 0) if base else None] for name in names]


def _section_sizes(module: Module) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for section in module.sections:
        sizes[section.name] += section.size
    return sizes


def _code(worker: WorkerReport, limit: int) -> Plain | None:
    """What the treemap shows: functions where the modules have names, else sections, because indices match nothing."""
    if not isinstance(worker.head, Done):
        return None
    head = worker.head.value.module
    base = worker.base.value.measurement.module if isinstance(worker.base, Done) else None
    code: Plain = {
        "kind": "functions",
        "compared": base is not None,
        "cut": False,
        "count": head.functions.count,
    }
    if head.functions.named:
        # Of a poor matching, what looks new or gone is mostly the same code cut otherwise.
        is_matched = worker.growth is not None and not worker.growth.poor_matching
        named = base if base is not None and base.functions.named and is_matched else None
        renamed = {
            delta.renamed_from or "": delta.name for delta in (worker.growth.renamed if worker.growth else ())
        }
        code["compared"] = named is not None
        code["cut"] = named is not None and len(named.largest) < named.functions.count
        code["tree"] = make_function_tree(head, named, limit, renamed=renamed).plain()[1]
        return code
    sections: list[object] = []
    left = limit
    for name, after, before in _sections(head, base):
        left -= 1 + page_bytes([name, after, before])
        if left >= 0:
            sections.append([name, after, before or 0])
    return {**code, "kind": "sections", "tree": sections}
