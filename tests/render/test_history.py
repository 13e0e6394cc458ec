"""History: what Cloudflare said of starts stands beside the sizes, where it said something."""

from __future__ import annotations

import pytest

from ci_wasm.core.history import Point, merge_histories, with_startup
from ci_wasm.render.history import render_history

HISTORY = tuple(Point(f"{digit}" * 12, None, 600 + digit, 300, None, 400) for digit in range(1, 4))


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_starts_have_a_column_where_there_are_any(format_: str) -> None:
    without = render_history({"api": HISTORY}, "that of the files", format_)
    measured = with_startup(HISTORY, "3" * 40, 12)
    text = render_history({"api": measured}, "that of the files", format_)

    assert "start" not in without
    assert text.count(" ms") == 1
    assert "12 ms" in text
    assert "start" in text


def test_a_start_belongs_to_the_commit_that_was_uploaded() -> None:
    assert with_startup(HISTORY, "4" * 40, 12) == HISTORY
    assert with_startup((), "4" * 40, 12) == ()
    assert with_startup(HISTORY, "3" * 40, None) == HISTORY


def test_a_start_is_kept_whoever_tells_of_the_commit_last() -> None:
    uploaded = with_startup(HISTORY, "3" * 40, 12)

    assert merge_histories([uploaded, HISTORY]) == merge_histories([HISTORY, uploaded]) == uploaded
