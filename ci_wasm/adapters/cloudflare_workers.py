"""Cloudflare Workers: keep the `Workers` port over the Previews API. (Worker, preview, Provenance) -> Deployment.

The calls are those of `wrangler preview`: look for the preview, create Worker and preview where they are missing, and
upload a deployment. The API: https://developers.cloudflare.com/workers/previews/api/
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ci_wasm.adapters.cloudflare_envelope import Answer, Refusal
from ci_wasm.adapters.cloudflare_errors import explain, explain_missing_url, explain_token, is_about_the_token
from ci_wasm.adapters.cloudflare_http import Call, CloudflareApi, File
from ci_wasm.config.secret import Secret
from ci_wasm.core.preview import Deployment
from ci_wasm.core.worker import Provenance, Worker
from ci_wasm.errors import CiWasmError, ConfigError, DeployError

if TYPE_CHECKING:
    import httpx

NO_WORKER = frozenset({10007, 10090})
NO_PREVIEW = 10025

# Limits of annotations, in bytes of UTF-8.
LONGEST_COMMIT = 64
LONGEST_URL = 512
LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class _Preview:
    id: str
    url: str


class CloudflareWorkers:
    """The previews of one account, real or at the local edge. `api_url` ends in /client/v4."""

    def __init__(
        self,
        api_url: str,
        account: str,
        token: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        timeout: float = 30.0,
    ) -> None:
        self._api_url, self._account, self._token = api_url, account, token
        self._transport, self._sleep, self._jitter, self._timeout = transport, sleep, jitter, timeout

    def __repr__(self) -> str:
        return f"CloudflareWorkers({self._api_url!r})"

    def deploy_preview(self, worker: Worker, preview: str, provenance: Provenance) -> Deployment:
        """Create or update a preview; creates the Worker, without deploying it, when it is missing.

        Raises ConfigError (token, account or URL cannot be used), DeployError (refused) or NetworkError.
        """
        with self._open() as api:
            found = self._find_or_create(api, worker.name, preview)
            uploaded = self._upload(api, worker, found, provenance)
        url = found.url or uploaded.first("urls")
        if not url:
            raise explain_missing_url(f"the preview {preview} of {worker.name}")
        return Deployment(
            url, uploaded.first("urls") or url, uploaded.text("id"), uploaded.count("startup_time_ms")
        )

    def delete_preview(self, worker_name: str, preview: str) -> bool:
        """Delete a preview; False where there was none, or no such Worker."""
        with self._open() as api:
            reply = api.call(Call("DELETE", self._previews(worker_name, preview)))
            if isinstance(reply, Answer):
                return True
            if _is_missing(reply):
                return False
            raise self._refused(api, reply, f"delete the preview {preview} of {worker_name}")

    def _open(self) -> CloudflareApi:
        if not self._account:
            raise ConfigError(
                "the Cloudflare account is not set",
                cure="Set CLOUDFLARE_ACCOUNT_ID to the account's id: 32 hexadecimal digits, in the dashboard's URL.",
            )
        return CloudflareApi(
            self._api_url,
            self._token,
            transport=self._transport,
            sleep=self._sleep,
            jitter=self._jitter,
            timeout=self._timeout,
        )

    def _find_or_create(self, api: CloudflareApi, worker: str, preview: str) -> _Preview:
        reply = api.call(Call("GET", self._previews(worker, preview)))
        if isinstance(reply, Answer):
            return _Preview(reply.text("id") or preview, reply.first("urls"))
        if not _is_missing(reply):
            raise self._refused(api, reply, f"look for the preview {preview} of {worker}")
        if reply.code in NO_WORKER:
            self._create_worker(api, worker)
        return self._create_preview(api, worker, preview)

    def _create_worker(self, api: CloudflareApi, worker: str) -> None:
        body = {"name": worker, "subdomain": {"enabled": True, "previews_enabled": True}}
        created = api.call(Call("POST", self._workers(), body=body))
        if isinstance(created, Refusal):
            # A retry whose first attempt went through, or a run beside this one, has made it: then all is well.
            found = api.call(Call("GET", f"{self._workers()}/{_segment(worker)}"))
            if isinstance(found, Refusal):
                raise self._refused(api, created, f"create the Worker {worker}")

    def _create_preview(self, api: CloudflareApi, worker: str, preview: str) -> _Preview:
        reply = api.call(Call("POST", self._previews(worker), body={"name": preview}))
        if isinstance(reply, Refusal):
            found = api.call(Call("GET", self._previews(worker, preview)))
            if isinstance(found, Refusal):
                raise self._refused(api, reply, f"create the preview {preview} of {worker}")
            reply = found
        return _Preview(reply.text("id") or preview, reply.first("urls"))

    def _upload(
        self, api: CloudflareApi, worker: Worker, preview: _Preview, provenance: Provenance
    ) -> Answer:
        call = Call(
            "POST",
            f"{self._previews(worker.name, preview.id)}/deployments",
            metadata=upload_metadata(worker, provenance),
            files=tuple(File(module.name, module.type.value, module.content) for module in worker.modules),
        )
        reply = api.call(call)
        if isinstance(reply, Refusal):
            raise self._refused(api, reply, f"deploy {worker.name}")
        return reply

    def _refused(self, api: CloudflareApi, refusal: Refusal, doing: str) -> DeployError:
        if is_about_the_token(refusal):
            return explain_token(refusal, api.who, doing, self._token_status(api))
        return explain(refusal, api.who, doing)

    def _token_status(self, api: CloudflareApi) -> str | None:
        """What Cloudflare says of the token, None when it cannot be asked. Tokens belong to an account or to a user."""
        refusals = 0
        for path in (f"/accounts/{_segment(self._account)}/tokens/verify", "/user/tokens/verify"):
            try:
                reply = api.call(Call("GET", path))
            except CiWasmError:
                continue
            if isinstance(reply, Answer) and reply.text("status"):
                return reply.text("status")
            refusals += isinstance(reply, Refusal) and reply.status in {400, 401, 403}
        return "invalid" if refusals == 2 else None

    def _workers(self) -> str:
        return f"/accounts/{_segment(self._account)}/workers/workers"

    def _previews(self, worker: str, preview: str | None = None) -> str:
        path = f"{self._workers()}/{_segment(worker)}/previews"
        return path if preview is None else f"{path}/{_segment(preview)}"


def upload_metadata(worker: Worker, provenance: Provenance) -> dict[str, object]:
    """The form's `metadata`: unlike in a script's upload, bindings are a map called `env`."""
    return {
        "main_module": worker.main_module,
        "compatibility_date": worker.compatibility_date,
        "compatibility_flags": list(worker.compatibility_flags),
        "env": {name: binding(name, value) for name, value in worker.vars.items()},
        "annotations": upload_annotations(provenance),
    }


def binding(name: str, value: object) -> Mapping[str, object]:
    """A variable as a binding: text stays text, everything else is JSON. Raises ConfigError for what JSON cannot say."""
    if isinstance(value, str):
        return {"type": "plain_text", "text": value}
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise ConfigError(
            f"the variable `{name}` cannot be written as JSON",
            cure=f"Make `{name}` a text, a number, true, false, a list or a table of these; a date needs quotes.",
        ) from None
    return {"type": "json", "json": value}


def upload_annotations(provenance: Provenance) -> dict[str, str]:
    """Where the upload comes from, within the limits that Cloudflare sets; what is empty is left out."""
    pull_request, url = provenance.pull_request, provenance.pull_request_url
    given = {
        "workers/commit_sha": provenance.commit[:LONGEST_COMMIT],
        "workers/pull_request_number": "" if pull_request is None else str(pull_request),
        # Half a URL leads nowhere.
        "workers/pull_request_url": url if len(url.encode()) <= LONGEST_URL else "",
        "workers/message": _shorten(provenance.message, LONGEST_MESSAGE),
    }
    return {name: text for name, text in given.items() if text}


def _shorten(text: str, limit: int) -> str:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - len("…".encode())].decode("utf-8", "ignore") + "…"


def _is_missing(refusal: Refusal) -> bool:
    return refusal.code in NO_WORKER or refusal.code == NO_PREVIEW


def _segment(text: str) -> str:
    return quote(text, safe="", errors="replace")
