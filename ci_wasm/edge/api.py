"""API: the paths that the local edge answers, who may call them, and the envelope. ASGI request -> JSON answer."""

from __future__ import annotations

import hmac
import json
import logging
import re
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ci_wasm.edge import account, previews, scripts, workers
from ci_wasm.edge.answers import envelope, failure
from ci_wasm.edge.body import Body
from ci_wasm.edge.call import Call, Edge, Handler, Page
from ci_wasm.edge.refusal import Refusal, no_route, unauthorized

log = logging.getLogger("ci_wasm.edge")

PREFIX = "/client/v4"

_WORKERS = "/accounts/{account}/workers"
_WORKER = f"{_WORKERS}/workers/{{worker}}"
_PREVIEW = f"{_WORKER}/previews/{{preview}}"
_SCRIPT = f"{_WORKERS}/scripts/{{worker}}"
_SERVICE = f"{_WORKERS}/services/{{worker}}"

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/user"): account.get_user,
    ("GET", "/user/tokens/verify"): account.verify_token,
    ("GET", "/accounts"): account.list_accounts,
    ("GET", "/memberships"): account.list_memberships,
    ("GET", "/accounts/{account}/tokens/verify"): account.verify_token,
    ("GET", "/accounts/{account}/storage/kv/namespaces"): account.list_nothing,
    ("GET", f"{_WORKERS}/durable_objects/namespaces"): account.list_nothing,
    ("GET", f"{_WORKERS}/subdomain"): account.get_subdomain,
    ("GET", f"{_WORKERS}/workers"): workers.list_workers,
    ("POST", f"{_WORKERS}/workers"): workers.create_worker,
    ("GET", _WORKER): workers.get_worker,
    ("PUT", _WORKER): workers.update_worker,
    ("PATCH", _WORKER): workers.update_worker,
    ("DELETE", _WORKER): workers.delete_worker,
    ("GET", f"{_WORKER}/previews"): previews.list_previews,
    ("POST", f"{_WORKER}/previews"): previews.create_preview,
    ("GET", _PREVIEW): previews.get_preview,
    ("PUT", _PREVIEW): previews.update_preview,
    ("PATCH", _PREVIEW): previews.update_preview,
    ("DELETE", _PREVIEW): previews.delete_preview,
    ("GET", f"{_PREVIEW}/deployments"): previews.list_deployments,
    ("POST", f"{_PREVIEW}/deployments"): previews.create_deployment,
    ("GET", f"{_PREVIEW}/deployments/{{deployment}}"): previews.get_deployment,
    ("DELETE", f"{_PREVIEW}/deployments/{{deployment}}"): previews.delete_deployment,
    ("GET", f"{_WORKERS}/scripts"): scripts.list_scripts,
    ("PUT", _SCRIPT): scripts.put_script,
    ("DELETE", _SCRIPT): workers.delete_worker,
    ("GET", f"{_SCRIPT}/versions"): scripts.list_versions,
    ("POST", f"{_SCRIPT}/versions"): scripts.create_version,
    ("GET", f"{_SCRIPT}/versions/{{version}}"): scripts.get_version,
    ("GET", f"{_SCRIPT}/deployments"): scripts.list_releases,
    ("POST", f"{_SCRIPT}/deployments"): scripts.create_release,
    ("GET", f"{_SCRIPT}/deployments/{{deployment}}"): scripts.get_release,
    ("GET", f"{_SCRIPT}/settings"): scripts.get_settings,
    ("GET", f"{_SCRIPT}/secrets"): scripts.list_secrets,
    ("GET", f"{_SCRIPT}/script-settings"): workers.get_script_settings,
    ("PATCH", f"{_SCRIPT}/script-settings"): workers.update_script_settings,
    ("GET", f"{_SCRIPT}/subdomain"): workers.get_subdomain,
    ("POST", f"{_SCRIPT}/subdomain"): workers.set_subdomain,
    ("DELETE", f"{_SCRIPT}/subdomain"): workers.delete_subdomain,
    ("GET", _SERVICE): workers.get_service,
    ("DELETE", _SERVICE): workers.delete_service,
}


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    path: re.Pattern[str]
    handler: Handler


def _compiled(method: str, pattern: str, handler: Handler) -> _Route:
    return _Route(method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", pattern)), handler)


_ROUTES = [_compiled(method, pattern, handler) for (method, pattern), handler in ROUTES.items()]


class Api:
    """The ASGI application of the API; the token never leaves it."""

    def __init__(self, edge: Edge, token: str) -> None:
        self._edge = edge
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, always with an envelope."""
        body = Body(receive)
        request = Request(scope, body)
        try:
            status, answer = 200, await self._answer(request)
        except Refusal as refusal:
            status, answer = refusal.status, failure(refusal.code, refusal.message)
        except Exception:
            log.exception("a bug in the local edge, at %s %s", request.method, scope["path"])
            status, answer = (
                500,
                failure(10013, "An unexpected error occurred in the local edge of ci-wasm; see its log."),
            )
        await body.drain()
        content = json.dumps(answer).encode("utf-8")
        await Response(content, status, media_type="application/json")(scope, receive, send)

    async def _answer(self, request: Request) -> dict[str, object]:
        path = _path(request.scope)
        self._authenticate(request, path)
        for route in _ROUTES:
            if route.method == request.method and (match := route.path.fullmatch(path)):
                params = {name: unquote(value) for name, value in match.groupdict().items()}
                self._check_account(params.get("account"))
                result = await route.handler(self._edge, Call(request, params))
                return envelope(result.items, result.info) if isinstance(result, Page) else envelope(result)
        raise no_route(request.method, path)

    def _authenticate(self, request: Request, path: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token):
            return
        if path.endswith("/tokens/verify") and token:
            raise Refusal(401, 1000, "Invalid API Token")
        raise unauthorized()

    def _check_account(self, account_id: str | None) -> None:
        if account_id is not None and account_id != self._edge.account:
            raise unauthorized(f": the local edge of ci-wasm serves the account `{self._edge.account}` only")


def _path(scope: Scope) -> str:
    """The path after the prefix as it was sent: a `%2F` in a preview's name is no separator."""
    raw: bytes = scope["raw_path"]
    path = raw.partition(b"?")[0].decode("latin-1").removeprefix(PREFIX)
    return path.removesuffix("/") or "/"
