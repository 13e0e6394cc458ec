"""Markdown: GitHub-flavored building blocks that no foreign text can break out of. text -> Markdown.

Names come from binaries, manifests, branches and compilers; a pull request controls all of them. In a comment they
must not close a table, open HTML, mention people, link to issues, or hide text with control characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# C0 and C1 controls, zero-width and bidirectional formatting: they hide or reorder what a reader sees.
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINE_START = re.compile(r"^(\d+(?=[.)])|(?=[#+=-]))([.)]|#+|[+=-]+)(?=\s|$)")
_ESCAPED = re.compile(r"([\\*_~\[\]|`])")
_LONGEST_NAME = 160


def clean(text: str, limit: int = _LONGEST_NAME) -> str:
    """One visible line: white space collapsed, invisible characters dropped, cut at `limit` characters."""
    line = " ".join(text.split())
    if not line.isascii() or not line.isprintable():
        line = "".join(
            character for character in line if unicodedata.category(character) not in _INVISIBLE_CATEGORIES
        )
    return line if len(line) <= limit else line[: limit - 1] + "…"


def code(text: str, limit: int = _LONGEST_NAME) -> str:
    """A code span; the fence is longer than any run of backticks inside. A pipe is escaped, as tables need it."""
    content = clean(text, limit).replace("|", "\\|")
    if not content:
        return "(empty)"
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{padding}{content}{padding}{fence}"


def plain(text: str, limit: int = 2000) -> str:
    """Text without any markup: no emphasis, HTML, links, mentions or references to issues."""
    escaped = clean(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _ESCAPED.sub(r"\\\1", escaped)
    # At the start of a line these make a heading, a list or a rule.
    escaped = _LINE_START.sub(r"\1\\\2", escaped)
    # GitHub links these after rendering, where a backslash is gone: an empty character has to stand between.
    escaped = re.sub(r"([@#])(?=\w)", r"\1&#8203;", escaped)
    escaped = re.sub(r"(?i)\b(gh)-(?=\d)", r"\1-&#8203;", escaped)
    return re.sub(
        r"(?i)\b(https?|ftp):(?=//)|\b(www)\.",
        lambda match: f"{match[1] or match[2]}{_entity(match)}",
        escaped,
    )


def _entity(match: re.Match[str]) -> str:
    return "&#58;" if match[1] else "&#46;"


def prose(message: str, limit: int = 2000) -> str:
    """One of our own sentences: what stands between backticks becomes code, all else plain text.

    A backtick inside a foreign name only moves the border between the two; both sides stay escaped.
    """
    parts = clean(message, limit).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = [parts[-2] + parts[-1]]
    pieces = [code(part) if index % 2 else _keep_edges(part) for index, part in enumerate(parts)]
    return "".join(pieces)


def _keep_edges(part: str) -> str:
    before = " " if part.startswith(" ") else ""
    after = " " if part.endswith(" ") and part.strip() else ""
    return f"{before}{plain(part)}{after}"


def fenced(text: str, language: str = "text", limit: int = 4000) -> str:
    """A code block of many lines, cut at `limit` characters; the fence is longer than any inside."""
    lines = [visible(line) for line in text.splitlines()]
    content = "\n".join(lines).strip("\n")
    if len(content) > limit:
        content = content[:limit].rsplit("\n", 1)[0] + "\n…"
    longest = max((len(run) for run in re.findall(r"`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def visible(line: str) -> str:
    """A line that keeps its spaces; tabs are expanded, invisible characters dropped."""
    return "".join(
        character
        for character in line.expandtabs(4)
        if character == " " or unicodedata.category(character) not in _INVISIBLE_CATEGORIES
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """A table of cells that are Markdown already; `align` has one `l` or `r` for each column."""
    rule = ["---:" if side == "r" else "---" for side in align]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def details(summary: str, body: str) -> str:
    """A fold; `summary` is plain text of our own."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def link(text: str, url: str) -> str:
    """A link, where the URL is http(s) and holds nothing that could end it; else its text alone."""
    safe = re.fullmatch(r"https?://[\w.\-:\[\]]+(/[\w\-./?=&%#~+:,;@!$*]*)?", url, re.ASCII)
    return f"[{text}]({url.replace('*', '%2A')})" if safe else text
