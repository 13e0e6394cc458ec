"""What the runner's limits, missing files and a terminal make of it."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from ci_wasm.adapters.actions_runner import ActionsRunner, cut, make_runner
from ci_wasm.adapters.terminal_runner import TerminalRunner
from ci_wasm.errors import ForgeError
from tests.fakes.runner_model import Seen, read_step

MIB = 1024 * 1024


class Step:
    """A step with its files; `seen` is what the runner makes of it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.stdout = io.StringIO()
        self.output, self.summary = folder / "output", folder / "summary"
        self.output.touch()
        self.summary.touch()
        files = {"GITHUB_OUTPUT": str(self.output), "GITHUB_STEP_SUMMARY": str(self.summary)}
        self.environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/github/workspace", **files, **environ}
        self.runner = ActionsRunner(self.environ, stdout=self.stdout)

    def seen(self) -> Seen:
        files = {"GITHUB_OUTPUT": self.output.read_bytes(), "GITHUB_STEP_SUMMARY": self.summary.read_bytes()}
        return read_step(self.stdout.getvalue(), files=files)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


class TestAnnotations:
    @pytest.mark.parametrize(
        ("file", "shown"),
        [
            ("src/lib.rs", "src/lib.rs"),
            ("./src//lib.rs", "src/lib.rs"),
            ("/github/workspace/src/lib.rs", "src/lib.rs"),
            ("src/größe.rs", "src/größe.rs"),
            ("../lib.rs", None),
            ("src/../../lib.rs", None),
            ("/etc/passwd", None),
            ("/github/workspace/../x", None),
            ("/github/workspace-2/x", None),
            ("a\nb", None),
        ],
    )
    def test_a_file_is_relative_to_the_repository_or_part_of_the_message(
        self, step: Step, file: str, shown: str | None
    ) -> None:
        step.runner.annotate("error", "wrong", file=file, line=7)
        [annotation] = step.seen().annotations
        assert annotation.properties.get("file") == shown
        assert annotation.properties.get("line") == ("7" if shown else None)
        assert annotation.message == ("wrong" if shown else f"{file}: wrong")

    def test_beyond_ten_of_a_kind_they_are_in_the_log(self, step: Step) -> None:
        for number in range(1, 13):
            step.runner.annotate("warning", f"number {number}", title="T", file="a.rs", line=number)
        step.runner.annotate("error", "another kind")
        seen = step.seen()
        assert [each.message for each in seen.annotations] == [
            *(f"number {n}" for n in range(1, 11)),
            "another kind",
        ]
        assert seen.log.count("GitHub shows 10 annotations of a kind per step; here are more warnings:") == 1
        assert "| warning: a.rs:12: T: number 12" in seen.log

    @pytest.mark.parametrize("letter", ["x", "é", "🦀"])
    def test_a_long_message_is_cut_where_the_reader_sees_it(self, step: Step, letter: str) -> None:
        step.runner.annotate("error", letter * 5000, title=letter * 300)
        [annotation] = step.seen().annotations
        assert annotation.message.endswith(f"{letter}…")
        assert 4094 <= len(annotation.message.encode("utf-16-le")) / 2 <= 4096
        assert annotation.properties["title"].endswith(f"{letter}…")

    def test_control_characters_do_not_get_in(self, step: Step) -> None:
        step.runner.annotate("error", "\x1b[31mred\x1b[0m\u202e\x00!", title="one\ntwo")
        [annotation] = step.seen().annotations
        assert (annotation.message, annotation.properties["title"]) == ("red!", "one two")


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("🦀🦀", 4, "🦀🦀"), ("🦀🦀", 3, "🦀…"), ("a🦀", 2, "a…")],
)
def test_cut_counts_utf16_units_and_parts_no_pair(text: str, units: int, expected: str) -> None:
    assert cut(text, units) == expected


class TestFiles:
    def test_without_an_output_file_the_values_are_in_the_log(self, tmp_path: Path) -> None:
        """The log command that was used before command files is disabled: it would lose them."""
        step = Step(tmp_path, GITHUB_OUTPUT="")
        step.runner.set_outputs({"verdict": "pass\n::error::x", "url": "https://x.test"})
        seen = step.seen()
        assert (seen.outputs, seen.problems) == ({}, [])
        assert [each.name for each in seen.commands] == ["stop-commands", "stop-commands"]
        assert {"| output verdict = pass", "| output url = https://x.test"} <= set(seen.log)

    def test_without_a_summary_file_it_is_in_the_log(self, tmp_path: Path) -> None:
        step = Step(tmp_path, GITHUB_STEP_SUMMARY="")
        step.runner.add_summary("# Fine\n\n| a |\n")
        assert step.seen().log[1:-1] == ["| # Fine", "| ", "| | a |"]

    def test_a_file_that_cannot_be_written_is_an_error_with_a_cure(self, tmp_path: Path) -> None:
        step = Step(tmp_path, GITHUB_OUTPUT=str(tmp_path / "no" / "folder"))
        with pytest.raises(ForgeError, match="GITHUB_OUTPUT cannot be written: No such file or directory"):
            step.runner.set_outputs({"a": "b"})

    def test_half_a_character_is_replaced(self, step: Step) -> None:
        step.runner.set_outputs({"name": os.fsdecode(b"a\xffb")})
        step.runner.add_summary(os.fsdecode(b"a\xffb"))
        step.runner.log_foreign(os.fsdecode(b"a\xffb"))
        assert step.seen().outputs == {"name": "a?b"}

    def test_what_is_in_the_file_stays(self, step: Step) -> None:
        step.output.write_text("earlier=1\n")
        step.runner.set_outputs({"later": "2"})
        assert step.seen().outputs == {"earlier": "1", "later": "2"}


class TestSummary:
    def test_up_to_a_mebibyte_it_is_whole(self, step: Step) -> None:
        step.runner.add_summary("é" * (MIB // 2 - 1) + "\n")
        assert step.seen().problems == []
        assert "cut" not in step.seen().summary

    def test_beyond_it_is_cut_at_a_line_with_a_note(self, step: Step) -> None:
        step.runner.add_summary("# Head\n")
        step.runner.add_summary("<details><summary>é</summary>\n\n" + "| é | row |\n" * 200_000)
        seen = step.seen()
        lines = seen.summary.splitlines()
        assert seen.problems == []
        assert step.summary.stat().st_size <= MIB
        assert step.summary.stat().st_size > MIB - 1000
        assert set(lines[5:-4]) == {"| é | row |"}
        assert lines[-3:] == [
            "</details>",
            "",
            "_The rest of this summary is cut: GitHub shows 1 MiB of a step._",
        ]

    def test_after_that_nothing_makes_it_too_large(self, step: Step) -> None:
        for _ in range(5):
            step.runner.add_summary("x\n" * 300_000)
        assert step.seen().problems == []
        assert step.summary.stat().st_size <= MIB

    def test_one_endless_line_leaves_the_note(self, step: Step) -> None:
        step.runner.add_summary("x" * 2 * MIB)
        assert (
            step.seen().summary.strip() == "_The rest of this summary is cut: GitHub shows 1 MiB of a step._"
        )


class TestLog:
    def test_foreign_lines_are_quoted_and_stopped(self, step: Step) -> None:
        step.runner.log_foreign("ok\n\n  ::error::x\r##[add-mask]y\x1b[1mbold\x1b[0m\x1b]0;title\x07!\n")
        lines = step.stdout.getvalue().splitlines()
        token = lines[0].removeprefix("::stop-commands::")
        assert re.fullmatch("[0-9a-f]{32}", token)
        assert lines[1:] == ["| ok", "| ", "|   ::error::x", "| ##\\[add-mask]ybold!", f"::{token}::"]

    def test_each_time_with_another_token(self, step: Step) -> None:
        for _ in range(5):
            step.runner.log_foreign("x")
        assert len(set(re.findall("stop-commands::(.*)", step.stdout.getvalue()))) == 5

    def test_nothing_is_nothing(self, step: Step) -> None:
        step.runner.log_foreign("")
        assert step.stdout.getvalue() == ""

    def test_groups_fold(self, step: Step) -> None:
        with step.runner.group("Build\n::error::x"):
            step.runner.log("inside")
        assert step.seen().log == ["##[group]Build ::error::x", "inside", "##[endgroup]"]

    def test_secrets_come_out_once_for_the_runner_alone(self, step: Step) -> None:
        step.runner.mask(["a\nb", "", " "])
        assert step.stdout.getvalue() == "::add-mask::a%0Ab\n"

    def test_a_stream_that_knows_ascii_alone_loses_letters_and_not_the_step(self) -> None:
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding="ascii")
        runner = ActionsRunner({}, stdout=stream)
        runner.log("größe 🦀")
        runner.log_foreign("größe")
        TerminalRunner(stdout=stream).log("größe")
        assert raw.getvalue().decode("ascii").splitlines()[0] == "gr??e ?"


class TestTerminal:
    def run(self) -> tuple[TerminalRunner, io.StringIO]:
        stdout = io.StringIO()
        runner = make_runner({}, stdout)
        assert isinstance(runner, TerminalRunner)
        return runner, stdout

    def test_it_speaks_to_a_person(self) -> None:
        runner, stdout = self.run()
        runner.annotate("error", "too large", title="Budget", file="ci-wasm.yml", line=3)
        runner.annotate("warning", "close")
        runner.set_outputs({"verdict": "fail"})
        runner.add_summary("# Fine\n")
        runner.log_foreign("one\n\x1b[31mtwo\x1b[0m\n")
        with runner.group("Build"):
            runner.log("")
        assert stdout.getvalue().splitlines() == [
            "error: ci-wasm.yml:3: Budget: too large",
            "warning: close",
            "output verdict = fail",
            "| one",
            "| two",
            "Build",
            "",
        ]

    def test_secrets_are_replaced_and_never_printed(self) -> None:
        runner, stdout = self.run()
        runner.mask(["s3cret", "one\ntwo", ""])
        runner.log("s3cret, two")
        runner.log_foreign("s3cret\none")
        runner.set_outputs({"a": "s3cret"})
        assert stdout.getvalue() == "***, ***\n| ***\n| ***\noutput a = ***\n"
        assert "s3cret" not in repr(runner)


@pytest.mark.parametrize(
    ("value", "kind"), [("true", ActionsRunner), ("", TerminalRunner), ("false", TerminalRunner)]
)
def test_the_environment_chooses(value: str, kind: type[object]) -> None:
    assert isinstance(make_runner({"GITHUB_ACTIONS": value}, io.StringIO()), kind)
