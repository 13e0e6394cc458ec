"""Limits: what the platform refuses by itself, whatever the budgets say. Measurement -> findings.

| limit            | value                 | since      | source                                  |
|------------------|-----------------------|------------|-----------------------------------------|
| Worker size      | 64 MiB, uncompressed  | 2026-09    | <https://developers.cloudflare.com/workers/platform/limits/#worker-size> |
| memory           | 128 MB an isolate     | –          | <https://developers.cloudflare.com/workers/platform/limits/#memory> |
| startup time     | 1 s                   | 2025-10-10 | <https://developers.cloudflare.com/changelog/2025-10-10-increased-startup-time> |

Read on 2026-11-24, the same on all plans. Startup time is not judged here: it cannot be told from a module. The size is that
of all modules of a Worker together; where ci-wasm does not assemble the Worker, the Wasm module alone is judged, and one
of less may still be refused with its JavaScript.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.measurement import Measurement
from ci_wasm.outcome import Done

WORKER_SIZE = 64 << 20
# The page says MB; read as the larger of the two, so that only what is surely over is reported.
ISOLATE_MEMORY = 128 << 20


def limit_findings(measurement: Measurement) -> Iterator[Finding]:
    """Warnings, not errors: not every module that is judged here is for this platform."""
    metric, what, size = _worker_size(measurement)
    memory = _initial_memory(measurement)
    if size > WORKER_SIZE:
        yield _finding(
            metric,
            f"{what} is {size:,} bytes, and Cloudflare refuses a Worker of more than {WORKER_SIZE:,} bytes",
            "Make it smaller (`opt-level`, `lto`, fewer dependencies), or split it into several Workers.",
            size,
            WORKER_SIZE,
        )
    if memory > ISOLATE_MEMORY:
        yield _finding(
            "memory",
            f"the module starts with {memory:,} bytes of memory, and Cloudflare gives an isolate {ISOLATE_MEMORY:,} bytes",
            "Ask for less memory at the start (the linker's `--initial-memory`), or for smaller static data.",
            memory,
            ISOLATE_MEMORY,
        )


def _worker_size(measurement: Measurement) -> tuple[str, str, int]:
    """The metric, its name in a sentence, and its bytes: the nearest to the whole Worker that is known."""
    if isinstance(measurement.upload, Done):
        return "upload", "the Worker's upload", measurement.upload.value.raw
    return "raw", "the module", measurement.sizes.raw


def _initial_memory(measurement: Measurement) -> int:
    return sum(memory.minimum * memory.page_size for memory in measurement.module.memories)


def _finding(subject: str, message: str, cure: str, measured: int, limit: int) -> Finding:
    return Finding(FindingKind.PLATFORM_LIMIT, Severity.WARNING, subject, message, cure, measured, limit)
