"""Workerd's configuration: what is written, and that nothing in it can be more than data. Program -> files, text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.adapters.shim_source import read_shim_source
from ci_wasm.adapters.workerd_config import (
    ModuleKind,
    Program,
    ProgramModule,
    config_text,
    is_shim,
    quote,
    write_program,
)

MAIN = ProgramModule("index.js", ModuleKind.ES_MODULE, b"export default {};")


def test_what_is_installed_is_readable_by_nobody_else(tmp_path: Path) -> None:
    write_program(Program((MAIN,), "2026-07-01", text_bindings={"KEY": "secret"}), tmp_path / "deep" / "p")

    assert (tmp_path / "deep" / "p").stat().st_mode & 0o777 == 0o700


def test_names_of_modules_never_become_paths(tmp_path: Path) -> None:
    hostile = ProgramModule("../../evil.js", ModuleKind.TEXT, b"x")

    write_program(Program((MAIN, hostile), "2026-07-01"), tmp_path / "in" / "p")

    assert sorted(path.name for path in (tmp_path / "in" / "p").iterdir()) == [
        "cache.js",
        "config.capnp",
        "module-0",
        "module-1",
        "outside.js",
    ]
    assert [path.name for path in tmp_path.rglob("evil*")] == []


def test_a_program_that_asks_nobody_has_no_network_and_no_cache(tmp_path: Path) -> None:
    write_program(Program((MAIN,), "2026-07-01", has_outside=False), tmp_path / "p")

    config = (tmp_path / "p" / "config.capnp").read_text()
    assert 'globalOutbound = "nothing"' in config
    assert "outside" not in config
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["config.capnp", "module-0"]


def test_the_shim_of_raw_modules_is_known_by_its_bytes() -> None:
    assert is_shim(read_shim_source().encode())
    assert not is_shim(MAIN.content)


@given(st.text())
def test_a_quoted_text_is_one_ascii_literal(text: str) -> None:
    quoted = quote(text)

    assert quoted.isascii()
    assert quoted.isprintable()
    inner = quoted[1:-1].encode()
    assert inner.decode("unicode_escape").encode("latin-1").decode() == text.encode(
        "utf-16", "surrogatepass"
    ).decode("utf-16", "replace")
    assert (quoted[0], quoted[-1], '"' in quoted[1:-1].replace("\\x22", "")) == ('"', '"', False)


def test_the_configuration_of_a_program_without_bindings_is_plain() -> None:
    assert 'esModule = embed "module-0"' in config_text(Program((MAIN,), "2026-07-01"))
