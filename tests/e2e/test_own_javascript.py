"""Workers with JavaScript of their own: whole runs, from a build command or files to the preview's answers."""

from __future__ import annotations

import base64
import json

import pytest
from wasmtime import wat2wasm

from tests.e2e.conftest import ADD, TOKEN, Job
from tests.e2e.test_action_run import messages, worker

WASM = bytes(wat2wasm(ADD))
WIDER = bytes(wat2wasm(ADD.replace("(module ", '(module (func (export "zero") (result i32) (i32.const 0)) ')))
WRANGLER = """{
  // the Worker
  "name": "own", "main": "src/index.js", "compatibility_date": "2026-06-01",
  "vars": { "GREETING": "hello", "LIMITS": { "most": 3 } },
}"""
MAIN = """import wasm from "./lib/add.wasm";
import page from "./page.html";
import { tell } from "./tell.mjs";
const { exports } = new WebAssembly.Instance(wasm);
export default { fetch: (request, env) => tell(request, env, page, exports.add(2, 3)) };
"""
TELL = """export const tell = (request, env, page, sum) => new Response(
  `${page.trim()} ${sum} ${env.GREETING} ${env.LIMITS.most} ${request.headers.get("x-who")}`,
  { headers: { "x-sum": String(sum) } });
"""
SMOKE = """
    smoke:
      - {path: /, contains: "<p> 5 hello 3 me", headers: {X-Who: me}, expect-headers: {X-Sum: "5"}}
"""
# Writes the module out of text, so that nothing but a shell is needed.
COMMAND = f"mkdir -p src/lib && echo {base64.b64encode(WASM).decode()} | base64 -d > src/lib/add.wasm"
CONFIG = f"""workers:
  - build: {{command: {json.dumps(COMMAND)}, wasm: src/lib/add.wasm}}
    budgets: [{{metric: raw, max: 1 KiB}}]
    contract: {{exports: {{add: "(i32, i32) -> i32"}}}}{SMOKE}"""
FILES = {"src/index.js": MAIN, "src/tell.mjs": TELL, "src/page.html": "<p>\n", "wrangler.jsonc": WRANGLER}


def test_a_command_builds_what_the_main_module_imports(job: Job) -> None:
    job.checkout.commit("base", {**FILES, "ci-wasm.yml": CONFIG})
    job.checkout.commit("head", {"README.md": "x"})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout + run.stderr
    assert "Running mkdir -p src/lib" in run.stdout
    report = worker(run)
    raw = report["growth"]["raw"]
    assert (report["name"], raw["before"], raw["after"]) == ("own", len(WASM), len(WASM))
    # What production would upload, without the two modules that prove the commit.
    assert report["head"]["value"]["upload"]["value"]["raw"] == len(WASM) + len(MAIN) + len(TELL) + len(
        "<p>\n"
    )
    (answer,) = report["preview"]["value"]["answers"]
    assert (answer["status"], answer["commit"]) == (200, job.checkout.commits["head"])


def test_a_header_that_is_not_as_expected_fails_the_run(job: Job) -> None:
    config = CONFIG.replace('{X-Sum: "5"}', '{X-Sum: "6", X-None: ""}')
    job.checkout.commit("base", {**FILES, "ci-wasm.yml": config})
    job.checkout.commit("head", {"README.md": "x"})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 1
    assert any("with `x-sum: 5`, which does not contain `6`" in text for text in messages(run, "error"))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo so it goes >&2; exit 3", "The build command ended with status 3"),
        ("true", "The build command made no file src/lib/add.wasm"),
        (["./build.sh", "x"], "build.sh` is not installed"),
    ],
)
def test_a_command_that_fails_fails_the_run_with_its_words(job: Job, command: object, message: str) -> None:
    config = f"workers: [{{build: {{command: {json.dumps(command)}, wasm: src/lib/add.wasm}}}}]\n"
    job.checkout.commit("base", {**FILES, "ci-wasm.yml": config})
    job.checkout.commit("head", {"README.md": "x"})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code in {4, 8}
    assert any(message.split("`", maxsplit=1)[0] in text for text in messages(run, "error")), run.stdout


def test_a_build_command_sees_no_secret(job: Job) -> None:
    spying = "env > /dev/stderr; cat /proc/$PPID/environ > /dev/stderr; " + COMMAND
    config = CONFIG.replace(json.dumps(COMMAND), json.dumps(spying))
    job.checkout.commit("base", {**FILES, "ci-wasm.yml": config})
    job.checkout.commit("head", {"README.md": "x"})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    assert "PATH=" in run.stdout
    assert TOKEN not in run.stdout.replace(f"::add-mask::{TOKEN}", "") + run.stderr


def test_a_main_module_that_needs_a_bundler_is_judged_and_not_previewed(job: Job) -> None:
    wrangler = 'name = "own"\nmain = "index.js"\n'
    files: dict[str, bytes | str] = {
        "index.js": 'import { Hono } from "hono";',
        "wrangler.toml": wrangler,
        "add.wasm": WASM,
    }
    job.checkout.commit("base", {**files, "ci-wasm.yml": "workers: [{wasm: add.wasm}]\n"})
    job.checkout.commit("head", {"add.wasm": WIDER})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    assert "index.js imports `hono`, which is neither a file beside it" in run.comment
    assert worker(run)["growth"]["raw"]["after"] == len(WIDER)


def test_a_prebuilt_module_is_previewed_through_the_main_module_that_imports_it(job: Job) -> None:
    wrangler = WRANGLER.replace("src/index.js", "index.js")
    files = {name.removeprefix("src/"): text for name, text in FILES.items()} | {"wrangler.jsonc": wrangler}
    config = "workers: [{wasm: add.wasm}]\n".replace(
        "}]", "," + SMOKE.strip().replace("smoke:\n      - ", "smoke: [") + "]}]"
    )
    moved: dict[str, bytes | str] = {
        **files,
        "index.js": MAIN.replace("./lib/", "./"),
        "add.wasm": WASM,
        "ci-wasm.yml": config,
    }
    job.checkout.commit("base", moved)
    job.checkout.commit("head", {"README.md": "x"})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    assert worker(run)["preview"]["value"]["answers"][0]["commit"] == job.checkout.commits["head"]


def test_a_base_that_the_command_does_not_fit_is_no_base(job: Job) -> None:
    job.checkout.commit("base", {"README.md": "nothing yet"})
    script = COMMAND + "\n"
    config = CONFIG.replace(json.dumps(COMMAND), '"sh build.sh"')
    job.checkout.commit("head", {**FILES, "ci-wasm.yml": config, "build.sh": script})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    assert "the build command does not work in the base commit" in run.comment
