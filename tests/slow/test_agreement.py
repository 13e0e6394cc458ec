"""Agreement: call edges with wabt's, own and retained sizes with twiggy's, on modules that people ship.

The analyzer reads with wasmparser and finds dominators by Lengauer and Tarjan's algorithm. Here wabt reads, and
Cooper, Harvey and Kennedy's algorithm finds them. Then twiggy, which reads with wasmparser, too, but counts other things: each
number that it prints is the analyzer's and what the rules of `EXTRA_EDGES` and `tests/slow/twiggy.py` say, for every
function.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import wasmtime

from bench.corpus import CorpusUnavailable, read_corpus
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import Function
from tests.slow import twiggy
from tests.slow.dominators import retained_sizes
from tests.slow.function_names import read_names
from tests.slow.twiggy import Item, Printed, leb_length, run_twiggy
from tests.slow.wabt import ROOT, Code, Headers, read_code, read_headers

pytestmark = [pytest.mark.slow, pytest.mark.network]

# No function has this index.
HOST = -1
WAT = ROOT / "tests" / "wat" / "edges.wat"
# Edges that the analyzer has and twiggy has not, by the rule that twiggy lacks. Modules that people ship have none of
# them so far, so one of our own shows each.
EXTRA_EDGES: dict[str, dict[str, int]] = {
    "edges.wat": {
        "return_call": 1,
        "ref.func": 1,
        "global": 1,
        "imported table": 1,
        "passive segment": 1,
        "segment of expressions": 1,
    },
    "sql.js": {},
    "photon": {},
    "resvg": {},
    "automerge": {},
    "matrix-crypto": {},
    "onnxruntime": {},
}


@dataclass(frozen=True)
class Case:
    """A module, and what wabt reads in it."""

    name: str
    path: Path
    headers: Headers
    code: Code


@pytest.fixture(scope="module", params=EXTRA_EDGES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    name = request.param
    if name == WAT.name:
        path = tmp_path_factory.mktemp("agreement") / "edges.wasm"
        path.write_bytes(wasmtime.wat2wasm(WAT.read_text(encoding="utf-8")))
    else:
        try:
            path = read_corpus()[name].path()
        except CorpusUnavailable as error:
            pytest.skip(str(error))
    return Case(name, path, read_headers(path), read_code(path))


def calls(code: Code) -> set[tuple[int, int]]:
    """The analyzer's edges: `call`, `return_call` and `ref.func`."""
    return code.references["call"] | code.references["return_call"] | code.references["ref.func"]


def entered(headers: Headers) -> list[int]:
    """The functions that a host or a table can reach, by the analyzer's rules."""
    exported = [index for kind, index in headers.exports if kind == "func"]
    listed = [index for segment in headers.elements if not segment.is_declared for index in segment.functions]
    return [*exported, *headers.start, *headers.held, *listed]


def body_sizes(headers: Headers) -> dict[int, int]:
    """As the analyzer counts them: with their size fields, which nobody pads here."""
    return {index: size + leb_length(size) for index, size in headers.sizes.items()}


def by_source(edges: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    graph: dict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        graph[source].append(target)
    return graph


def test_call_edges_are_those_that_wabt_reads(case: Case, edges_program: Path) -> None:
    done = subprocess.run([edges_program, case.path], capture_output=True, text=True, timeout=60, check=True)
    printed = [(int(source), int(target)) for source, target in map(str.split, done.stdout.splitlines())]

    assert len(printed) == len(set(printed))
    assert set(printed) == calls(case.code)
    assert len(printed) > (5000 if case.name != WAT.name else 5)


@pytest.fixture(scope="module")
def edges_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The analyzer's example `edges`, built for this machine."""
    manifest = ROOT / "analyzer" / "Cargo.toml"
    command = [
        "cargo",
        "build",
        "--quiet",
        "--locked",
        "--manifest-path",
        str(manifest),
        "--example",
        "edges",
    ]
    subprocess.run(command, timeout=600, check=True)
    return ROOT / "analyzer" / "target" / "debug" / "examples" / "edges"


@pytest.fixture(scope="module")
def functions(case: Case) -> dict[int, Function]:
    """What the analyzer says of each function."""
    module = WasmtimeModuleReader().read(case.path.read_bytes(), functions=None)
    return {function.index: function for function in module.largest}


def test_own_and_retained_sizes_are_what_another_algorithm_makes_of_another_reading(
    case: Case, functions: Mapping[int, Function]
) -> None:
    sizes = body_sizes(case.headers)
    retained = retained_sizes(by_source(calls(case.code)), entered(case.headers), sizes)

    assert {index: (function.size, function.retained) for index, function in functions.items()} == {
        index: (size, retained.get(index)) for index, size in sizes.items()
    }


def extra_edges(headers: Headers, code: Code) -> dict[str, set[tuple[int, int]]]:
    """The edges of `calls` and `entered` that twiggy does not have; those of the latter come from the host."""
    called = code.references["call"]
    elements = [segment for segment in headers.elements if not segment.is_declared]
    listed = {
        "passive segment": [each for each in elements if each.is_passive],
        "segment of expressions": [each for each in elements if each.has_expressions and not each.is_passive],
        "imported table": [each for each in elements if not (each.has_expressions or each.is_passive)],
    }
    roots: dict[str, list[int]] = {"global": headers.held}
    roots |= {
        rule: [index for each in segments for index in each.functions] for rule, segments in listed.items()
    }
    seen = {index for kind, index in twiggy.roots(headers) if kind == "func"}
    extra: dict[str, set[tuple[int, int]]] = {
        rule: {(HOST, index) for index in set(indices) - seen} for rule, indices in roots.items()
    }
    extra |= {rule: {*code.references[rule] - called} for rule in ("return_call", "ref.func")}
    return {rule: edges for rule, edges in extra.items() if edges}


def test_an_edge_that_twiggy_has_not_is_of_a_kind_that_it_does_not_know(case: Case) -> None:
    extra = extra_edges(case.headers, case.code)
    ours = calls(case.code) | {(HOST, index) for index in entered(case.headers)}
    theirs = {
        (source, target)
        for (_, source), items in twiggy.graph(case.headers, case.code).items()
        for kind, target in items
        if kind == "func"
    }
    theirs |= {(HOST, index) for kind, index in twiggy.roots(case.headers) if kind == "func"}

    assert {rule: len(edges) for rule, edges in extra.items()} == EXTRA_EDGES[case.name]
    assert theirs <= ours
    assert ours - theirs == set().union(*extra.values())


def test_each_size_that_twiggy_prints_is_ours_and_what_it_counts_besides(
    case: Case, functions: Mapping[int, Function]
) -> None:
    printed = run_twiggy(case.path)

    expected = expected_of_twiggy(case, functions, printed)

    assert expected == {name: printed.by_name[name] for name in expected}


def expected_of_twiggy(
    case: Case, functions: Mapping[int, Function], printed: Printed
) -> dict[str, list[tuple[int, int]]]:
    """Own and retained size of all functions, by the name that twiggy prints."""
    graph, roots = twiggy.graph(case.headers, case.code), twiggy.roots(case.headers)
    entries = twiggy.entry_sizes(case.headers)
    others = printed.own_sizes(case.headers) | twiggy.segment_sizes(case.headers)
    besides = retained_sizes(graph, roots, entries | others)
    retained = {("func", index): function.retained for index, function in functions.items()}
    if EXTRA_EDGES[case.name]:
        # Where the edges differ, ours cannot be compared: what theirs lead to can.
        own: dict[Item, int] = {("func", index): function.size for index, function in functions.items()}
        retained = {**dict.fromkeys(retained), **retained_sizes(graph, roots, own)}
    names, expected = read_names(case.path.read_bytes()), defaultdict(list)
    for index, function in functions.items():
        item = ("func", index)
        assert (item in besides) == (retained[item] is not None), f"garbage: {function.name}"
        shallow = function.size + entries[item]
        name = names.get(index, f"code[{index - case.headers.imported('func')}]".encode()).decode()
        # What twiggy cannot reach retains itself.
        expected[name].append(
            (shallow, (retained[item] or 0) + besides[item] if item in besides else shallow)
        )
    return {name: sorted(sizes) for name, sizes in expected.items()}
