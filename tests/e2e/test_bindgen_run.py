"""Crates with JavaScript of their own: wasm-bindgen alone, and workers-rs behind a main module. crate -> answers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.core.build import CrateSource
from tests.e2e.conftest import ROOT, Job
from tests.e2e.test_action_run import worker

pytestmark = [pytest.mark.network, pytest.mark.slow]

# What worker-build generates, with one header more.
OWN_MAIN = """import worker from "./build/index.js";
export * from "./build/index.js";
export default class extends worker {
  async fetch(request) {
    const answer = await super.fetch(request);
    return new Response(answer.body, { ...answer, headers: { ...Object.fromEntries(answer.headers), "x-own": "1" } });
  }
}
"""


def copied(name: str, folder: Path) -> dict[str, bytes | str]:
    """The files of a crate, without what was built in it."""
    return {
        str(path.relative_to(folder / name)): path.read_bytes()
        for path in (folder / name).rglob("*")
        if path.is_file() and "target" not in path.parts
    }


def test_a_crate_of_wasm_bindgen_is_previewed_through_the_main_module_that_imports_it(job: Job) -> None:
    files = copied("bindgen", ROOT / "tests" / "crates")
    job.checkout.commit("base", {**files, ".gitignore": "target\nci-wasm-report\n"})
    source = (ROOT / "tests" / "crates" / "bindgen" / "src" / "lib.rs").read_text(encoding="utf-8")
    config = 'workers:\n  - {crate: ., strip-names: true, smoke: [{path: "/?name=you", contains: "hello, you!"}]}\n'
    changed = source.replace("hello {name}", "hello, {name}!")
    job.checkout.commit("head", {"ci-wasm.yml": config, "src/lib.rs": changed})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout + run.stderr
    assert "With wasm-bindgen 0.2.129 at " in run.stdout
    report = worker(run)
    assert report["changes"] == []
    (answer,) = report["preview"]["value"]["answers"]
    assert (answer["status"], answer["commit"]) == (200, job.checkout.commits["head"])


def test_a_main_module_may_stand_before_what_worker_build_makes(tmp_path: Path) -> None:
    example = ROOT / "examples" / "edge-logic"
    shutil.copytree(example, tmp_path / "edge", ignore=shutil.ignore_patterns("target"))
    (tmp_path / "edge" / "entry.js").write_text(OWN_MAIN, encoding="utf-8")
    toolchain = CargoToolchain(os.environ, target_dir=example / "target" / "own-main")

    own = toolchain.build(tmp_path, CrateSource("edge", main="edge/entry.js"))
    missing = toolchain.build(tmp_path, CrateSource("edge", main="edge/build/worker/shim.mjs"))

    assert own.script is not None
    assert [module.name for module in own.script.modules] == [
        "entry.js",
        "build/index.js",
        "build/index_bg.wasm",
    ]
    assert own.script.wasm_modules[0].content == own.wasm
    assert missing.script is not None
    assert missing.script.main.name == "index.js"
