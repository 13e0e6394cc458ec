"""Entrypoint: what the action's container starts. The runner's environment -> exit code."""

import os
import sys

# Started with `python -I`, so that the workspace cannot plant modules; the package lies beside this file.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 (pathlib costs as much as a bare start)

from ci_wasm.__main__ import run

if __name__ == "__main__":
    run(["run", *sys.argv[1:]])
