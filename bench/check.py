"""Check: a whole `ci-wasm check` against the imports that it cannot do without. -> ratio, at most 2."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.corpus import CorpusUnavailable, read_corpus
from bench.pairs import Program, report, time_pair

# As setup installs it, beside the interpreter.
COMMAND = Path(sys.executable).with_name("ci-wasm")
MODULE = "photon"
CONFIG = """\
workers:
  - name: photon
    wasm: photon.wasm
    budgets:
      - {metric: raw, max: 2 MiB, warn: 1900 KB}
      - {metric: section.code, max: 2 MiB}
      - {metric: function.max, max: 100 KiB}
      - {metric: data, max: 1 MiB}
      - {metric: exports, max: 500}
    contract:
      exports:
        memory: memory min<=22
        invert: (i32) -> ()
        alter_channel: (i32, i32, i32) -> ()
      forbid-features: [threads, memory64]
"""


def main() -> bool:
    """Budgets and contract of a module of 2 MB, without behavior, and with no budget that needs compression."""
    try:
        module = read_corpus()[MODULE].path()
    except CorpusUnavailable as error:
        print(f"bench check cannot run: {error}", flush=True)
        return False
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(module, Path(folder, "photon.wasm"))
        config = Path(folder, "ci-wasm.yml")
        config.write_text(CONFIG, encoding="utf-8")
        ours = Program("ci-wasm", ["sh", "-c", f'cd "{folder}" && exec "{COMMAND}" check'])
        bare = Program(
            "imports", ["sh", "-c", f'cd "{folder}" && exec "{sys.executable}" -c "import wasmtime, msgspec"']
        )
        pair = time_pair(ours, bare, runs=21, warm_up=2)
    return report("check", pair, goal=2.0, peer="import wasmtime, msgspec")
