"""Pins: what set-up downloads beside Python packages is pinned, and agrees with the code that uses it."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from ci_wasm.adapters.page_source import LIBRARY, LICENSE
from ci_wasm.adapters.rust_tools import BINARYEN_VERSION, ESBUILD_VERSION
from ci_wasm.adapters.workerd_runtime import WORKERD_VERSION
from fetch_npm_tarball import Pin, read_pins

ROOT = Path(__file__).resolve().parents[2]
PINS = read_pins(ROOT / "scripts" / "pins.json")
RUST = json.loads((ROOT / "scripts" / "pins.json").read_text(encoding="utf-8"))["rust"]
MACHINES = {"x86_64", "aarch64"}


@pytest.mark.parametrize("pin", PINS, ids=str)
def test_a_pin_names_one_file_of_one_version(pin: Pin) -> None:
    algorithm, _, digest = pin.integrity.partition("-")

    assert (algorithm, len(base64.b64decode(digest, validate=True))) == ("sha512", 64)
    assert re.fullmatch(r"\d+\.\d+\.\d+", pin.version)
    assert pin.member.startswith("package/")
    folder, tool, version, _ = pin.destination.rsplit("/", 3)
    assert (tool, version) == (pin.tool, pin.version)
    assert folder in {".cache", "ci_wasm/page/vendor"}


def test_each_tool_is_there_for_each_machine_at_the_same_place() -> None:
    for tool in {pin.tool for pin in PINS}:
        pins = [pin for pin in PINS if pin.tool == tool]
        machines = {pin.machine for pin in pins}
        assert machines in ({None}, MACHINES), tool
        assert len({(pin.version, pin.destination) for pin in pins}) == 1, tool


def test_the_page_reads_the_library_where_set_up_puts_it() -> None:
    destinations = {pin.destination for pin in PINS if pin.name == "d3-hierarchy"}

    assert destinations == {f"ci_wasm/page/{part}" for part in (LIBRARY, LICENSE)}


@pytest.mark.parametrize(
    ("tool", "version"),
    [("workerd", WORKERD_VERSION), ("esbuild", ESBUILD_VERSION), ("binaryen", BINARYEN_VERSION)],
)
def test_a_tool_is_the_version_that_its_adapter_looks_for(tool: str, version: str) -> None:
    assert {pin.version for pin in PINS if pin.tool == tool} == {version}


def test_rustup_is_pinned_for_each_machine_and_the_toolchain_can_build_the_analyzer() -> None:
    manifest = tomllib.loads((ROOT / "analyzer" / "Cargo.toml").read_text(encoding="utf-8"))

    assert RUST["rustup-init-sha256"].keys() == MACHINES
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in RUST["rustup-init-sha256"].values())
    assert RUST["minimum"] == manifest["package"]["rust-version"]
    assert Version(RUST["toolchain"]) >= Version(RUST["minimum"])
