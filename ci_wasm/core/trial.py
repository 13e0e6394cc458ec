"""Trial: everything that running a module showed. (Behavior, Rehearsal, Run) -> Trial."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ci_wasm.core.behavior import Behavior, describe_call, digest_calls, digest_stubs
from ci_wasm.core.budget import Budget
from ci_wasm.core.call_result import Answer, CallResult, call_findings, make_result
from ci_wasm.core.execution import FUEL_FAMILY, NOT_RUN, STARTUP_FUEL, Cost, Execution
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.rehearsal import Rehearsal
from ci_wasm.outcome import Done, Skipped


class Run(Struct, frozen=True):
    """What wasmtime gave: the start, and an answer for each call of the scenarios, in their order."""

    engine: str
    startup: Answer
    answers: tuple[Answer, ...]


class Trial(Struct, frozen=True):
    """A module that was run: its calls, what is wrong with them, and what they cost."""

    results: tuple[CallResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    execution: Done[Execution] | Skipped = NOT_RUN


def make_trial(behavior: Behavior, rehearsal: Rehearsal, run: Run | None) -> Trial:
    """Judge a run; None where the module cannot be given what it needs to start."""
    results = {
        problem.call.name: _refused(problem.call.name, describe_call(problem.call), problem.message)
        for problem in rehearsal.problems
    }
    for call in behavior.calls:
        results.setdefault(call.name, _refused(call.name, describe_call(call), "it was not made"))
    findings = list(_problem_findings(rehearsal))
    if run is None:
        return Trial(tuple(results.values()), tuple(findings), Skipped("the module cannot be started here"))
    findings += _startup_findings(run.startup)
    calls = [call for scenario in rehearsal.scenarios for call in scenario.calls]
    for call, answer in zip(calls, run.answers, strict=True):
        type_ = rehearsal.types[call.export]
        results[call.name] = make_result(call, answer, type_)
        findings += call_findings(call, answer, type_)
    ordered = tuple(results[call.name] for call in behavior.calls)
    return Trial(ordered, tuple(findings), Done(_execution(behavior, run, ordered)))


def fuel_budgets(behavior: Behavior, execution: Done[Execution] | Skipped) -> Iterator[Budget]:
    """The limits that stand with the start and the calls themselves, as the budgets that they are.

    A call without a figure has a finding of its own already.
    """
    if not isinstance(execution, Done):
        return
    if behavior.max_startup_fuel is not None and execution.value.startup is not None:
        yield Budget(STARTUP_FUEL, maximum=behavior.max_startup_fuel)
    for call in behavior.calls:
        if call.max_fuel is not None and call.name in execution.value.calls:
            yield Budget(f"{FUEL_FAMILY}{call.name}", maximum=call.max_fuel)


def _refused(name: str, text: str, why: str) -> CallResult:
    return CallResult(name, text, failure=why, as_expected=False)


def _execution(behavior: Behavior, run: Run, results: tuple[CallResult, ...]) -> Execution:
    digests = {
        call.name: digest
        for scenario in behavior.scenarios
        for call, digest in zip(scenario.calls, digest_calls(scenario, behavior.stubs), strict=True)
    }
    costs = {
        result.name: Cost(result.fuel, result.memory, digests[result.name])
        for result in results
        if result.fuel is not None
    }
    start = run.startup
    startup = None if start.failure else Cost(start.fuel, start.memory, digest_stubs(behavior.stubs))
    return Execution(run.engine, startup, costs)


def _startup_findings(startup: Answer) -> Iterator[Finding]:
    if startup.failure:
        yield Finding(
            FindingKind.BEHAVIOR_BROKEN,
            Severity.ERROR,
            "startup",
            f"the module cannot be started: {startup.failure}",
            "No call of it can be made, here or in a Worker. Correct what runs at its start: the start function, "
            "`_initialize`, and segments that must fit into memory and table.",
        )


def _problem_findings(rehearsal: Rehearsal) -> Iterator[Finding]:
    for problem in rehearsal.host.problems:
        severity = Severity.ERROR if problem.is_fatal else Severity.WARNING
        yield _invalid(severity, problem.subject, problem.message)
    for each in rehearsal.problems:
        message = f"`{describe_call(each.call)}` cannot be called: {each.message}"
        yield _invalid(Severity.ERROR, each.call.name, message)


def _invalid(severity: Severity, subject: str, message: str) -> Finding:
    return Finding(
        FindingKind.BEHAVIOR_INVALID,
        severity,
        subject,
        message,
        "Correct `behavior` or `stubs` in ci-wasm.yml, or restore what they ask for.",
    )
