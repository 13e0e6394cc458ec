"""Pipeline: the story of a run, one function for each plan, one line for each stage. (Plan, Job) -> Report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from ci_wasm import __version__
from ci_wasm.config.settings import Settings, WorkerSettings
from ci_wasm.core.build import CommandSource
from ci_wasm.core.history import Commit, History, with_startup
from ci_wasm.core.measurement import Base
from ci_wasm.core.plan import Check, Record, Strategy, Teardown
from ci_wasm.core.preview import Preview, preview_name, smoke_findings
from ci_wasm.core.report import Report, Subject, WorkerReport, make_report
from ci_wasm.core.startup import startup_findings
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.errors import ArtifactError, BuildError
from ci_wasm.groups import judge_groups, propose
from ci_wasm.head import Head, assemble, measure_tree, try_module
from ci_wasm.judge import comparable, history_until, judge, match, with_places
from ci_wasm.outcome import Done, Failed, Outcome, Skipped, attempt
from ci_wasm.past import keep, recorded
from ci_wasm.ports import Baselines, World
from ci_wasm.startup import measure_startup
from ci_wasm.waive import ask_for_waivers, waive_group, waive_report

NO_COMMIT = "0" * 40


class Job(Struct, frozen=True):
    """What every plan works with: the checkout, the settings, the world outside, and what is reported about."""

    root: Path
    settings: Settings
    world: World
    subject: Subject
    log: Callable[[str], None] = print


class Past(Struct, frozen=True):
    """What came before, by Worker: the base that the head is compared with, and the sizes that led to it.

    `rebuilt` are the bases that were built now, as they would be deployed.
    """

    bases: Mapping[str, Outcome[Base]]
    histories: Mapping[str, History]
    rebuilt: Mapping[str, Head] = field(default_factory=dict)


def check(plan: Check, job: Job) -> Report:
    """A pull request: build, measure, compare, judge, preview, and see what a person with write access lets pass."""
    heads = measure_heads(job)
    past = measure_past(job, plan.pull_request.base_sha, starts=True)
    reports = judge_all(job, heads, past)
    previewed = [
        preview(
            worker, heads[worker.name], started(worker, heads, past, reports[worker.name], job), plan, job
        )
        for worker in job.settings.workers
    ]
    groups = judge_groups(job.settings, heads, past.bases)
    findings = [each.findings for each in previewed] + [each.findings for each in groups]
    granted = ask_for_waivers(plan, chain(*findings), job.settings.exceptions, job.world.forge)
    report = make_report(
        job.subject,
        [waive_report(each, granted.waivers) for each in previewed],
        groups=[waive_group(each, granted.waivers) for each in groups],
        notes=[note for note in (plan.note, *granted.notes) if note],
        version=__version__,
    )
    return propose(job.settings, report)


def record(plan: Record, job: Job) -> Report:
    """A push to the default branch: enforce the budgets, and keep the measurements as the commit's baseline."""
    heads = measure_heads(job)
    past = measure_past(job, plan.before)
    reports = judge_all(job, heads, past)
    measured = {name: head.value.measurement for name, head in heads.items() if isinstance(head, Done)}
    histories = {name: report.history for name, report in reports.items()}
    stored = attempt(lambda: keep(baselines_of(job), plan.commit, measured, histories))
    report = make_report(
        job.subject,
        [replace(report, preview=Skipped("a merged commit has none")) for report in reports.values()],
        groups=judge_groups(job.settings, heads, past.bases),
        notes=[stored.value] if isinstance(stored, Done) else [],
        failures=[stored] if isinstance(stored, Failed) else [],
        version=__version__,
    )
    return propose(job.settings, report)


def tear_down(plan: Teardown, job: Job) -> Report:
    """A closed pull request: delete its previews."""
    name = preview_name(plan.pull_request.number)
    notes, failures = [], []
    for worker in job.settings.workers:
        deleted = attempt(partial(job.world.workers(Strategy.PREVIEWS).delete_preview, worker.name, name))
        if isinstance(deleted, Failed):
            failures.append(deleted)
        else:
            done = "was deleted" if deleted.value else "is gone already"
            notes.append(f"The preview `{name}` of `{worker.name}` {done}.")
    return make_report(job.subject, [], notes=notes, failures=failures, version=__version__)


def judge_only(job: Job, base_commit: str | None) -> Report:
    """The checks without deploying anything: what `ci-wasm check` does at home."""
    heads = measure_heads(job)
    past = Past({}, {}) if base_commit is None else measure_past(job, base_commit)
    reports = judge_all(job, heads, past)
    groups = judge_groups(job.settings, heads, past.bases)
    return propose(
        job.settings, make_report(job.subject, list(reports.values()), groups=groups, version=__version__)
    )


def measure_heads(job: Job) -> dict[str, Outcome[Head]]:
    """Build, measure and try every Worker of the checkout; one that fails does not keep the others from their report."""
    return {
        worker.name: attempt(partial(tried_tree, job.world, job.root, worker))
        for worker in job.settings.workers
    }


def tried_tree(world: World, tree: Path, worker: WorkerSettings) -> Head:
    """One Worker of a checkout: the same for the head and for a base that is built now, so that all figures compare."""
    return try_module(world, measure_tree(world, tree, worker), worker)


def measure_past(job: Job, base_sha: str, *, starts: bool = False) -> Past:
    """The base of every Worker: as recorded when it was merged, else built now from the merge base; and the histories.

    `starts` says that bases are started, too: then some are built though they are recorded.
    """
    if base_sha == NO_COMMIT:
        first = Skipped("this is the branch's first commit")
        return Past({worker.name: first for worker in job.settings.workers}, {})
    commit = job.world.repository.merge_base("HEAD", base_sha) or base_sha
    record = recorded(baselines_of(job), job.world.repository, commit, job.log)
    bases: dict[str, Outcome[Base]] = {
        worker.name: Done(Base(commit, record.measurements[worker.name], recorded=True))
        for worker in job.settings.workers
        if worker.name in record.measurements
    }
    missing = [
        worker
        for worker in job.settings.workers
        if worker.name not in bases or (starts and worker.startup.rebuilds_base)
    ]
    rebuilt = rebuilt_bases(job, commit, missing) if missing else {}
    for name, built in rebuilt.items():
        # A base that was recorded stays what the head is compared with: the recorded one is what was merged.
        bases.setdefault(name, as_base(built, commit))
    heads = {name: built.value for name, built in rebuilt.items() if isinstance(built, Done)}
    return Past(bases, record.histories, heads)


def as_base(built: Outcome[Head], commit: str) -> Outcome[Base]:
    """A base that was built now."""
    return Done(Base(commit, built.value.measurement, recorded=False)) if isinstance(built, Done) else built


def baselines_of(job: Job) -> Done[Baselines] | Skipped:
    """Where merged commits are recorded, or why nowhere."""
    if not job.settings.records_baseline:
        return Skipped("`baseline.store` is `rebuild`")
    return Skipped("no GitHub token was given") if job.world.baselines is None else Done(job.world.baselines)


def rebuilt_bases(job: Job, commit: str, workers: list[WorkerSettings]) -> dict[str, Outcome[Head]]:
    """Build Workers in a worktree of the base commit, with the toolchain that built the head."""

    def rebuild() -> dict[str, Outcome[Head]]:
        with job.world.repository.worktree(commit) as tree:
            return {worker.name: rebuilt_base(job, tree, worker) for worker in workers}

    bases = attempt(rebuild)
    return bases.value if isinstance(bases, Done) else {worker.name: bases for worker in workers}


def rebuilt_base(job: Job, tree: Path, worker: WorkerSettings) -> Outcome[Head]:
    """One Worker of the base commit; a Worker that is new has no base, which is no failure."""
    source = worker.source
    if not isinstance(source, CommandSource) and not (tree / source.path).exists():
        return Skipped(f"`{source.path}` does not exist in the base commit")
    built = attempt(lambda: tried_tree(job.world, tree, worker))
    if isinstance(source, CommandSource) and isinstance(built, Failed) and built.code == BuildError.code:
        # The base may be older than what the command needs; nothing but the command could tell.
        return Skipped(f"the build command does not work in the base commit ({built.message})")
    return built


def judge_all(job: Job, heads: Mapping[str, Outcome[Head]], past: Past) -> dict[str, WorkerReport]:
    """Judge every Worker against its base, its budgets and its contract."""
    no_base: Outcome[Base] = Skipped("none was asked for")
    sha = job.subject.commit
    commit = next(iter(job.world.repository.first_parents(sha, 1)), Commit(sha)) if sha else None
    reports = {}
    for worker in job.settings.workers:
        head = heads[worker.name]
        base = comparable(past.bases.get(worker.name, no_base), head)
        report = judge(worker, head, base, match(head, base, job.world))
        history = history_until(commit, head, past.histories.get(worker.name, ()))
        reports[worker.name] = with_places(replace(report, history=history), worker)
    return reports


def started(
    worker: WorkerSettings, heads: Mapping[str, Outcome[Head]], past: Past, report: WorkerReport, job: Job
) -> WorkerReport:
    """Measure the Worker's start, beside that of its base where that was built on this machine."""
    measured = measure_startup(job.world, worker, heads[worker.name], past.rebuilt.get(worker.name))
    return replace(report, startup=measured)


def preview(
    worker: WorkerSettings, head: Outcome[Head], report: WorkerReport, plan: Check, job: Job
) -> WorkerReport:
    """Deploy a Worker's preview and judge its answers and its start, where there is something to deploy."""
    commit = plan.pull_request.head_sha
    upload = make_upload(worker, head, plan, job)
    made: Outcome[Preview] = (
        upload
        if isinstance(upload, Skipped)
        else attempt(lambda: deploy_preview(worker, upload.value, plan, job))
    )
    answered = made.value if isinstance(made, Done) else None
    startup_ms = answered.startup_ms if answered else None
    findings = [
        *(smoke_findings(answered, commit) if answered else ()),
        *startup_findings(report.startup, startup_ms, worker.startup),
    ]
    judged = replace(
        report,
        preview=made,
        history=with_startup(report.history, commit, startup_ms),
        findings=(*report.findings, *findings),
    )
    return with_places(judged, worker)


def make_upload(worker: WorkerSettings, head: Outcome[Head], plan: Check, job: Job) -> Done[Worker] | Skipped:
    """What to deploy, or why there is nothing: a module that needs a host of its own can be judged, not previewed."""
    if plan.strategy is Strategy.NONE:
        return Skipped("the setting `preview.strategy` is `none`")
    if not isinstance(head, Done):
        return Skipped("there is no module to deploy")
    made = head.value
    try:
        return Done(
            assemble(job.world, made.build, made.measurement.module, worker, plan.pull_request.head_sha)
        )
    except ArtifactError as error:
        return Skipped(error.message)


def deploy_preview(worker: WorkerSettings, upload: Worker, plan: Check, job: Job) -> Preview:
    """Deploy, then send the smoke requests; raises DeployError or NetworkError."""
    request = plan.pull_request
    provenance = Provenance(request.head_sha, request.number, request.html_url, request.title)
    job.log(f"Deploying the preview of {worker.name} ({plan.strategy.value}).")
    deployment = job.world.workers(plan.strategy).deploy_preview(
        upload, preview_name(request.number), provenance
    )
    answers = tuple(
        job.world.web.answer(deployment.url, smoke, commit=request.head_sha) for smoke in worker.smoke
    )
    return Preview(deployment, answers, public=plan.strategy is not Strategy.LOCAL)
