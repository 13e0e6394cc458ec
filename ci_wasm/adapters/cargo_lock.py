"""Cargo lock: the Cargo.lock that a build used. (workspace, crates in the module) -> Dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.core.dependencies import Dependencies, name_crates, parse_lock
from ci_wasm.errors import BuildError

# The largest public workspaces have some 500 kB.
_LARGEST_LOCK = 16 << 20


def read_lock(sandbox: Sandbox, workspace: Path, crates: Mapping[str, str]) -> Dependencies:
    """The workspace's Cargo.lock, read after a build, when there is one for certain; one that cannot be read says why.

    `crates` has the name in the module of each library, by `name version` of its package.
    """
    path = workspace / "Cargo.lock"
    try:
        if path.stat().st_size > _LARGEST_LOCK:
            return Dependencies((), "it is larger than 16 MiB")
        # With the build's own rights: a link in the repository must not lead to what only ci-wasm may read.
        text = sandbox.read(path, workspace).decode("utf-8")
    except UnicodeDecodeError:
        return Dependencies((), "it is not UTF-8")
    except (OSError, BuildError):
        return Dependencies((), "it is no file in the workspace's folder that the build can read")
    return name_crates(parse_lock(text), crates)
