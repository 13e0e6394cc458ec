"""Validate: json-validate with a schema that it has kept against one that it compiles each time. -> ratio, at most 0.2."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import httpx

from bench.examples import EXAMPLES, build_example, serve
from bench.pairs import Pair, report
from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule

DRIVER = Path(__file__).with_name("validate.js")
# An order and its schema, as the example's ci-wasm.yml sends them.
REQUEST = EXAMPLES / "json-validate" / "requests" / "inline.http"
CALLS, RUNS, WARM_UP = 200, 21, 3
HIT, MISS = "schemas; hit", "schemas; fwd=miss; stored"


def main() -> bool:
    """Both in turn on one isolate of workerd; a kept schema is one text, each compiled one has a number of its own."""
    driver = ProgramModule("driver.js", ModuleKind.ES_MODULE, DRIVER.read_bytes())
    module = ProgramModule("module.wasm", ModuleKind.WASM, build_example("json-validate"))
    kept, compiled = [], []
    with serve(Program((driver, module), "2026-07-01")) as client:
        for turn in range(WARM_UP + RUNS):
            number = 1 + turn * CALLS
            compiled.append(_time(client, number, 1, {MISS: CALLS}))
            # The last one is still there.
            kept.append(_time(client, number + CALLS - 1, 0, {HIT: CALLS}))
    ours, peer = (statistics.median(times[WARM_UP:]) for times in (kept, compiled))
    pair = Pair(ours, peer, RUNS)
    return report(f"validate ({CALLS} calls)", pair, goal=0.2, peer="compiled each time")


def _time(client: httpx.Client, first: int, step: int, expected: dict[str, int]) -> float:
    """Seconds for all calls; raises RuntimeError where they did not find the schemas as they should."""
    started = time.perf_counter()
    query = {"first": first, "step": step, "count": CALLS}
    found = client.post("/", params=query, content=REQUEST.read_bytes()).raise_for_status().json()
    elapsed = time.perf_counter() - started
    if found != expected:
        raise RuntimeError(f"the calls found {found}, expected was {expected}")
    return elapsed
