"""Rust tools: which program is taken, which is refused, and what the log says of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_wasm.adapters.rust_tools import RustTools, tools_folder
from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.errors import ToolMissingError


def put(path: Path, says: str) -> Path:
    """A program that tells this version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{says}"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def tools(log: list[str], **environ: str) -> RustTools:
    known = {"PATH": "/usr/bin:/bin", **environ}
    return RustTools(Sandbox("a test", known), known, log.append, None)


@pytest.mark.parametrize(
    ("says", "is_taken"),
    [
        ("wasm-opt version 132 (version_132)", True),
        ("wasm-opt version 120", True),
        ("wasm-opt version 108", False),
        ("hello", False),
    ],
)
def test_a_wasm_opt_that_cannot_read_what_rust_writes_is_passed_over(
    tmp_path: Path, says: str, is_taken: bool
) -> None:
    program, log = put(tmp_path / "wasm-opt", says), list[str]()

    found = tools(log, WASM_OPT_BIN=str(program)).wasm_opt()

    assert found == (program if is_taken else None)
    assert log[0].startswith("With wasm-opt 1" if is_taken else f"Not with {program}: its version is")
    assert is_taken or log[-1].startswith("Without wasm-opt")


def test_what_is_named_goes_before_path(tmp_path: Path) -> None:
    named, in_path = put(tmp_path / "a" / "esbuild", "0.1.0"), put(tmp_path / "b" / "wasm-opt", "version 125")
    path, log = f"{in_path.parent}:/usr/bin:/bin", list[str]()

    assert tools(log, ESBUILD_BIN=str(named), PATH=path).esbuild() == named
    assert tools(log, PATH=path).wasm_opt() == in_path
    assert log == [f"With esbuild 0.1.0 at {named}", f"With wasm-opt 125 at {in_path}"]


def test_a_wasm_bindgen_of_another_version_than_the_lock_says_is_refused(tmp_path: Path) -> None:
    program = str(put(tmp_path / "wasm-bindgen", "wasm-bindgen 0.2.129"))

    assert tools([], WASM_BINDGEN_BIN=program).wasm_bindgen("0.2.129") == Path(program)
    with pytest.raises(
        ToolMissingError, match=r"Cargo\.lock has wasm-bindgen 0\.2\.130, and .* is version 0\.2\.129"
    ):
        tools([], WASM_BINDGEN_BIN=program).wasm_bindgen("0.2.130")


def test_a_program_that_is_none_is_told_by_its_variable() -> None:
    with pytest.raises(ToolMissingError, match="WORKER_BUILD_BIN is `/nowhere`"):
        tools([], WORKER_BUILD_BIN="/nowhere").worker_build("0.8.7")


def test_a_kept_tool_is_taken_and_a_linked_folder_is_not_written_to(tmp_path: Path) -> None:
    kept = put(tmp_path / "kept" / "worker-build" / "0.8.7" / "bin" / "worker-build", "0.8.7")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()

    assert tools([], CI_WASM_TOOLS=str(tmp_path / "kept")).worker_build("0.8.7") == kept
    with pytest.raises(ToolMissingError, match="is a link"):
        tools([], CI_WASM_TOOLS=str(tmp_path / "link")).worker_build("0.8.7")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_tool_is_asked_for_its_version_in_the_sandbox(tmp_path: Path) -> None:
    program = put(tmp_path / "wasm-opt", "version $SHOWN")
    known = {"PATH": os.environ["PATH"], "WASM_OPT_BIN": str(program), "SHOWN": "132"}
    log: list[str] = []

    RustTools(
        Sandbox("a test", {"PATH": "/usr/bin:/bin", "SHOWN": "125"}), known, log.append, None
    ).wasm_opt()

    assert log == [f"With wasm-opt 125 at {program}"]


@pytest.mark.parametrize(
    ("environ", "folder"),
    [({"CI_WASM_TOOLS": "/somewhere"}, "/somewhere"), ({}, ".cache")],
)
def test_where_tools_are_kept(environ: dict[str, str], folder: str) -> None:
    assert str(tools_folder(environ)).endswith(folder)
