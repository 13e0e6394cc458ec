"""Call: one request to the API, as its handler sees it, and the edge that it is about. (Edge, Call) -> result."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from ci_wasm.adapters.workerd_config import Origin
from ci_wasm.edge.answers import Addresses
from ci_wasm.edge.fleet import Fleet
from ci_wasm.edge.refusal import BODY_UNREADABLE, invalid
from ci_wasm.edge.store import Store, WorkerRecord

_JSON_LIMIT = 4 * 1024 * 1024
_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Edge:
    """What handlers work on."""

    account: str
    store: Store
    fleet: Fleet
    addresses: Addresses
    reach: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """`params` are the named segments of the path, decoded."""

    request: Request
    params: Mapping[str, str]

    @property
    def source(self) -> str:
        """Which client made an upload, in Cloudflare's words."""
        return "wrangler" if self.request.headers.get("user-agent", "").startswith("wrangler/") else "api"

    def flag(self, name: str, value: str) -> bool:
        """Whether the query has `name=value`."""
        return self.request.query_params.get(name) == value

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object. Refuses with 10026."""
        body = bytearray()
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > _JSON_LIMIT:
                raise invalid("Could not parse request body: it is too long.", BODY_UNREADABLE)
        try:
            parsed = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise invalid(f"Could not parse request body: {error}.", BODY_UNREADABLE) from error
        if not isinstance(parsed, dict):
            raise invalid("Could not parse request body: it is not a JSON object.", BODY_UNREADABLE)
        return parsed

    def worker(self, edge: Edge, code: int = 10007) -> WorkerRecord:
        """The Worker that the path names; refuses with `code`."""
        return edge.store.worker(self.params["worker"], code)


@dataclass(frozen=True, slots=True)
class Page:
    """A result that comes with `result_info`."""

    items: object
    info: Mapping[str, int]


Handler = Callable[[Edge, Call], Awaitable[object]]


def paged(call: Call, items: Sequence[object], per_page: int = _PER_PAGE) -> Page:
    """The part of a list that `page` and `per_page` ask for."""
    page = _number(call, "page", 1)
    size = min(_number(call, "per_page", per_page), 1000)
    shown = items[(page - 1) * size : page * size]
    pages = max(1, -(-len(items) // size))
    info = {
        "page": page,
        "per_page": size,
        "count": len(shown),
        "total_count": len(items),
        "total_pages": pages,
    }
    return Page(shown, info)


def _number(call: Call, name: str, default: int) -> int:
    text = call.request.query_params.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else default
