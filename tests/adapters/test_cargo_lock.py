"""Cargo.lock after a build: which of its packages are in the module, and what a file that is none does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ci_wasm.adapters.cargo_lock import read_lock
from ci_wasm.adapters.cargo_messages import CargoMessages, name_and_version
from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.adapters.prebuilt import read_prebuilt
from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.core.build import CrateSource, PrebuiltSource
from ci_wasm.core.dependencies import Dependencies
from tests.adapters.checkouts import check_out, commit_all, replace

OPEN = Sandbox("", os.environ)


def crates(dependencies: Dependencies | None) -> dict[str, str]:
    assert dependencies is not None
    assert dependencies.problem == ""
    return {package.id: package.crate for package in dependencies.packages}


def test_what_is_for_macros_only_is_not_in_the_module(tmp_path: Path) -> None:
    workspace = check_out("workspace", tmp_path / "workspace")
    # The macro's package uses a library that the module uses, too, and one of its own; another member is not built.
    for name in ("helper", "both", "other-member"):
        check_out("workspace/plain", workspace / name)
        replace(workspace / name / "Cargo.toml", 'name = "plain"', f'name = "{name}"')
    replace(workspace / "Cargo.toml", '"plain"]', '"plain", "helper", "both", "other-member"]')
    both = 'both = { path = "../both" }\n'
    with (workspace / "macros" / "Cargo.toml").open("a") as file:
        file.write(f'[dependencies]\n{both}helper = {{ path = "../helper" }}\n')
    replace(workspace / "app" / "Cargo.toml", "[dependencies]\n", f"[dependencies]\n{both}")
    (workspace / "Cargo.lock").unlink()
    toolchain = CargoToolchain(os.environ)

    first = toolchain.build(tmp_path, CrateSource("workspace/app"))
    again = toolchain.build(tmp_path, CrateSource("workspace/app"))

    assert crates(first.dependencies) == {
        "app 0.1.0": "app",
        "both 0.1.0": "both",
        "helper 0.1.0": "",
        "macros 0.1.0": "",
        "other-member 0.1.0": "",
        "plain 0.1.0": "plain",
    }
    # Nothing was compiled this time.
    assert again.dependencies == first.dependencies


def test_a_library_has_its_own_name_and_a_git_package_its_version(tmp_path: Path) -> None:
    folder = check_out("outside", tmp_path / "outside")
    dep, app = folder / "dep", folder / "app"
    replace(dep / "Cargo.toml", 'name = "dep"', 'name = "the-dep"')
    with (dep / "Cargo.toml").open("a") as file:
        file.write('[lib]\nname = "picker"\n')
    commit = commit_all(dep)
    replace(app / "Cargo.toml", 'dep = { path = "../dep" }', f'the-dep = {{ git = "file://{dep}" }}')
    replace(app / "src" / "lib.rs", "dep::pick", "picker::pick")
    (app / "Cargo.lock").unlink()

    build = CargoToolchain({**os.environ, "CARGO_HOME": str(tmp_path / "cargo")}, names=False).build(
        folder, CrateSource("app")
    )

    assert crates(build.dependencies) == {"app 0.1.0": "app", "the-dep 0.1.0": "picker"}
    assert build.dependencies is not None
    assert [package.source.rpartition("#")[2] for package in build.dependencies.packages] == ["", commit]


def test_a_prebuilt_module_has_none(tmp_path: Path) -> None:
    (tmp_path / "app.wasm").write_bytes(b"\0asm")

    assert read_prebuilt(tmp_path, PrebuiltSource("app.wasm")).dependencies is None


def test_a_file_that_is_none_is_a_problem(tmp_path: Path) -> None:
    workspace, lock = tmp_path / "workspace", tmp_path / "workspace" / "Cargo.lock"
    workspace.mkdir()
    outside = tmp_path / "secret"
    outside.write_text("[[package]]\nname = 'secret'\nversion = '1'\n")

    missing = read_lock(OPEN, workspace, {})
    lock.symlink_to(outside)
    link = read_lock(OPEN, workspace, {})
    lock.unlink()
    lock.write_bytes(b"\xff")
    binary = read_lock(OPEN, workspace, {})
    with lock.open("wb") as file:
        file.truncate((16 << 20) + 1)
    large = read_lock(OPEN, workspace, {})

    no_file = "it is no file in the workspace's folder that the build can read"
    assert [found.problem for found in (missing, link, binary, large)] == [
        no_file,
        no_file,
        "it is not UTF-8",
        "it is larger than 16 MiB",
    ]
    assert not any(found.packages for found in (missing, link, binary, large))


@pytest.mark.parametrize(
    ("package_id", "expected"),
    [
        ("registry+https://example.org/index#regex@1.11.1", "regex 1.11.1"),
        ("path+file:///checkout/app#0.1.0", "app 0.1.0"),
        ("path+file:///checkout/folder#app@0.1.0", "app 0.1.0"),
        ("git+https://example.org/x/dep?branch=a%2Fb#0.1.0", "dep 0.1.0"),
        ("git+https://example.org/x/repo.git?rev=12#dep@0.1.0+4.5", "dep 0.1.0+4.5"),
        # Before Rust 1.77.
        ("regex 1.11.1 (registry+https://example.org/index)", "regex 1.11.1"),
        ("dep 0.1.0 (git+https://example.org/dep?branch=main#0123abcd)", "dep 0.1.0"),
        ("app 0.1.0 (path+file:///checkout/app)", "app 0.1.0"),
    ],
)
def test_package_ids(package_id: str, expected: str) -> None:
    assert name_and_version(package_id) == expected


def test_libraries_are_told_from_macros_programs_and_what_runs_here() -> None:
    messages = CargoMessages("")
    for name, kind, file in (
        ("with-dash", "lib", "/t/wasm32-unknown-unknown/release/deps/libwith_dash-1.rlib"),
        ("cdylib", "cdylib", "/t/wasm32-unknown-unknown/release/cdylib.wasm"),
        ("macros", "proc-macro", "/t/release/deps/libmacros.so"),
        ("for-macros", "lib", "/t/release/deps/libfor_macros.rlib"),
        ("build-script-build", "custom-build", "/t/release/build/x/build-script-build"),
    ):
        target = {"name": name, "kind": [kind], "crate_types": [kind]}
        line = {
            "reason": "compiler-artifact",
            "package_id": f"registry+https://example.org#{name}@1.0.0",
            "target": target,
            "filenames": [file],
            "fresh": True,
        }
        messages.feed(json.dumps(line))

    assert messages.crates == {"with-dash 1.0.0": "with_dash", "cdylib 1.0.0": "cdylib"}
