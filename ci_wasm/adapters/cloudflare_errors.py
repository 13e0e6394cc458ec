"""Refusals in words: what the API's code means for the reader and what to do about it. Refusal -> DeployError.

The codes: https://developers.cloudflare.com/workers/platform/error-codes/
"""

from __future__ import annotations

from ci_wasm.adapters.cloudflare_envelope import Refusal
from ci_wasm.errors import DeployError

# Codes behind which a token may be invalid, or valid without the permission; only asking tells them apart.
AUTH_CODES = frozenset({1000, 6003, 9106, 9109, 10000})

LONGEST_REASON = 300

_TOKENS_PAGE = "https://dash.cloudflare.com/profile/api-tokens"
_PERMISSION = (
    "Workers Scripts: Edit (`Workers Scripts Write` in the API) on this account; the template "
    f"“Edit Cloudflare Workers” has it: {_TOKENS_PAGE}"
)
_NAME_CURE = (
    "Choose another `name` for the Worker: lower-case letters, digits and dashes, a letter first, no dash at the end, "
    "and short enough that `pr-<number>-<name>` has at most 63 characters."
)
_BUG_CURE = "This is a bug in ci-wasm: please report it with the text below."
_AGAIN_CURE = "Run the job again later; see https://www.cloudflarestatus.com."
_ADDRESS_CURE = (
    "Check CLOUDFLARE_ACCOUNT_ID (32 hexadecimal digits, in the dashboard's URL), and that CLOUDFLARE_API_BASE_URL, "
    "if it is set, ends in /client/v4."
)
_VARS_CURE = "Change the `vars` of the wrangler config."
_RESOURCE_CURE = (
    "Correct the binding in the wrangler config, or create the resource that it names in this account."
)

_RESOURCE_CODES = (10041, 10042, 10061, 10070, 10074, 10079, 10085, 10097, 10143, 10145, 10157, 10159, 11000)

# code -> (what it means, what to do)
_MEANINGS: dict[int, tuple[str, str]] = {
    971: (
        "too many requests",
        "Run the job again in five minutes; 1,200 calls in five minutes are allowed per user.",
    ),
    7000: ("the API does not know this address", _ADDRESS_CURE),
    7003: ("the API does not know this address", _ADDRESS_CURE),
    10002: ("internal error", _AGAIN_CURE),
    10003: ("a parameter is missing", _BUG_CURE),
    10004: ("a parameter is malformed", _BUG_CURE),
    10005: ("a parameter is malformed", _BUG_CURE),
    10006: (
        "the upload form cannot be read, or the main module is not in it",
        "Check `main` in the wrangler config.",
    ),
    10007: (
        "there is no such Worker",
        "Run the job again: it creates the Worker. If it stays, check the account.",
    ),
    10013: ("internal error", _AGAIN_CURE),
    10014: ("internal error", _AGAIN_CURE),
    10016: ("the Worker's name is not allowed", _NAME_CURE),
    10021: (
        "the Worker does not start",
        "Run `ci-wasm preview` to see the same error at home; usual causes are code in global scope and missing imports.",
    ),
    10025: ("there is no such preview", "Run the job again: it creates the preview."),
    10026: ("the request's body cannot be read", _BUG_CURE),
    10027: (
        "the Worker is too large",
        "Make the module smaller: the limit is 64 MiB (3 or 10 MB after gzip on accounts with the older rule).",
    ),
    10034: ("the account's e-mail address is not verified", "Open the dashboard and verify the address."),
    10035: (
        "something else changes this Worker at the same time",
        "Run the job again, and give the workflow a `concurrency` group per pull request.",
    ),
    10037: (
        "the account has as many Workers as it may",
        "Delete Workers that are no longer used, or raise the plan.",
    ),
    10052: ("a binding has no name", _VARS_CURE),
    10053: ("two bindings have one name", _VARS_CURE),
    10054: ("the text of a variable is too large (5 KB each)", _VARS_CURE),
    10055: ("there are too many variables (64 on the free plan, 128 on a paid one)", _VARS_CURE),
    10056: ("a binding was not found", _RESOURCE_CURE),
    10063: (
        "the account has no workers.dev subdomain yet",
        "Open Workers & Pages in the Cloudflare dashboard once: that creates the subdomain. Then run the job again.",
    ),
    10068: (
        "the Worker has no event handler",
        "Export a `fetch` handler: `export default { fetch(request) { … } }`.",
    ),
    10069: (
        "the Worker has a handler that previews do not support",
        "Remove the handler that the text below names.",
    ),
    10093: ("the Worker's name is not allowed", _NAME_CURE),
    10100: ("the name of a binding is too long", _VARS_CURE),
    10216: (
        "it is not written as ES modules",
        "Write `export default { fetch }` instead of `addEventListener`.",
    ),
    100132: ("the name is too long for workers.dev", _NAME_CURE),
} | dict.fromkeys(_RESOURCE_CODES, ("a resource that a binding names is missing or invalid", _RESOURCE_CURE))


def is_about_the_token(refusal: Refusal) -> bool:
    """Whether only a look at the token tells what is wrong."""
    known = refusal.code in _MEANINGS
    return refusal.code in AUTH_CODES or (refusal.status in {401, 403} and not known)


def explain(refusal: Refusal, who: str, doing: str) -> DeployError:
    """The error for a refusal; `who` (Cloudflare or the local edge) "refused to …", and `doing` completes that."""
    if refusal.status == 429 and refusal.code not in _MEANINGS:
        meaning, cure = _MEANINGS[971]
    elif refusal.status >= 500 and refusal.code not in _MEANINGS:
        meaning, cure = "internal error", _AGAIN_CURE
    else:
        meaning, cure = _MEANINGS.get(refusal.code or 0, ("", "Look the code up: " + _page(refusal.code)))
    said = _first_line(refusal.message)
    because = f"{meaning} ({_code(refusal)}{said})" if meaning else f"{_code(refusal)}{said}"
    return _error(f"{who} refused to {doing}: {because}", cure, refusal)


def explain_token(refusal: Refusal, who: str, doing: str, status: str | None) -> DeployError:
    """The error for a refused token; `status` is what `tokens/verify` says, "invalid", or None when that is unknown."""
    said = f"({_code(refusal)}{_first_line(refusal.message)})"
    if status == "active":
        why = f"the token is valid, but it may not do this on this account {said}"
        cure = f"Give the token the permission {_PERMISSION}. Check that CLOUDFLARE_ACCOUNT_ID is the account it is for."
    elif status is None:
        why = f"the token is invalid or lacks a permission {said}"
        cure = f"Check the secret CLOUDFLARE_API_TOKEN. The token needs the permission {_PERMISSION}."
    else:
        why = f"the token is {status} {said}"
        cure = f"Make a new token and store it as the secret CLOUDFLARE_API_TOKEN. It needs the permission {_PERMISSION}."
    return _error(f"{who} refused to {doing}: {why}", cure, refusal)


def explain_missing_url(what: str) -> DeployError:
    """The error for a preview that was deployed and has no address."""
    return DeployError(
        f"Cloudflare deployed {what}, but it has no URL: previews are switched off for this Worker, or the account has "
        "no workers.dev subdomain",
        cure="Open the Worker in the Cloudflare dashboard, Settings → Domains & Routes, and enable Preview URLs on "
        "workers.dev.",
    )


def _error(message: str, cure: str, refusal: Refusal) -> DeployError:
    # One short error stands in the message already.
    detail = refusal.detail if "\n" in refusal.detail or len(refusal.message) > LONGEST_REASON else ""
    return DeployError(message, cure=cure, detail=detail, api_code=refusal.code)


def _code(refusal: Refusal) -> str:
    return f"code {refusal.code}: " if refusal.code is not None else f"status {refusal.status}: "


def _page(code: int | None) -> str:
    page = "https://developers.cloudflare.com/workers/platform/error-codes/"
    return page if code is None else f"{page}{code}/"


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0].strip()
    return line if len(line) <= LONGEST_REASON else line[:LONGEST_REASON] + "…"
