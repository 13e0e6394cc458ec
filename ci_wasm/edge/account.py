"""Account: who is calling, and what the account has. (Edge, Call) -> result."""

from __future__ import annotations

import hashlib

from ci_wasm.edge.answers import AUTHOR
from ci_wasm.edge.call import Call, Edge, paged

_NAME = "ci-wasm local edge"


async def verify_token(edge: Edge, _call: Call) -> object:
    """GET tokens/verify; a wrong token does not come this far."""
    return {"id": hashlib.sha256(edge.account.encode()).hexdigest()[:32], "status": "active"}


async def get_user(_edge: Edge, _call: Call) -> object:
    """GET user."""
    return {"id": hashlib.sha256(AUTHOR.encode()).hexdigest()[:32], "email": AUTHOR}


async def list_accounts(edge: Edge, call: Call) -> object:
    """GET accounts: the one."""
    return paged(call, [{"id": edge.account, "name": _NAME}])


async def list_memberships(edge: Edge, call: Call) -> object:
    """GET memberships: in the one account."""
    return paged(call, [{"id": edge.account, "account": {"id": edge.account, "name": _NAME}, "roles": []}])


async def get_subdomain(edge: Edge, _call: Call) -> object:
    """GET the account's workers.dev subdomain."""
    return {"subdomain": edge.addresses.subdomain}


async def list_nothing(_edge: Edge, call: Call) -> object:
    """GET a kind of resource that the edge has none of; wrangler asks before it deletes a Worker."""
    return paged(call, [])
