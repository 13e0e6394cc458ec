"""Names: what Workers, previews and aliases may be called, and the DNS label that they make. str -> str or Refusal.

https://developers.cloudflare.com/workers/platform/error-codes/10016/ and
https://developers.cloudflare.com/workers/versions-and-deployments/version-urls/
"""

from __future__ import annotations

import re

from ci_wasm.edge.refusal import MALFORMED_PARAMETER, NAME_INVALID, NAME_TOO_LONG, invalid

LABEL_MAX = 63

_WORKER = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_ALIAS = _WORKER
_PREVIEW = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_/.+=-]{0,254}[A-Za-z0-9])?")


def check_worker_name(name: object) -> str:
    """The name itself; 10016 unless it is a DNS label that starts with a letter, 100132 beyond 63 characters."""
    if not isinstance(name, str) or not _WORKER.fullmatch(name):
        raise invalid(
            f"Invalid Worker name {_shown(name)}. Names must start with a letter, be lowercase alphanumeric with "
            "dashes, and not end with a dash.",
            NAME_INVALID,
        )
    return _fits(name, f"Worker name `{name}`")


def check_preview_name(name: object, worker: str) -> str:
    """The slug of a preview's name: lower case, `-` for every special character."""
    if not isinstance(name, str) or not _PREVIEW.fullmatch(name):
        raise invalid(
            f"Invalid Preview name {_shown(name)}. Names are 1 to 256 of A-Z a-z 0-9 - _ / . + =, "
            "and start and end with a letter or a digit.",
            NAME_INVALID,
        )
    slug = re.sub(r"[^a-z0-9]", "-", name.lower())
    _fits(f"{slug}-{worker}", f"Preview `{slug}` of Worker `{worker}`")
    return slug


def check_alias(alias: object, worker: str) -> str:
    """The alias itself, for `workers/alias`."""
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
        raise invalid(
            f"Invalid version alias {_shown(alias)}. An alias is lowercase letters, digits and dashes, "
            "starts with a letter and does not end with a dash.",
            MALFORMED_PARAMETER,
        )
    _fits(f"{alias}-{worker}", f"Alias `{alias}` of Worker `{worker}`")
    return alias


def _fits(label: str, what: str) -> str:
    if len(label) > LABEL_MAX:
        raise invalid(
            f"{what} is too long to be used as a workers.dev subdomain: `{label}` has {len(label)} characters, "
            f"{LABEL_MAX} are allowed.",
            NAME_TOO_LONG,
        )
    return label


def _shown(name: object) -> str:
    return repr(name)[:80]
