"""Cloudflare over HTTP: one call of the API with its retries. Call -> Answer | Refusal.

What is retried, how often and how long after: as wrangler does (three attempts for 429, 5xx, timeouts and network
errors; `Retry-After` is obeyed up to a minute), and in addition code 10035, which Cloudflare asks to retry:
https://developers.cloudflare.com/workers/platform/error-codes/10035/
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ci_wasm import __version__
from ci_wasm.adapters.cloudflare_envelope import Answer, Received, Refusal, error_code, read_envelope
from ci_wasm.config.secret import Secret
from ci_wasm.errors import ConfigError, NetworkError

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 3
# Another upload holds the lock for as long as it takes, so a conflict gets more patience than a failure.
CONFLICT_ATTEMPTS = 5
CONFLICT = 10035
LONGEST_PAUSE_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10.0
# Slow on purpose: a home connection's upload, and the time in which Cloudflare compiles what it got.
UPLOAD_BYTES_PER_SECOND = 128 * 1024
LARGEST_ANSWER = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One file of an upload form."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` follows the API's base URL; a body is either `body` (JSON) or `metadata` with `files`."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    metadata: Mapping[str, object] | None = None
    files: tuple[File, ...] = ()

    @property
    def what(self) -> str:
        """The call as an error names it: without the account's id, which many keep as a secret."""
        return f"{self.method} {re.sub('^/accounts/[^/]+', '/accounts/…', self.path)}"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(file.content) for file in self.files)


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer arrived; `reason` is what the network said."""

    reason: str


class CloudflareApi(AbstractContextManager["CloudflareApi"]):
    """A connection to the API. The token is in the Authorization header and nowhere else.

    `timeout` is in seconds, for a call without files. Errors never carry httpx's exceptions, which hold the request
    and with it the token.
    """

    def __init__(
        self,
        url: str,
        token: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
        timeout: float = 30.0,
    ) -> None:
        self._url = _checked_url(url)
        is_local = urlsplit(self._url).hostname in {"127.0.0.1", "::1", "localhost"}
        # Who answers, as errors name it: nobody should look for a preview on this machine in Cloudflare's dashboard.
        self.who = "the local edge" if is_local else "Cloudflare"
        self._token = _checked_token(token)
        self._sleep, self._jitter, self._now, self._timeout = sleep, jitter, now, timeout
        self._client = self._open(transport, trust_env=not is_local)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def call(self, call: Call) -> Answer | Refusal:
        """Send, and send again as long as that makes sense.

        Raises NetworkError (no answer, or none from the API itself) or DeployError (an answer that makes no sense).
        """
        attempt = 1
        while True:
            received = self._send(call)
            pause = pause_before_retry(received, attempt, self._now())
            if pause is None:
                return self._conclude(call, received)
            self._sleep(pause + self._jitter())
            attempt += 1

    def _conclude(self, call: Call, received: Received | Lost) -> Answer | Refusal:
        if isinstance(received, Lost):
            raise NetworkError(
                f"{self.who} gave no answer to {call.what}: {received.reason}",
                cure="Run the job again. If it stays: see https://www.cloudflarestatus.com, and whether this runner "
                f"may connect to {self._url}.",
            )
        return read_envelope(received, call.what, self._redact)

    def _redact(self, text: str) -> str:
        return text.replace(self._token.reveal(), "***")

    def _open(self, transport: httpx.BaseTransport | None, *, trust_env: bool) -> httpx.Client:
        import httpx

        headers = {
            "authorization": f"Bearer {self._token.reveal()}",
            "user-agent": f"ci-wasm/{__version__}",
            "accept": "application/json",
        }
        return httpx.Client(headers=headers, transport=transport, trust_env=trust_env, follow_redirects=False)

    def _send(self, call: Call) -> Received | Lost:
        import httpx

        seconds = self._timeout + call.size / UPLOAD_BYTES_PER_SECOND
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_TIMEOUT_SECONDS, seconds))
        try:
            with self._client.stream(
                call.method, self._url + call.path, timeout=timeout, **_body(call)
            ) as response:
                body = _read(response, time.monotonic() + seconds)
                if body is None:
                    return Lost(f"the answer was not complete after {seconds:.0f} seconds")
                return Received(response.status_code, dict(response.headers), body)
        except httpx.TimeoutException as error:
            return Lost(f"timeout ({type(error).__name__}, limit {seconds:.0f} seconds)")
        except httpx.HTTPError as error:
            return Lost(self._redact(f"{type(error).__name__}: {error}"))


def pause_before_retry(received: Received | Lost, attempt: int, now: float) -> float | None:
    """Seconds to wait before the next attempt, or None when this one was the last; `attempt` counts from 1.

    `now` is the Unix time, for a `Retry-After` that is a date.
    """
    attempts = ATTEMPTS
    asked = None
    if isinstance(received, Received):
        if error_code(received) == CONFLICT:
            attempts = CONFLICT_ATTEMPTS
        elif received.status != 429 and received.status < 500:
            return None
        asked = _retry_after(received.headers.get("retry-after", ""), now)
    if attempt >= attempts:
        return None
    pause = float(2 ** (attempt - 1)) if asked is None else asked
    return pause if pause <= LONGEST_PAUSE_SECONDS else None


def _retry_after(text: str, now: float) -> float | None:
    """Both forms of https://www.rfc-editor.org/rfc/rfc9110#name-retry-after; None when there is none to read."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)


def _body(call: Call) -> dict[str, Any]:
    """The body in the words of httpx: the form that wrangler sends has the metadata as a plain field."""
    if call.metadata is not None:
        files = [("files", (file.name, file.content, file.media_type)) for file in call.files]
        return {"data": {"metadata": json.dumps(call.metadata, allow_nan=False)}, "files": files}
    return {} if call.body is None else {"json": call.body}


def _read(response: httpx.Response, deadline: float) -> bytes | None:
    """The body up to a limit; None when it is not there by the deadline, however steadily it drips."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if time.monotonic() > deadline:
            return None
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body)


def _checked_url(url: str) -> str:
    import httpx

    try:
        # Two parsers, as each lets something through that the other stumbles on later.
        parsed, split = httpx.URL(url), urlsplit(url)
        is_usable = parsed.scheme in {"http", "https"} and bool(parsed.host) and bool(split.hostname)
    except (httpx.InvalidURL, ValueError):
        is_usable = False
    if not is_usable:
        raise ConfigError(
            f"`{url}` is not the URL of an API: it needs http:// or https:// and a host",
            cure="Correct CLOUDFLARE_API_BASE_URL, or unset it to use https://api.cloudflare.com/client/v4.",
        )
    return url.rstrip("/")


def _checked_token(token: Secret) -> Secret:
    """A token that no header can carry would end up in the text of an exception of httpx; stop it here."""
    if token and all("!" <= character <= "~" for character in token.reveal()):
        return token
    problem = "holds a space, a line break or a letter that is not ASCII" if token else "is empty"
    raise ConfigError(
        f"the Cloudflare API token {problem}",
        cure="Set the secret CLOUDFLARE_API_TOKEN again: paste the token alone, without quotes or a line break.",
    )
