"""Refusals of Cloudflare's API: what each says to the user, and how a bad token is told from a missing permission."""

from __future__ import annotations

import httpx
import pytest

from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers
from ci_wasm.config.secret import Secret
from ci_wasm.errors import DeployError
from tests.adapters.loopback import Reply, as_json, ok, refused
from tests.adapters.scripted_cloudflare import ACCOUNT, NO_WORKER, PREVIEW, refusal_of

REFUSALS = {
    10006: (400, "main module", "`main`"),
    10016: (400, "name is not allowed", "lower-case"),
    10021: (400, "does not start", "ci-wasm preview"),
    10027: (400, "too large", "64 MiB"),
    10034: (403, "e-mail", "dashboard"),
    10035: (409, "at the same time", "concurrency"),
    10037: (403, "as many Workers", "Delete Workers"),
    10054: (400, "too large", "vars"),
    10063: (403, "no workers.dev subdomain", "dashboard once"),
    10068: (400, "no event handler", "export default"),
    10085: (400, "resource", "binding"),
    100132: (400, "too long for workers.dev", "63"),
    7003: (404, "does not know this address", "CLOUDFLARE_ACCOUNT_ID"),
    971: (429, "too many requests", "five minutes"),
    10013: (500, "internal error", "later"),
    # Unknown to ci-wasm: the API's own words stay.
    19999: (400, "code 19999: its own words", "error-codes/19999/"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_says_what_it_means_and_what_to_do(code: int) -> None:
    status, meaning, cure = REFUSALS[code]

    error, _ = refusal_of(ok(PREVIEW), refused(status, code, "its own words\n    at index.js:3:1"))

    assert error.message.startswith("the local edge refused to deploy ci-wasm-e: ")
    assert meaning in error.message
    assert f"code {code}: its own words" in error.message
    assert "\n" not in error.message
    assert "at index.js:3:1" in error.detail
    assert cure in error.cure
    assert error.api_code == code


ACTIVE = ok({"id": "1", "status": "active"})
VERIFY = [f"GET /accounts/{ACCOUNT}/tokens/verify", "GET /user/tokens/verify"]
TOKENS = {
    "a user's token without the permission": ([refused(401, 1000), ACTIVE], 2, "is valid, but it may not", "Workers Scripts"),
    "an account's token without the permission": ([ACTIVE], 1, "is valid, but it may not", "CLOUDFLARE_ACCOUNT_ID"),
    "an expired token": ([ok({"status": "expired"})], 1, "the token is expired", "Make a new token"),
    "no token of theirs": ([refused(401, 1000), refused(401, 1000)], 2, "the token is invalid", "Make a new token"),
    "no answer": ([refused(400, 6003), Reply(200, b"<html>")], 2, "invalid or lacks a permission", "Workers Scripts"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOKENS)
def test_a_bad_token_is_told_from_a_missing_permission(name: str) -> None:
    replies, asked, why, cure = TOKENS[name]

    error, server = refusal_of(refused(403, 10000, "Authentication error"), *replies)

    assert server.calls[1:] == VERIFY[:asked]
    assert why in error.message
    assert "look for the preview" in error.message
    assert cure in error.cure
    assert error.api_code == 10000


@pytest.mark.parametrize(
    "refusal", [refused(403, 9109), refused(400, 6003), refused(401, 19999), as_json(403, {"error": "no"})]
)
def test_whatever_may_be_about_the_token_is_looked_into(refusal: Reply) -> None:
    error, server = refusal_of(refusal, ACTIVE)

    assert "the token is valid" in error.message
    assert server.calls[1:] == VERIFY[:1]


def test_a_refused_creation_is_reported_and_not_the_look_after_it() -> None:
    error, server = refusal_of(NO_WORKER, refused(403, 10037, "limit"), NO_WORKER)

    assert "create the Worker ci-wasm-e" in error.message
    assert error.api_code == 10037
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    "preview", [{"id": "6afe"}, {"id": "6afe", "urls": []}, {"id": "6afe", "urls": [None]}]
)
def test_a_preview_without_a_url_says_where_to_switch_them_on(preview: dict[str, object]) -> None:
    error, _ = refusal_of(ok(preview), ok({"id": "1", "urls": None}))

    assert "has no URL" in error.message
    assert "Preview URLs" in error.cure


def test_a_refusal_of_cloudflare_itself_names_cloudflare() -> None:
    body = refused(403, 10037, "limit").body
    transport = httpx.MockTransport(lambda _: httpx.Response(403, stream=httpx.ByteStream(body)))
    workers = CloudflareWorkers(
        "https://api.cloudflare.com/client/v4", ACCOUNT, Secret("t"), transport=transport
    )

    with pytest.raises(DeployError, match=r"^Cloudflare refused to delete the preview pr-1 of add: "):
        workers.delete_preview("add", "pr-1")
