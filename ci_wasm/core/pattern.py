"""Pattern: a line of text that the type of an export or import must match. text -> Pattern.

A pattern is written as the signature of a type (`core/signature.py`). It says nothing about what it does not name:
`memory` alone matches every memory, `memory min<=17` those that ask for 17 pages at the most.
"""

from __future__ import annotations

import re

from msgspec import Struct

from ci_wasm.core.module import ExternType, FuncType, GlobalType, MemoryType, TableType, TagType
from ci_wasm.core.signature import print_type

PLAIN_VALUE_TYPES = frozenset(
    {"i32", "i64", "f32", "f64", "v128"}
    | {f"{heap}ref" for heap in ("func", "extern", "any", "eq", "i31", "struct", "array", "exn", "cont")}
    | {f"null{heap}ref" for heap in ("", "func", "extern", "exn", "cont")}
)
_REFERENCE = re.compile(r"\(ref( null)? (shared )?([a-z0-9]+|\(shared [a-z0-9]+\))\)")
_BOUND = re.compile(r"(min|max)\s*(<=|>=|=)\s*(\d+|none)")


class SignatureError(ValueError):
    """A text is no signature; the message says what was expected, and where."""


class Bound(Struct, frozen=True):
    """One condition on a limit; `value` is in pages or elements, None means "no maximum"."""

    field: str
    operator: str
    value: int | None

    def holds(self, actual: int | None) -> bool:
        """No maximum is larger than any number, so `max<=17` does not hold for it."""
        if self.operator == "=":
            return actual == self.value
        if actual is None or self.value is None:
            return self.operator == ">=" and actual is None
        return actual <= self.value if self.operator == "<=" else actual >= self.value


class LimitsPattern(Struct, frozen=True):
    """A memory or table within bounds. `element` is set for tables only; `flags` are words that must stand."""

    kind: str
    element: str | None = None
    bounds: tuple[Bound, ...] = ()
    flags: frozenset[str] = frozenset()


Pattern = FuncType | GlobalType | TagType | LimitsPattern


def print_pattern(pattern: Pattern) -> str:
    """The one line for a pattern, in the spelling that `parse_pattern` reads."""
    if not isinstance(pattern, LimitsPattern):
        return print_type(pattern)
    bounds = "".join(
        f" {bound.field}{bound.operator}{'none' if bound.value is None else bound.value}"
        for bound in pattern.bounds
    )
    element = f" {pattern.element}" if pattern.element else ""
    return f"{pattern.kind}{element}{bounds}{''.join(f' {flag}' for flag in sorted(pattern.flags))}"


def parse_pattern(text: str) -> Pattern:
    """Read one line; raises SignatureError."""
    text = " ".join(text.split())
    if text.startswith("("):
        return _parse_function(text)
    word, _, rest = text.partition(" ")
    if word == "memory":
        return _parse_limits("memory", None, rest)
    if word == "table":
        element, rest = _take_value_type(rest)
        return _parse_limits("table", element, rest)
    if word == "global":
        return _parse_global(rest)
    if word == "tag":
        return TagType(params=_parse_list(rest), results=())
    raise SignatureError(
        f"`{text}` is no signature: it starts with neither `(` nor one of `memory`, `table`, `global`, `tag`"
    )


def parse_type(text: str) -> ExternType:
    """Read back what `print_type` wrote; raises SignatureError."""
    pattern = parse_pattern(text)
    if not isinstance(pattern, LimitsPattern):
        return pattern
    limits = {bound.field: bound.value for bound in pattern.bounds if bound.operator == "="}
    minimum = limits.get("min")
    if minimum is None or "max" not in limits:
        raise SignatureError(f"`{text}` leaves the limits open, which a type does not")
    shared, wide = "shared" in pattern.flags, "i64" in pattern.flags
    if pattern.kind == "table":
        return TableType(pattern.element or "", minimum, limits["max"], wide, shared)
    sizes = [int(flag.partition("=")[2]) for flag in pattern.flags if flag.startswith("page-size=")]
    return MemoryType(minimum, limits["max"], shared, wide, *sizes)


def matches(pattern: Pattern, type_: ExternType) -> bool:
    """Whether a type is what a pattern asks for."""
    if not isinstance(pattern, LimitsPattern):
        return pattern == type_
    if isinstance(type_, MemoryType):
        fits = pattern.kind == "memory"
        words = _flag_words(shared=type_.shared, i64=type_.memory64)
        if type_.page_size != 65536:
            words |= {f"page-size={type_.page_size}"}
    elif isinstance(type_, TableType):
        fits = pattern.kind == "table" and pattern.element in {None, type_.element}
        words = _flag_words(shared=type_.shared, i64=type_.table64)
    else:
        return False
    limits = {"min": type_.minimum, "max": type_.maximum}
    # A shared or 64-bit memory is another type to its host, so it matches only where the pattern says so.
    return (
        fits and words == pattern.flags and all(bound.holds(limits[bound.field]) for bound in pattern.bounds)
    )


def _flag_words(**flags: bool) -> frozenset[str]:
    return frozenset(name for name, on in flags.items() if on)


def _parse_function(text: str) -> FuncType:
    params, rest = _take_list(text)
    if not rest.startswith("->"):
        raise SignatureError(
            f"`{text}` is no function: `->` and the results are missing, as in `(i32, i32) -> i32`"
        )
    results = rest.removeprefix("->").strip()
    if not results:
        raise SignatureError(f"`{text}` has no results after `->`; write `-> ()` for none")
    is_list = results.startswith("(") and not _REFERENCE.fullmatch(results)
    return FuncType(params, _parse_list(results) if is_list else (_value_type(results),))


def _parse_global(rest: str) -> GlobalType:
    words = rest.split(" ")
    flags = {word for word in words[:-1] if word in {"mut", "shared"}}
    value = " ".join(word for word in words if word not in {"mut", "shared"})
    return GlobalType(value=_value_type(value), mutable="mut" in flags, shared="shared" in flags)


def _parse_limits(kind: str, element: str | None, rest: str) -> LimitsPattern:
    bounds = []
    for field, operator, value in _BOUND.findall(rest):
        if field == "min" and value == "none":
            raise SignatureError(f"`min{operator}none`: every {kind} has a minimum; only `max` can be `none`")
        bounds.append(Bound(field, operator, None if value == "none" else int(value)))
    words = _BOUND.sub(" ", rest).split()
    known = {"shared", "i64"}
    for word in words:
        if word not in known and not (kind == "memory" and re.fullmatch(r"page-size=\d+", word)):
            raise SignatureError(
                f"`{word}` says nothing about a {kind}: known are `min<=N`, `max<=N`, `max=none`, `shared`, `i64`"
            )
    return LimitsPattern(kind, element, tuple(bounds), frozenset(words))


def _parse_list(text: str) -> tuple[str, ...]:
    values, rest = _take_list(text)
    if rest:
        raise SignatureError(f"`{rest}` stands after the closing parenthesis of `{text}`")
    return values


def _take_list(text: str) -> tuple[tuple[str, ...], str]:
    """Split `(a, b) rest`; the parentheses of reference types nest."""
    depth = 0
    if not text.startswith("("):
        raise SignatureError(f"`{text}` should be a list in parentheses, as in `(i32, i32)`")
    for end, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            inside, rest = text[1:end].strip(), text[end + 1 :].strip()
            return tuple(_value_type(part.strip()) for part in inside.split(",") if inside), rest
    raise SignatureError(f"`{text}` has a parenthesis that is not closed")


def _take_value_type(text: str) -> tuple[str | None, str]:
    if reference := _REFERENCE.match(text):
        return reference.group(), text[reference.end() :]
    word, _, rest = text.partition(" ")
    return (word, rest) if word in PLAIN_VALUE_TYPES else (None, text)


def _value_type(text: str) -> str:
    if text in PLAIN_VALUE_TYPES or _REFERENCE.fullmatch(text):
        return text
    raise SignatureError(
        f"`{text}` is no value type: known are i32, i64, f32, f64, v128, funcref, externref and `(ref …)`"
    )
