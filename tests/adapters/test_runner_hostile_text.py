"""Hostile text: whatever a crate or a compiler says, the runner obeys nothing that we did not mean."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_wasm.adapters.actions_runner import ActionsRunner
from ci_wasm.adapters.log_text import harmless, plain
from tests.fakes.runner_model import REGISTERED, Seen, parse_new, parse_old, read_step

_PIECES = [
    "::",
    "##[",
    "##",
    "#",
    "[",
    "]",
    ":",
    "add-mask",
    "error",
    "warning file=x,line=1",
    "set-env name=PATH",
    "set-output name=verdict",
    "stop-commands",
    "endgroup",
    "x",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\xa0",
    "\u2028",
    "\u3000",
    "\x1b[31m",
    "\x1b[",
    "\x1b]0;t\x07",
    "\x1b]",
    "\x1b",
    "\x9b",
    "\x00",
    "\xad",
    "͏",
    "\u200b",
    "\u2060",
    "️",
    "\ufeff",
    "\u202e",
    "%0A",
    "%3A%3A",
    "%25",
    ",",
    ";",
    "=",
    "<<",
    "EOF",
    "ghadelimiter_",
    "evil=1",
    "`",
    "é",
    "🦀",
    "\\",
]
hostile = st.lists(
    st.sampled_from([*_PIECES, "##[error]", "::error::", "::add-mask::"]) | st.text(max_size=4), max_size=14
).map("".join)
names = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_-]{0,20}\Z")
_numbers = itertools.count()
many = settings(max_examples=150, deadline=None)


class Step:
    """One step; `seen` is what the runner makes of it. Its files are made when they are first written."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            name: folder / f"{name}-{next(_numbers)}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        self.stdout = io.StringIO()
        self.runner = ActionsRunner(
            {name: str(file) for name, file in self.files.items()}, stdout=self.stdout
        )

    def seen(self) -> Seen:
        written = {name: file.read_bytes() for name, file in self.files.items() if file.exists()}
        return read_step(self.stdout.getvalue(), files=written)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("steps")


def commands(seen: Seen) -> list[str]:
    assert seen.problems == []
    return [command.name for command in seen.commands]


@many
@given(hostile)
@example("\r::add-mask::x")
@example("##\x00[error]x")
@example("#\x1b[m#[error]x")
@example("\u2028::error::x")
def test_a_foreign_text_is_text(folder: Path, text: str) -> None:
    step = Step(folder)
    step.runner.log_foreign(text)
    step.runner.annotate("notice", "ours")
    seen = step.seen()
    assert commands(seen) == ([] if text == "" or plain(text) == "" else ["stop-commands"]) + ["notice"]
    assert [each.message for each in seen.annotations] == ["ours"]


@many
@given(hostile)
@example("x ##[add-mask]y")
@example("\u2003::error::x")
def test_not_one_line_of_it_is_a_command_by_itself(text: str) -> None:
    """The stop-commands around it are a second lock, not the only one."""
    for line in harmless(text):
        assert parse_new(line, set(REGISTERED)) is None
        assert parse_old(line, set(REGISTERED)) is None
        assert not set("\r\n\x1b\x00\u202e\u200b") & set(line)


@many
@given(hostile)
@example("x ##[add-mask]y")
@example("\u2003::error::x")
def test_a_line_of_ours_that_carries_a_foreign_name_is_no_command(folder: Path, text: str) -> None:
    step = Step(folder)
    step.runner.log(text)
    assert commands(step.seen()) == []


@many
@given(
    st.sampled_from(["error", "warning", "notice"]),
    hostile,
    hostile,
    hostile | st.none(),
    st.integers(1, 9999) | st.none(),
)
@example("error", "##[", "", "\n\x1b[", None)
def test_an_annotation_is_one_annotation(
    folder: Path, severity: str, message: str, title: str, file: str | None, line: int | None
) -> None:
    step = Step(folder)
    step.runner.annotate(severity, message, title=title, file=file, line=line)
    seen = step.seen()
    assert commands(seen) == [severity]
    [annotation] = seen.annotations
    assert annotation.message.endswith(plain(message))
    assert not set("\r\x1b\x00\u202e\u200b") & set(
        annotation.message + "".join(annotation.properties.values())
    )
    assert set(annotation.properties) <= {"title", "file", "line"}
    assert ".." not in annotation.properties.get("file", "").split("/")
    assert not annotation.properties.get("file", "").startswith("/")


@many
@given(st.dictionaries(names, hostile, max_size=4))
def test_outputs_come_back_as_they_were(folder: Path, outputs: dict[str, str]) -> None:
    step = Step(folder)
    step.runner.set_outputs(outputs)
    seen = step.seen()
    assert seen.outputs == outputs
    assert commands(seen) == []


@many
@given(st.lists(hostile, max_size=3))
def test_a_summary_is_no_command_and_no_output(folder: Path, texts: list[str]) -> None:
    step = Step(folder)
    for text in texts:
        step.runner.add_summary(text)
    seen = step.seen()
    assert commands(seen) == []
    assert seen.outputs == {}


@many
@given(st.lists(hostile, max_size=4))
def test_a_secret_is_one_mask(folder: Path, secrets: list[str]) -> None:
    step = Step(folder)
    step.runner.mask(secrets)
    seen = step.seen()
    told = [secret for secret in secrets if secret.strip()]
    assert commands(seen) == ["add-mask"] * len(told)
    assert [command.data for command in seen.commands] == told


@many
@given(hostile)
def test_a_group_is_one_group(folder: Path, title: str) -> None:
    step = Step(folder)
    with step.runner.group(title):
        pass
    assert commands(step.seen()) == ["group", "endgroup"]


class TestTheReader:
    """The independent reader itself: cases taken from the runner's own tests and documentation."""

    @pytest.mark.parametrize(
        ("line", "name", "data", "properties"),
        [
            ("::error file=a.rs,line=3::wrong", "error", "wrong", {"file": "a.rs", "line": "3"}),
            ("  \u2003::warning title=,file=::x", "warning", "x", {}),
            ("::ERROR::x", "ERROR", "x", {}),
            ("::add-mask::a%0Ab%25", "add-mask", "a\nb%", {}),
            ("::debug a=%3A%2C::%3A", "debug", "%3A", {"a": ":,"}),
            ("text ##[error a=1;b=2]x%5D%3B", "error", "x];", {"a": "1", "b": "2"}),
            ("::unknown::##[warning]y", "warning", "y", {}),
        ],
    )
    def test_commands(self, line: str, name: str, data: str, properties: dict[str, str]) -> None:
        known = set(REGISTERED)
        command = parse_new(line, known) or parse_old(line, known)
        assert command is not None
        assert (command.name, command.data, command.properties) == (name, data, properties)

    @pytest.mark.parametrize(
        "line", ["error::x", "x ::error::y", "::error:x", ":: error::x", "#[error]x", "##[errors]x"]
    )
    def test_no_commands(self, line: str) -> None:
        assert parse_new(line, set(REGISTERED)) is None
        assert parse_old(line, set(REGISTERED)) is None

    def test_a_stopped_step_obeys_nothing_until_its_token(self) -> None:
        seen = read_step(
            "::stop-commands::tok3n-123\n::error::a\n##[add-mask]b\n::stop-commands::x\n"
            "::TOK3N-123::\n::error::c\n"
        )
        assert [each.message for each in seen.annotations] == ["c"]
        assert seen.masks == {"tok3n-123"}

    @pytest.mark.parametrize("token", ["", "error", "pause-logging"])
    def test_a_token_that_is_no_token_stops_nothing(self, token: str) -> None:
        seen = read_step(f"::stop-commands::{token}\n::error::a\n")
        assert (len(seen.problems), len(seen.annotations)) == (1, 1)

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("a=1\n\nb==2\n", {"a": "1", "b": "=2"}),
            ("a<<E\nx\ny\nE\nb=1", {"a": "x\ny", "b": "1"}),
            ("a<<E\nE\n", {"a": ""}),
            ("a<<E\n\nE\n", {"a": ""}),
            ("a=x<<E\n", {"a": "x<<E"}),
            ("a<<E\nx\r\nE", {"a": "x\r"}),
        ],
    )
    def test_files(self, text: str, values: dict[str, str]) -> None:
        assert read_step("", files={"GITHUB_OUTPUT": text.encode()}).outputs == values

    @pytest.mark.parametrize("text", ["a\n", "a<<\n", "<<E\nE\n", "a<<E\nx\n", "a<<E\nx\nE\r\n", "a<<E\nx"])
    def test_files_that_fail_the_step(self, text: str) -> None:
        assert len(read_step("", files={"GITHUB_OUTPUT": text.encode()}).problems) == 1

    def test_both_streams_count(self) -> None:
        assert len(read_step("::error::a\n", "::error::b\n").annotations) == 2
