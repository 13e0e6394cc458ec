"""What `measure` tells on request: the paths that keep code in a module, and generic code. Through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import wasmtime

from tests.e2e.test_cli import ci_wasm

MODULE = """(module
  (memory 1)
  (func $"app::main" (export "main") (call $"app::left") (call $"json::parse<app::A>"))
  (func $"app::left" (call $"json::parse<app::B>"))
  (func $"json::parse<app::A>" (drop (i32.load (i32.const 2000))))
  (func $"json::parse<app::B>" (call $"json::print"))
  (func $"json::print")
  (func $"json::lost")
  (data (i32.const 2000) "0123456789"))"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Path(tmp_path, "app.wasm").write_bytes(bytes(wasmtime.wat2wasm(MODULE)))
    return tmp_path


def test_why_a_crate_is_there(folder: Path) -> None:
    done = ci_wasm(folder, "measure", "app.wasm", "--why", "json")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "The crate `json`: 4 functions, 21 B; nothing reaches 3 B of it. Those that"
    )
    path = done.stdout.split("\n\n")[2].splitlines()
    assert path == [
        "json::parse<app::B>: 5 B, 8 B with what only it uses",
        "    export main",
        "  * app::main            7 B",
        "  * app::left            5 B",
        "  * json::parse<app::B>  5 B",
    ]
    assert done.stdout.endswith("without it, the function goes too.\n")


def test_why_as_json(folder: Path) -> None:
    told = json.loads(
        ci_wasm(folder, "measure", "app.wasm", "--why", "json::print", "--format", "json").stdout
    )

    assert (told["schema"], told["name"], told["matched_by"], told["functions"]) == (
        1,
        "json::print",
        "name",
        1,
    )
    assert [step["name"] for step in told["paths"][0]["steps"]][-1] == "json::print"


def test_why_in_markdown_escapes_names(folder: Path) -> None:
    told = ci_wasm(folder, "measure", "app.wasm", "--why", "<script>", "--format", "markdown").stdout

    assert told.startswith("### Why `<script>`\n")
    assert "No crate and no function of this module has `<script>` in its name." in told


def test_why_of_what_is_no_module(folder: Path) -> None:
    Path(folder, "text.wasm").write_text("hello", encoding="utf-8")
    done = ci_wasm(folder, "measure", "text.wasm", "--why", "json")

    assert done.returncode == 5
    assert "text.wasm is not a WebAssembly module" in done.stderr


def test_generic_code_and_data(folder: Path) -> None:
    told = ci_wasm(folder, "measure", "app.wasm", "--no-compression", "--generics", "3").stdout

    assert "  json  21 B\n" in told
    assert "  app   12 B, and 15 B of others' generic code\n" in told
    assert "  json::parse  15 B in 2 instances, the largest 10 B\n" in told
    assert "  at 0x7d0  10 B, only json::parse<app::A> points to it\n" in told
    assert "json::parse<app::A>  10 B, and 10 B of data" in told
