"""Judging: contracts, compatibility, growth, budgets and the verdict, as tables."""

from __future__ import annotations

import pytest

from ci_wasm.core.budget import Budget, BudgetState, judge_budget
from ci_wasm.core.compatibility import Side, Weight, breaking_findings, compatibility_changes
from ci_wasm.core.contract import Breaking, Contract, ExportRule, ImportRule, contract_findings
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.module import FuncType, GlobalType, MemoryType, Module, TableType
from ci_wasm.core.pattern import parse_pattern
from ci_wasm.core.verdict import Conclusion, make_verdict
from ci_wasm.outcome import Failed
from tests.modules import ADD, MEMORY, grow, make_measured, make_module

LOG = FuncType(("i32", "i32"), ())


def contract(**exports: str) -> Contract:
    return Contract(exports=tuple(ExportRule(name, parse_pattern(text)) for name, text in exports.items()))


@pytest.mark.parametrize(
    ("promised", "module", "expected"),
    [
        (contract(add="(i32, i32) -> i32"), make_module(exports={"add": ADD}), []),
        (contract(add="(i32, i32) -> i32"), make_module(), [FindingKind.EXPORT_MISSING]),
        (contract(add="(i32) -> i32"), make_module(exports={"add": ADD}), [FindingKind.EXPORT_CHANGED]),
        (
            contract(memory="memory min<=16"),
            make_module(exports={"memory": MEMORY}),
            [FindingKind.EXPORT_CHANGED],
        ),
        (contract(memory="memory min<=17"), make_module(exports={"memory": MEMORY}), []),
        (Contract(exact=True), make_module(exports={"add": ADD}), [FindingKind.EXPORT_UNLISTED]),
        (Contract(imports=None), make_module(imports={"env.log": LOG}), []),
        (Contract(imports=()), make_module(imports={"env.log": LOG}), [FindingKind.IMPORT_UNLISTED]),
        (Contract(imports=(ImportRule("env.*"),)), make_module(imports={"env.log": LOG}), []),
        (
            Contract(imports=(ImportRule("env.log", parse_pattern("() -> ()")),)),
            make_module(imports={"env.log": LOG}),
            [FindingKind.IMPORT_UNLISTED],
        ),
        (
            Contract(forbid_features=("threads",)),
            make_module(features=("threads",)),
            [FindingKind.FEATURE_FORBIDDEN],
        ),
        (Contract(forbid_features=("threads",)), make_module(features=("simd",)), []),
    ],
)
def test_contracts(promised: Contract, module: Module, expected: list[FindingKind]) -> None:
    findings = contract_findings(promised, module)

    assert [finding.kind for finding in findings] == expected
    assert all(finding.severity is Severity.ERROR for finding in findings)


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (make_module(exports={"add": ADD}), make_module(exports={"add": ADD}), []),
        (make_module(exports={"add": ADD}), make_module(), [(Side.EXPORT, "add", Weight.MAJOR)]),
        (make_module(), make_module(exports={"add": ADD}), [(Side.EXPORT, "add", Weight.MINOR)]),
        (
            make_module(exports={"add": ADD}),
            make_module(exports={"add": FuncType(("i64", "i64"), ("i64",))}),
            [(Side.EXPORT, "add", Weight.MAJOR)],
        ),
        # The kind changed under the same name.
        (
            make_module(exports={"x": ADD}),
            make_module(exports={"x": MEMORY}),
            [(Side.EXPORT, "x", Weight.MAJOR)],
        ),
        (
            make_module(exports={"g": GlobalType("i32", False)}),
            make_module(exports={"g": GlobalType("i32", True)}),
            [(Side.EXPORT, "g", Weight.MAJOR)],
        ),
        # An exported memory or table may have other limits: its users ask for its size.
        (
            make_module(exports={"memory": MemoryType(16, None)}),
            make_module(exports={"memory": MemoryType(17, 20)}),
            [(Side.EXPORT, "memory", Weight.MINOR)],
        ),
        (
            make_module(exports={"memory": MemoryType(16, None)}),
            make_module(exports={"memory": MemoryType(16, None, shared=True)}),
            [(Side.EXPORT, "memory", Weight.MAJOR)],
        ),
        # An imported one may not: its host makes it.
        (
            make_module(imports={"env.memory": MemoryType(16, None)}),
            make_module(imports={"env.memory": MemoryType(17, None)}),
            [(Side.IMPORT, "env.memory", Weight.MAJOR)],
        ),
        (
            make_module(exports={"table": TableType("funcref", 1, 1)}),
            make_module(exports={"table": TableType("externref", 1, 1)}),
            [(Side.EXPORT, "table", Weight.MAJOR)],
        ),
        (make_module(), make_module(imports={"env.log": LOG}), [(Side.IMPORT, "env.log", Weight.MAJOR)]),
        (make_module(imports={"env.log": LOG}), make_module(), [(Side.IMPORT, "env.log", Weight.MINOR)]),
        (make_module(), make_module(features=("simd",)), [(Side.FEATURE, "simd", Weight.MINOR)]),
        (make_module(), make_module(features=("threads",)), [(Side.FEATURE, "threads", Weight.MAJOR)]),
        (make_module(features=("threads",)), make_module(), [(Side.FEATURE, "threads", Weight.MINOR)]),
    ],
)
def test_compatibility(base: Module, head: Module, expected: list[tuple[Side, str, Weight]]) -> None:
    changes = compatibility_changes(base, head)

    assert [(change.side, change.name, change.weight) for change in changes] == expected


@pytest.mark.parametrize(
    ("breaking", "already", "expected"),
    [
        (Breaking.FAIL, frozenset(), [Severity.ERROR]),
        (Breaking.WARN, frozenset(), [Severity.WARNING]),
        (Breaking.ALLOW, frozenset(), []),
        (Breaking.FAIL, frozenset({"add"}), []),
    ],
)
def test_breaking_changes_weigh_as_the_contract_says(
    breaking: Breaking, already: frozenset[str], expected: list[Severity]
) -> None:
    changes = compatibility_changes(make_module(exports={"add": ADD}), make_module())

    findings = breaking_findings(changes, breaking, already)

    assert [finding.severity for finding in findings] == expected


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("raw", 1000),
        ("gzip", 500),
        ("section.code", 700),
        ("section.absent", 0),
        ("function.max", 400),
        ("crate.core", 600),
        ("crate.absent", 0),
        ("exports", 1),
        ("imports", 1),
        ("data", 0),
    ],
)
def test_the_value_of_a_metric(metric: str, expected: int) -> None:
    module = make_module(
        exports={"add": ADD},
        imports={"env.log": LOG},
        sections={"code": 700},
        functions={"big": 400, "small": 10},
        crates={"core": 600, None: 3},
    )

    assert judge_budget(Budget(metric, maximum=0), None, make_measured(1000, module)).measured == expected


def test_a_crates_budget_needs_names() -> None:
    result = judge_budget(Budget("crate.core", maximum=1), None, make_measured(10, make_module(named=False)))

    assert result.state is BudgetState.UNMEASURED


def test_growth_matches_by_name_and_groups_duplicates() -> None:
    base = make_measured(1000, make_module(functions={"a#1": 10, "a#2": 20, "kept": 5, "gone": 7}))
    head = make_measured(1100, make_module(functions={"a#1": 15, "a#2": 35, "kept": 5, "new": 9}))

    growth = grow(base, head)

    assert [(delta.name, delta.before, delta.after) for delta in growth.functions] == [
        ("a", 30, 50),
        ("new", None, 9),
        ("gone", 7, None),
    ]


def test_growth_does_not_invent_what_a_cut_list_hides() -> None:
    base = make_measured(1000, make_module(functions={"big": 50, "small": 5}, listed=1))
    head = make_measured(1000, make_module(functions={"big": 60, "small": 5}))

    growth = grow(base, head)

    assert [delta.name for delta in growth.functions] == ["big"]


def test_growth_of_a_module_without_names_tells_no_functions() -> None:
    base = make_measured(1000, make_module(functions={"function[1]": 50}, named=False))
    head = make_measured(1010, make_module(functions={"function[1]": 60}, named=False))

    assert grow(base, head).functions == ()


def finding(severity: Severity) -> Finding:
    return Finding(FindingKind.BUDGET_EXCEEDED, severity, "raw", f"an {severity.value}", "do")


DEPLOY = Failed("deploy", 6, "refused", "cure", "page")
BUILD = Failed("build", 4, "does not compile", "cure", "page")
ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


@pytest.mark.parametrize(
    ("severities", "failures", "exit_code", "headline"),
    [
        ([], [], 0, "all budgets and contracts hold"),
        ([NOTICE], [], 0, "all budgets and contracts hold"),
        ([WARNING], [], 0, "all budgets and contracts hold; an warning"),
        ([ERROR], [], 1, "an error"),
        ([ERROR, ERROR, WARNING], [], 1, "an error, and 1 more"),
        ([ERROR], [DEPLOY], 6, "refused"),
        ([], [BUILD, DEPLOY], 4, "does not compile"),
    ],
)
def test_the_verdict(
    severities: list[Severity], failures: list[Failed], exit_code: int, headline: str
) -> None:
    verdict = make_verdict([finding(severity) for severity in severities], failures)

    assert (verdict.exit_code, verdict.headline) == (exit_code, headline)
    assert (verdict.conclusion is Conclusion.SUCCESS) == (exit_code == 0)
