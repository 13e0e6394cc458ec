"""JSONC: JSON with comments and trailing commas, as editors and wrangler read it. text -> JSON text of equal layout."""

from __future__ import annotations

import re

# A string is matched first, so that what looks like a comment inside of one stays. Where a string or a comment is not
# closed, its beginning stays too, for the JSON parser to report.
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_STRING_OR_TRAILING_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[\]}])')


def strip_jsonc(text: str) -> str:
    """Blank out comments and trailing commas; every other character keeps its line and column."""
    without_comments = _STRING_OR_COMMENT.sub(_blank, text)
    return _STRING_OR_TRAILING_COMMA.sub(_blank, without_comments)


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    if found.startswith('"') or (found.startswith("/*") and not found[2:].endswith("*/")):
        return found
    return re.sub(r"[^\r\n]", " ", found)
