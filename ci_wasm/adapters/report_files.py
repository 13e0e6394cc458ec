"""Report files: write what a run leaves behind. texts -> files below the repository's root."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ci_wasm.errors import ConfigError

# The output of action.yml that names each file.
_OUTPUTS = {"report.json": "report", "comment.md": "comment", "report.html": "report-html"}


def write_report_files(root: Path, folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Write each text into `root / folder`; gives the step's outputs that name them, relative to `root`.

    In an action container we are root and the workspace belongs to the runner's user, who could not delete what
    root leaves behind: the files are given to the workspace's owner.
    """
    target = (root / folder).resolve()
    if not target.is_relative_to(root.resolve()):
        raise ConfigError(
            f"the report directory `{folder}` leaves the repository",
            cure="Give `report-directory` as a path below the repository's root.",
        )
    target.mkdir(parents=True, exist_ok=True)
    _give_to_owner(target, root)
    outputs = {}
    for name, text in texts.items():
        # A link of this name that the repository brings along is replaced, not followed.
        partial = target / f".{name}.partial"
        partial.unlink(missing_ok=True)
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
        _give_to_owner(partial, root)
        partial.replace(target / name)
        outputs[_OUTPUTS[name]] = (target / name).relative_to(root.resolve()).as_posix()
    return outputs


def _give_to_owner(path: Path, root: Path) -> None:
    owner = root.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
