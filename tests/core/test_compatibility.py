"""Compatibility: what an old and a new module mean for callers and hosts, written as the modules themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from ci_wasm.config.entries import EntryReader
from ci_wasm.config.file import Problem
from ci_wasm.config.schema import ContractEntry
from ci_wasm.core.compatibility import compatibility_changes
from ci_wasm.core.contract import FEATURES
from tests.modules import READER

ROOT = Path(__file__).resolve().parents[2]
F = '(func (export "f") (param i32))'


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (F, F, []),
        # Exports: callers.
        (F, "", ["major export f"]),
        ("", F, ["minor export f"]),
        (F, '(func (export "f") (param i64))', ["major export f"]),
        (F, '(func (export "f") (param i32) (result i32) i32.const 1)', ["major export f"]),
        (F, '(global (export "f") i32 (i32.const 1))', ["major export f"]),
        (F, '(func (export "g") (param i32))', ["major export f", "minor export g"]),
        ('(global (export "g") i32 (i32.const 1))', '(global (export "g") i64 (i64.const 1))', ["major export g"]),
        ('(table (export "t") 1 funcref)', '(table (export "t") 2 5 funcref)', ["minor export t"]),
        ('(table (export "t") 1 funcref)', '(table (export "t") 1 externref)', ["major export t", "minor feature reference-types"]),
        ('(memory (export "m") 1)', '(memory (export "m") 2)', ["minor export m"]),
        ('(memory (export "m") 1 2)', '(memory (export "m") 1)', ["minor export m"]),
        ('(memory (export "m") 1)', '(memory (export "m") 1 2)', ["minor export m"]),
        ('(memory (export "m") 1 2)', '(memory (export "m") 1 2 shared)', ["major export m", "major feature threads"]),
        ('(memory (export "m") 1)', '(memory (export "m") i64 1)', ["major export m", "major feature memory64"]),
        ('(memory (export "x") 1)', '(table (export "x") 1 funcref)', ["major export x"]),
        ('(global (export "g") i32 (i32.const 1))', '(global (export "g") (mut i32) (i32.const 1))', ["major export g", "minor feature mutable-globals"]),
        ('(global (export "g") (mut i32) (i32.const 1))', '(global (export "g") i32 (i32.const 1))', ["major export g", "minor feature mutable-globals"]),
        ('(tag (export "e") (param i32))', '(tag (export "e") (param i64))', ["major export e"]),
        # What is not exported is nobody's.
        ('(func (param i32))', '(func (param i64))', []),
        ('(memory 1)', '(memory 9)', []),
        # Imports: hosts.
        ("", '(import "env" "f" (func))', ["major import env.f"]),
        ('(import "env" "f" (func))', "", ["minor import env.f"]),
        ('(import "env" "f" (func))', '(import "env" "f" (func (param i32)))', ["major import env.f"]),
        ('(import "env" "f" (func))', '(import "env" "f" (global i32))', ["major import env.f"]),
        ('(import "env" "f" (func))', '(import "wasi" "f" (func))', ["major import wasi.f", "minor import env.f"]),
        ('(import "env" "g" (global i32))', '(import "env" "g" (global (mut i32)))', ["major import env.g", "minor feature mutable-globals"]),
        ('(import "env" "g" (global i32))', '(import "env" "g" (global i64))', ["major import env.g"]),
        ('(import "e" "t" (table 1 funcref))', '(import "e" "t" (table 2 funcref))', ["major import e.t"]),
        ('(import "e" "t" (table 2 4 funcref))', '(import "e" "t" (table 1 5 funcref))', ["minor import e.t"]),
        ('(import "env" "m" (memory 1))', '(import "env" "m" (memory 2))', ["major import env.m"]),
        ('(import "env" "m" (memory 2))', '(import "env" "m" (memory 1))', ["minor import env.m"]),
        ('(import "env" "m" (memory 1 2))', '(import "env" "m" (memory 1 3))', ["minor import env.m"]),
        ('(import "env" "m" (memory 1 2))', '(import "env" "m" (memory 1))', ["minor import env.m"]),
        ('(import "env" "m" (memory 1))', '(import "env" "m" (memory 1 2))', ["major import env.m"]),
        ('(import "env" "m" (memory 2 4))', '(import "env" "m" (memory 1 3))', ["major import env.m"]),
        ('(import "e" "t" (table 2 funcref))', '(import "e" "t" (table 1 externref))', ["major import e.t", "minor feature reference-types"]),
        # Features: what a host must know.
        ("(memory 1)", "(memory i64 1)", ["major feature memory64"]),
        ("(memory i64 1)", "(memory 1)", ["minor feature memory64"]),
        ("(memory 1 2)", "(memory 1 2 shared)", ["major feature threads"]),
        ("(func)", "(func (drop (i32x4.splat (i32.const 1))))", ["minor feature simd"]),
        ("(memory 1)", "(memory 1) (memory 1)", ["major feature multi-memory"]),
        ("(func)", "(func (drop (i32.extend8_s (i32.const 1))))", ["minor feature sign-extensions"]),
    ],
)  # fmt: skip
def test_what_a_change_weighs(old: str, new: str, changes: list[str]) -> None:
    base, head = (READER.read(bytes(wat2wasm(f"(module {fields})"))) for fields in (old, new))

    found = compatibility_changes(base, head)

    assert [f"{change.weight.value} {change.side.value} {change.name}" for change in found] == changes


def test_the_features_are_those_of_the_analyzer() -> None:
    source = (ROOT / "analyzer" / "src" / "features.rs").read_text(encoding="utf-8")

    assert tuple(re.findall(r'^\s+[A-Z]\w+ "([a-z0-9-]+)"', source, re.MULTILINE)) == FEATURES


def test_a_feature_that_does_not_exist_cannot_be_forbidden() -> None:
    problems: list[Problem] = []

    EntryReader((), problems).contract(ContractEntry(forbid_features=["thread", "simd", "zzz"]))

    assert [problem.path[-1] for problem in problems] == [0, 2]
    assert "did you mean `threads`?" in problems[0].message


def test_of_a_module_with_javascript_of_its_own_features_alone_count() -> None:
    old = '(import "./x_bg.js" "f_1a2b" (func)) (func (export "g"))'
    new = '(import "./x_bg.js" "f_3c4d" (func)) (func (export "h")) (memory i64 1)'
    base, head = (READER.read(bytes(wat2wasm(f"(module {fields})"))) for fields in (old, new))

    assert [change.name for change in compatibility_changes(base, head, is_alone=False)] == ["memory64"]
    assert len(compatibility_changes(base, head)) == 5
