"""Run: settings, plan, pipeline, publishing, for an event that has a plan. (event, environment) -> exit code.

Nothing is lost: whatever stage fails, the report is written, the summary shown and the comment posted before the
exit code says so.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ci_wasm import __version__, pipeline
from ci_wasm.bug import BUG_CURE, log_bug
from ci_wasm.config.inputs import Inputs, check_inputs, read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.core.event import Event, PullRequest, parse_event
from ci_wasm.core.plan import Check, Circumstances, NothingToDo, Record, Teardown, make_plan
from ci_wasm.core.report import Report, Subject, make_report
from ci_wasm.errors import EXIT_BUG, EXIT_OK, CiWasmError
from ci_wasm.outcome import Failed
from ci_wasm.ports import Runner
from ci_wasm.publish import publish
from ci_wasm.render.log import settings_table
from ci_wasm.wiring import Adapters


class Invocation(Struct, frozen=True):
    """What the runner gave; `root` is the checkout."""

    event: Event
    root: Path
    inputs: Inputs
    subject: Subject


def run_event(name: str, payload: Mapping[str, object], environ: Mapping[str, str], runner: Runner) -> int:
    """Do what the event asks for, publish the report, and give its exit code."""
    event = parse_event(name, payload)
    inputs = read_inputs(environ)
    runner.mask([inputs.github_token.reveal(), inputs.cloudflare_api_token.reveal()])
    # A canceled job gets SIGTERM: unwinding stops cargo and workerd, where dying would leave them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    invocation = Invocation(event, root, inputs, subject(event, environ))
    with Adapters(environ, root, inputs, runner) as adapters:
        report = _report_or_failure(invocation, adapters, runner)
        return EXIT_OK if report is None else publish(report, event, inputs, adapters, runner)


def _report_or_failure(invocation: Invocation, adapters: Adapters, runner: Runner) -> Report | None:
    """The report of the plan, or, when something ended the run, a report that says what."""
    try:
        return _report(invocation, adapters, runner)
    except CiWasmError as error:
        failure = Failed.of(error)
    except Exception as error:  # noqa: BLE001 (even a bug must not cost the pull request its report)
        log_bug(error, runner)
        failure = Failed(
            "bug", EXIT_BUG, f"ci-wasm has a bug: {type(error).__name__}", BUG_CURE, "docs/errors.md#bug"
        )
    return make_report(invocation.subject, [], failures=[failure], version=__version__)


def _report(invocation: Invocation, adapters: Adapters, runner: Runner) -> Report | None:
    inputs = invocation.inputs
    check_inputs(inputs, invocation.root)
    root = invocation.root / inputs.working_directory
    settings = load_settings(root, inputs)
    runner.log_foreign(settings_table(settings))
    circumstances = Circumstances(
        settings.strategy,
        has_cloudflare_token=bool(inputs.cloudflare_api_token),
        is_rerun=invocation.subject.run_attempt > 1,
    )
    job = pipeline.Job(root, settings, adapters, invocation.subject, runner.log)
    match make_plan(invocation.event, circumstances):
        case Check() as plan:
            return pipeline.check(plan, job)
        case Record() as plan:
            return pipeline.record(plan, job)
        case Teardown() as plan:
            return pipeline.tear_down(plan, job)
        case NothingToDo(reason):
            runner.log(f"Nothing to do: {reason}")
            return None


def subject(event: Event, environ: Mapping[str, str]) -> Subject:
    """What the report is about; the run's address comes from the runner's own variables."""
    server, repository, run = (
        environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    run_url = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    given = environ.get("GITHUB_RUN_ATTEMPT", "")
    attempt = int(given) if given.isdecimal() and given.isascii() else 1
    if isinstance(event, PullRequest):
        return Subject(event.head_sha, event.repository, event.number, event.html_url, run_url, attempt)
    return Subject(event.after, event.repository, run_url=run_url, run_attempt=attempt)
