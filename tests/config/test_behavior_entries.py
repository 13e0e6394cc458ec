"""Behavior entries: bad input under `behavior`, `stubs` and `startup` gets one clear line with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_resolve import MANIFEST, problems


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("workers: [{crate: ., behavior: [{args: [1]}]}]", "workers[0].behavior[0]: `call` is missing"),
        (
            "workers: [{crate: ., behavior: [{call: f, args: [1, x]}]}]",
            "behavior[0].args[1]: `x` is no number",
        ),
        ("workers: [{crate: ., behavior: [{call: f, expect: [true]}]}]", "`true` was found"),
        ("workers: [{crate: ., behavior: [{call: f, ulp: 1}]}]", "`ulp` is a distance from `expect`"),
        (
            "workers: [{crate: ., behavior: [{call: f, ulp: -1, expect: [1]}]}]",
            "a number from 0 on is needed",
        ),
        ("workers: [{crate: ., behavior: [{call: f, trap: div}]}]", "unknown trap `div`; "),
        ("workers: [{crate: ., behavior: [{call: f, trap: unreachabel}]}]", "did you mean `unreachable`?"),
        (
            "workers: [{crate: ., behavior: [{call: f, trap: true, max-fuel: 1}]}]",
            "that must `trap` is not known",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, args: [], input: a}]}]",
            "or bytes (`input`, `output`), not both",
        ),
        ("workers: [{crate: ., behavior: [{call: f, output: a}]}]", "`output` needs `input`"),
        (
            "workers: [{crate: ., behavior: [{call: f, input: {}}]}]",
            "nothing is given; it takes one of text, hex",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, input: {hex: a, text: a}}]}]",
            "`text` and `hex` is given",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, input: {hex: xx}}]}]",
            "input.hex: this is no hex: non-hexadec",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, input: {base64: a}}]}]",
            "input.base64: this is no base64: ",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, input: {file: no.bin}}]}]",
            "input.file: `no.bin` is no file",
        ),
        ("workers: [{crate: ., behavior: [{call: f, input: {file: ../x}}]}]", "`../x` leaves the repository"),
        (
            "workers: [{crate: ., behavior: [{call: f, input: {fiel: x}}]}]",
            "unknown key `fiel`; did you mean `file`?",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, input: 5}]}]",
            "a text or a mapping is needed, `5` was found",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, input: a, output: {sha256: ab}}]}]",
            "64 hexadecimal digits",
        ),
        ("workers: [{crate: ., behavior: [{sequence: []}]}]", "a sequence needs at least one call"),
        ("workers: [{crate: ., behavior: [{sequence: [{args: [1]}]}]}]", "sequence[0]: `call` is missing"),
        ("workers: [{crate: ., behavior: [{sequence: [{call: f}], call: g}]}]", "both `call` and `sequence`"),
        (
            "workers: [{crate: ., behavior: [{sequence: [{call: f}], args: [1]}]}]",
            "behavior[0].args: this belongs to",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, name: a}, {sequence: [{call: g, name: a}]}]}]",
            "behavior[1].sequence[0].name: another call is named `a` already",
        ),
        ("workers: [{crate: ., stubs: {env.f: x}}]", "stubs.env.f: `x` is no number; a stub gives"),
        ("workers: [{crate: ., stubs: {env.f: [1]}}]", "or nothing is needed, a list was found"),
        ("workers: [{crate: ., startup: {max-fuel: -1}}]", "startup.max-fuel: a number from 0 on is needed"),
        (
            "workers: [{crate: ., behavior: [{call: add}], budgets: [{metric: fuel.ad, max: 1}]}]",
            "no call under `behavior` is named `ad`; did you mean `add`?",
        ),
        ("workers: [{crate: ., behavior: [{call: f, args: [[1]]}]}]", "a list was found"),
        (
            "workers: [{crate: ., behavior: [{call: f, max-fuel: -1}]}]",
            "a number from 0 on is needed, `-1` was found",
        ),
        (
            "workers: [{crate: ., behavior: [{call: f, trap: true, expect: [1]}]}]",
            "gives no result to `expect`",
        ),
    ],
)
def test_bad_input_gets_one_clear_line(tmp_path: Path, config: str, expected: str) -> None:
    (tmp_path / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")

    assert expected in problems(tmp_path, config)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    config = "workers:\n  - crate: .\n    behavior:\n      - {call: f, args: [x], trap: div}\n      - {output: a}\n"

    text = problems(tmp_path, config)

    for place in (
        ":4:26: workers[0].behavior[0].args[0]",
        ":4:30: workers[0].behavior[0].trap",
        ":5:9: workers[0].behavior[1]: `call` is missing",
        ":5:9: workers[0].behavior[1]: bytes come out",
    ):
        assert place in text
