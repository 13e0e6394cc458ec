"""Contracts: what a contract in ci-wasm.yml finds in a module, both written as people write them."""

from __future__ import annotations

import pytest
import yaml
from wasmtime import wat2wasm

from ci_wasm.config.entries import EntryReader
from ci_wasm.config.file import Problem
from ci_wasm.config.schema import ContractEntry
from ci_wasm.core.contract import contract_findings
from tests.modules import READER

ADD = '(func (export "add") (param i32 i32) (result i32) (i32.const 1))'
LOG = '(import "env" "log" (func (param i32)))'
SHIM = '(import "wbg" "__wbg_now_0123456789abcdef" (func (result f64)))'


@pytest.mark.parametrize(
    ("contract", "module", "found"),
    [
        # Exports and their signatures, in the text format's spelling.
        ("exports: {add: '(i32, i32) -> i32'}", ADD, []),
        ("exports: {add: '(i32, i32)->i32'}", ADD, []),
        ("exports: {add: '(i32, i32) -> i32'}", "", ["export-missing add"]),
        ("exports: {add: '(i32) -> i32'}", ADD, ["export-changed add"]),
        ("exports: {add: '(i32, i32) -> ()'}", ADD, ["export-changed add"]),
        ("exports: {f: '() -> (i32, i64)'}", '(func (export "f") (result i32 i64) unreachable)', []),
        ("exports: {f: '(externref) -> funcref'}", '(func (export "f") (param externref) (result funcref) unreachable)', []),
        ("exports: {f: '(v128) -> v128'}", '(func (export "f") (param v128) (result v128) unreachable)', []),
        # Kinds.
        ("exports: {x: '() -> ()'}", '(memory (export "x") 1)', ["export-changed x"]),
        ("exports: {x: memory}", '(table (export "x") 1 funcref)', ["export-changed x"]),
        ("exports: {x: table}", '(memory (export "x") 1)', ["export-changed x"]),
        ("exports: {x: global i32}", '(func (export "x"))', ["export-changed x"]),
        ("exports: {e: tag (i32)}", '(tag (export "e") (param i32))', []),
        ("exports: {e: tag (i64)}", '(tag (export "e") (param i32))', ["export-changed e"]),
        # Mutability.
        ("exports: {g: global i32}", '(global (export "g") i32 (i32.const 1))', []),
        ("exports: {g: global mut i32}", '(global (export "g") (mut i32) (i32.const 1))', []),
        ("exports: {g: global i32}", '(global (export "g") (mut i32) (i32.const 1))', ["export-changed g"]),
        ("exports: {g: global mut i32}", '(global (export "g") i32 (i32.const 1))', ["export-changed g"]),
        ("exports: {g: global i64}", '(global (export "g") i32 (i32.const 1))', ["export-changed g"]),
        # Limits of memories.
        ("exports: {m: memory}", '(memory (export "m") 17 99)', []),
        ("exports: {m: memory min<=17}", '(memory (export "m") 17)', []),
        ("exports: {m: memory min<=17}", '(memory (export "m") 18)', ["export-changed m"]),
        ("exports: {m: memory min>=17}", '(memory (export "m") 16)', ["export-changed m"]),
        ("exports: {m: memory min=17}", '(memory (export "m") 16)', ["export-changed m"]),
        ("exports: {m: memory max<=32}", '(memory (export "m") 1 32)', []),
        ("exports: {m: memory max<=32}", '(memory (export "m") 1 33)', ["export-changed m"]),
        ("exports: {m: memory max<=32}", '(memory (export "m") 1)', ["export-changed m"]),
        ("exports: {m: memory max=none}", '(memory (export "m") 1)', []),
        ("exports: {m: memory max=none}", '(memory (export "m") 1 2)', ["export-changed m"]),
        ("exports: {m: memory min<=1 max<=2}", '(memory (export "m") 1 3)', ["export-changed m"]),
        ("exports: {m: memory shared}", '(memory (export "m") 1 2 shared)', []),
        ("exports: {m: memory}", '(memory (export "m") 1 2 shared)', ["export-changed m"]),
        ("exports: {m: memory i64}", '(memory (export "m") i64 1)', []),
        ("exports: {m: memory}", '(memory (export "m") i64 1)', ["export-changed m"]),
        # Limits of tables.
        ("exports: {t: table}", '(table (export "t") 1 externref)', []),
        ("exports: {t: table funcref}", '(table (export "t") 1 externref)', ["export-changed t"]),
        ("exports: {t: table funcref min<=4}", '(table (export "t") 4 funcref)', []),
        ("exports: {t: table funcref min<=4}", '(table (export "t") 5 funcref)', ["export-changed t"]),
        ("exports: {t: table max<=8}", '(table (export "t") 1 9 funcref)', ["export-changed t"]),
        # Exact.
        ("exact: true", ADD, ["export-unlisted add"]),
        ("{exact: true, exports: {add: '(i32, i32) -> i32'}}", ADD, []),
        ("{exact: true, exports: {add: '(i32) -> i32'}}", ADD, ["export-changed add"]),
        ("exact: false", ADD, []),
        # Imports: none given allows all; globs, with a signature or without.
        ("{}", LOG, []),
        ("imports: []", LOG, ["import-unlisted env.log"]),
        ("imports: []", "", []),
        ("imports: [env.log]", LOG, []),
        ("imports: ['env.*']", LOG, []),
        ("imports: ['*.log']", LOG, []),
        ("imports: ['env.lo?']", LOG, []),
        ("imports: [env.lo]", LOG, ["import-unlisted env.log"]),
        ("imports: ['env.log: (i32) -> ()']", LOG, []),
        ("imports: ['env.*: (i32) -> ()']", LOG, []),
        ("imports: ['env.log: (i64) -> ()']", LOG, ["import-unlisted env.log"]),
        ("imports: ['env.log: (i64) -> ()', 'env.log: (i32) -> ()']", LOG, []),
        ("imports: ['wbg.__wbg_now_*: () -> f64']", SHIM, []),
        ("imports: ['wbg.__wbg_now_*: () -> f32']", SHIM, ["import-unlisted wbg.__wbg_now_0123456789abcdef"]),
        ("imports: ['env.m: memory min<=2']", '(import "env" "m" (memory 2))', []),
        ("imports: ['env.m: memory min<=2']", '(import "env" "m" (memory 3))', ["import-unlisted env.m"]),
        ("imports: ['env.t: table funcref']", '(import "env" "t" (table 1 externref))', ["import-unlisted env.t"]),
        ("imports: ['env.g: global i32']", '(import "env" "g" (global (mut i32)))', ["import-unlisted env.g"]),
        # Features.
        ("forbid-features: [threads]", "(memory 1 2 shared)", ["feature-forbidden threads"]),
        ("forbid-features: [threads]", "(memory 1 2)", []),
        ("forbid-features: [memory64, simd]", "(memory i64 1) (func (drop (i32x4.splat (i32.const 1))))",
         ["feature-forbidden memory64", "feature-forbidden simd"]),
        ("forbid-features: [sign-extensions]", "(func (drop (i32.extend8_s (i32.const 1))))", ["feature-forbidden sign-extensions"]),
        # All at once.
        ("{exports: {gone: '() -> ()'}, imports: [], exact: true, forbid-features: [threads]}", f"{LOG} (memory 1 2 shared) {ADD}",
         ["export-missing gone", "export-unlisted add", "import-unlisted env.log", "feature-forbidden threads"]),
    ],
)  # fmt: skip
def test_what_a_contract_finds(contract: str, module: str, found: list[str]) -> None:
    problems: list[Problem] = []
    written = {key.replace("-", "_"): value for key, value in yaml.safe_load(contract).items()}
    promised = EntryReader((), problems).contract(ContractEntry(**written))

    findings = contract_findings(promised, READER.read(bytes(wat2wasm(f"(module {module})"))))

    assert problems == []
    assert [f"{finding.kind.value} {finding.subject}" for finding in findings] == found
