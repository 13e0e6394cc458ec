"""What goes wrong in a build: each cause has its class, its words and its cure."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.core.build import CrateSource
from ci_wasm.errors import BuildError, CiWasmError, ConfigError, NetworkError, ToolMissingError
from tests.adapters.checkouts import check_out, replace


def failure(root: Path, crate: str, **environ: str) -> CiWasmError:
    with pytest.raises(CiWasmError) as caught:
        CargoToolchain({**os.environ, **environ}).build(root, CrateSource(crate))
    assert "Traceback" not in caught.value.detail
    assert caught.value.cure
    return caught.value


def test_a_compile_error_comes_with_its_place(tmp_path: Path) -> None:
    check_out("compile-error", tmp_path / "crates" / "broken")

    error = failure(tmp_path, "crates/broken")

    assert isinstance(error, BuildError)
    assert error.message == "The crate `compile_error` does not compile: mismatched types"
    assert (error.file, error.line) == ("crates/broken/src/lib.rs", 7)
    assert error.detail.startswith("error[E0308]: mismatched types\n --> src/lib.rs:7:5\n")
    assert error.detail.endswith("and 1 more.")
    assert "\x1b" not in error.detail


def test_a_compile_error_in_another_member_or_outside_the_workspace_has_its_place_too(tmp_path: Path) -> None:
    check_out("workspace", tmp_path / "workspace")
    check_out("outside", tmp_path / "outside")
    replace(tmp_path / "workspace" / "plain" / "src" / "lib.rs", "1000", '"1000"')
    replace(tmp_path / "outside" / "dep" / "src" / "lib.rs", "VALUES[index]", "VALUES")

    member, dependency = failure(tmp_path, "workspace/app"), failure(tmp_path, "outside/app")

    assert (member.file, member.line) == ("workspace/plain/src/lib.rs", 4)
    assert (dependency.file, dependency.line) == ("outside/dep/src/lib.rs", 7)


def test_an_error_inside_a_macro_points_at_the_macros_use(tmp_path: Path) -> None:
    check_out("workspace", tmp_path / "workspace")
    replace(
        tmp_path / "workspace" / "macros" / "src" / "lib.rs", '"42".parse().unwrap()', 'panic!("no answer")'
    )

    error = failure(tmp_path, "workspace/app")

    assert (error.file, error.line) == ("workspace/app/src/lib.rs", 5)
    assert "no answer" in error.detail


def test_a_very_long_message_is_cut(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    replace(crate / "src" / "lib.rs", "VALUES[index]", f'"{"x" * 20_000}"')

    error = failure(tmp_path, "panics")

    assert len(error.detail) < 4_100
    assert error.line == 8


def test_the_linkers_own_words_are_shown_without_its_command_line(tmp_path: Path) -> None:
    check_out("link-error", tmp_path / "link")

    error = failure(tmp_path, "link")

    assert error.message == "The crate `link_error` does not link"
    assert error.detail == "error: unknown argument: --no-such-flag"


def test_a_library_that_is_no_cdylib_gets_the_lines_to_add(tmp_path: Path) -> None:
    check_out("not-cdylib", tmp_path / "lib")

    error = failure(tmp_path, "lib")

    assert isinstance(error, BuildError)
    assert error.message == "The crate `not-cdylib` is no `cdylib`, so cargo makes no .wasm file of it"
    assert error.file == "lib/Cargo.toml"
    with (tmp_path / "lib" / "Cargo.toml").open("a") as file:
        file.write(error.cure.partition(":")[2])
    assert CargoToolchain(os.environ).build(tmp_path, CrateSource("lib")).wasm.startswith(b"\0asm")


def test_the_root_of_a_workspace_lists_its_members(tmp_path: Path) -> None:
    check_out("workspace", tmp_path / "workspace")

    error = failure(tmp_path, "workspace")

    assert isinstance(error, BuildError)
    assert error.detail.splitlines() == [
        "Its members:",
        "workspace/app (app)",
        "workspace/macros (macros), no cdylib",
        "workspace/plain (plain), no cdylib",
    ]


def test_a_folder_without_a_manifest_names_those_that_have_one(tmp_path: Path) -> None:
    check_out("no-manifest", tmp_path / "no-manifest")
    check_out("panics", tmp_path / "crates" / "panics")

    error = failure(tmp_path, "no-manifest")

    assert isinstance(error, BuildError)
    assert error.message == "There is no Cargo.toml in `no-manifest`"
    assert "`crates/panics`" in error.cure


def test_a_crate_outside_of_the_repository_is_not_built(tmp_path: Path) -> None:
    check_out("panics", tmp_path / "panics")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "panics")

    for path in ("../panics", "link", str(tmp_path / "panics")):
        assert isinstance(failure(tmp_path / "root", path), ConfigError)


def test_a_manifest_that_cargo_cannot_read_shows_cargos_words(tmp_path: Path) -> None:
    (check_out("panics", tmp_path / "panics") / "Cargo.toml").write_text("[package\n")

    error = failure(tmp_path, "panics")

    assert isinstance(error, BuildError)
    assert error.detail.startswith("error: ")
    assert "Cargo.toml:1" in error.detail


def test_a_lock_file_that_does_not_fit_is_not_changed(tmp_path: Path) -> None:
    lock = check_out("outside", tmp_path / "outside") / "app" / "Cargo.lock"
    replace(lock, '\ndependencies = [\n "dep",\n]', "")
    before = lock.read_text()

    error = failure(tmp_path, "outside/app")

    assert error.message == "Cargo.lock does not fit Cargo.toml"
    assert "commit the Cargo.lock" in error.cure
    assert lock.read_text() == before


def test_an_unknown_profile_and_an_unknown_feature(tmp_path: Path) -> None:
    check_out("panics", tmp_path / "panics")
    toolchain = CargoToolchain(os.environ)

    with pytest.raises(BuildError, match="no such profile"):
        toolchain.build(tmp_path, CrateSource("panics", profile="missing"))
    with pytest.raises(BuildError) as caught:
        toolchain.build(tmp_path, CrateSource("panics", features=("missing",)))
    assert "missing" in caught.value.detail


def test_a_setting_is_never_read_as_an_option(tmp_path: Path) -> None:
    check_out("panics", tmp_path / "panics")
    planted, proof = tmp_path / "planted", tmp_path / "proof"
    planted.write_text(f'#!/bin/sh\ntouch {proof}\nexec rustc "$@"\n')
    planted.chmod(0o755)
    option = f"--config=build.rustc='{planted}'"

    for source in (CrateSource("panics", profile=option), CrateSource("panics", features=(option,))):
        with pytest.raises(BuildError):
            CargoToolchain(os.environ).build(tmp_path, source)

    assert not proof.exists()


def test_a_build_script_that_fails_is_quoted(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    (crate / "build.rs").write_text('fn main() { eprintln!("no protoc here"); std::process::exit(3) }')

    error = failure(tmp_path, "panics")

    assert isinstance(error, BuildError)
    assert "no protoc here" in error.detail


def test_a_build_that_hangs_is_ended(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    (crate / "build.rs").write_text("fn main() { std::thread::sleep(std::time::Duration::from_secs(60)) }")

    with pytest.raises(BuildError, match="did not end in"):
        CargoToolchain(os.environ, timeout=3).build(tmp_path, CrateSource("panics"))


def test_no_network_is_no_broken_build(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    (crate / "Cargo.lock").unlink()
    with (crate / "Cargo.toml").open("a") as file:
        file.write('\n[dependencies]\nitoa = "1"\n')
    # Port 9 (discard) of this machine answers nobody.
    nowhere = {
        "https_proxy": "http://127.0.0.1:9",
        "CARGO_NET_RETRY": "0",
        "CARGO_HOME": str(tmp_path / "cargo"),
    }

    error = failure(tmp_path, "panics", **nowhere)

    assert isinstance(error, NetworkError)
    assert "127.0.0.1" in error.detail


def test_no_cargo(tmp_path: Path) -> None:
    check_out("panics", tmp_path / "panics")

    error = failure(tmp_path, "panics", PATH=str(tmp_path))

    assert isinstance(error, ToolMissingError)
    assert error.message == "`cargo` is not installed, or not in PATH"


def test_no_target(tmp_path: Path) -> None:
    """A sysroot that has the host's libraries but not wasm32's, made of links into the real one."""
    check_out("panics", tmp_path / "panics")
    sysroot = without_wasm32(tmp_path / "sysroot")

    error = failure(tmp_path, "panics", RUSTFLAGS=f"--sysroot={sysroot}")

    assert isinstance(error, ToolMissingError)
    assert error.message == "The Rust target wasm32-unknown-unknown is not installed"
    assert "rustup target add wasm32-unknown-unknown" in error.cure
    assert "scripts/provide-wasm32-target.sh" in error.cure


def without_wasm32(folder: Path) -> Path:
    real = Path(subprocess.check_output(["rustc", "--print", "sysroot"], text=True).strip())
    libraries = folder / "lib" / "rustlib"
    libraries.mkdir(parents=True)
    for entry in (real / "lib" / "rustlib").iterdir():
        if entry.name != "wasm32-unknown-unknown":
            (libraries / entry.name).symlink_to(entry)
    return folder
