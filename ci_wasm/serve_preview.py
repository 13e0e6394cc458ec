"""Serve previews: `ci-wasm preview`, the Workers of a checkout on local workerd. Job -> URLs, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.config.secret import Secret
from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.worker import Provenance
from ci_wasm.edge.serve import Limits, LocalEdge
from ci_wasm.errors import EXIT_OK, ArtifactError
from ci_wasm.head import assemble, measure_tree
from ci_wasm.pipeline import Job

LOCAL_PREVIEW = "local"
# A checkout at home may differ from every commit, so what is served names none.
LOCAL_COMMIT = "local"


def serve_previews(job: Job, port: int, reach: Sequence[str], say: Callable[[str], None]) -> int:
    """Build and deploy every Worker to an edge of our own, say where they answer, and wait for the end."""
    with LocalEdge(port=port, limits=Limits(reach=tuple(reach)), on_output=say) as edge:
        workers = CloudflareWorkers(edge.api_url, edge.account, Secret(edge.token))
        for worker in job.settings.workers:
            url = _deploy(job, worker, workers)
            say(f"{worker.name}: {url}")
            for request in worker.smoke:
                say(f"  try {url}{request.path}")
        say("Serving on workerd until Ctrl-C.")
        _wait_for_signal()
    return EXIT_OK


def _deploy(job: Job, worker: WorkerSettings, workers: CloudflareWorkers) -> str:
    head = measure_tree(job.world, job.root, worker)
    try:
        upload = assemble(job.world, head.build, head.measurement.module, worker, LOCAL_COMMIT)
    except ArtifactError as error:
        raise ArtifactError(
            f"{worker.name} cannot be previewed: {error.message}", cure=error.cure, detail=error.detail
        ) from None
    return workers.deploy_preview(upload, LOCAL_PREVIEW, Provenance(LOCAL_COMMIT)).url


def _wait_for_signal() -> None:
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()
