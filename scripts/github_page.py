"""GitHub page: a comment as a pull request shows it. Markdown -> HTML file.

For the demo only. The renderer is cmark-gfm, GitHub's own, and the stylesheet is made from GitHub's; the alert boxes
and the link filters that github.com adds after rendering are not here.
"""

from __future__ import annotations

import html
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{stylesheet}
body {{ margin: 0; padding: 24px 16px; background: var(--bgColor-default, #fff); }}
main {{ max-width: 900px; margin: auto; }}
h1 {{ font: 400 26px/1.25 -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; color: var(--fgColor-default); }}
article {{ border: 1px solid var(--borderColor-default, #d1d9e0); border-radius: 6px; }}
header {{ padding: 8px 16px; font: 14px/1.5 sans-serif; color: var(--fgColor-muted, #59636e);
  background: var(--bgColor-muted, #f6f8fa); border-bottom: 1px solid var(--borderColor-default, #d1d9e0); }}
.markdown-body {{ padding: 16px; font-size: 14px; overflow-x: auto; }}
</style>
<body class="markdown-body">
<main>
<h1>{title}</h1>
<article><header><strong>github-actions</strong> bot commented</header>
<div class="markdown-body">
{comment}
</div></article>
</main>
"""


def write_github_page(path: Path, comment: str, *, title: str) -> Path:
    """Render the comment with GitHub's sanitizing options and write the page; gives its path."""
    from cmarkgfm import github_flavored_markdown_to_html
    from cmarkgfm.cmark import Options

    body = github_flavored_markdown_to_html(comment, options=Options.CMARK_OPT_UNSAFE)
    (stylesheet,) = CACHE.glob("github-markdown-css/*/github-markdown.css")
    page = _PAGE.format(
        title=html.escape(title),
        comment=body,
        stylesheet=stylesheet.read_text(encoding="utf-8").replace("</", "<\\/"),
    )
    path.write_text(page, encoding="utf-8")
    return path
