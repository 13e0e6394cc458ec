"""HTML: the report as one page that asks for nothing else. (Report, PageSource) -> HTML of at most 1.5 MB.

Whatever a pull request can choose (names, messages, compiler output) is data in a JSON block, which the page's script
puts into the document as text. The markup itself is the same for every report.
"""

from __future__ import annotations

import base64
import hashlib
import re

from msgspec import Struct

from ci_wasm.core.report import Report
from ci_wasm.render.page_data import make_page_data
from ci_wasm.render.page_text import page_json

LARGEST_PAGE = 1_500_000
# The placeholders of the template.
_PLACE = re.compile(r"%%(POLICY|STYLE|NOTICE|LIBRARY|DATA|SCRIPT)%%")


class PageSource(Struct, frozen=True):
    """The page's own parts: template, style sheet, our script, the charting library and its license."""

    template: str
    style: str
    script: str
    library: str
    notice: str


def render_html(
    report: Report, source: PageSource, *, docs_url: str = "", title: str = "", limit: int = LARGEST_PAGE
) -> str:
    """The whole page, at most `limit` bytes as UTF-8; what has to be left out is summed or counted there.

    `docs_url` is where the `docs/` folder of this version can be read; without it pages are named, not linked. With
    a `title` the page is no verdict: it says that instead.
    """
    parts = {
        "POLICY": content_security_policy(source),
        "STYLE": source.style,
        "NOTICE": source.notice,
        "LIBRARY": source.library,
        "SCRIPT": source.script,
    }
    own = len(source.template.encode()) + sum(len(part.encode()) for part in parts.values())
    parts["DATA"] = page_json(make_page_data(report, docs_url=docs_url, title=title, limit=limit - own))
    return _PLACE.sub(lambda place: parts[place[1]], source.template)


def content_security_policy(source: PageSource) -> str:
    """Forbid everything but our own style sheet and scripts, which are named by their hashes.

    Hashes rather than 'unsafe-inline': then a script that got into the page by a mistake of ours would not run either.
    Trusted Types close the ways in which a script turns text into markup (innerHTML and its like), and `img-src data:`
    is the empty icon, without which a browser asks a server for one. https://www.w3.org/TR/CSP3/,
    https://www.w3.org/TR/trusted-types/
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(source.library)} {_hash(source.script)}",
            f"style-src {_hash(source.style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
