"""Past: what is recorded of merged commits. (Baselines, Repository, commit) -> Recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ci_wasm.core.history import History, Recorded
from ci_wasm.core.measurement import Measurement
from ci_wasm.outcome import Done, Failed, Skipped, attempt
from ci_wasm.ports import Baselines, Repository

NOTHING = Recorded({}, {})
# A commit has no record where its build failed, or its run was cut short. More in a row are rare, and each is a request.
LOOK_BACK = 5


def recorded(
    store: Done[Baselines] | Skipped, repository: Repository, commit: str, log: Callable[[str], None]
) -> Recorded:
    """The record of a commit; where it has none, the histories alone of the nearest first parent that has one.

    A store that cannot be read is no reason to compare with nothing: then there is no record, and the log says why.
    """
    if not isinstance(store, Done):
        return NOTHING
    baselines = store.value
    found = attempt(lambda: baselines.read(commit) or _nearest(baselines, repository, commit))
    if isinstance(found, Failed):
        log(f"The recorded baselines cannot be read ({found.message}); the base is built instead.")
        return NOTHING
    return found.value


def keep(
    store: Done[Baselines] | Skipped,
    commit: str,
    measured: Mapping[str, Measurement],
    histories: Mapping[str, History],
) -> str:
    """Record a commit; gives a sentence for the report. A Worker that did not build keeps the history that it has."""
    if not isinstance(store, Done):
        return f"No baseline was recorded, because {store.reason}."
    if not measured:
        return "No baseline was recorded, because nothing was built."
    store.value.write(commit, measured, histories)
    return f"The baseline of `{commit[:7]}` was recorded."


def _nearest(baselines: Baselines, repository: Repository, commit: str) -> Recorded:
    for parent in repository.first_parents(commit, LOOK_BACK + 1)[1:]:
        record = baselines.read(parent.sha)
        if record is not None:
            return Recorded({}, record.histories)
    return NOTHING
