"""Command line: each subcommand as a person starts it, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from wasmtime import wat2wasm

from tests.adapters.loopback import Reply, serve
from tests.e2e.conftest import ADD, CONFIG, WIDE_ADD, Job


def ci_wasm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ci_wasm", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ci-wasm.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "add.wasm").write_bytes(wat2wasm(ADD))
    (tmp_path / "wide.wasm").write_bytes(wat2wasm(WIDE_ADD))
    return tmp_path


def test_measure_as_text(folder: Path) -> None:
    done = ci_wasm(folder, "measure", "add.wasm")

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"raw +41 bytes", done.stdout)
    assert re.search(r"add +\(i32, i32\) -> i32", done.stdout)


def test_measure_as_json_has_stdout_to_itself(folder: Path) -> None:
    value = json.loads(ci_wasm(folder, "measure", "add.wasm", "--format", "json").stdout)

    assert (value["schema"], value["sizes"]["raw"]) == (1, 41)
    assert sum(section["size"] for section in value["module"]["sections"]) == 41
    assert value["module"]["exports"] == [{"name": "add", "type": "(i32, i32) -> i32"}]


def test_measure_as_markdown(folder: Path) -> None:
    assert (
        "| `add` | `(i32, i32) -> i32` |"
        in ci_wasm(folder, "measure", "add.wasm", "--format", "markdown").stdout
    )


def test_a_printed_contract_holds_for_its_module_and_no_other(folder: Path) -> None:
    printed = ci_wasm(folder, "contract", "add.wasm").stdout
    (folder / "ci-wasm.yml").write_text(
        "workers:\n  - wasm: add.wasm\n" + "".join(f"    {line}\n" for line in printed.splitlines()),
        encoding="utf-8",
    )

    assert ci_wasm(folder, "check").returncode == 0
    assert ci_wasm(folder, "check", "wide.wasm").returncode == 1


@pytest.mark.parametrize(
    ("options", "compressed", "library"),
    [
        ([], ["gzip", "brotli"], "quality 5"),
        (["--brotli", "standard"], ["gzip", "brotli"], "quality 11"),
        (["--no-compression"], [], ""),
    ],
)
def test_compression_is_a_choice(
    folder: Path, options: list[str], compressed: list[str], library: str
) -> None:
    measured = ci_wasm(folder, "measure", "add.wasm", *options).stdout
    differing = ci_wasm(folder, "diff", "add.wasm", "wide.wasm", *options).stdout
    sizes = json.loads(ci_wasm(folder, "measure", "add.wasm", *options, "--format", "json").stdout)["sizes"]

    assert re.findall(r"(?m)^  (raw|gzip|brotli) ", measured) == ["raw", *compressed]
    assert re.findall(r"(?m)^(raw|gzip|brotli) ", differing) == ["raw", *compressed]
    assert [name for name in ("gzip", "brotli") if sizes[name] is not None] == compressed
    assert sizes["compressor"].endswith(library)


def test_what_judges_checks_bodies_and_what_shows_sizes_does_not(folder: Path) -> None:
    (folder / "add.wasm").write_bytes(wat2wasm('(module (func (export "f") (result i64) (i32.const 1)))'))

    measured, checked = ci_wasm(folder, "measure", "add.wasm"), ci_wasm(folder, "check", "add.wasm")

    assert (measured.returncode, measured.stderr) == (0, "")
    assert (checked.returncode, "malformed at offset" in checked.stdout + checked.stderr) == (5, True)


def test_diff_tells_growth_and_semver(folder: Path) -> None:
    text = ci_wasm(folder, "diff", "add.wasm", "wide.wasm").stdout
    value = json.loads(ci_wasm(folder, "diff", "add.wasm", "wide.wasm", "--format", "json").stdout)

    assert "interface: major" in text
    assert "the export `add` changed from `(i32, i32) -> i32` to `(i64, i64) -> i64`" in text
    grown = (folder / "wide.wasm").stat().st_size - (folder / "add.wasm").stat().st_size
    assert value["growth"]["raw"]["after"] - value["growth"]["raw"]["before"] == grown
    assert value["semver"] == "major"


def test_diff_of_a_module_with_itself_is_empty(folder: Path) -> None:
    value = json.loads(ci_wasm(folder, "diff", "add.wasm", "add.wasm", "--format", "json").stdout)

    assert (value["semver"], value["changes"], value["growth"]["sections"]) == ("patch", [], [])


@pytest.mark.parametrize(("file", "exit_code"), [((), 0), (("add.wasm",), 0), (("wide.wasm",), 1)])
def test_check_exits_with_the_verdict(folder: Path, file: Sequence[str], exit_code: int) -> None:
    done = ci_wasm(folder, "check", *file)

    assert done.returncode == exit_code
    assert done.stdout.splitlines()[-1].startswith("FAILED" if exit_code else "passed")


def test_check_against_a_base(job: Job) -> None:
    done = ci_wasm(job.checkout.path, "check", "--base", "main~1", "--format", "json")

    (worker,) = json.loads(done.stdout)["workers"]
    assert (done.returncode, worker["base"]["state"]) == (0, "done")
    assert worker["changes"][0]["name"] == "zero"


def test_check_against_what_is_no_commit(job: Job) -> None:
    done = ci_wasm(job.checkout.path, "check", "--base", "nonsense")

    assert (done.returncode, "`nonsense`" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["measure", "gone.wasm"], 5, "gone.wasm cannot be read: No such file"),
        (["measure", "ci-wasm.yml"], 5, "is not a WebAssembly module"),
        (["diff", "add.wasm", "ci-wasm.yml"], 5, "is not a WebAssembly module"),
        (["check", "--config", "other.yml"], 2, "`other.yml` does not exist"),
        (["check", "--base", "main"], 2, "is not in a git repository"),
        (["run"], 3, "GITHUB_EVENT_NAME is not set"),
        (["measure"], 2, "usage"),
        (["frobnicate"], 2, "invalid choice"),
        (["edge", "--reach", "localhost"], 2, "is no origin"),
    ],
)
def test_bad_input_gets_one_clear_line(
    folder: Path, arguments: list[str], exit_code: int, words: str
) -> None:
    done = ci_wasm(folder, *arguments)

    assert done.returncode == exit_code, done.stdout + done.stderr
    assert words.lower() in (done.stdout + done.stderr).lower()
    assert "Traceback" not in done.stderr


@contextmanager
def serving(folder: Path, *arguments: str, until: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that serves; gives what it printed up to a line that contains `until`."""
    command = [sys.executable, "-m", "ci_wasm", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        printed = ""
        try:
            assert process.stdout is not None
            for line in process.stdout:
                printed += line
                if until in line:
                    break
            yield process, printed
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def test_preview_serves_until_interrupted(folder: Path) -> None:
    with serving(folder, "preview", "--port", "0", until="Ctrl-C") as (process, printed):
        url = httpx.URL(re.findall(r"http://\S+", printed)[0])
        answer = httpx.get(f"http://127.0.0.1:{url.port}/add?a=2&b=3", headers={"host": url.netloc.decode()})

    assert answer.json()["result"] == 5
    assert process.returncode == 0
    assert not workerds_of(process.pid)


def test_a_preview_reaches_the_origins_of_the_command_line(folder: Path) -> None:
    (folder / "index.js").write_text(
        'import "./add.wasm"; export default { async fetch(request, env) {'
        " try { return await fetch(env.UPSTREAM); } catch (error) { return new Response(String(error)); } } };",
        encoding="utf-8",
    )
    (folder / "ci-wasm.yml").write_text("workers: [{name: own, wasm: add.wasm}]", encoding="utf-8")

    with serve(Reply(body=b"reached")) as upstream:
        wrangler = {"name": "own", "main": "index.js", "vars": {"UPSTREAM": upstream.url}}
        (folder / "wrangler.json").write_text(json.dumps(wrangler), encoding="utf-8")
        answers = [preview_answer(folder, *reach) for reach in ((), ("--reach", upstream.url))]

    assert answers[0].startswith("Error: the local edge has no network: GET http://127.0.0.1:")
    assert answers[1] == "reached"


def preview_answer(folder: Path, *arguments: str) -> str:
    with serving(folder, "preview", "--port", "0", *arguments, until="Ctrl-C") as (_, printed):
        url = httpx.URL(re.findall(r"http://\S+", printed)[0])
        return httpx.get(f"http://127.0.0.1:{url.port}/", headers={"host": url.netloc.decode()}).text


def test_edge_says_what_a_client_has_to_set(folder: Path) -> None:
    with serving(folder, "edge", "--port", "0", until="ACCOUNT_ID") as (process, printed):
        api = re.findall(r"CLOUDFLARE_API_BASE_URL=(\S+)", printed)[0]
        token = re.findall(r"CLOUDFLARE_API_TOKEN=(\S+)", printed)[0]
        answer = httpx.get(f"{api}/user/tokens/verify", headers={"authorization": f"Bearer {token}"})

    assert answer.json()["success"] is True
    assert process.returncode == 0


def workerds_of(parent: int) -> list[str]:
    """The command lines of processes whose parent was `parent`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(os.fsdecode(stat.with_name("cmdline").read_bytes()))
    return found


def test_a_run_with_nothing_to_do_imports_nothing_heavy(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    repository = '"repository": {"default_branch": "main"}'
    event.write_text(f'{{"ref": "refs/heads/topic", {repository}}}', encoding="utf-8")
    script = "import sys; from ci_wasm.__main__ import main; code = main(['run']); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    environ = {
        "PATH": os.environ["PATH"],
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(event),
    }

    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    )

    assert "Nothing to do" in done.stdout
    heavy = {
        "httpx",
        "github",
        "wasmtime",
        "msgspec",
        "yaml",
        "requests",
        "actions_toolkit",
        "starlette",
        "dataclasses",
        "pathlib",
    }
    assert heavy & set(done.stderr.split()) == set()
