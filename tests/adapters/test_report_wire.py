"""Stored reports: what was written comes back, and what is none is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_wasm.adapters.report_wire import decode_report, read_report
from ci_wasm.core.module import ExternType, FuncType, GlobalType, MemoryType, TableType, TagType
from ci_wasm.core.pattern import SignatureError, parse_type
from ci_wasm.core.report import Report
from ci_wasm.core.signature import print_type
from ci_wasm.errors import ConfigError
from ci_wasm.render.comment import render_comment
from ci_wasm.render.report_json import render_json
from tests import reports

STORED = {
    name: getattr(reports, name)
    for name in (
        "passing",
        "broken",
        "trend",
        "upgraded",
        "called",
        "refused",
        "no_base",
        "does_not_build",
        "ended_early",
    )
}


@pytest.mark.parametrize("report", [pytest.param(make(), id=name) for name, make in STORED.items()])
def test_a_report_comes_back_as_it_was(report: Report) -> None:
    again = decode_report(render_json(report).encode(), Path("report.json"))

    assert again == report
    assert render_comment(again) == render_comment(report)


def test_hostile_names_come_back_as_they_were() -> None:
    report = reports.hostile("<script>`|\u202e")
    assert decode_report(render_json(report).encode(), Path("report.json")) == report


def test_keys_of_another_version_do_no_harm() -> None:
    plain = json.loads(render_json(reports.passing()))
    plain["later"] = {"anything": []}
    plain["workers"][0]["head"]["value"]["later"] = 1
    del plain["workers"][0]["history"]

    assert decode_report(json.dumps(plain).encode(), Path("report.json")) == reports.passing()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("workers",), {}, "`report.workers` should be of type list, and is dict"),
        (("workers", 0, "name"), 7, "`report.workers[0].name` should be of type str, and is int"),
        (("workers", 0, "head", "state"), "lost", "`report.workers[0].head.state` is 'lost'"),
        (
            ("workers", 0, "head", "value", "sizes", "raw"),
            True,
            "`report.workers[0].head.value.sizes.raw` should be",
        ),
        (
            ("verdict", "conclusion"),
            "maybe",
            "`report.verdict.conclusion`: 'maybe' is not a valid Conclusion",
        ),
        (("subject",), {}, "`report.subject`: Missing required argument"),
        (("schema",), 2, "is no report of this version: it has the schema 2, and ci-wasm reads schema 1"),
        (("schema",), None, "is no report of this version: it has no schema"),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(
    path: tuple[str | int, ...], value: object, message: str
) -> None:
    plain = json.loads(render_json(reports.passing()))
    part = plain
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value

    with pytest.raises(ConfigError) as caught:
        decode_report(json.dumps(plain).encode(), Path("kept/report.json"))
    assert str(caught.value).startswith("kept/report.json ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b"{}", b'"report"'])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)

    with pytest.raises(ConfigError):
        read_report(file)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        read_report(Path("nowhere/report.json"))


@pytest.mark.parametrize(
    "type_",
    [
        FuncType(("i32", "(ref null 3)"), ("i64",)),
        GlobalType("f32", mutable=True),
        TagType(("i32",), ()),
        MemoryType(1, None),
        MemoryType(1, 2, shared=True, memory64=True, page_size=1),
        TableType("funcref", 1, 2),
        TableType("(ref 7)", 0, None, table64=True, shared=True),
    ],
)
def test_types_come_back_from_their_line(type_: ExternType) -> None:
    assert parse_type(print_type(type_)) == type_


@pytest.mark.parametrize("line", ["memory", "memory min<=17", "table funcref max=3", "memory min=1"])
def test_a_pattern_is_no_type(line: str) -> None:
    with pytest.raises(SignatureError):
        parse_type(line)
