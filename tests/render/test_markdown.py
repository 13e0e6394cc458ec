"""Markdown: no text, however hostile, becomes markup, a link or a mention. Read back with GitHub's own renderer."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from hypothesis import example, given
from hypothesis import strategies as st

from ci_wasm.render.markdown import clean, code, fenced, link, plain, prose, table

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("`|<>&[]()*_~\\@#!-:/.\n\r\t\u202e\u200b w=\"'")), st.characters()
    ),
    max_size=60,
)
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "](https://evil.example) [click",
    "https://evil.example/",
    "www.evil.example",
    "`` ` ``",
    "a`b`c",
    "--> <!-- ci-wasm:report -->",
    "@octocat please",
    "#1 and owner/repo#2, GH-3",
    "| a | b |",
    "**bold** _it_ ~~s~~",
    "\u202egnp.exe",
    "a\nb\r\n\n# heading",
    "![x](https://evil.example/x.png)",
]


def rendered(markdown: str) -> str:
    """HTML as the renderer makes it before GitHub sanitizes, which is the harder case."""
    return str(github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


def tags(markup: str) -> set[str]:
    return set(re.findall(r"<([a-z0-9]+)", markup))


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip("\n")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_known_payloads_stay_text_in_every_block(payload: str) -> None:
    for markdown in (code(payload), plain(payload), prose(f"the export `{payload}` is missing")):
        assert tags(rendered(markdown)) <= {"p", "code"}


@given(HOSTILE)
@example("`")
@example("\\`")
def test_a_code_span_holds_exactly_the_visible_text(text: str) -> None:
    markup = rendered(f"x {code(text)} y")

    assert tags(markup) <= {"p", "code"}
    if clean(text):
        # Only a table undoes the escape of a pipe.
        assert f"x {clean(text)} y" == text_of(markup).replace("\\|", "|")


@given(HOSTILE)
def test_plain_text_reads_as_it_was_without_any_markup(text: str) -> None:
    markup = rendered(f"x {plain(text)} y")

    assert tags(markup) <= {"p"}
    assert " ".join(f"x {clean(text)} y".split()) == " ".join(text_of(markup).replace("\u200b", "").split())


@given(HOSTILE)
def test_prose_with_a_hostile_name_has_no_other_tags_than_code(name: str) -> None:
    assert tags(rendered(prose(f"the export `{name}` is `(i32) -> i32`, the contract says `()`"))) <= {
        "p",
        "code",
    }


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=4))
def test_a_table_keeps_its_columns(rows: list[tuple[str, str]]) -> None:
    markup = rendered(table(("a", "b"), [(code(one), plain(other)) for one, other in rows], "lr"))

    assert tags(markup) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert markup.count("<tr") == len(rows) + 1
    assert markup.count("<td") == 2 * len(rows)


@given(st.text(max_size=200))
def test_a_code_block_is_one_block(text: str) -> None:
    markup = rendered(f"before\n\n{fenced(text)}\n\nafter")

    assert tags(markup) <= {"p", "pre", "code"}
    assert markup.rstrip().endswith("<p>after</p>")


@given(HOSTILE)
def test_nothing_mentions_or_refers(text: str) -> None:
    """What GitHub's own filters would still link after rendering: `@name`, `#1`, `GH-1` outside of code."""
    visible = text_of(rendered(plain(text)))

    assert not re.search(r"[@#](?=\w)|\bGH-\d", visible, re.IGNORECASE)


@given(st.text(max_size=80))
def test_clean_text_is_one_visible_line(text: str) -> None:
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"} for character in clean(text))


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://pr-1-add.acme.workers.dev", True),
        ("http://pr-1-add.edge.localhost:8787/add?a=2&b=3", True),
        ("javascript:alert(1)", False),
        ("https://evil.example/)[x](https://other.example", False),
        ('https://evil.example/ "title"', False),
        ("https://<script>", False),
        ("", False),
    ],
)
def test_only_whole_web_addresses_become_links(url: str, linked: bool) -> None:
    assert ("a" in tags(rendered(link("text", url)))) is linked
