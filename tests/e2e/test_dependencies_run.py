"""Dependencies: a pull request that changes Cargo.lock, with the real cargo, as its author and its reviewer see it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from tests.e2e.conftest import Job
from tests.e2e.test_action_run import worker

CONFIG = "workers: [{crate: app, budgets: [{metric: upload, max: 1 MiB}]}]\n"
WORKSPACE = '[workspace]\nmembers = ["app"]\nresolver = "3"\n[profile.release]\nstrip = true\nlto = false\n'
APP = """
#[unsafe(no_mangle)]
pub extern "C" fn digits(value: i32) -> i32 {
    number_text::digits(value)
}
"""
DIGITS = """
#[inline(never)]
pub fn digits(value: i32) -> i32 {
    std::hint::black_box(value) / 3
}
"""
MORE_DIGITS = """
#[inline(never)]
pub fn digits(value: i32) -> i32 {
    let mut count = 0;
    for base in 2..std::hint::black_box(40) {
        count += std::hint::black_box(value).wrapping_pow(base) % 7 + tables::look_up(value);
    }
    count
}
"""
# Most of what is new, without a function of the standard library.
TABLES = """
#[inline(never)]
pub fn look_up(value: i32) -> i32 {
    let mut mixed = std::hint::black_box(value);
    MIX
    mixed
}
""".replace(
    "MIX", "mixed ^= std::hint::black_box(mixed).rotate_left(7).wrapping_mul(0x9e3779b1u32 as i32);\n" * 30
)


def package(name: str, version: str, rest: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2024"\n{rest}'


def lock(packages: Mapping[str, tuple[str, ...]]) -> str:
    """`name version` to the names that it needs."""
    entries = []
    for package_id, needs in sorted(packages.items()):
        name, version = package_id.split(" ")
        listed = f"dependencies = {json.dumps(needs)}\n" if needs else ""
        entries.append(f'[[package]]\nname = "{name}"\nversion = "{version}"\n{listed}')
    return "version = 4\n\n" + "\n".join(entries)


def commit_base(job: Job) -> None:
    needs = '[dependencies]\nnumber-text = { path = "../vendor/number-text" }\n'
    tests = '[dev-dependencies]\nchecks = { path = "../vendor/checks" }\n'
    job.checkout.commit(
        "base",
        {
            "ci-wasm.yml": CONFIG,
            ".gitignore": "ci-wasm-report\ntarget\n",
            "Cargo.toml": WORKSPACE,
            "Cargo.lock": lock({
                "app 1.0.0": ("checks", "number-text"), "checks 1.0.0": (), "number-text 1.0.0": (),
            }),
            "app/Cargo.toml": package("app", "1.0.0", f'[lib]\ncrate-type = ["cdylib"]\n{needs}{tests}'),
            "app/src/lib.rs": APP,
            "vendor/number-text/Cargo.toml": package("number-text", "1.0.0"),
            "vendor/number-text/src/lib.rs": DIGITS,
            "vendor/checks/Cargo.toml": package("checks", "1.0.0"),
            "vendor/checks/src/lib.rs": "",
        },
    )  # fmt: skip


def commit_head(job: Job) -> None:
    """`number-text` in a new version, with a new package that it needs; `checks`, which only tests need, as well."""
    job.checkout.commit(
        "head",
        {
            "Cargo.lock": lock({
                "app 1.0.0": ("checks", "number-text"), "checks 1.1.0": (), "number-text 2.0.0": ("tables",),
                "tables 0.3.0": (),
            }),
            "vendor/number-text/Cargo.toml": package(
                "number-text", "2.0.0", '[dependencies]\ntables = { path = "../tables" }\n'
            ),
            "vendor/number-text/src/lib.rs": MORE_DIGITS,
            "vendor/tables/Cargo.toml": package("tables", "0.3.0"),
            "vendor/tables/src/lib.rs": TABLES,
            "vendor/checks/Cargo.toml": package("checks", "1.1.0"),
        },
    )  # fmt: skip


def test_a_changed_cargo_lock_stands_beside_the_growth_of_its_crates(job: Job) -> None:
    commit_base(job)
    job.run("push", job.push())
    commit_head(job)

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout + run.stderr
    report = worker(run)
    assert report["base"]["value"]["recorded"] is True
    rows = [
        (
            change["before"] and change["before"]["version"],
            change["after"]["name"],
            change["after"]["version"],
        )
        for change in (each["change"] for each in report["growth"]["dependencies"])
    ]
    assert rows == [
        (None, "tables", "0.3.0"),
        ("1.0.0", "number-text", "2.0.0"),
        ("1.0.0", "checks", "1.1.0"),
    ]
    tables, number_text, checks = (each["code"] for each in report["growth"]["dependencies"])
    assert (tables["before"], tables["after"] > 100) == (None, True)
    assert 0 < number_text["before"] < number_text["after"]
    assert checks is None
    sentence = f"`tables` 0.3.0 is new and brings {tables['after']:,} bytes of code"
    assert run.seen.outputs["headline"] == f"all budgets and contracts hold; {sentence}"
    (comment,) = job.github.state.comments.values()
    assert "`number-text` 1.0.0 → 2.0.0 |" in comment.body
    assert "without code of their own in the module: `checks` 1.0.0 → 1.1.0." in comment.body
    assert f"{sentence}." in comment.body
    head = report["head"]["value"]
    assert report["budgets"][0]["measured"] == head["upload"]["value"]["raw"] > head["sizes"]["raw"]
    assert "| `upload` |" in comment.body


def test_the_upload_of_a_worker_with_its_own_javascript_is_not_known(job: Job) -> None:
    config = "workers: [{name: add, wasm: add.wasm, budgets: [{metric: upload, max: 1 MiB}]}]\n"
    job.checkout.commit("base", {"ci-wasm.yml": config})
    job.checkout.commit("head", {"wrangler.json": '{"name": "add", "main": "index.js"}'})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    (before, after) = (worker(run)["base"]["value"]["measurement"], worker(run)["head"]["value"])
    assert (before["upload"]["state"], after["upload"]["state"]) == ("skipped", "skipped")
    assert worker(run)["budgets"][0]["state"] == "unmeasured"
    assert "`upload` cannot be measured: ci-wasm does not assemble this Worker" in run.comment
    assert "| `upload` | ? | ? ≤\u00a01.00\u00a0MiB |" in run.comment


def test_at_home_a_base_is_compared_too(job: Job) -> None:
    commit_base(job)
    commit_head(job)

    done = subprocess.run(
        [sys.executable, "-I", "-m", "ci_wasm", "check", "--base", "HEAD~"],
        cwd=job.checkout.path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "  Cargo.lock tables 0.3.0 (new): +" in done.stdout
    assert "  Cargo.lock, without code of their own in the module: checks 1.0.0 → 1.1.0\n" in done.stdout
    assert "; `tables` 0.3.0 is new and brings " in done.stdout.splitlines()[-1]
