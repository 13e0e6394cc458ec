"""Pairs: two commands timed in turn, so that both meet the same machine. (command, command) -> Pair."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A whole process to time."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Pair:
    """Medians in seconds."""

    ours: float
    peer: float
    runs: int

    @property
    def ratio(self) -> float:
        return self.ours / self.peer


def time_pair(ours: Program, peer: Program, *, runs: int, warm_up: int = 1) -> Pair:
    """Run both in turn; raises CalledProcessError when one of them fails, because a failure is fast."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(warm_up + runs):
        for program, seconds in zip((ours, peer), times, strict=True):
            elapsed = _time(program)
            if turn >= warm_up:
                seconds.append(elapsed)
    return Pair(statistics.median(times[0]), statistics.median(times[1]), runs)


def report(name: str, pair: Pair, *, goal: float | None, peer: str) -> bool:
    """Print the line of one bench; gives whether its goal is met. Without a goal it is for the reader only."""
    wanted = "no goal" if goal is None else f"goal<={goal:.2f}"
    print(
        f"bench {name} ratio={pair.ratio:.2f} {wanted} "
        f"(ours {pair.ours:.3f} s, {peer} {pair.peer:.3f} s, median of {pair.runs})",
        flush=True,
    )
    return goal is None or pair.ratio <= goal


def _time(program: Program) -> float:
    started = time.perf_counter()
    subprocess.run(program.command, env=program.environ, check=True, capture_output=True)
    return time.perf_counter() - started
