"""Startup on workerd: real processes, and Workers that start slowly, or not at all."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ci_wasm.adapters.workerd_runtime import find_workerd
from ci_wasm.adapters.workerd_startup import WorkerdStartup
from ci_wasm.core.script import ModuleType, WorkerModule
from ci_wasm.core.worker import Worker
from ci_wasm.errors import DeployError, ToolMissingError

try:
    find_workerd()
except ToolMissingError as missing:
    pytest.skip(f"{missing.message}: make setup", allow_module_level=True)

RUNS = 3


def worker(global_scope: str = "") -> Worker:
    source = f"import text from './a.txt'; {global_scope}; export default {{ fetch() {{ return new Response(text); }} }};"
    modules = (
        WorkerModule("a.txt", ModuleType.TEXT, b"hello"),
        WorkerModule("main.js", ModuleType.ES_MODULE, source.encode()),
    )
    return Worker("w", "main.js", modules, "2026-07-01", (), {"TEXT": "a", "JSON": [1, None]})


def test_work_in_global_scope_is_told_from_none() -> None:
    slow = worker("let sum = 0; for (let i = 0; i < 1e8; i++) sum += i % 7")

    startup = WorkerdStartup().measure(slow, worker(), RUNS)

    assert startup.base is not None
    assert startup.base_own is not None
    assert {len(times.milliseconds) for times in (startup.head, startup.base, startup.empty)} == {RUNS}
    assert 0 < startup.empty.best <= startup.empty.worst
    # A hundred million additions take CPU wherever they run.
    assert startup.own > startup.base_own + 20


def test_without_a_base_there_is_no_comparison() -> None:
    startup = WorkerdStartup().measure(worker(), None, 1)

    assert (startup.base, startup.base_own) == (None, None)


@pytest.mark.parametrize("fault", ["throw new Error('no')", "import './nothing.js'"])
def test_a_worker_that_does_not_start_is_refused_with_its_message(fault: str) -> None:
    with pytest.raises(DeployError) as caught:
        WorkerdStartup().measure(worker(fault), None, 1)

    assert caught.value.message.startswith(
        "The Worker does not start: Uncaught Error: No such module"
        if "import" in fault
        else "The Worker does not start: Uncaught Error: no"
    )


def test_the_main_module_comes_first_whatever_its_place() -> None:
    reversed_ = replace(worker(), modules=worker().modules[::-1])

    assert WorkerdStartup().measure(reversed_, None, 1).head.best > 0
