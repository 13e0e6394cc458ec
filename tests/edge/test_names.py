"""What Workers, previews and aliases may be called. name -> slug or code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_wasm.edge.names import check_alias, check_preview_name, check_worker_name
from ci_wasm.edge.refusal import Refusal


def outcome(check: Callable[[], str]) -> str | int:
    try:
        return check()
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize(("name", "expected"), [
    ("a", "a"), ("add", "add"), ("a-1", "a-1"), ("a" * 63, "a" * 63), ("a--b", "a--b"),
    ("a" * 64, 100132), ("", 10016), ("1a", 10016), ("-a", 10016), ("a-", 10016), ("A", 10016), ("a_b", 10016),
    ("a.b", 10016), ("ä", 10016), ("a\n", 10016), (None, 10016), (7, 10016), (["a"], 10016),
])  # fmt: skip
def test_worker_names(name: object, expected: str | int) -> None:
    assert outcome(lambda: check_worker_name(name)) == expected


@pytest.mark.parametrize(("name", "expected"), [
    ("pr-42", "pr-42"), ("42-fix", "42-fix"), ("feature/Log_in", "feature-log-in"), ("a.b+c=d", "a-b-c-d"),
    ("x" * 59, "x" * 59), ("x" * 60, 100132), ("x" * 257, 10016), ("/a", 10016), ("a/", 10016), ("", 10016),
    ("a b", 10016), ("a\nb", 10016), ("ünder", 10016), (None, 10016), (42, 10016),
])  # fmt: skip
def test_preview_names_become_slugs(name: object, expected: str | int) -> None:
    assert outcome(lambda: check_preview_name(name, "add")) == expected


@pytest.mark.parametrize(("alias", "expected"), [
    ("pr-42", "pr-42"), ("a", "a"), ("x" * 59, "x" * 59),
    ("x" * 60, 100132), ("42-fix", 10004), ("PR", 10004), ("a_b", 10004), ("a-", 10004), ("", 10004), (None, 10004),
])  # fmt: skip
def test_aliases(alias: object, expected: str | int) -> None:
    assert outcome(lambda: check_alias(alias, "add")) == expected
