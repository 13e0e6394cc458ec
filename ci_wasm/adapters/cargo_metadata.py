"""Cargo metadata: which package and which cdylib a folder holds. (`cargo metadata` --no-deps, folder) -> Package.

The format: https://doc.rust-lang.org/cargo/commands/cargo-metadata.html#json-format
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_wasm.core.dependencies import parse_lock
from ci_wasm.errors import BuildError


class _Target(msgspec.Struct):
    name: str
    kind: list[str]
    crate_types: list[str]


class _Dependency(msgspec.Struct):
    name: str
    path: str | None = None
    kind: str | None = None


class _Package(msgspec.Struct):
    name: str
    id: str
    manifest_path: str
    targets: list[_Target]
    dependencies: list[_Dependency]


class _Metadata(msgspec.Struct):
    packages: list[_Package]
    workspace_root: str
    target_directory: str


@dataclass(frozen=True, slots=True)
class Package:
    """The package to build. `local` names every package whose code lies in a folder, members and path dependencies.

    `local` is None where nothing tells it, that is, without a Cargo.lock. `outside` says that some of them lie outside
    the workspace; without a Cargo.lock only what the members' manifests name themselves is known. `uses_worker`: it is
    written with workers-rs, whose crate is called `worker`.
    """

    name: str
    id: str
    library: str
    workspace_root: Path
    target_directory: Path
    has_lock: bool
    local: tuple[str, ...] | None
    outside: bool
    uses_worker: bool


def read_package(answer: bytes, folder: Path, root: Path) -> Package:
    """Find the package whose Cargo.toml lies in `folder`; `root` is the checkout. Raises BuildError."""
    try:
        metadata = msgspec.json.decode(answer, type=_Metadata)
    except msgspec.DecodeError as error:
        raise BuildError(
            "The answer of `cargo metadata` cannot be read",
            cure="Run `cargo metadata --no-deps --format-version 1` there; use a current stable Rust.",
            detail=str(error),
        ) from error
    manifest = (folder / "Cargo.toml").resolve()
    found = next(
        (package for package in metadata.packages if Path(package.manifest_path).resolve() == manifest), None
    )
    if found is None:
        raise _no_package(metadata, folder, root)
    library = _find_cdylib(found, manifest, root)
    workspace_root = Path(metadata.workspace_root).resolve()
    lock = workspace_root / "Cargo.lock"
    local = _local_packages(lock) if lock.is_file() else None
    members = {package.name for package in metadata.packages}
    return Package(
        name=found.name,
        id=found.id,
        library=library.name,
        workspace_root=workspace_root,
        target_directory=Path(metadata.target_directory),
        has_lock=lock.is_file(),
        local=local,
        outside=bool(set(local) - members if local is not None else _named_outside(metadata, workspace_root)),
        uses_worker=any(needed.name == "worker" and needed.kind is None for needed in found.dependencies),
    )


def relative(path: Path, root: Path) -> str:
    """`path` as seen from `root`, in the form that git and GitHub use; an outer path stays absolute."""
    real, base = path.resolve(), root.resolve()
    return real.relative_to(base).as_posix() if real.is_relative_to(base) else real.as_posix()


def _find_cdylib(package: _Package, manifest: Path, root: Path) -> _Target:
    library = next((target for target in package.targets if "cdylib" in target.crate_types), None)
    if library is not None:
        return library
    file = relative(manifest, root)
    has_library = any(set(target.kind) & {"lib", "rlib", "dylib", "staticlib"} for target in package.targets)
    elsewhere = "" if has_library else "\n\nand put the functions that the Worker calls into src/lib.rs."
    raise BuildError(
        f"The crate `{package.name}` is no `cdylib`, so cargo makes no .wasm file of it",
        cure=f'Add to {file}:\n\n[lib]\ncrate-type = ["cdylib"]{elsewhere}',
        detail="Its targets: "
        + ", ".join(f"{target.name} ({', '.join(target.crate_types)})" for target in package.targets),
        file=file,
    )


def _no_package(metadata: _Metadata, folder: Path, root: Path) -> BuildError:
    members = [
        f"{relative(Path(package.manifest_path).parent, root)} ({package.name})"
        + ("" if any("cdylib" in target.crate_types for target in package.targets) else ", no cdylib")
        for package in metadata.packages
    ]
    return BuildError(
        "This Cargo.toml is the root of a workspace and describes no package itself",
        cure="Set `crate` to the folder of the member to build.",
        detail="Its members:\n" + "\n".join(members),
        file=relative(folder / "Cargo.toml", root),
    )


def _local_packages(lock: Path) -> tuple[str, ...] | None:
    """The packages of a Cargo.lock that have no source: their code lies in folders."""
    known = parse_lock(lock.read_text(encoding="utf-8", errors="replace"))
    if known.problem:
        return None  # cargo says better what is wrong with it
    return tuple(sorted({package.name for package in known.packages if not package.source}))


def _named_outside(metadata: _Metadata, workspace_root: Path) -> bool:
    paths = (dependency.path for package in metadata.packages for dependency in package.dependencies)
    return any(path is not None and not Path(path).is_relative_to(workspace_root) for path in paths)
