"""Cargo builds, for real: what comes out, where it lies, what is said meanwhile."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
import wasmtime

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.adapters.prebuilt import read_prebuilt
from ci_wasm.core.build import CrateSource, PrebuiltSource
from ci_wasm.core.custom_sections import has_names
from ci_wasm.errors import BuildError, ConfigError
from tests.adapters.checkouts import ADD, check_out, commit_all, replace


def export_names(wasm: bytes) -> list[str]:
    return [export.name for export in wasmtime.Module(wasmtime.Engine(), wasm).exports]


def code_section(wasm: bytes) -> bytes:
    """The body of section 10, found by its header; only for modules that cargo made."""
    position = 8
    while position < len(wasm):
        kind, size, shift = wasm[position], 0, 0
        while True:
            position += 1
            size |= (wasm[position] & 0x7F) << shift
            shift += 7
            if wasm[position] < 0x80:
                break
        if kind == 10:
            return wasm[position + 1 : position + 1 + size]
        position += 1 + size
    raise AssertionError


def test_the_example_is_what_its_readme_says(tmp_path: Path) -> None:
    check_out(ADD, tmp_path / "add")
    lines: list[str] = []

    build = CargoToolchain(os.environ, log=lines.append).build(tmp_path, CrateSource("add"))

    assert (build.crate, build.path) == ("add", "add")
    assert re.fullmatch(r"rustc \d+\.\d+\.\d+\S* \(.*\)", build.toolchain)
    assert 0 < build.seconds < 60
    # 116 with Rust 1.95; other versions differ by a few bytes.
    assert len(build.wasm) < 200
    # The linker exports two globals of its own beside the function and the memory.
    assert export_names(build.wasm) == ["memory", "add", "__data_end", "__heap_base"]
    store = wasmtime.Store()
    add = wasmtime.Instance(store, wasmtime.Module(store.engine, build.wasm), []).exports(store)["add"]
    assert isinstance(add, wasmtime.Func)
    assert [add(store, 2, 3), add(store, 2**31 - 1, 1)] == [5, -(2**31)]


def test_a_stripped_module_has_a_twin_with_names_and_the_same_code(tmp_path: Path) -> None:
    check_out("panics", tmp_path / "panics")

    build = CargoToolchain(os.environ).build(tmp_path, CrateSource("panics"))

    assert not has_names(build.wasm)
    assert has_names(build.named_wasm)
    assert b"pick" in build.named_wasm
    assert code_section(build.named_wasm) == code_section(build.wasm)
    assert b".debug_" not in build.named_wasm


def test_a_module_that_keeps_its_names_is_built_once(tmp_path: Path) -> None:
    check_out("panics", tmp_path / "panics")
    lines: list[str] = []

    build = CargoToolchain(os.environ, log=lines.append).build(
        tmp_path, CrateSource("panics", profile="named")
    )

    assert build.named_wasm is build.wasm
    assert sum("Compiling panics" in line for line in lines) == 1


def test_for_names_only_the_last_crate_is_compiled_again(tmp_path: Path) -> None:
    check_out("workspace", tmp_path / "workspace")
    lines: list[str] = []

    CargoToolchain(os.environ, log=lines.append).build(tmp_path, CrateSource("workspace/app"))

    compiled = [line.split("Compiling ")[1].split()[0] for line in lines if "Compiling" in line]
    assert sorted(compiled) == ["app", "app", "macros", "plain"]
    assert compiled[-1] == "app"


def test_features_reach_the_crate(tmp_path: Path) -> None:
    check_out("workspace", tmp_path / "workspace")
    toolchain = CargoToolchain(os.environ, names=False)

    without = toolchain.build(tmp_path, CrateSource("workspace/app"))
    with_feature = toolchain.build(tmp_path, CrateSource("workspace/app", features=("large",)))

    assert "large" not in export_names(without.wasm)
    assert "large" in export_names(with_feature.wasm)


def test_the_crates_own_cargo_settings_hold(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    (crate / ".cargo").mkdir()
    (crate / ".cargo" / "config.toml").write_text(
        '[build]\nrustflags = ["--cfg", "extra"]\ntarget-dir = "elsewhere"\n'
    )
    with (crate / "src" / "lib.rs").open("a") as file:
        file.write('#[cfg(extra)]\n#[unsafe(no_mangle)]\npub extern "C" fn extra() {}\n')

    build = CargoToolchain(os.environ, names=False).build(tmp_path, CrateSource("panics"))

    assert "extra" in export_names(build.wasm)
    assert (crate / "elsewhere").is_dir()


def test_a_build_with_the_users_flags_in_the_environment_keeps_them(tmp_path: Path) -> None:
    crate = check_out("outside", tmp_path / "outside") / "app"
    with (crate / "src" / "lib.rs").open("a") as file:
        file.write('#[cfg(extra)]\n#[unsafe(no_mangle)]\npub extern "C" fn extra() {}\n')

    for name, separator in (("RUSTFLAGS", "  "), ("CARGO_ENCODED_RUSTFLAGS", "\x1f")):
        environ = {**os.environ, name: f"--cfg{separator}extra"}
        build = CargoToolchain(environ, names=False).build(tmp_path, CrateSource("outside/app"))

        assert "extra" in export_names(build.wasm)
        assert b"/checkout/outside/dep/src/lib.rs" in build.wasm


@pytest.mark.parametrize("crate", ["panics", "outside/app"])
def test_two_places_give_the_same_bytes(tmp_path: Path, crate: str) -> None:
    top = crate.partition("/")[0]
    first, second = tmp_path / "one", tmp_path / "a-much-longer-path" / "two"
    for place in (first, second):
        check_out(top, place / top)

    builds = [CargoToolchain(os.environ).build(place, CrateSource(crate)) for place in (first, second)]

    assert builds[0].wasm == builds[1].wasm
    assert b"src/lib.rs" in builds[0].wasm
    assert os.fsencode(tmp_path) not in builds[0].wasm
    assert len(builds[0].named_wasm) == len(builds[1].named_wasm)


def test_where_cargo_keeps_what_it_downloads_does_not_show(tmp_path: Path) -> None:
    crates = check_out("outside", tmp_path / "outside")
    commit_all(crates / "dep")
    replace(crates / "app" / "Cargo.toml", 'path = "../dep"', f'git = "file://{crates / "dep"}"')
    (crates / "app" / "Cargo.lock").unlink()
    homes = [tmp_path / "cargo", tmp_path / "another" / "longer" / "cargo"]

    modules = [
        CargoToolchain({**os.environ, "CARGO_HOME": str(home)}, names=False)
        .build(crates, CrateSource("app"))
        .wasm
        for home in homes
    ]

    assert modules[0] == modules[1]
    assert b"/cargo/git/checkouts/dep-" in modules[0]


def test_a_crate_without_a_lock_file_is_built(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    (crate / "Cargo.lock").unlink()

    build = CargoToolchain(os.environ, names=False).build(tmp_path, CrateSource("panics"))

    assert "pick" in export_names(build.wasm)


def test_what_the_log_says(tmp_path: Path) -> None:
    crate = check_out("panics", tmp_path / "panics")
    replace(crate / "src" / "lib.rs", "    assert!", "    let unused = 1;\n    assert!")
    lines: list[str] = []

    toolchain = CargoToolchain(os.environ, log=lines.append, names=False)
    toolchain.build(tmp_path, CrateSource("panics"))
    toolchain.build(tmp_path, CrateSource("panics"))

    assert lines[0].startswith("Build scripts run as")
    assert sum(line.startswith("Build scripts run as") for line in lines) == 1
    assert lines[1].startswith("Building panics (release) with rustc")
    assert any(re.fullmatch(r"\[ *\d+\.\d s\] Compiling panics v0\.1\.0 \(.*\)", line) for line in lines)
    assert "The compiler gave 1 warning(s)" in lines
    assert not any("\x1b" in line or "\n" in line for line in lines)


def test_on_a_terminal_cargos_own_bar_is_shown_and_taken_away(tmp_path: Path) -> None:
    check_out("workspace", tmp_path / "workspace")
    terminal, lines = io.StringIO(), list[str]()

    CargoToolchain(os.environ, log=lines.append, terminal=terminal).build(
        tmp_path, CrateSource("workspace/app")
    )

    assert "\r\x1b[KBuilding [" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert not any("Building [" in line for line in lines)


def test_a_prebuilt_module_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "app.wasm").write_bytes(b"anything: the analyzer judges it")

    build = read_prebuilt(tmp_path, PrebuiltSource("out/app.wasm"))

    assert build.wasm == b"anything: the analyzer judges it"
    assert build.named_wasm is build.wasm
    assert (build.crate, build.path, build.toolchain, build.seconds) == (None, "out/app.wasm", "", 0.0)


def test_a_prebuilt_module_has_to_be_there_and_in_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    (root / "link.wasm").symlink_to(tmp_path / "secret")

    with pytest.raises(BuildError, match=r"no file missing\.wasm"):
        read_prebuilt(root, PrebuiltSource("missing.wasm"))
    for path in ("link.wasm", "../secret", str(tmp_path / "secret")):
        with pytest.raises(ConfigError, match="leads out of the repository"):
            read_prebuilt(root, PrebuiltSource(path))
