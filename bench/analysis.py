"""Analysis: `ci-wasm measure` and `diff` on the corpus against twiggy, which reads modules natively. -> ratios, a plot."""

from __future__ import annotations

import compileall
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.corpus import CorpusUnavailable, Entry, read_corpus
from bench.pairs import Pair, Program, report, time_pair
from bench.plot import Point, draw, fit

ROOT = Path(__file__).resolve().parent.parent
CI_WASM = (str(Path(sys.executable).with_name("ci-wasm")),)
TWIGGY_VERSION = "0.8.0"
TWIGGY_ROOT = ROOT / ".cache" / "twiggy" / TWIGGY_VERSION
TWIGGY = str(TWIGGY_ROOT / "bin" / "twiggy")
RUNS = 5
MB = 1_000_000
# Linux counts the memory of the process that forks to the program that it starts (exec keeps the peak), so a small
# one has to start it.
LAUNCHER = """
import os, sys
to_null = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[to_null]), 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
# The same crate in two releases, and with other features: what a pull request is like, and the most that one changes.
DIFFS = (("biome-before", "biome"), ("ruffle-other", "ruffle"))
# Modules of about 2, 8, 16 and 35 MB, for the plot of time over size.
LINE = ("photon", "matrix-crypto", "lightningcss", "biome")
PLOT = ROOT / "build" / "bench" / "analysis.svg"
# A time that grew with the square of the size would be at 3.
LINE_GOAL = 2.0
SUM_GOAL, DIFF_GOAL, BARE_GOAL, GZIP_GOAL = 0.3, 0.5, 1.3, 1.15


def main() -> bool:
    """Print every line; False where a goal is missed, or where twiggy or the corpus cannot be had."""
    # As an installed package has it, and as the peers' packages have it here.
    compileall.compile_dir(ROOT / "ci_wasm", quiet=1)
    try:
        provide_twiggy()
        corpus = [(entry, entry.path()) for entry in read_corpus().values()]
    except (CorpusUnavailable, OSError, subprocess.CalledProcessError) as error:
        print(f"bench analysis cannot run: {error}", flush=True)
        return False
    modules = [(entry, path) for entry, path in corpus if entry.layout == "core"]
    paths = {entry.name: path for entry, path in modules}
    pairs = {entry: pair for entry, path in modules if (pair := _against_twiggy(path)) is not None}
    met = [
        report(f"analysis.measure.{entry.name}", pair, goal=_goal(entry.size), peer="twiggy")
        for entry, pair in pairs.items()
    ]
    together = Pair(
        sum(pair.ours for pair in pairs.values()), sum(pair.peer for pair in pairs.values()), RUNS
    )
    met.append(report("analysis.measure.sum", together, goal=SUM_GOAL, peer="twiggy"))
    met.append(_line({entry.name: (entry.size, pair.ours) for entry, pair in pairs.items()}))
    met.append(_against_bare_python(paths["photon"]))
    met += [_against_twiggy_diff(head, paths[base], paths[head]) for base, head in DIFFS]
    met.append(_with_gzip(paths["biome"]))
    met += [_memory(entry, path) for entry, path in modules]
    return all(met)


def provide_twiggy() -> None:
    """Build twiggy once with cargo; raises CalledProcessError or OSError where that does not work."""
    if shutil.which(TWIGGY):
        return
    print(f"Building twiggy {TWIGGY_VERSION}, which takes about a minute.", flush=True)
    command = ["cargo", "install", "--quiet", "--locked", "--root", str(TWIGGY_ROOT), "twiggy"]
    subprocess.run([*command, "--version", TWIGGY_VERSION], check=True)


def _goal(size: int) -> float | None:
    """Python's own start is most of the time of a small module, and all of it of a tiny one."""
    if size < MB:
        return None
    if size >= 30 * MB:
        return 0.3
    return 0.5 if size >= 10 * MB else 2.0


def _measure(path: Path) -> Program:
    return Program("ci-wasm", [*CI_WASM, "measure", "--no-compression", str(path)])


def _against_twiggy(path: Path) -> Pair | None:
    """None, and a line, where twiggy cannot read the module."""
    twiggy, module = shlex.quote(TWIGGY), shlex.quote(str(path))
    both = f"{twiggy} top {module} && exec {twiggy} dominators {module}"
    peer = Program("twiggy", ["sh", "-c", both])
    if subprocess.run(peer.command, capture_output=True, check=False).returncode != 0:
        print(f"bench analysis.measure.{path.stem} has no peer: twiggy cannot read it", flush=True)
        return None
    return time_pair(_measure(path), peer, runs=RUNS)


def _line(measured: Mapping[str, tuple[int, float]]) -> bool:
    """Draw time over size, and hold what a byte costs between the larger two modules against the smaller three."""
    points = [
        Point(f"{name}, {measured[name][1] * 1000:.0f} ms", measured[name][0] / MB, measured[name][1] * 1000)
        for name in LINE
    ]
    line = fit(points)
    words = f"ci-wasm measure: {line.slope:.1f} ms for each MB, after {line.intercept:.0f} ms"
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    PLOT.write_text(draw(points, line, title=words, x="MB", y="ms"), encoding="utf-8")
    later, earlier = fit(points[-2:]).slope, fit(points[:-1]).slope
    print(
        f"bench analysis.line ratio={later / earlier:.2f} goal<={LINE_GOAL:.2f} "
        f"(from {points[-2].x:.0f} to {points[-1].x:.0f} MB {later:.1f} ms for each MB, "
        f"before {earlier:.1f} ms; {PLOT.relative_to(ROOT)})",
        flush=True,
    )
    return later / earlier <= LINE_GOAL


def _against_bare_python(path: Path) -> bool:
    bare = Program("imports", [sys.executable, "-c", "import wasmtime, msgspec"])
    pair = time_pair(_measure(path), bare, runs=RUNS)
    return report("analysis.start", pair, goal=BARE_GOAL, peer="import wasmtime, msgspec")


def _against_twiggy_diff(name: str, base: Path, head: Path) -> bool:
    ours = Program("ci-wasm", [*CI_WASM, "diff", "--no-compression", str(base), str(head)])
    pair = time_pair(ours, Program("twiggy", [TWIGGY, "diff", str(base), str(head)]), runs=RUNS)
    return report(f"analysis.diff.{name}", pair, goal=DIFF_GOAL, peer="twiggy diff")


def _with_gzip(path: Path) -> bool:
    """Everything at once against the slower of its parts alone."""
    ours = Program("ci-wasm", [*CI_WASM, "measure", str(path)])
    gzip = time_pair(ours, Program("gzip", ["gzip", "-9", "--stdout", str(path)]), runs=RUNS)
    alone = time_pair(ours, _measure(path), runs=RUNS)
    slower = max((gzip, alone), key=lambda pair: pair.peer)
    return report("analysis.gzip", slower, goal=GZIP_GOAL, peer="gzip -9" if slower is gzip else "analysis")


def _memory(entry: Entry, path: Path) -> bool:
    limit = 3 * entry.size + 40 * MB
    peak = peak_memory(_measure(path))
    print(
        f"bench analysis.memory.{entry.name} ratio={peak / limit:.2f} goal<=1.00 "
        f"(ours {peak / MB:.0f} MB, 3 x file + 40 MB {limit / MB:.0f} MB)",
        flush=True,
    )
    return peak <= limit


def peak_memory(program: Program) -> int:
    """Bytes of resident memory that a process took at most; raises CalledProcessError where it fails."""
    launched = [sys.executable, "-S", "-c", LAUNCHER, *program.command]
    done = subprocess.run(launched, env=program.environ, check=True, capture_output=True, text=True)
    return int(done.stdout) * 1024
