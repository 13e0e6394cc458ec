"""Bench: measure the parts that are named, each against a peer in the same run. names -> lines of ratios."""

from __future__ import annotations

import sys

from bench import analysis, check, cold, startup, validate

PARTS = {
    "startup": startup.main,
    "analysis": analysis.main,
    "check": check.main,
    "cold": cold.main,
    "validate": validate.main,
}


def main() -> int:
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"There is no bench called {', '.join(unknown)}; BENCH is one of: {', '.join(PARTS)}.")
        return 2
    results = [PARTS[name]() for name in names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
