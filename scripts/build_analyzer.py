"""Build analyzer: compile analyzer/ with ci-wasm's own build stage. (the Rust sources) -> ci_wasm/analyzer.wasm.

Whether there is anything to do is the Makefile's to know. Exit codes are those of ci-wasm (docs/errors.md).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ci_wasm.adapters.cargo_toolchain import CargoToolchain  # noqa: E402  the path comes first
from ci_wasm.core.build import CrateSource  # noqa: E402
from ci_wasm.errors import EXIT_OK, CiWasmError  # noqa: E402

RESULT = ROOT / "ci_wasm" / "analyzer.wasm"


def main() -> int:
    """Build, put the module in place, and compile it for this machine. Says what it does, with seconds."""
    try:
        build()
        compile_for_this_machine()
    except CiWasmError as error:
        say(error.message)
        print("\n".join(filter(None, (error.detail, error.cure))), file=sys.stderr)
        return error.exit_code
    return EXIT_OK


def build() -> None:
    terminal = sys.stderr if sys.stderr.isatty() else None
    toolchain = CargoToolchain(os.environ, log=say, terminal=terminal, names=False)
    made = toolchain.build(ROOT, CrateSource("analyzer"))
    put(RESULT, made.wasm)
    say(
        f"{RESULT.relative_to(ROOT)}: {len(made.wasm):,} bytes, built in {made.seconds:.1f} s by {made.toolchain}"
    )


def put(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def compile_for_this_machine() -> None:
    """Have wasmtime compile the module once, so that the first analysis does not wait for it."""
    from ci_wasm.adapters.analyzer import precompile

    started = time.monotonic()
    precompile()
    say(f"compiled for this machine in {time.monotonic() - started:.1f} s")


def say(line: str) -> None:
    print(f"analyzer: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
