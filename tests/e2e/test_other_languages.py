"""Modules of other languages: C and Go, compiled by their own compilers, in whole runs. sources -> report and answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ROOT, Job
from tests.e2e.test_action_run import worker

SOURCES = ROOT / "tests" / "languages"
GO_SECONDS = 600
# A freestanding module: no C library, no `main`.
CLANG = [
    "clang",
    "--target=wasm32",
    "-O2",
    "-nostdlib",
    "-Wl,--no-entry",
    "-o",
    "checksum.wasm",
    "checksum.c",
]

C_RULES = """
    budgets: [{metric: raw, max: 2 KiB}]
    contract:
      exports: {fnv1a: "(i32, i32) -> i32", handle: "(i32, i32) -> i64"}
      imports: []
    behavior:
      - {call: fnv1a, args: [0x811c9dc5, 97], expect: [0xe40c292c]}
      - {call: handle, input: "123456789", output: cbf43926}
      - {call: handle, input: "", output: "00000000"}
    smoke:
      - {path: "/fnv1a?a=2166136261&b=97", contains: "-468965076"}
"""
GO_RULES = """
    budgets: [{metric: raw, max: 4 MiB}]
    contract:
      exports: {crc32_step: "(i32, i32) -> i32"}
      imports: ["wasi_snapshot_preview1.*"]
"""


@pytest.fixture(scope="module")
def clang(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The C source as a module."""
    if not shutil.which("clang"):
        pytest.skip("there is no clang; CONTRIBUTING.md says how to get it")
    folder = tmp_path_factory.mktemp("c")
    shutil.copy(SOURCES / "c" / "checksum.c", folder)
    done = subprocess.run(CLANG, cwd=folder, capture_output=True, text=True, check=False)
    if "wasm-ld" in done.stderr and done.returncode != 0:
        pytest.skip(
            f"clang has no linker for wasm32 ({done.stderr.strip()}); CONTRIBUTING.md says how to get it"
        )
    assert done.returncode == 0, done.stderr
    return (folder / "checksum.wasm").read_bytes()


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The Go source as a WASI reactor."""
    if not shutil.which("go"):
        pytest.skip("there is no Go; CONTRIBUTING.md says how to get it")
    output = tmp_path_factory.mktemp("go") / "checksum.wasm"
    cache = {"GOCACHE": str(ROOT / ".cache" / "go-build"), "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    done = subprocess.run(
        ["go", "build", "-buildmode=c-shared", "-trimpath", "-o", str(output), "."],
        cwd=SOURCES / "go",
        env={**os.environ, "GOOS": "wasip1", "GOARCH": "wasm", **cache},
        capture_output=True,
        text=True,
        timeout=GO_SECONDS,
        check=False,
    )
    if "requires go >=" in done.stderr or "buildmode=c-shared not supported" in done.stderr:
        pytest.skip(f"this Go is too old: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return output.read_bytes()


def run(job: Job, files: Mapping[str, bytes | str]) -> dict[str, Any]:
    """A pull request that brings these files; the report of its only Worker."""
    job.checkout.commit("base", {"README.md": "nothing yet"})
    job.checkout.commit("head", files)
    done = job.run("pull_request", job.pull_request())
    assert done.exit_code == 0, done.stdout + done.stderr
    return worker(done)


def url_of(report: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Where the preview answers, for a client that resolves no names under localhost."""
    url = httpx.URL(report["preview"]["value"]["deployment"]["url"])
    return str(url.copy_with(host="127.0.0.1")), {"host": url.netloc.decode()}


def test_a_prebuilt_module_of_c_is_measured_checked_called_and_previewed(job: Job, clang: bytes) -> None:
    config = f"workers:\n  - wasm: checksum.wasm{C_RULES}"

    report = run(job, {"ci-wasm.yml": config, "checksum.wasm": clang})

    assert report["name"] == "checksum"
    assert report["head"]["value"]["sizes"]["raw"] == len(clang)
    assert report["findings"] == []
    (answer,) = report["preview"]["value"]["answers"]
    assert (answer["status"], answer["commit"]) == (200, job.checkout.commits["head"])
    url, headers = url_of(report)
    for body in (b"", b"123456789", bytes(range(256)) * 1000):
        assert httpx.post(url, headers=headers, content=body).text == f"{zlib.crc32(body):08x}"


def test_clang_is_a_build_command_like_any_other(job: Job, clang: bytes) -> None:
    config = f"workers:\n  - build: {{command: {json.dumps(CLANG)}, wasm: checksum.wasm}}{C_RULES}"
    source = (SOURCES / "c" / "checksum.c").read_text(encoding="utf-8")

    report = run(job, {"ci-wasm.yml": config, "checksum.c": source, ".gitignore": "*.wasm\nci-wasm-report\n"})

    assert report["head"]["value"]["sizes"]["raw"] == len(clang)
    assert report["preview"]["value"]["answers"][0]["status"] == 200


def test_a_module_of_go_is_judged_and_without_a_main_module_not_previewed(job: Job, go: bytes) -> None:
    config = f"workers:\n  - wasm: checksum.wasm{GO_RULES}"

    report = run(job, {"ci-wasm.yml": config, "checksum.wasm": go})

    assert report["head"]["value"]["sizes"]["raw"] == len(go)
    assert [budget["findings"] for budget in report["budgets"]] == [[]]
    assert report["preview"]["state"] == "skipped"
    assert "it imports wasi_snapshot_preview1." in report["preview"]["reason"]


def test_a_module_of_go_is_previewed_through_a_main_module_that_is_its_host(job: Job, go: bytes) -> None:
    smoke = '    smoke: [{path: "/?text=123456789", contains: cbf43926}, {path: /, contains: "00000000"}]\n'
    files: dict[str, bytes | str] = {
        "ci-wasm.yml": f"workers:\n  - wasm: checksum.wasm{GO_RULES}{smoke}",
        "wrangler.toml": 'name = "checksum"\nmain = "worker.js"\ncompatibility_date = "2026-07-01"\n',
        "worker.js": (SOURCES / "go" / "worker.js").read_text(encoding="utf-8"),
        "checksum.wasm": go,
    }

    report = run(job, files)

    answers = report["preview"]["value"]["answers"]
    assert [(answer["status"], answer["commit"]) for answer in answers] == [
        (200, job.checkout.commits["head"])
    ] * 2
