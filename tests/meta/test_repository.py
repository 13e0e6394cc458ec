"""Repository: what no file of it may hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Put together here, so that this file does not hold them either. Everybody's packages come from where they
# say.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("index", "crates", "io"),
        ("static", "crates", "io"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("proxy", "golang", "org"),
    )
]


def text_files() -> list[Path]:
    """What git tracks or would take in, without what is not text."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split(
        "\0"
    )
    files = [ROOT / name for name in listed if name]
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()[:8000]]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {host}"
        for file in text_files()
        for host in REGISTRIES
        if host.encode() in file.read_bytes()
    ]
    assert found == []


def test_no_file_holds_a_path_of_the_machine_it_was_written_on() -> None:
    home = str(Path.home())
    paths = [f"{ROOT}/", *([f"{home}/"] if home.count("/") > 1 else [])]
    found = [
        f"{file.relative_to(ROOT)}: {path}"
        for file in text_files()
        for path in paths
        if path.encode() in file.read_bytes()
    ]
    assert found == []
