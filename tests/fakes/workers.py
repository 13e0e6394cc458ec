"""Fake of the Workers port: previews in memory, with the refusals that a caller can provoke. (Worker, preview) -> state."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field

from ci_wasm.core.preview import Deployment
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.errors import DeployError

_WORKER_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass
class FakeWorkers:
    """Keeps what was deployed, newest last, by (Worker's name, preview's name). `refusal` is raised by every call."""

    deployed: dict[tuple[str, str], list[tuple[Worker, Provenance]]] = field(default_factory=dict)
    refusal: DeployError | None = None

    def deploy_preview(self, worker: Worker, preview: str, provenance: Provenance) -> Deployment:
        """Keep the Worker; refuses names and forms that Cloudflare refuses."""
        self._refuse()
        _check(worker, preview)
        self.deployed.setdefault((worker.name, preview), []).append((worker, provenance))
        identity = str(uuid.uuid4())
        suffix = f"{worker.name}.edge.localhost"
        return Deployment(
            f"http://{preview}-{suffix}", f"http://{identity[:8]}-{suffix}", identity, startup_ms=1
        )

    def delete_preview(self, worker_name: str, preview: str) -> bool:
        """Forget a preview; False where there was none."""
        self._refuse()
        return self.deployed.pop((worker_name, preview), None) is not None

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


def _check(worker: Worker, preview: str) -> None:
    if not _WORKER_NAME.fullmatch(worker.name):
        raise DeployError("the Worker's name is not allowed", cure="Choose another.", api_code=10016)
    if len(f"{preview}-{worker.name}") > 63:
        raise DeployError(
            "the name is too long for workers.dev", cure="Choose a shorter one.", api_code=100132
        )
    if worker.main_module not in {module.name for module in worker.modules}:
        raise DeployError("the main module is not among the modules", cure="Name one.", api_code=10006)
