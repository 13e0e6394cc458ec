"""Target folders: base and head never get each other's code, and what was downloaded is compiled once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.core.build import CrateSource
from tests.adapters.checkouts import check_out, commit_all, replace

APP = CrateSource("workspace/app")


def head_and_base(folder: Path) -> tuple[Path, Path]:
    """Two checkouts that differ in a macro and in a library, the head's files older than anything built later."""
    head, base = folder / "head", folder / "base"
    check_out("workspace", head / "workspace")
    shutil.copytree(head, base)
    replace(head / "workspace" / "plain" / "src" / "lib.rs", "1000", "2000")
    replace(head / "workspace" / "macros" / "src" / "lib.rs", "42", "43")
    return head, base


def test_cargo_itself_would_give_the_base_for_the_head(tmp_path: Path) -> None:
    """Why TargetFolders exists; where this fails, cargo tells checkouts apart and it can go."""
    head, base = head_and_base(tmp_path)
    modules = []
    for root in (base, head):
        argv = ["cargo", "build", "--quiet", "--release", "--target=wasm32-unknown-unknown"]
        argv.append(f"--target-dir={tmp_path / 'target'}")
        subprocess.run(argv, cwd=root / "workspace" / "app", check=True)
        modules.append((tmp_path / "target" / "wasm32-unknown-unknown" / "release" / "app.wasm").read_bytes())

    assert modules[0] == modules[1]


@pytest.mark.parametrize("folder", ["target", None], ids=["one folder", "their own"])
def test_two_checkouts_in_turn_give_each_their_own_code(tmp_path: Path, folder: str | None) -> None:
    head, base = head_and_base(tmp_path)
    toolchain = CargoToolchain(os.environ, target_dir=tmp_path / folder if folder else None)

    builds = [toolchain.build(root, APP) for root in (base, head, base, head)]

    modules = [build.wasm for build in builds]
    assert modules[0] == modules[2] != modules[1] == modules[3]
    assert builds[1].named_wasm != builds[0].named_wasm


def test_a_later_run_does_not_take_the_base_for_the_head(tmp_path: Path) -> None:
    head, base = head_and_base(tmp_path)
    folder = tmp_path / "target"
    first = CargoToolchain(os.environ, target_dir=folder, names=False).build(base, APP)

    second = CargoToolchain(os.environ, target_dir=folder, names=False).build(head, APP)

    assert first.wasm != second.wasm


def test_a_user_who_sends_all_target_folders_to_one_place_is_safe_too(tmp_path: Path) -> None:
    head, base = head_and_base(tmp_path)
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo" / "config.toml").write_text('[build]\ntarget-dir = "all"\n')

    modules = [CargoToolchain(os.environ, names=False).build(root, APP).wasm for root in (base, head)]

    assert modules[0] != modules[1]
    assert (tmp_path / "all" / "ci-wasm").is_dir()


def test_a_checkout_that_is_gone_is_not_built_in_again(tmp_path: Path) -> None:
    head, base = head_and_base(tmp_path)
    toolchain = CargoToolchain(os.environ, names=False)
    toolchain.build(base, APP)
    shutil.rmtree(base)

    toolchain.build(head, APP)

    assert not base.exists()


def test_nothing_is_compiled_again_where_nothing_changed(tmp_path: Path) -> None:
    head, _ = head_and_base(tmp_path)
    lines: list[str] = []
    first = CargoToolchain(os.environ, names=False).build(head, APP)

    second = CargoToolchain(os.environ, names=False, log=lines.append).build(head, APP)

    assert first.wasm == second.wasm
    assert not any("Compiling" in line for line in lines)


def test_what_the_user_builds_by_hand_stays(tmp_path: Path) -> None:
    head, _ = head_and_base(tmp_path)
    argv = ["cargo", "build", "--release", "--target=wasm32-unknown-unknown"]
    subprocess.run([*argv, "--quiet"], cwd=head / "workspace", check=True)

    CargoToolchain(os.environ).build(head, APP)

    again = subprocess.run(argv, cwd=head / "workspace", check=True, capture_output=True, text=True)
    assert "Compiling" not in again.stderr


def with_dependency(folder: Path) -> tuple[Path, Path]:
    """Head and base whose app depends on a crate in a git repository of its own, as on a registry's."""
    dependency = check_out("workspace", folder / "dependency") / "plain"
    replace(dependency / "Cargo.toml", '"plain"', '"fetched"')
    (dependency.parent / "Cargo.toml").write_text('[workspace]\nmembers = ["plain"]\n')
    commit_all(dependency.parent)
    head, base = head_and_base(folder)
    for root in (head, base):
        with (root / "workspace" / "app" / "Cargo.toml").open("a") as file:
            file.write(f'fetched = {{ git = "file://{dependency.parent}" }}\n')
        subprocess.run(["cargo", "update", "--quiet", "--workspace"], cwd=root / "workspace", check=True)
    return head, base


def compiled(lines: list[str]) -> list[str]:
    return [line.split("Compiling ")[1].split()[0] for line in lines if "Compiling" in line]


@pytest.mark.parametrize("folder", ["target", None], ids=["one folder", "their own"])
def test_what_was_downloaded_is_compiled_once_for_base_and_head(tmp_path: Path, folder: str | None) -> None:
    head, base = with_dependency(tmp_path)
    lines: list[str] = []
    target_dir = tmp_path / folder if folder else None
    toolchain = CargoToolchain(os.environ, target_dir=target_dir, names=False, log=lines.append)

    for root in (head, base):
        toolchain.build(root, APP)

    assert sorted(compiled(lines)) == ["app", "app", "fetched", "macros", "macros", "plain", "plain"]


def test_where_a_downloaded_crate_may_come_from_a_folder_everything_is_compiled_again(tmp_path: Path) -> None:
    head, base = with_dependency(tmp_path)
    for root in (head, base):
        (root / ".cargo").mkdir()
        (root / ".cargo" / "config.toml").write_text('[source.vendored]\ndirectory = "vendored"\n')
    lines: list[str] = []
    toolchain = CargoToolchain(os.environ, target_dir=tmp_path / "target", names=False, log=lines.append)

    for root in (head, base):
        toolchain.build(root, APP)

    assert compiled(lines).count("fetched") == 2
