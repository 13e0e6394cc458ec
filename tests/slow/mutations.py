"""Mutations of one real module through the command, in a process of their own. (file, count, seconds) -> a line of JSON.

A process for each module: what it needed of memory is then this module's doing, and a crash is no end of the others.
"""

from __future__ import annotations

import io
import json
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ci_wasm.__main__ import guarded
from ci_wasm.adapters.module_reader import WasmtimeModuleReader

# What is wrong with the first eight bytes is told without an offset.
PLACE = re.compile(
    r"at offset 0x[0-9a-f]+ in the section `[^`]+`|it does not begin with the bytes|is a component"
)


def main(file: Path, count: int, seconds: float) -> None:
    wasm = file.read_bytes()
    starts = [section.offset for section in WasmtimeModuleReader().read(wasm).sections]
    chance = random.Random(file.name)  # noqa: S311 (the same mutations in every run)
    ends = time.monotonic() + seconds
    done = refused = 0
    slowest, before = 0.0, peak()
    with tempfile.TemporaryDirectory() as folder:
        mutation = Path(folder, "mutated.wasm")
        while done < count and time.monotonic() < ends:
            mutation.write_bytes(mutated(wasm, starts, chance))
            started = time.process_time()
            is_refused = measure(mutation)
            # What this process did: other work on the machine is no hang.
            slowest = max(slowest, time.process_time() - started)
            refused += is_refused
            done += 1
    summary = {
        "done": done,
        "refused": refused,
        "slowest": slowest,
        "bytes": peak() - before,
        "size": len(wasm),
    }
    sys.stdout.write(json.dumps(summary) + "\n")


def measure(path: Path) -> bool:
    """Measure a file; gives whether it was refused. Raises AssertionError for anything but an answer or one clear line."""
    stdout, stderr = io.StringIO(), io.StringIO()
    exit_code = guarded(["measure", str(path), "--no-compression", "--format", "json"], {}, stdout, stderr)
    told = stderr.getvalue()
    if exit_code == 0:
        sections = json.loads(stdout.getvalue())["module"]["sections"]
        assert sum(section["size"] for section in sections) == path.stat().st_size, path.read_bytes()[
            :64
        ].hex()
        return False
    assert (exit_code, stdout.getvalue(), len(told.splitlines())) == (5, "", 1), told
    assert PLACE.search(told), told
    return True


def mutated(wasm: bytes, starts: Sequence[int], chance: random.Random) -> bytes:
    """One to four edits; half of them at the head of a section, where a byte changes the most."""
    data = bytearray(wasm)
    for _ in range(chance.randint(1, 4)):
        at = (
            chance.choice(starts) + chance.randrange(32)
            if chance.random() < 0.5
            else chance.randrange(len(wasm))
        )
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = chance.randbytes(1)
            case 1:
                del data[at : at + chance.randint(1, 64)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 64)]
            case 3:
                data[at:at] = chance.randbytes(chance.randint(1, 16))
            case _:
                del data[max(at, 16) :]
    return bytes(data)


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
