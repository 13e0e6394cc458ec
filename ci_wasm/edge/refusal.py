"""Refusal: the answer of the API to a request that it does not carry out. (status, code, message) -> envelope.

Codes and their HTTP status: https://developers.cloudflare.com/workers/platform/error-codes/
"""

from __future__ import annotations

MALFORMED_PARAMETER = 10004
UPLOAD_UNREADABLE = 10006
NAME_INVALID = 10016
NOT_IMPLEMENTED = 10017
BODY_UNREADABLE = 10026
VALIDATION_FAILED = 10021
TOO_LARGE = 10027
DEPLOYMENT_INVALID = 10210
NAME_TOO_LONG = 100132


class Refusal(Exception):
    """Raised anywhere below the API; becomes an HTTP answer with `success: false` and one error."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def unauthorized(reason: str = "") -> Refusal:
    """The bearer token is missing or wrong, or names another account."""
    return Refusal(403, 10000, f"Authentication error{reason}")


def no_route(method: str, path: str) -> Refusal:
    """Nothing answers here; it says who is speaking, because the real API may well know the path."""
    return Refusal(
        404,
        7003,
        f"No route for that URI: the local edge of ci-wasm does not know {method} {path}. "
        "It answers what deploying and previewing Workers needs, not the whole Cloudflare API.",
    )


def worker_missing(code: int = 10007) -> Refusal:
    """10007 on scripts and Workers, 10090 on the older services."""
    return Refusal(404, code, "This Worker does not exist on your account.")


def preview_missing() -> Refusal:
    """The Worker is there, the preview is not."""
    return Refusal(404, 10025, "Preview not found.")


def nothing_deployed(what: str) -> Refusal:
    """`what` is This Worker or This Preview."""
    return Refusal(404, 10222, f"{what} has no versions or deployments yet.")


def version_missing(version: str) -> Refusal:
    """The version was never uploaded, or is so old that its files are gone."""
    return Refusal(404, 10071, f"Worker version {version} not found.")


def deployment_missing(deployment: str) -> Refusal:
    """As `version_missing`, for deployments."""
    return Refusal(404, 10336, f"Deployment {deployment} not found.")


def invalid(message: str, code: int = VALIDATION_FAILED) -> Refusal:
    """What was sent breaks a rule (HTTP 400)."""
    return Refusal(400, code, message)


def not_here(what: str) -> Refusal:
    """Cloudflare would do it; the local edge does not, and does not pretend to."""
    return Refusal(400, NOT_IMPLEMENTED, f"The local edge of ci-wasm does not do {what} yet.")
