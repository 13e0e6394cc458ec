"""Reach: the origins that Workers of a local edge may send requests to; there are none by default. texts -> Origins.

Who starts the edge gives them, never a configuration file: a pull request must not open the runner's network to itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ci_wasm.adapters.workerd_config import Origin
from ci_wasm.errors import ConfigError

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")


def read_reach(origins: Iterable[str]) -> tuple[Origin, ...]:
    """Read origins such as `http://127.0.0.1:9000`; raises ConfigError for a text that is none."""
    return tuple(dict.fromkeys(_read(text) for text in origins))


def _read(text: str) -> Origin:
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise _no_origin(text) from None
    rest = (url.path.removesuffix("/"), url.query, url.fragment, url.username, url.password)
    if url.scheme not in _PORTS or any(rest) or not _HOST.fullmatch(host) or port == 0:
        raise _no_origin(text)
    usual = _PORTS[url.scheme]
    name = f"[{host}]" if ":" in host else host
    suffix = "" if port in (None, usual) else f":{port}"
    return Origin(f"{url.scheme}://{name}{suffix}", name, port or usual, tls=url.scheme == "https")


def _no_origin(text: str) -> ConfigError:
    # What stands before an @ may be a password.
    shown = text.rpartition("@")[2][:200]
    return ConfigError(
        f"`{shown}` is no origin that Workers could reach",
        cure="Give scheme, host and port and nothing more, such as http://127.0.0.1:9000 or https://api.example.com.",
    )
