"""Baseline branch: measurements of merged commits on a data branch, one file for each commit. commit <-> Measurements.

A branch has a history and no expiry, and one file for each commit never conflicts. The branch holds nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ci_wasm.core.measurement import Measurement, Sizes
from ci_wasm.core.module import Module
from ci_wasm.errors import ForgeError
from ci_wasm.ports import Forge

BRANCH = "ci-wasm-data"
SCHEMA = 1
# A list of this length explains what grew and keeps a file below a few hundred kilobytes, however large the module.
_FUNCTIONS_KEPT = 2000


class BaselineBranch:
    """Keeps the `Baselines` port on a branch of the repository itself."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def read(self, commit: str) -> Mapping[str, Measurement] | None:
        """What was recorded for a commit. A record of another schema counts as none: the base is built instead."""
        content = self._forge.read_file(BRANCH, _path(commit))
        return None if content is None else decode_baseline(content)

    def write(self, commit: str, measurements: Mapping[str, Measurement]) -> None:
        """Record a commit's measurements."""
        message = f"Record the sizes of {commit[:12]}"
        self._forge.write_file(BRANCH, _path(commit), encode_baseline(commit, measurements), message)


def _path(commit: str) -> str:
    return f"baselines/{commit}.json"
