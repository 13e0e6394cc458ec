"""Startup: a run with nothing to do against a bare interpreter. -> ratio, at most 3."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench.pairs import Program, report, time_pair

ENTRYPOINT = Path(__file__).resolve().parent.parent / "entrypoint.py"


def main() -> bool:
    """Time `python -I entrypoint.py` on an event without a plan, as the container starts it."""
    with tempfile.TemporaryDirectory() as folder:
        payload = Path(folder, "event.json")
        payload.write_text('{"action": "created"}', encoding="utf-8")
        environ = {
            "PATH": os.environ["PATH"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "issue_comment",
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_WORKSPACE": folder,
        }
        ours = Program("ci-wasm", [sys.executable, "-I", str(ENTRYPOINT)], environ)
        bare = Program("bare python", [sys.executable, "-I", "-c", "pass"], environ)
        pair = time_pair(ours, bare, runs=21, warm_up=2)
    return report("startup", pair, goal=3.0, peer="bare python")
