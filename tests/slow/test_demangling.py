"""Demangling: every function name of the corpus against rustc-demangle's own command.

What differs, differs by one of these rules, and no name by anything else:

- a name of more than 1,024 bytes is cut between two characters, and ends in an ellipsis;
- a symbol of more than 1,536 bytes is not demangled, since what it costs is not bounded (analyzer/src/demangle.rs);
- a name that wasm-bindgen demangled keeps its hash or its disambiguators there; the analyzer drops them, so that it reads
  as if the module still had the symbol;
- what LLVM (`.1`) and wasm-bindgen (` externref shim`) append to a symbol stays behind the name, as rustfilt leaves it.
"""

from __future__ import annotations

import re

import pytest

from bench.corpus import CorpusUnavailable, read_corpus
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from tests.slow.function_names import named_module, read_names
from tests.slow.rustfilt import demangle

pytestmark = [pytest.mark.slow, pytest.mark.network]

MOST_BYTES, MOST_MANGLED = 1024, 1536
# How many names each has at least: symbols, and what wasm-bindgen wrote in their place.
MANGLED = {"biome-before": 26_000, "biome": 25_000}
DEMANGLED = {
    "photon": 2_000,
    "automerge": 4_000,
    "matrix-crypto": 11_000,
    "ruffle": 13_000,
    "ruffle-other": 13_000,
}
HASH = re.compile(r"::h[0-9a-f]{16}(?=(\.\d+)?( \w+ shim)*$)")
DISAMBIGUATOR = re.compile(r"(?<=\w)\[[0-9a-f]+\](?=::)")
# Exported by the names that C++ gave them; the modules have no name section.
ITANIUM = {"duckdb-mvp": 38_000, "duckdb-eh": 37_000}


def read(name: str) -> bytes:
    try:
        return read_corpus()[name].path().read_bytes()
    except CorpusUnavailable as error:
        pytest.skip(str(error))


def told(wasm: bytes) -> dict[int, str]:
    """What the analyzer calls each function."""
    module = WasmtimeModuleReader().read(wasm, functions=None)
    assert module.error is None
    return {function.index: function.name for function in module.largest}


def symbols_and_names(wasm: bytes) -> tuple[list[str], list[str]]:
    """What the module itself calls its functions, of those that it names, and what the analyzer does."""
    names = read_names(wasm)
    named = {index: name for index, name in told(wasm).items() if index in names}
    return [names[index].decode() for index in named], list(named.values())


def cut(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    return name.encode()[: MOST_BYTES - len("…".encode())].decode(errors="ignore") + "…"


def expected(symbols: list[str]) -> list[str]:
    """rustfilt's names, by the rules above."""
    names = demangle(symbols, hashes=False)
    return [
        cut(symbol if len(symbol) > MOST_MANGLED else name)
        for symbol, name in zip(symbols, names, strict=True)
    ]


@pytest.mark.parametrize("name", MANGLED)
def test_a_symbol_reads_as_rustfilt_prints_it(name: str) -> None:
    symbols, names = symbols_and_names(read(name))

    assert sum(symbol.startswith(("_ZN", "_R")) for symbol in symbols) >= MANGLED[name]
    assert names == expected(symbols)


@pytest.mark.parametrize("name", MANGLED)
def test_what_wasm_bindgen_makes_of_a_symbol_reads_as_the_symbol(name: str) -> None:
    symbols = [symbol for symbol in symbols_and_names(read(name))[0] if len(symbol) <= MOST_MANGLED]
    written = demangle(symbols, hashes=True)

    assert sum(one != other for one, other in zip(written, symbols, strict=True)) >= MANGLED[name]
    functions = told(named_module([text.encode() for text in written]))
    assert [functions[index] for index in range(len(written))] == expected(symbols)


@pytest.mark.parametrize("name", DEMANGLED)
def test_a_name_that_wasm_bindgen_demangled_loses_its_hashes_and_nothing_else(name: str) -> None:
    symbols, names = symbols_and_names(read(name))
    bare = [DISAMBIGUATOR.sub("", HASH.sub("", text)) for text in symbols]

    assert sum(one != other for one, other in zip(bare, symbols, strict=True)) >= DEMANGLED[name] * 9 // 10
    assert names == [cut(text) for text in bare]
    # There is nothing left that rustc-demangle would know.
    assert expected(bare) == names


@pytest.mark.parametrize("name", ITANIUM)
def test_a_cpp_name_is_left_as_it_is(name: str) -> None:
    module = WasmtimeModuleReader().read(read(name), functions=None)
    exported = {export.name for export in module.exports}
    functions = [function for function in module.largest if function.name.startswith("_Z")]

    assert len(functions) >= ITANIUM[name]
    assert {function.name for function in functions} <= exported
    assert {(function.symbol, function.crate) for function in functions} == {(None, None)}
    assert expected([function.name for function in functions]) == [function.name for function in functions]
