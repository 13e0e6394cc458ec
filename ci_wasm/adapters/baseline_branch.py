"""Baseline branch: merged commits on a data branch, one file for each commit. commit <-> Recorded.

A branch has a history and no expiry, and one file for each commit never conflicts. The branch holds nothing else.
Each file carries the sizes of the commits before it, too: a pull request reads one file, and has its base and the trend.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import astuple

from ci_wasm.core.dependencies import Dependencies
from ci_wasm.core.execution import NOT_RUN, Execution
from ci_wasm.core.history import Commit, History, Point, Recorded, make_point
from ci_wasm.core.measurement import NOT_ASSEMBLED, Measurement, Upload
from ci_wasm.core.module import Module
from ci_wasm.core.sizes import Sizes
from ci_wasm.errors import ForgeError
from ci_wasm.outcome import Done
from ci_wasm.ports import Forge

BRANCH = "ci-wasm-data"
SCHEMA = 1
# A list of this length explains what grew and keeps a file below a few hundred kilobytes, however large the module.
FUNCTIONS_KEPT = 2000


class _Measured(msgspec.Struct, frozen=True):
    """Older records have no dependencies, no upload and no execution."""

    sizes: Sizes
    sha256: str
    toolchain: str
    module: Module
    dependencies: Dependencies | None = None
    upload: Upload | None = None
    execution: Execution | None = None


class PointWire(msgspec.Struct, frozen=True, array_like=True):
    """A point without its keys: a hundred of them are 6 kB."""

    commit: str
    date: int | None
    raw: int
    gzip: int | None
    brotli: int | None
    functions: int
    startup_ms: int | None = None


class _Record(msgspec.Struct, frozen=True):
    """Records from before there was a history have none."""

    schema: int
    commit: str
    workers: dict[str, _Measured]
    histories: dict[str, tuple[PointWire, ...]] = {}


class BaselineBranch:
    """Keeps the `Baselines` port on a branch of the repository itself."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def read(self, commit: str) -> Recorded | None:
        """What was recorded for a commit; raises ForgeError where the record cannot be understood."""
        content = self._forge.read_file(BRANCH, _path(commit))
        return None if content is None else decode_baseline(content)

    def write(
        self, commit: str, measurements: Mapping[str, Measurement], histories: Mapping[str, History]
    ) -> None:
        """Record a commit."""
        message = f"Record the sizes of {commit[:12]}"
        self._forge.write_file(
            BRANCH, _path(commit), encode_baseline(commit, measurements, histories), message
        )


def encode_baseline(
    commit: str, measurements: Mapping[str, Measurement], histories: Mapping[str, History]
) -> bytes:
    """One commit's file, ending with a newline."""
    workers = {name: _measured(measurement) for name, measurement in measurements.items()}
    points = {name: tuple(map(_wire, history)) for name, history in histories.items()}
    return msgspec.json.encode(_Record(SCHEMA, commit, workers, points)) + b"\n"


def decode_baseline(content: bytes) -> Recorded:
    """What `encode_baseline` wrote, by Worker name; raises ForgeError for anything else."""
    try:
        record = msgspec.json.decode(content, type=_Record)
    except msgspec.MsgspecError as error:
        raise ForgeError(
            f"the recorded baseline cannot be read: {error}",
            cure=f"It was written by another version of ci-wasm; the next push to the default branch records it anew "
            f"(branch `{BRANCH}`).",
        ) from None
    measurements = {name: _measurement(entry) for name, entry in record.workers.items()}
    begun = {name: (make_point(Commit(record.commit), each),) for name, each in measurements.items()}
    told = {name: tuple(map(to_point, points)) for name, points in record.histories.items()}
    return Recorded(measurements, {**begun, **told})


def to_point(wire: PointWire) -> Point:
    """The core's record of a stored point."""
    return Point(*msgspec.structs.astuple(wire))


def _wire(point: Point) -> PointWire:
    return PointWire(*astuple(point))


def _measured(measurement: Measurement) -> _Measured:
    module = msgspec.structs.replace(measurement.module, largest=measurement.module.largest[:FUNCTIONS_KEPT])
    return _Measured(
        measurement.sizes,
        measurement.sha256,
        measurement.toolchain,
        module,
        measurement.dependencies,
        measurement.upload.value if isinstance(measurement.upload, Done) else None,
        measurement.execution.value if isinstance(measurement.execution, Done) else None,
    )


def _measurement(entry: _Measured) -> Measurement:
    upload = Done(entry.upload) if entry.upload else NOT_ASSEMBLED
    execution = Done(entry.execution) if entry.execution else NOT_RUN
    return Measurement(
        entry.sizes, entry.module, entry.sha256, entry.toolchain, entry.dependencies, upload, execution
    )


def _path(commit: str) -> str:
    return f"baselines/{commit}.json"
