"""The port `Runner`: the same promises of GitHub's runner, read independently, and of the recording one."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from ci_wasm.adapters.actions_runner import ActionsRunner
from ci_wasm.ports import Runner
from tests.fakes.runner import Annotated, RecordingRunner
from tests.fakes.runner_model import read_step


@dataclass
class View:
    """What a reader of the run's page sees."""

    annotations: list[Annotated] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""


class World(Protocol):
    runner: Runner

    def view(self) -> View: ...


class ActionsWorld:
    def __init__(self, folder: Path) -> None:
        self._stdout = io.StringIO()
        self._files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self._files.values():
            file.touch()
        environ = {"GITHUB_ACTIONS": "true", **{name: str(file) for name, file in self._files.items()}}
        self.runner: Runner = ActionsRunner(environ, stdout=self._stdout)

    def view(self) -> View:
        seen = read_step(
            self._stdout.getvalue(), files={name: file.read_bytes() for name, file in self._files.items()}
        )
        assert seen.problems == []
        shown = [
            Annotated(
                each.severity,
                each.message,
                each.properties.get("title", ""),
                each.properties.get("file"),
                int(each.properties["line"]) if "line" in each.properties else None,
            )
            for each in seen.annotations
        ]
        return View(shown, seen.outputs, seen.summary, "\n".join(seen.log))


class RecordingWorld:
    def __init__(self) -> None:
        self._recording = RecordingRunner()
        self.runner: Runner = self._recording

    def view(self) -> View:
        told = self._recording
        return View(told.annotations, told.outputs, told.summary.removesuffix("\n"), "\n".join(told.shown))


@pytest.fixture(params=["actions", "recording"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return ActionsWorld(tmp_path) if request.param == "actions" else RecordingWorld()


def test_annotations_are_shown_as_told(world: World) -> None:
    world.runner.annotate(
        "error", "900 KiB: 100% of it", title="Budget: raw, gzip", file="crates/a,b/src/lib.rs", line=3
    )
    world.runner.annotate("warning", "line one\nline two")
    world.runner.annotate("notice", "a name", file="ci-wasm.yml")
    assert world.view().annotations == [
        Annotated("error", "900 KiB: 100% of it", "Budget: raw, gzip", "crates/a,b/src/lib.rs", 3),
        Annotated("warning", "line one\nline two"),
        Annotated("notice", "a name", "", "ci-wasm.yml"),
    ]


def test_a_severity_that_there_is_not_is_a_bug(world: World) -> None:
    with pytest.raises(ValueError, match="'fatal'"):
        world.runner.annotate("fatal", "x")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "pass",
        "a=b",
        "x<<EOF\ny\nEOF",
        "\n",
        "a\r\nb\r",
        "\r",
        "   ",
        "naïve 🦀",
        "::error::x",
        "%0A",
        '{"a": 1}',
        "\t",
    ],
)
def test_outputs_are_any_text(world: World, value: str) -> None:
    world.runner.set_outputs({"verdict": value, "preview-url": "https://x.test/?a=1"})
    world.runner.set_outputs({"_later": value})
    assert world.view().outputs == {"verdict": value, "preview-url": "https://x.test/?a=1", "_later": value}


@pytest.mark.parametrize("name", ["", "1a", "a b", "a\nevil=1", "a=b", "a<<b", "é", "-a", "a\n"])
def test_a_name_that_could_make_another_output_is_a_bug(world: World, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an output"):
        world.runner.set_outputs({"fine": "1", name: "2"})
    assert world.view().outputs == {}


def test_summaries_follow_each_other(world: World) -> None:
    world.runner.add_summary("# One\n")
    world.runner.add_summary("Two")
    world.runner.add_summary("Three\n")
    assert world.view().summary.splitlines() == ["# One", "Two", "Three"]


def test_secrets_are_not_in_the_log(world: World) -> None:
    world.runner.mask(
        ["s3cret-token", "-----BEGIN KEY-----\nabcdefgh\n-----END KEY-----\n", "", "  \n", "100%:a,b"]
    )
    world.runner.log("The token is s3cret-token.")
    world.runner.log_foreign("one: abcdefgh\ntwo: 100%:a,b\n")
    log = world.view().log
    assert "The token is ***." in log
    for secret in ("s3cret-token", "abcdefgh", "100%:a,b"):
        assert secret not in log


def test_logs_are_shown(world: World) -> None:
    world.runner.log("Building crates/add")
    world.runner.log_foreign("   Compiling add v0.1.0\nerror[E0425]: cannot find value `x`\n")
    log = world.view().log
    for words in ("Building crates/add", "Compiling add v0.1.0", "error[E0425]: cannot find value `x`"):
        assert words in log
