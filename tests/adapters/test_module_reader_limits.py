"""The module reader's sandbox: broken and hostile modules, its limits, and the analyzer that it runs."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import wasmtime

from ci_wasm.adapters.analyzer import ANALYZER, precompile
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.core.module import Module, ModuleError, Section
from ci_wasm.errors import ArtifactError, ToolMissingError
from tests.hostile import bomb, functions, module, nested

MUTATIONS = 1000


@pytest.fixture(scope="module")
def reader() -> WasmtimeModuleReader:
    return WasmtimeModuleReader()


@pytest.mark.parametrize("text", [b"", b"\0", b"(module)", b"#!/bin/sh\n", b"\0asm\x02\0\0\0"])
def test_what_is_no_module(reader: WasmtimeModuleReader, text: bytes) -> None:
    module = reader.read(text)
    assert module.layout == "unknown"
    assert module.error is not None
    assert module.sections == ((Section("unreadable", 0, len(text)),) if text else ())


def test_a_component(reader: WasmtimeModuleReader) -> None:
    wasm = bytes(wasmtime.wat2wasm('(component (core module (func (export "f"))))'))
    module = reader.read(wasm)
    assert (module.layout, module.error, module.exports) == ("component", None, ())
    assert [section.name for section in module.sections[:2]] == ["preamble", "core-module"]
    assert sum(section.size for section in module.sections) == len(wasm)


def test_a_truncated_module(reader: WasmtimeModuleReader) -> None:
    wasm = functions(100)
    module = reader.read(wasm[:-10])
    # One byte is left of the body that is cut; it begins where the error is.
    assert module.error == ModuleError("unexpected end-of-file", len(wasm) - 11, "code")
    assert module.functions.count == 100


def mutate(wasm: bytes, seed: int) -> bytes:
    """Some bytes changed, taken out or put in; every other time near the start, where most structure is."""
    rng = random.Random(seed)  # noqa: S311  a failure can be repeated
    mutant = bytearray(wasm)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(mutant) if seed % 2 else 12_000)
        match rng.randrange(4):
            case 0:
                mutant[at] ^= 1 << rng.randrange(8)
            case 1:
                mutant[at] = rng.choice((0, 0x7F, 0x80, 0xFF))
            case 2:
                del mutant[at : at + rng.randint(1, 2000)]
            case _:
                mutant[at:at] = rng.randbytes(rng.randint(1, 40))
    return bytes(mutant)


def test_a_thousand_mutations_of_a_real_module(reader: WasmtimeModuleReader) -> None:
    wasm = ANALYZER.read_bytes()

    def read(seed: int) -> Module | ArtifactError:
        mutant = mutate(wasm, seed)
        try:
            # Checking bodies takes most of the time and makes no difference once the structure is broken.
            module = reader.read(mutant, check_bodies=seed % 8 == 0)
        except ArtifactError as error:
            return error
        assert sum(section.size for section in module.sections) == module.size == len(mutant)
        return module

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(read, range(MUTATIONS)))
    broken = [answer for answer in answers if isinstance(answer, Module) and answer.error]
    assert len(broken) > MUTATIONS // 2
    assert all(0 <= module.error.offset <= module.size for module in broken if module.error)


HOSTILE = {
    "a million empty functions": functions(1_000_000),
    "deep nesting": nested(200_000),
    "names that print forever": module(
        [b"\0\x0b"] * 50, [f"{bomb(12)}.llvm.{number}".encode() for number in range(50)]
    ),
}


@pytest.mark.parametrize("wasm", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_modules_are_read(reader: WasmtimeModuleReader, wasm: bytes) -> None:
    module = reader.read(wasm)
    assert (module.size, module.error) == (len(wasm), None)
    assert all(len(function.name.encode()) <= 1024 for function in module.largest)


def test_the_memory_limit_holds() -> None:
    wasm = functions(300_000)
    assert WasmtimeModuleReader(memory_limit=64 << 20).read(wasm).functions.count == 300_000
    with pytest.raises(ArtifactError, match="needs more than 4 MiB of memory") as caught:
        WasmtimeModuleReader(memory_limit=4 << 20).read(wasm)
    assert caught.value.exit_code == 5
    with pytest.raises(ArtifactError, match="needs more than 1 MiB of memory"):
        WasmtimeModuleReader(memory_limit=1 << 20).read(b"")


def test_the_deadline_holds() -> None:
    with pytest.raises(ArtifactError, match=r"took longer than 0\.001 s"):
        WasmtimeModuleReader(deadline=0.001).read(functions(1_000_000))


def test_one_reader_serves_many_modules_at_once(reader: WasmtimeModuleReader) -> None:
    counts = [1, 10, 1000, 100_000] * 5
    with ThreadPoolExecutor(4) as threads:
        modules = threads.map(lambda count: reader.read(functions(count)), counts)
    assert [module.functions.count for module in modules] == counts


def test_a_missing_analyzer_has_a_cure(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match=r"there is no analyzer\.wasm") as caught:
        WasmtimeModuleReader(tmp_path / "analyzer.wasm").read(b"")
    assert "make setup" in caught.value.cure


def test_the_compiled_analyzer_is_kept_beside_it(tmp_path: Path) -> None:
    analyzer = tmp_path / "analyzer.wasm"
    analyzer.write_bytes(ANALYZER.read_bytes())
    stale = tmp_path / "analyzer-0123456789abcdef.cwasm"
    stale.write_bytes(b"of another build")
    compiled = precompile(analyzer)
    assert sorted(tmp_path.iterdir()) == sorted([analyzer, compiled])
    assert WasmtimeModuleReader(analyzer).read(functions(3)).functions.count == 3


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x7fELF", None])
def test_a_compiled_analyzer_that_does_not_fit_is_not_used(tmp_path: Path, content: bytes | None) -> None:
    """None stands for the code of an engine with other settings."""
    analyzer = tmp_path / "analyzer.wasm"
    analyzer.write_bytes(bytes(wasmtime.wat2wasm(STUB)))
    if content is None:
        content = bytes(wasmtime.Module(wasmtime.Engine(), analyzer.read_bytes()).serialize())
    precompile(analyzer).write_bytes(content)
    with pytest.raises(ArtifactError, match="an error of its own"):
        WasmtimeModuleReader(analyzer).read(b"")


# An analyzer that compiles at once and divides by zero: what it does proves that it is the one that runs.
STUB = """
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 0)
  (func (export "analyze") (param i32 i32) (result i64) (i64.div_u (i64.const 1) (i64.const 0))))
"""
