"""Baseline records: what is stored comes back, also what a version without brotli stored."""

from __future__ import annotations

import json

from msgspec.structs import replace

from ci_wasm.adapters.baseline_branch import decode_baseline, encode_baseline
from ci_wasm.core.budget import Budget, BudgetState, judge_budget
from ci_wasm.core.dependencies import Dependencies, LockedPackage
from ci_wasm.core.execution import NOT_RUN, Cost, Execution
from ci_wasm.core.finding import FindingKind
from ci_wasm.core.measurement import Upload
from ci_wasm.core.metric import Margin
from ci_wasm.outcome import Done
from tests.modules import grow, make_measured

COMMIT = "a" * 40


def test_a_measurement_comes_back_whole() -> None:
    package = LockedPackage("regex", "1.11.1", "registry+https://example.org", ("memchr 2.7.0",), "regex")
    measured = make_measured(1000, dependencies=Dependencies((package,)), upload=Upload(10_000, 4000))
    assert decode_baseline(encode_baseline(COMMIT, {"api": measured}, {})).measurements == {"api": measured}


def test_figures_of_calls_come_back_and_an_older_record_has_none() -> None:
    made = Execution("wasmtime 50.0.1", Cost(8, 65536, "s"), {"add": Cost(4, None, "a")})
    content = encode_baseline(COMMIT, {"api": replace(make_measured(1000), execution=Done(made))}, {})
    older = json.loads(content)
    del older["workers"]["api"]["execution"]

    assert decode_baseline(content).measurements["api"].execution == Done(made)
    assert decode_baseline(json.dumps(older).encode()).measurements["api"].execution == NOT_RUN


def test_a_record_from_before_there_were_dependencies_is_a_base_for_everything_else() -> None:
    record = json.loads(encode_baseline(COMMIT, {"api": make_measured(1000)}, {}))
    del record["workers"]["api"]["dependencies"], record["workers"]["api"]["upload"]
    base = decode_baseline(json.dumps(record).encode()).measurements["api"]
    head = make_measured(1200, dependencies=Dependencies(()), upload=Upload(9000, None))

    growth = grow(base, head)
    upload = judge_budget(Budget("upload", max_growth=Margin(amount=10)), base, head)

    assert (growth.raw.bytes, growth.dependencies) == (200, ())
    assert growth.dependency_note.endswith("the base was recorded without it.")
    assert (upload.base, upload.state) == (None, BudgetState.WITHIN)


def test_a_record_from_before_brotli_is_a_base_for_everything_else() -> None:
    record = json.loads(encode_baseline(COMMIT, {"api": make_measured(1000)}, {}))
    del record["workers"]["api"]["sizes"]["brotli"]
    base, head = decode_baseline(json.dumps(record).encode()).measurements["api"], make_measured(1200)

    gzip = judge_budget(Budget("gzip", max_growth=Margin(amount=10)), base, head)
    brotli = judge_budget(Budget("brotli", max_growth=Margin(amount=10)), base, head)

    assert (gzip.base, gzip.state) == (500, BudgetState.BROKEN)
    assert (brotli.base, brotli.measured, brotli.state) == (None, 480, BudgetState.WITHIN)
    assert [finding.kind for finding in brotli.findings] == [FindingKind.BUDGET_UNMEASURED]
