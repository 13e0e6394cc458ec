"""The name section: found where there is one, and no input makes the search fail or hang."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.custom_sections import has_names

EMPTY = b"\0asm\x01\0\0\0"
TYPES = b"\x01\x04\x01\x60\x00\x00"


def custom(name: bytes, content: bytes = b"") -> bytes:
    body = bytes([len(name)]) + name + content
    return b"\0" + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body


def test_finds_the_custom_section() -> None:
    assert has_names(EMPTY + TYPES + custom(b"producers") + custom(b"name", b"\0" * 200))


def test_other_sections_are_not_it() -> None:
    assert not has_names(EMPTY)
    assert not has_names(EMPTY + TYPES)
    assert not has_names(EMPTY + custom(b"names") + custom(b"nam") + custom(b"producers", b"\x04name"))


def test_a_component_and_what_is_no_module_have_none() -> None:
    assert not has_names(b"")
    assert not has_names(b"\0asm\x0d\0\x01\0" + custom(b"name"))


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    assert has_names(EMPTY + content) in {True, False}


@given(st.integers(0, 12))
def test_a_module_that_ends_early_has_none(length: int) -> None:
    assert not has_names((EMPTY + custom(b"name"))[:length])
