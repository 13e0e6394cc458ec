"""Processes: which workerd this test run has started and not ended, as the kernel sees it. pid -> pids."""

from __future__ import annotations

import os
import time
from pathlib import Path

# Edges that the whole session shares run Workers of other tests in this process.
_of_others: set[int] = set()


def count_from_here() -> None:
    """Leave the processes that run already out of `workerds()`."""
    _of_others.clear()
    _of_others.update(workerds())


def workerds(parent: int | None = None) -> list[int]:
    """Running workerd processes whose parent is `parent` (by default this process), zombies included."""
    entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = {int(entry.name) for entry in entries if _is_workerd(entry, parent or os.getpid())}
    return sorted(found - _of_others)


def _is_workerd(entry: Path, parent: int) -> bool:
    try:
        name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name in ("workerd", "setpriv") and int(rest.split()[1]) == parent


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def settles(condition: object, seconds: float = 5) -> bool:
    """Whether a callable becomes true in time."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
