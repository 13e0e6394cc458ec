"""Crates: whole runs with the real cargo, from sources to the answer of the preview."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import ROOT, Job
from tests.e2e.test_action_run import messages, worker

MANIFEST = '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2024"\n'
CDYLIB = MANIFEST + '[lib]\ncrate-type = ["cdylib"]\n'
CONFIG = "workers: [{crate: .}]\n"


def example(name: str) -> dict[str, bytes | str]:
    folder = ROOT / "examples" / name
    files = [path for path in folder.rglob("*") if path.is_file() and "target" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_example_is_built_for_base_and_head_and_answers(job: Job) -> None:
    job.checkout.commit("base", example("add"))
    changed = (ROOT / "scripts/demo_changes/add/improved/src/lib.rs").read_text(encoding="utf-8")
    job.checkout.commit("head", {"src/lib.rs": changed})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout + run.stderr
    report = worker(run)
    assert report["growth"]["raw"]["after"] > report["growth"]["raw"]["before"]
    # The shipped module is stripped; the names come from its twin.
    assert [delta["name"] for delta in report["growth"]["functions"]] == ["multiply"]
    assert report["changes"][0]["weight"] == "minor"
    url = httpx.URL(run.seen.outputs["preview-url"])
    answer = httpx.get(f"http://127.0.0.1:{url.port}/multiply?a=6&b=7", headers={"host": url.netloc.decode()})
    assert answer.json()["result"] == 42
    assert job.checkout.git("worktree", "list").count("\n") == 0


def test_a_crate_in_a_working_directory_is_compared_with_itself(job: Job) -> None:
    job.checkout.commit("base", {f"services/add/{name}": data for name, data in example("add").items()})
    changed = (ROOT / "scripts/demo_changes/add/improved/src/lib.rs").read_text(encoding="utf-8")
    job.checkout.commit("head", {"services/add/src/lib.rs": changed})

    run = job.run("pull_request", job.pull_request(), inputs={"working-directory": "services/add"})

    assert run.exit_code == 0, run.stdout
    assert worker(run)["growth"]["raw"]["before"] == 116
    (comment,) = job.github.state.comments.values()
    assert "<!-- ci-wasm:services-add -->" in comment.body
    job.checkout.commit("head", {"services/add/src/lib.rs": "pub fn f() -> i32 { x }\n"})
    broken = job.run("pull_request", job.pull_request(), inputs={"working-directory": "services/add"})
    assert [annotation.properties.get("file") for annotation in broken.seen.annotations] == [
        "services/add/src/lib.rs"
    ]


@pytest.mark.parametrize(
    ("files", "exit_code", "words", "place"),
    [
        (
            {"Cargo.toml": CDYLIB, "src/lib.rs": "pub fn f() -> i32 { x }\n"},
            4,
            "cannot find value `x`",
            {"file": "src/lib.rs", "line": "1"},
        ),
        ({"Cargo.toml": MANIFEST, "src/lib.rs": ""}, 4, 'crate-type = ["cdylib"]', {}),
        ({"Cargo.toml": "not toml", "src/lib.rs": ""}, 4, "Cargo.toml", {}),
    ],
)
def test_a_crate_that_does_not_build_says_why_in_the_comment(
    job: Job, files: dict[str, bytes | str], exit_code: int, words: str, place: dict[str, str]
) -> None:
    job.checkout.commit("head", {"ci-wasm.yml": CONFIG, **files})

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == exit_code
    (comment,) = job.github.state.comments.values()
    assert words in comment.body + "".join(messages(run, "error"))
    (error,) = [annotation for annotation in run.seen.annotations if annotation.severity == "error"]
    assert {name: error.properties.get(name) for name in place} == place
    assert "Traceback" not in run.stdout + run.stderr


def test_a_build_script_sees_no_secret(job: Job, tmp_path: Path) -> None:
    script = """
fn main() {
    let seen: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = seen.join("\\n");
    for pid in ["self", "1", &std::os::unix::process::parent_id().to_string()] {
        text += &std::fs::read(format!("/proc/{pid}/environ")).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    }
    std::fs::write(std::env::var("OUT_DIR").unwrap() + "/seen", &text).unwrap();
    println!("cargo::warning=PROBE {}", text.contains("ghs_canary"));
}
"""
    job.checkout.commit(
        "head",
        {
            "ci-wasm.yml": CONFIG,
            "Cargo.toml": CDYLIB,
            "build.rs": script,
            "src/lib.rs": '#[unsafe(no_mangle)] pub extern "C" fn f() {}\n',
        },
    )

    run = job.run("pull_request", job.pull_request())

    assert run.exit_code == 0, run.stdout
    assert "PROBE false" in run.stdout + run.stderr
    assert "PROBE true" not in run.stdout + run.stderr
