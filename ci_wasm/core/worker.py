"""Worker: what is uploaded. (module, shim or main, settings) -> Worker.

The parts are those of the upload form, https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ci_wasm.core.script import WorkerModule


class Worker(Struct, frozen=True):
    """A whole Worker. `vars` are its plain bindings: text or any JSON value by name; they hold no secrets."""

    name: str
    main_module: str
    modules: tuple[WorkerModule, ...]
    compatibility_date: str
    compatibility_flags: tuple[str, ...] = ()
    vars: Mapping[str, object] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all modules together, which is what Cloudflare's size limit counts."""
        return sum(len(module.content) for module in self.modules)


class Provenance(Struct, frozen=True):
    """Where an upload comes from; Cloudflare keeps it as `workers/*` annotations, the shim answers with `commit`."""

    commit: str
    pull_request: int | None = None
    pull_request_url: str = ""
    message: str = ""
