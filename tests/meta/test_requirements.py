"""Requirements: what is installed is pinned and hashed, and the lock files agree with what is declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "requirements"
LOCKS = sorted(FOLDER.glob("*.txt"))
DECLARED = sorted(FOLDER.glob("*.in"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def entries(lock: Path) -> list[str]:
    """Each requirement of a lock file as one line."""
    text = re.sub(r"\s*\\\n\s*", " ", lock.read_text(encoding="utf-8"))
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def versions(lock: Path) -> dict[str, str]:
    """Package name -> locked version."""
    pins = (Requirement(entry.partition(" --hash")[0]) for entry in entries(lock))
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def declared(file: Path) -> list[Requirement]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_each_declaration_has_its_lock() -> None:
    assert [lock.stem for lock in LOCKS] == [file.stem for file in DECLARED]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_entry_is_one_version_with_hashes_and_without_an_address(lock: Path) -> None:
    for entry in entries(lock):
        pin, *hashes = entry.split(" --hash=")
        assert re.match(r"^[a-z0-9-]+(\[[a-z,]+\])?==[^ ]+( ; .+)?$", pin.strip()), pin
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", text.strip()) for text in hashes), pin
    assert "://" not in lock.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", DECLARED, ids=lambda file: file.stem)
def test_the_lock_is_of_the_declaration(file: Path) -> None:
    locked = versions(file.with_suffix(".txt"))
    for requirement in declared(file):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


def test_a_package_has_the_same_version_in_every_file() -> None:
    seen: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in versions(lock).items():
            seen.setdefault(name, set()).add(version)
    assert {name: found for name, found in seen.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("group", "lock"), [(None, "action"), ("edge", "edge")])
def test_the_package_asks_for_what_the_image_installs(group: str | None, lock: str) -> None:
    wanted = PROJECT["dependencies"] if group is None else PROJECT["optional-dependencies"][group]
    requirements = {canonicalize_name(each.name): each for each in map(Requirement, wanted)}
    locked = versions(FOLDER / f"{lock}.txt")

    assert requirements.keys() == {canonicalize_name(each.name) for each in declared(FOLDER / f"{lock}.in")}
    assert all(requirement.specifier.contains(locked[name]) for name, requirement in requirements.items())
