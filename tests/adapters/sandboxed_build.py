"""Sandboxed build: builds the hostile crate as ci-wasm does and prints what that found out. A program for tests.

usage: sandboxed_build.py ROOT RUNNER UID   (UID 0: stay who we are)
"""

from __future__ import annotations

import ctypes
import fcntl  # noqa: F401  loaded now: as another user, python's own files may be out of reach
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ci_wasm.adapters.cargo_toolchain import CargoToolchain
from ci_wasm.adapters.sandbox import enter_sandbox
from ci_wasm.core.build import CrateSource

PR_SET_DUMPABLE = 4


def main() -> None:
    root, runner, uid = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        # Changing the user closes the process, which is what is to be tested: open it again.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    sandbox = enter_sandbox(os.environ, root, runner=runner)
    sys.stdout.write(f"{sandbox.level}\n")
    build = CargoToolchain(os.environ, sandbox=sandbox).build(root, CrateSource("hostile"))
    wasm = build.wasm
    sys.stdout.write(wasm[wasm.index(b"report starts") : wasm.index(b"report ends")].decode())
    for package in build.dependencies.packages if build.dependencies else ():
        sys.stdout.write(f"\nlock {package.id}: {package.crate}")


if __name__ == "__main__":
    main()
