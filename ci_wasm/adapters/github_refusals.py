"""GitHub's refusals: what an error answer means and what to do. (errand, status, words) -> Refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_wasm.errors import ForgeError

_DETAIL_LIMIT = 500
_RATE_LIMIT_CURE = (
    "Run the job again later. GITHUB_TOKEN has 1,000 requests an hour for the whole repository: run fewer "
    "jobs that ask the API at the same time, or pass a token of a GitHub App."
)
_FORK = "A pull request from a fork, or from Dependabot, gets a read-only token whatever this block says."


@dataclass(frozen=True, slots=True)
class Errand:
    """What was to be done, for the words of an error.

    `doing` completes "GitHub refused to …"; `permissions` are the job's `permissions:` that it needs;
    `target` is the thing that a 404 says is missing.
    """

    doing: str
    target: str
    permissions: Mapping[str, str] = field(default_factory=dict)

    @property
    def block(self) -> str:
        """The YAML to paste into the job; every scope that it does not name becomes `none`."""
        return "\n".join(
            ["permissions:", *(f"  {scope}: {level}" for scope, level in self.permissions.items())]
        )


class Refused(ForgeError):
    """An error answer of GitHub: its HTTP status, its own words, and the seconds that it asks to wait."""

    def __init__(self, message: str, *, cure: str, status: int, said: str, wait: float | None = None) -> None:
        super().__init__(message, cure=cure, detail=said)
        self.status = status
        self.said = said
        self.wait = wait

    @property
    def is_outage(self) -> bool:
        """The server failed: the request may or may not have been carried out."""
        return self.status >= 500

    @property
    def is_rate_limit(self) -> bool:
        """The request was not carried out, and may be sent again later."""
        return _is_rate_limit(self.status, self.said, self.wait)


def refusal(errand: Errand, status: int, said: str, wait: float | None = None) -> Refused:
    """Explain an error answer.

    Statuses and messages: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    said = said[:_DETAIL_LIMIT]
    later = f" and asks to wait {round(wait):,} s" if wait is not None else ""
    if _is_rate_limit(status, said, wait):
        why, cure = f"the token's rate limit is used up{later}", _RATE_LIMIT_CURE
    elif status >= 500:
        why = f"its server failed ({status}){later}"
        cure = "Look at https://www.githubstatus.com, and run the job again later."
    else:
        why, cure = _reason(errand, status, said)
    return Refused(f"GitHub refused to {errand.doing}: {why}", cure=cure, status=status, said=said, wait=wait)


def _reason(errand: Errand, status: int, said: str) -> tuple[str, str]:
    """Why, and what to do about it."""
    if status == 401:
        why = "it does not accept the token (401)"
        cure = (
            "Pass a token that is valid now: `github-token: ${{ github.token }}` in the step's `with:`. "
            "A token of one's own may have expired or been revoked."
        )
    elif status == 403:
        why, cure = _forbidden(errand, said.lower())
    elif status in {404, 410}:
        why = f"{errand.target} does not exist or this token may not see it ({status})"
        cure = (
            "Check the repository and the number. In a private repository the job needs\n\n"
            f"{errand.block}\n\nand a token of one's own must have been given access to this repository."
        )
    elif status == 409 and "empty" in said.lower():
        why = "the repository has no commit yet (409)"
        cure = "Push a first commit to the default branch, then run again."
    elif status == 422:
        why, cure = _unprocessable(said.lower())
    else:
        why = f"it answered {status}"
        cure = "Read GitHub's own words below; run again if they speak of a passing condition."
    return why, cure


def _forbidden(errand: Errand, words: str) -> tuple[str, str]:
    if "locked" in words:
        why, cure = "the conversation is locked (403)", "Unlock the conversation of this pull request."
    elif "archived" in words:
        why = "the repository is archived (403)"
        cure = "Unarchive the repository, or take this step out of its workflow."
    elif "saml" in words or "sso" in words:
        why = "the organization wants the token to be authorized for single sign-on (403)"
        cure = "Authorize the token for it under Settings > Developer settings > Tokens > Configure SSO."
    elif "personal access token" in words:
        scopes = ", ".join(
            f"{scope.replace('-', ' ')}: {level}" for scope, level in errand.permissions.items()
        )
        why = "the personal access token may not do this (403)"
        cure = f"Give the token these repository permissions: {scopes}."
    else:
        why = "the job's token may not do this (403)"
        cure = f"Add this to the job in the workflow:\n\n{errand.block}\n\n{_FORK}"
    return why, cure


def _unprocessable(words: str) -> tuple[str, str]:
    if "too long" in words:
        why = "the comment is longer than 65,536 characters (422)"
        cure = "This is a bug in ci-wasm, which cuts comments at 60,000: please report it with the run's log."
    elif "rule" in words or "protected" in words:
        why = "a rule or branch protection forbids it (422)"
        cure = "Exempt ci-wasm's data branch from the ruleset or branch protection whose pattern covers it."
    else:
        why, cure = "it finds the request wrong (422)", "Read GitHub's own words below."
    return why, cure


def _is_rate_limit(status: int, said: str, wait: float | None) -> bool:
    return status == 429 or (status == 403 and (wait is not None or "rate limit" in said.lower()))
