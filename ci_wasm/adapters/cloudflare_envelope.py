"""Envelope: what an answer of Cloudflare's API says. HTTP response -> Answer | Refusal.

`success` decides, not the status: https://developers.cloudflare.com/fundamentals/api/reference/errors/
Nothing is taken for granted: a gateway's HTML, an empty body and a bare `{"error": …}` all occur.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ci_wasm.errors import CiWasmError, DeployError, NetworkError

EXCERPT = 400


@dataclass(frozen=True, slots=True)
class Received:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Success; `result` is empty where the API had nothing to say."""

    result: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A field of the result, empty where it is missing or no text."""
        value = self.result.get(key)
        return value if isinstance(value, str) else ""

    def count(self, key: str) -> int | None:
        """A field of the result that is a whole number, None where it is missing or something else."""
        value = self.result.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def first(self, key: str) -> str:
        """The first text of a field that is a list, empty where there is none."""
        values = self.result.get(key)
        return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The API said no. `code` is that of the first error; `detail` has all errors, one a line."""

    status: int
    code: int | None
    message: str
    detail: str = ""


def error_code(received: Received) -> int | None:
    """The code of the first error of an answer, None where it has none."""
    envelope = _parse(received)
    return None if envelope is None or envelope.get("success") is True else _errors(envelope)[0][0]


def read_envelope(received: Received, what: str, redact: Callable[[str], str]) -> Answer | Refusal:
    """Read an answer; `what` names the call in an error, `redact` removes the token from foreign text.

    Raises DeployError (blocked, or not the API's format) or NetworkError (an answer of a gateway, not of the API).
    """
    if received.status in {204, 205} or (200 <= received.status < 300 and not received.body.strip()):
        return Answer({})
    envelope = _parse(received)
    if envelope is None or not {"success", "errors", "error"} & envelope.keys():
        if received.status == 429:
            return Refusal(429, None, "too many requests")
        raise _not_an_envelope(received, what, redact)
    if envelope.get("success") is True:
        result = envelope.get("result")
        return Answer(result if isinstance(result, dict) else {})
    errors = [(code, redact(message)) for code, message in _errors(envelope)]
    detail = "\n".join(message if code is None else f"{code}: {message}" for code, message in errors)
    return Refusal(received.status, errors[0][0], errors[0][1], detail)


def _parse(received: Received) -> dict[str, Any] | None:
    try:
        value = json.loads(received.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _errors(envelope: Mapping[str, Any]) -> list[tuple[int | None, str]]:
    """At least one (code, message); entries that are no errors are left out."""
    listed = envelope.get("errors")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if not entries:
        entries = [{"code": envelope.get("code"), "message": envelope.get("error")}]
    return [(_code(entry.get("code")), _message(entry)) for entry in entries]


def _code(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _message(entry: Mapping[str, Any]) -> str:
    """The message with those of its chain, where gateway errors say what they mean (6003 -> 6111)."""
    message = str(entry.get("message") or "no reason given")
    chain = entry.get("error_chain")
    for link in chain if isinstance(chain, list) else []:
        if isinstance(link, dict) and link.get("message"):
            message += f" ({link['message']})"
    return message


def _not_an_envelope(received: Received, what: str, redact: Callable[[str], str]) -> CiWasmError:
    excerpt = redact(received.body.decode("utf-8", "replace"))[:EXCERPT]
    status = received.status
    if received.headers.get("cf-mitigated"):
        ray = received.headers.get("cf-ray", "unknown")
        return DeployError(
            f"Cloudflare's firewall blocked {what} (status {status}, Ray ID {ray})",
            cure="Run the job again from another runner; if it stays, give the Ray ID to Cloudflare's support.",
            detail=excerpt,
        )
    if status >= 500:
        return NetworkError(
            f"Cloudflare's API could not be reached: {what} was answered with status {status} by a gateway",
            cure="Run the job again later; see https://www.cloudflarestatus.com.",
            detail=excerpt,
        )
    return DeployError(
        f"the answer to {what} is not one of Cloudflare's API (status {status})",
        cure="Check CLOUDFLARE_API_BASE_URL (its path ends in /client/v4), and proxies between the runner and it.",
        detail=excerpt,
    )
