"""Baseline branch: measurements of merged commits on a data branch, one file for each commit. commit <-> Measurements.

A branch has a history and no expiry, and one file for each commit never conflicts. The branch holds nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from ci_wasm.adapters.module_wire import ModuleWire, to_module, to_wire
from ci_wasm.core.measurement import Measurement, Sizes
from ci_wasm.errors import ForgeError
from ci_wasm.ports import Forge

BRANCH = "ci-wasm-data"
SCHEMA = 1
# A list of this length explains what grew and keeps a file below a few hundred kilobytes, however large the module.
FUNCTIONS_KEPT = 2000


class _Measured(msgspec.Struct, frozen=True):
    sizes: Sizes
    sha256: str
    toolchain: str
    module: ModuleWire


class _Record(msgspec.Struct, frozen=True):
    schema: int
    commit: str
    workers: dict[str, _Measured]


class BaselineBranch:
    """Keeps the `Baselines` port on a branch of the repository itself."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def read(self, commit: str) -> Mapping[str, Measurement] | None:
        """What was recorded for a commit; raises ForgeError where the record cannot be understood."""
        content = self._forge.read_file(BRANCH, _path(commit))
        return None if content is None else decode_baseline(content)

    def write(self, commit: str, measurements: Mapping[str, Measurement]) -> None:
        """Record a commit's measurements."""
        message = f"Record the sizes of {commit[:12]}"
        self._forge.write_file(BRANCH, _path(commit), encode_baseline(commit, measurements), message)


def encode_baseline(commit: str, measurements: Mapping[str, Measurement]) -> bytes:
    """One commit's file, ending with a newline."""
    workers = {name: _measured(measurement) for name, measurement in measurements.items()}
    return msgspec.json.encode(_Record(SCHEMA, commit, workers)) + b"\n"


def decode_baseline(content: bytes) -> Mapping[str, Measurement]:
    """What `encode_baseline` wrote, by Worker name; raises ForgeError for anything else."""
    try:
        record = msgspec.json.decode(content, type=_Record)
    except msgspec.MsgspecError as error:
        raise ForgeError(
            f"the recorded baseline cannot be read: {error}",
            cure=f"It was written by another version of ci-wasm; the next push to the default branch records it anew "
            f"(branch `{BRANCH}`).",
        ) from None
    return {
        name: Measurement(entry.sizes, to_module(entry.module), entry.sha256, entry.toolchain)
        for name, entry in record.workers.items()
    }


def _measured(measurement: Measurement) -> _Measured:
    module = replace(measurement.module, largest=measurement.module.largest[:FUNCTIONS_KEPT])
    return _Measured(measurement.sizes, measurement.sha256, measurement.toolchain, to_wire(module))


def _path(commit: str) -> str:
    return f"baselines/{commit}.json"
