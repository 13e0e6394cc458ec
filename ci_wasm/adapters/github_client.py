"""GitHub client: PyGithub that sends nothing twice by accident and never waits long. call -> answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ci_wasm.adapters.github_refusals import Errand, Refused, refusal
from ci_wasm.errors import CiWasmError, ForgeError, NetworkError

if TYPE_CHECKING:
    from github import Github, GithubException
    from github.GithubRetry import GithubRetry
    from github.Repository import Repository

T = TypeVar("T")

# A comment is worth waiting for a secondary limit (GitHub asks for 60 s), not for the reset of the hourly
# one.
MAX_WAIT_S = 90
# One answer takes GitHub well under a second; a comment that takes longer than this is asked for again.
TIMEOUT_S = 15
# What PyGithub stumbles over where an answer has another shape, or comes from another host.
_NONSENSE = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
# The author of what GITHUB_TOKEN writes.
ACTIONS_LOGIN = "github-actions[bot]"
_WHO = Errand("say whose token this is", "the user")


class Client:
    """One repository on one server as one token sees it; PyGithub is imported at the first request."""

    def __init__(
        self,
        api_url: str,
        repository: str,
        token: str,
        *,
        sleep: Callable[[float], None],
        timeout: int = TIMEOUT_S,
    ) -> None:
        self.repository = repository
        self.sleep = sleep
        self._api_url = api_url
        self._token = token
        self._timeout = timeout
        self._github: Github | None = None
        self._repo: Repository | None = None
        self._login: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api_url!r}, {self.repository!r})"

    @property
    def github(self) -> Github:
        """PyGithub's entry point. Raises ForgeError where the token or the URL cannot be right."""
        if self._github is None:
            self._check()
            self._github = _connect(self._api_url, self._token, timeout=self._timeout, sleep=self.sleep)
        return self._github

    @property
    def repo(self) -> Repository:
        """The repository; no request is made for it until one of its own fields is read."""
        if self._repo is None:
            if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
                raise ForgeError(
                    f"`{self.repository}` is not the name of a repository: OWNER/NAME is needed",
                    cure="Run ci-wasm in a job on GitHub, or set GITHUB_REPOSITORY to OWNER/NAME.",
                )
            self._repo = self.github.get_repo(self.repository)
        return self._repo

    def ask(self, errand: Errand, call: Callable[[], T]) -> T:
        """Run a call of PyGithub.

        Raises Refused (an error answer), ForgeError (an answer that is not GitHub's) or NetworkError (none).
        PyGithub's exceptions carry headers and bodies: none of them is chained to what is raised here.
        """
        from github import BadAttributeException, GithubException, IncompletableObject
        from requests import RequestException

        failure: CiWasmError
        try:
            return call()
        except IncompletableObject as error:
            failure = self._nonsense(errand, error)
        except GithubException as error:
            failure = self._refused(errand, error)
        except (BadAttributeException, *_NONSENSE) as error:
            # Some errors of requests are among these: a broken header is no silence.
            failure = self._nonsense(errand, error)
        except RequestException as error:
            failure = self._silence(errand, error)
        raise failure

    def login(self) -> str:
        """Who we are, as `user.login` of what we write.

        `GET /user` is forbidden to GITHUB_TOKEN and to the token of a GitHub App, GraphQL's `viewer` is not;
        a server that answers neither leaves the name that GITHUB_TOKEN has.
        """
        if self._login is None:
            self._login = self._viewer() or self._user() or ACTIONS_LOGIN
        return self._login

    def _viewer(self) -> str | None:
        query = self.github.requester.graphql_query
        try:
            login = self.ask(
                _WHO, lambda: query("query { viewer { login } }", {})[1]["data"]["viewer"]["login"]
            )
        except Refused as refused:
            if refused.status == 401:
                raise
            return None
        except (ForgeError, NetworkError):
            return None
        return login if isinstance(login, str) else None

    def _user(self) -> str | None:
        try:
            return self.ask(_WHO, lambda: self.github.get_user().login)
        except Refused as refused:
            if refused.status in (403, 404):
                return None
            raise

    def _check(self) -> None:
        # A header with white space in it raises an error whose text quotes the header, token and all.
        if not self._token or not self._token.isascii() or re.search(r"[^!-~]", self._token):
            raise ForgeError(
                "the GitHub token is empty"
                if not self._token
                else "the GitHub token holds white space or odd characters",
                cure="Pass `github-token: ${{ github.token }}` in the step's `with:`.",
            )
        if not self._api_url.startswith(("http://", "https://")):
            raise ForgeError(
                f"`{self._api_url}` is not the URL of a GitHub API",
                cure="Leave GITHUB_API_URL as the runner sets it (for example https://HOST/api/v3).",
            )

    def _refused(self, errand: Errand, error: GithubException) -> Refused:
        return refusal(errand, error.status, self._scrubbed(_words(error.data)), _wait(error))

    def _silence(self, errand: Errand, error: Exception) -> NetworkError:
        return NetworkError(
            f"{self._api_url} did not answer when asked to {errand.doing} ({type(error).__name__})",
            cure="Check that the runner can reach this address (proxy, firewall), and run the job again.",
        )

    def _nonsense(self, errand: Errand, error: Exception) -> ForgeError:
        return ForgeError(
            f"{self._api_url} did not answer as GitHub does when asked to {errand.doing}",
            cure="Check that GITHUB_API_URL names a GitHub API and, on GitHub Enterprise Server, the host "
            "under which the server knows itself; a proxy that answers in its place has the same effect.",
            detail=self._scrubbed(f"{type(error).__name__}: {error}")[:500],
        )

    def _scrubbed(self, text: str) -> str:
        return text.replace(self._token, "***")


def pause_after(failure: CiWasmError, attempt: int) -> float | None:
    """Seconds before a request that failed may be sent again, if that does no harm; None where it must not.

    `attempt` counts from 1. A wait that the server asks for is obeyed, or is too long.
    """
    if isinstance(failure, NetworkError):
        return float(attempt)
    if not isinstance(failure, Refused) or not (failure.is_outage or failure.is_rate_limit):
        return None
    wait = failure.wait
    if wait is None:
        # GitHub's rule for a secondary limit without a number is a minute at least.
        wait = float(attempt) if failure.is_outage else 60.0
    return wait if wait <= MAX_WAIT_S else None


def _connect(api_url: str, token: str, *, timeout: int, sleep: Callable[[float], None]) -> Github:
    from github import Auth, Github

    return Github(
        auth=Auth.Token(token),
        base_url=api_url.rstrip("/"),
        timeout=timeout,
        per_page=100,
        lazy=True,
        retry=_retry(sleep),
        # PyGithub's pauses (0.25 s before each request, 1 s before each write) are meant for bulk work: a run
        # makes about ten requests and would only get slower. Writers of a data branch back off by themselves.
        seconds_between_requests=None,
        seconds_between_writes=None,
        user_agent="ci-wasm",
    )


def _retry(sleep: Callable[[float], None]) -> GithubRetry:
    from github.GithubException import RateLimitExceededExceedsMaxWait
    from github.GithubRetry import GithubRetry

    class Retry(GithubRetry):
        """Waits through `sleep`, and gives up at once where the server asks for more than `MAX_WAIT_S`."""

        def increment(
            self, method: Any = None, url: Any = None, response: Any = None, *rest: Any, **more: Any
        ) -> Any:
            wait = self.get_retry_after(response) if response is not None else None
            if wait is not None and wait > MAX_WAIT_S:
                raise RateLimitExceededExceedsMaxWait(
                    response.status, None, dict(response.headers), wait=wait
                )
            return super().increment(method, url, response, *rest, **more)

        def sleep(self, response: Any = None) -> None:
            wait = (
                self.get_retry_after(response) if response is not None else None
            ) or self.get_backoff_time()
            if wait > 0:
                sleep(wait)

    return Retry(
        total=3,
        backoff_factor=0.5,
        # POST is missing: GitHub may have carried it out before a 502, so whoever posts looks first.
        allowed_methods={"GET", "PUT", "PATCH", "DELETE"},
        max_rate_limit_wait=MAX_WAIT_S,
        # The last error answer is wanted, not an exception about the number of tries.
        raise_on_status=False,
    )


def _words(data: Any) -> str:
    """What an error answer says: its message and those of its `errors`."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    listed = errors if isinstance(errors, list) else []
    said = [
        data.get("message"),
        *(each.get("message") if isinstance(each, dict) else each for each in listed),
    ]
    return "; ".join(text for text in said if isinstance(text, str))


def _wait(error: GithubException) -> float | None:
    """Seconds until the same request may be sent again, where the answer says so."""
    known: float | None = getattr(error, "wait", None)
    headers = error.headers or {}
    if known is not None:
        return known
    after = str(headers.get("retry-after", ""))
    if after.isdigit():
        return float(after)
    reset = str(headers.get("x-ratelimit-reset", ""))
    if error.status in (403, 429) and str(headers.get("x-ratelimit-remaining")) == "0" and reset.isdigit():
        return max(float(reset) - time.time(), 0) + 1
    return None
