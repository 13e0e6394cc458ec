"""Web: keep the `Web` port with httpx. (base URL, SmokeRequest) -> SmokeAnswer.

A preview runs a pull request's code, so its answers are foreign: they are read up to a limit, undecoded, and a redirect
is an answer like any other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ci_wasm import __version__
from ci_wasm.core.preview import COMMIT_HEADER, SmokeAnswer, SmokeRequest
from ci_wasm.errors import ConfigError, NetworkError

if TYPE_CHECKING:
    import httpx

LONGEST_BODY = 64 * 1024
LONGEST_COMMIT = 64
LONGEST_HEADER = 1000
# A new name on workers.dev takes its time until every data center knows it; a local edge is there or it is not.
PATIENCE_SECONDS = 60.0
LOCAL_PATIENCE_SECONDS = 5.0
ANSWER_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 8.0

# Methods that change nothing: https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_METHOD = re.compile(r"[A-Z]{1,20}")
# What Cloudflare answers in the Worker's place as long as it does not know the name:
# https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/
_NOT_YET_STATUSES = frozenset({523, 530})
_NOT_YET_PAGES = (b"error code: 1042", b"There is nothing here yet")


@dataclass(frozen=True, slots=True)
class _NotYet:
    """No answer from the Worker; `is_final` when waiting cannot help."""

    reason: str
    is_final: bool = False


class HttpxWeb:
    """Sends requests to a preview, and waits for its URL to come alive: `patience` seconds, shorter on *.localhost."""

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        *,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._transport, self._sleep, self._clock = transport, sleep, clock
        self._patience, self._answer_seconds = patience, answer_seconds

    def answer(self, base_url: str, request: SmokeRequest, *, commit: str = "") -> SmokeAnswer:
        """Send one request, again and again until the Worker answers it or patience ends.

        A URL that follows the pull request may show the version before for some seconds: an answer that names another
        commit than `commit` is asked for again, and given as it is when patience ends.
        Raises NetworkError (nothing answered, or something that is not the Worker) or ConfigError (the request cannot
        be written down as HTTP).
        """
        url = _url(base_url, request)
        is_local = _is_loopback(url.host)
        deadline = self._clock() + (
            min(self._patience, LOCAL_PATIENCE_SECONDS) if is_local else self._patience
        )
        pause = 0.1 if is_local else 1.0
        with self._open(trust_env=not is_local) as client:
            while True:
                reply = self._send(client, url, request)
                is_over = self._clock() + pause > deadline
                if isinstance(reply, SmokeAnswer):
                    if is_over or not _is_stale(reply, commit):
                        return reply
                elif reply.is_final or is_over:
                    raise _silent(request, base_url, reply, is_local=is_local)
                self._sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _open(self, *, trust_env: bool) -> httpx.Client:
        import httpx

        # A proxy for the outside world cannot reach this machine's own loopback.
        return httpx.Client(
            transport=self._transport,
            trust_env=trust_env,
            follow_redirects=False,
            timeout=httpx.Timeout(self._answer_seconds),
            headers={"user-agent": f"ci-wasm/{__version__}", "accept": "*/*", "accept-encoding": "identity"},
        )

    def _send(self, client: httpx.Client, url: httpx.URL, request: SmokeRequest) -> SmokeAnswer | _NotYet:
        import httpx

        started = time.perf_counter()
        target, host = _loopback(url)
        try:
            with client.stream(request.method, target, headers=[*request.headers, *host]) as response:
                body = _read(response, time.monotonic() + self._answer_seconds)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return _NotYet(f"{type(error).__name__}: {error}")
        except httpx.TimeoutException:
            return _NotYet(
                f"the connection stood, but no answer came in {self._answer_seconds:g} s", is_final=True
            )
        except httpx.HTTPError as error:
            # Once a request is out, only a method that changes nothing may be sent again.
            is_final = request.method not in _SAFE_METHODS
            return _NotYet(f"{type(error).__name__}: {error}", is_final=is_final)
        milliseconds = (time.perf_counter() - started) * 1000
        commit = response.headers.get(COMMIT_HEADER)
        if commit is None and _is_not_yet(response.status_code, body):
            return _NotYet(f"Cloudflare answered {response.status_code} in the Worker's place")
        text = body.decode("utf-8", "replace")
        given = tuple(
            (name, response.headers[name][:LONGEST_HEADER])
            for name, _ in request.expect_headers
            if name in response.headers
        )
        return SmokeAnswer(
            request, response.status_code, text, commit and commit[:LONGEST_COMMIT], milliseconds, given
        )


def _url(base_url: str, request: SmokeRequest) -> httpx.URL:
    import httpx

    # Without this slash a path such as `@example.com` would be another host.
    path = "/" + request.path.removeprefix("/")
    try:
        url = httpx.URL(base_url.rstrip("/") + path)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not _METHOD.fullmatch(request.method) or url.scheme not in {"http", "https"} or not url.host:
        raise ConfigError(
            f"`{request.method} {request.path}` cannot be sent to {base_url}: it is not an HTTP request",
            cure="Correct `smoke` in ci-wasm.yml: `method` is a word such as GET, `path` starts with `/`.",
        )
    return url


def _is_stale(answer: SmokeAnswer, commit: str) -> bool:
    """Whether asking again may help, and does no harm."""
    return (
        bool(commit and answer.commit and answer.commit != commit) and answer.request.method in _SAFE_METHODS
    )


def _is_loopback(host: str) -> bool:
    """Names under localhost are loopback by definition: https://www.rfc-editor.org/rfc/rfc6761#section-6.3"""
    return host in {"127.0.0.1", "::1", "localhost"} or host.endswith(".localhost")


def _loopback(url: httpx.URL) -> tuple[httpx.URL, list[tuple[str, str]]]:
    """Connect to the address and keep the name as `Host`: not every resolver knows names under localhost."""
    if not url.host.endswith(".localhost"):
        return url, []
    return url.copy_with(host="127.0.0.1"), [("host", url.netloc.decode("ascii"))]


def _read(response: httpx.Response, deadline: float) -> bytes:
    """The beginning of the body; raises httpx.ReadTimeout when not even that is there by the deadline."""
    import httpx

    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= LONGEST_BODY:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the body drips")
    return bytes(body[:LONGEST_BODY])


def _is_not_yet(status: int, body: bytes) -> bool:
    return status in _NOT_YET_STATUSES or (status == 404 and any(page in body for page in _NOT_YET_PAGES))


def _silent(request: SmokeRequest, base_url: str, reply: _NotYet, *, is_local: bool) -> NetworkError:
    return NetworkError(
        f"the preview did not answer {request.method} {request.path}: {reply.reason}",
        cure="Run `ci-wasm preview` and look at what the Worker prints."
        if is_local
        else f"Open {base_url} in a browser; if it answers there, run the job again: a new URL can take a minute.",
    )
