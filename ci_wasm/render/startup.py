"""Startup renderer: what the start takes, with its spread, and what Cloudflare measured. WorkerReport -> a sentence."""

from __future__ import annotations

from ci_wasm.core.report import WorkerReport
from ci_wasm.core.startup import Startup
from ci_wasm.outcome import Done


def startup_text(worker: WorkerReport) -> str:
    """As in "6.1 ms of CPU on workerd (7 runs: 6.1–9.0), 5.9 on the base (5.9–6.4); 12 ms at Cloudflare"; maybe empty."""
    parts = []
    if isinstance(worker.startup, Done):
        parts.append(_here(worker.startup.value))
    platform = worker.preview.value.startup_ms if isinstance(worker.preview, Done) else None
    if platform is not None:
        parts.append(f"{platform:,} ms at Cloudflare")
    return "; ".join(parts)


def _here(startup: Startup) -> str:
    runs = len(startup.head.milliseconds)
    counted = "1 run" if runs == 1 else f"{runs} runs"
    text = f"{startup.own:.1f} ms of CPU on workerd ({counted}: {startup.own:.1f}–{startup.own_worst:.1f})"
    if startup.base is None or startup.base_own is None:
        return text
    worst = max(0.0, startup.base.worst - startup.empty.best)
    return f"{text}, {startup.base_own:.1f} on the base ({startup.base_own:.1f}–{worst:.1f})"
