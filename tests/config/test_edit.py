"""Edits of ci-wasm.yml: what is meant changes, and every other byte stays."""

from __future__ import annotations

import difflib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.config.edit import Uneditable, Value, replace_scalars, scalar_text, set_entry
from ci_wasm.config.file import Path, parse_document

MAX: Path = ("workers", 0, "budgets", 0, "max")
WORKER: Path = ("workers", 0)
CONTRACT: dict[str, Value] = {"exports": {"add": "(i32) -> i32"}, "imports": ["env.f: () -> ()"]}


def budget(written: str) -> str:
    return f"# top\nworkers:\n  - wasm: a.wasm   # here\n    budgets: [{{metric: raw, max: {written}}}, {{metric: gzip, max: 9}}]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("900 KiB", "815 KiB"),
        ("'900 KiB'", "'815 KiB'"),
        ('"900 KiB"', '"815 KiB"'),
        ("1024", "815 KiB"),
        ("900 KiB ", "815 KiB "),
    ],
)
def test_a_scalar_is_replaced_in_its_quotes(before: str, after: str) -> None:
    assert replace_scalars(parse_document("f", budget(before)), {MAX: "815 KiB"}) == budget(after)


@pytest.mark.parametrize(
    "text",
    [
        budget("&limit 900 KiB"),
        budget("!!str 900"),
        "workers: [{budgets: [{max: &m 900}, {max: *m}]}]",
        "base: &b {max: 900}\nworkers: [{budgets: [{<<: *b}]}]",
        "base: &b {max: 900}\nworkers: [{budgets: [*b]}]",
        "workers:\n- budgets:\n  - max: >\n      900\n",
        "workers: []",
    ],
)
def test_a_scalar_that_stands_elsewhere_too_is_left_alone(text: str) -> None:
    with pytest.raises(Uneditable):
        scalar_text(parse_document("f", text), MAX)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A new key of a block mapping, behind the last one and its comment; what follows stays.
        (
            "workers:\n  - wasm: a.wasm   # here\n\n  # the next\n  - wasm: b.wasm\n",
            ('workers:\n  - wasm: a.wasm   # here\n    contract:\n      exports:\n        "add": "(i32) -> i32"\n'
            '      imports:\n        - "env.f: () -> ()"\n\n  # the next\n  - wasm: b.wasm\n'),
        ),
        # Without a line end, and with another one.
        (
            "workers:\n- wasm: a.wasm",
            ('workers:\n- wasm: a.wasm\n  contract:\n    exports:\n      "add": "(i32) -> i32"\n    imports:\n'
            '      - "env.f: () -> ()"'),
        ),
        (
            "workers:\r\n- wasm: a.wasm\r\n",
            ('workers:\r\n- wasm: a.wasm\r\n  contract:\r\n    exports:\r\n      "add": "(i32) -> i32"\r\n    imports:\r\n'
            '      - "env.f: () -> ()"\r\n'),
        ),
        # In a flow mapping.
        (
            "workers: [{wasm: a.wasm}]  # one",
            'workers: [{wasm: a.wasm, contract: {exports: {"add": "(i32) -> i32"}, imports: ["env.f: () -> ()"]}}]  # one',
        ),
        (
            "workers:\n  - {wasm: a.wasm, }\n",
            'workers:\n  - {wasm: a.wasm, contract: {exports: {"add": "(i32) -> i32"}, imports: ["env.f: () -> ()"]}, }\n',
        ),
        # Behind a text of several lines.
        (
            "workers:\n- wasm: a.wasm\n  cache-control: |\n    x\n\nbaseline: {}\n",
            ('workers:\n- wasm: a.wasm\n  cache-control: |\n    x\n\n  contract:\n    exports:\n      "add": "(i32) -> i32"\n'
            '    imports:\n      - "env.f: () -> ()"\nbaseline: {}\n'),
        ),
        # One that is there already: in its own style.
        (
            "workers:\n- contract: {exports: {old: () -> ()}}  # keep\n  wasm: a.wasm\n",
            'workers:\n- contract: {exports: {"add": "(i32) -> i32"}, imports: ["env.f: () -> ()"]}  # keep\n  wasm: a.wasm\n',
        ),
        (
            "workers:\n- contract:\n    # why\n    exports:\n      old: () -> ()\n  # next\n  wasm: a.wasm\n",
            ('workers:\n- contract:\n    exports:\n      "add": "(i32) -> i32"\n    imports:\n      - "env.f: () -> ()"\n'
            "  # next\n  wasm: a.wasm\n"),
        ),
    ],
)  # fmt: skip
def test_an_entry_is_set_where_it_belongs(before: str, after: str) -> None:
    text = set_entry(parse_document("f", before), WORKER, "contract", CONTRACT)

    assert text == after
    assert yaml.safe_load(text)["workers"][0]["contract"] == CONTRACT


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {wasm: a}\nworkers: [*b]",
        "base: &b {contract: {}}\nworkers:\n- <<: *b\n  wasm: a\n",
        "c: &c {}\nworkers:\n- contract: *c\n",
    ],
)
def test_what_stands_elsewhere_is_not_set(text: str) -> None:
    with pytest.raises(Uneditable, match="elsewhere"):
        set_entry(parse_document("f", text), WORKER, "contract", CONTRACT)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
COMMENTS = st.sampled_from(["", "  # why: 5 KB", "   "])
SIZES = st.sampled_from(["900 KiB", "1024", "'2 MB'", '"3 GiB"'])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file as people write them: block and flow, comments, blank lines, either line end."""
    step = " " * draw(st.integers(0, 3))
    lines = ["# The limits of this project"] if draw(st.booleans()) else []
    lines.append("workers:")
    for worker in range(draw(st.integers(1, 3))):
        lines.append(f"{step}- wasm: {worker}.wasm{draw(COMMENTS)}")
        if draw(st.booleans()):
            lines.append(f"{step}  contract: {{exact: true, exports: {{f: () -> ()}}}}{draw(COMMENTS)}")
        lines.append(f"{step}  budgets:")
        for flow in draw(st.lists(st.booleans(), min_size=1, max_size=3)):
            size, comment = draw(SIZES), draw(COMMENTS)
            one = [f"{step}    - {{metric: raw, max: {size}, ratchet: true}}{comment}"]
            many = [f"{step}    - metric: raw", "", f"{step}      max: {size}{comment}"]
            lines += one if flow else many
    lines += draw(st.lists(st.sampled_from(["", "# end"]), max_size=2))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n"]))


@given(files(), st.data())
def test_whatever_the_file_only_the_ceilings_change(text: str, data: st.DataObject) -> None:
    document = parse_document("f", text)
    paths = [path for path in document.places if path[-1:] == ("max",)]
    chosen = data.draw(st.lists(st.sampled_from(paths), min_size=1, unique=True))

    edited = replace_scalars(document, dict.fromkeys(chosen, "7 B"))

    pieces, position = [], 0
    for path in sorted(chosen, key=lambda each: document.places[each].start):
        place = document.places[path]
        quote = text[place.start] if text[place.start] in "'\"" else ""
        pieces += [text[position : place.start], f"{quote}7 B{quote}"]
        position = place.end
    assert edited == "".join([*pieces, text[position:]])
    again = parse_document("f", edited)
    assert {path for path in paths if at(again.value, path) == "7 B"} == set(chosen)


@given(files(), st.dictionaries(NAMES, st.just("() -> ()"), max_size=3), st.lists(NAMES, max_size=3))
def test_whatever_the_file_only_the_contract_changes(
    text: str, exports: dict[str, str], imports: list[str]
) -> None:
    document = parse_document("f", text)
    contract: dict[str, Value] = {"exports": exports, "imports": imports}

    edited = set_entry(document, WORKER, "contract", contract)

    expected = yaml.safe_load(text)
    expected["workers"][0]["contract"] = contract
    assert yaml.safe_load(edited) == expected
    removed = [
        line for line in difflib.ndiff(text.splitlines(), edited.splitlines()) if line.startswith("- ")
    ]
    assert all("contract" in line for line in removed)


def at(value: object, path: Path) -> object:
    for step in path:
        value = value[step]  # type: ignore[index]
    return value
