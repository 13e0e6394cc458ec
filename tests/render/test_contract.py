"""Contract: what is written for a module holds for it, and for the next build of it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from ci_wasm.config.entries import EntryReader
from ci_wasm.config.file import Problem
from ci_wasm.config.schema import ContractEntry
from ci_wasm.core.contract import Contract, contract_findings
from ci_wasm.core.module import Module
from ci_wasm.render.contract import render_contract
from tests.modules import ADD, READER, make_module

SHIM = '(import "__wbindgen_placeholder__" "__wbg_log_{}" (func (param i32 i32)))'


def read(wat: str) -> Module:
    return READER.read(bytes(wat2wasm(wat)))


def contract_of(module: Module, *, exact: bool = True) -> Contract:
    written = yaml.safe_load(render_contract(module))["contract"]
    problems: list[Problem] = []
    contract = EntryReader((), problems).contract(ContractEntry(**written, exact=exact))
    assert problems == []
    return contract


@pytest.mark.parametrize(
    "wat",
    [
        "(module)",
        '(module (func (export "f") (param i32 i64) (result f32 f64) unreachable))',
        '(module (memory (export "memory") 17) (table (export "t") 3 3 funcref))',
        '(module (import "env" "memory" (memory 1 4 shared)) (global (export "g") (mut i64) (i64.const 1)))',
        '(module (import "env" "a: b*[c]?" (func)) (import " m" "n " (func)))',
        '(module (memory (export "m") i64 1 2) (func (export "r") (param externref funcref)))',
        f"(module {SHIM.format('0123456789abcdef')})",
    ],
)
def test_a_written_contract_holds_for_its_module(wat: str) -> None:
    module = read(wat)

    assert contract_findings(contract_of(module), module) == []


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        (SHIM.format("0123456789abcdef"), SHIM.format("fedcba9876543210"), True),
        (SHIM.format("0123456789abcdef"), '(import "env" "log" (func (param i32 i32)))', False),
        ('(memory (export "m") 17)', '(memory (export "m") 16)', True),
        ('(memory (export "m") 17)', '(memory (export "m") 18)', False),
        ('(table (export "t") 3 funcref)', '(table (export "t") 9 funcref)', True),
        ('(table (export "t") 3 funcref)', '(table (export "t") 3 externref)', False),
        ('(func (export "f"))', '(func (export "f") (param i32))', False),
        ('(func (export "f"))', "", False),
        ("", '(func (export "f"))', False),
    ],
)
def test_what_it_says_of_the_next_build(before: str, after: str, holds: bool) -> None:
    contract = contract_of(read(f"(module {before})"))

    assert (contract_findings(contract, read(f"(module {after})")) == []) == holds


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_can_be_written(name: str) -> None:
    module = make_module(exports={name: ADD}, imports={f"env.{name}": ADD})

    assert contract_findings(contract_of(module), module) == []
