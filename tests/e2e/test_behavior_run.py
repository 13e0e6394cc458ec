"""Behavior in whole runs: calls of head and base, what they cost before and after, and figures that do not compare."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from msgspec import structs
from msgspec.structs import replace
from wasmtime import wat2wasm

from ci_wasm.adapters.baseline_branch import BaselineBranch
from ci_wasm.adapters.github_forge import GitHubForge
from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.build import Build, PrebuiltSource
from ci_wasm.head import Head, try_module
from ci_wasm.outcome import Done
from ci_wasm.ports import World
from tests.e2e.conftest import TOKEN, Job
from tests.e2e.test_action_run import messages, worker
from tests.e2e.test_cli import ci_wasm
from tests.modules import make_measured

WAT = """(module (memory (export "memory") 1)
  (func $start {start}) (start $start)
  (func (export "add") (param i32 i32) (result i32) {more} (i32.add (local.get 0) (local.get 1))))"""
CONFIG = """
workers:
  - wasm: add.wasm
    name: add
    budgets: [{metric: fuel.add, max-growth: 10%}]
    startup: {max-fuel: 100}
    behavior: [{call: add, args: [2, 3], expect: [5]}]
"""
LIB = """
use std::{ptr, slice};

#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    Box::leak(vec![0; len].into_boxed_slice()).as_mut_ptr()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn dealloc(pointer: *mut u8, len: usize) {
    drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(pointer, len)) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn handle(pointer: *const u8, len: usize) -> u64 {
    let input = unsafe { slice::from_raw_parts(pointer, len) };
    let output = Box::leak(input.to_ascii_uppercase().into_boxed_slice());
    ((output.as_ptr() as u64) << 32) | output.len() as u64
}
"""


def module(start: str = "", more: str = "") -> bytes:
    return bytes(wat2wasm(WAT.format(start=start, more=more)))


def commit(job: Job) -> None:
    """A base, and a head that costs more, at the start and in the call."""
    job.checkout.commit("base", {"add.wasm": module(), "ci-wasm.yml": CONFIG})
    dearer = module("(drop (i32.const 1))", "(drop (memory.grow (i32.const 1)))")
    job.checkout.commit("head", {"add.wasm": dearer})


def record(job: Job) -> None:
    job.checkout.git("checkout", "--quiet", job.checkout.commits["base"])
    assert job.run("push", job.push()).exit_code == 0
    job.checkout.git("checkout", "--quiet", job.checkout.commits["head"])


@pytest.mark.parametrize("is_recorded", [False, True])
def test_the_comment_shows_what_calls_cost_before_and_after(job: Job, is_recorded: bool) -> None:
    commit(job)
    if is_recorded:
        record(job)

    run = job.run("pull_request", job.pull_request())

    assert worker(run)["base"]["value"]["recorded"] is is_recorded
    assert "| `startup` | 3 → **4**<br>+1" in run.comment
    assert "| `add(2, 3)` | 4 → **7**<br>+3" in run.comment
    assert "64.0\u00a0KiB → **128\u00a0KiB**" in run.comment
    assert run.exit_code == 1
    (error,) = messages(run, "error")
    assert error.startswith("`fuel.add` grew from 4 to 7")


def test_figures_of_another_wasmtime_are_told_and_not_compared(job: Job) -> None:
    commit(job)
    record(job)
    branch = BaselineBranch(GitHubForge(job.github.url, job.github.state.repository, TOKEN))
    base = job.checkout.commits["base"]
    recorded = branch.read(base)
    assert recorded is not None
    measured = recorded.measurements["add"]
    assert isinstance(measured.execution, Done)
    other = Done(structs.replace(measured.execution.value, engine="wasmtime 40.0.0"))
    branch.write(base, {"add": replace(measured, execution=other)}, recorded.histories)

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0
    assert "not compared: the base was recorded with wasmtime 40.0.0, this run has wasmtime " in run.comment
    assert "→ **7**" not in run.comment
    assert worker(run)["budgets"][0]["base"] is None


def test_a_rust_crate_is_called_with_bytes(tmp_path: Path) -> None:
    manifest = (
        '[package]\nname = "upper"\nversion = "1.0.0"\nedition = "2024"\n[lib]\ncrate-type = ["cdylib"]\n'
    )
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text(LIB, encoding="utf-8")
    (tmp_path / "Cargo.toml").write_text(manifest, encoding="utf-8")
    (tmp_path / "ci-wasm.yml").write_text(
        "workers:\n"
        "  - crate: .\n"
        "    behavior:\n"
        "      - {call: handle, input: hello, output: HELLO, max-fuel: 100000}\n"
        "      - {call: handle, input: {hex: 00ff61}, output: {hex: 00ff41}}\n"
        '      - {call: handle, input: "", output: ""}\n'
        "      - {call: handle, input: hello, output: hello}\n",
        encoding="utf-8",
    )

    done = ci_wasm(tmp_path, "check")

    assert done.returncode == 1
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    gave = 'error: upper: `handle("hello")` gave 5 bytes `HELLO`, and "hello" was expected: '
    assert errors == [f"{gave}byte 0 is 0x48 instead of 0x68 (ci-wasm.yml:7)"]


def test_a_module_of_which_nothing_is_asked_is_not_run() -> None:
    class NoWorld:
        """There is nothing to ask."""

    head = Head(Build(b"", b"", None, "add.wasm", "rustc 1.95.0", 1.0), make_measured(100))

    assert (
        try_module(cast("World", NoWorld()), head, WorkerSettings("add", PrebuiltSource("add.wasm"))) is head
    )
