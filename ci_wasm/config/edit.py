"""Edit: change values of ci-wasm.yml and keep every other byte: comments, order, quotes, line ends. (Document, values) -> text.

The text is cut at the places that the parser gave; nothing is serialized but what is new. Every result is parsed again: it
must differ from what it was in nothing but the values that were meant (docs/adr/0007-edits-of-the-configuration.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_wasm.config.file import Document, Path, parse_document
from ci_wasm.errors import ConfigError

Value = str | Sequence["Value"] | Mapping[str, "Value"]
WIDEST_LINE = 110
_OWN_KEYS = frozenset({"workers", "wasm", "crate", "contract", "exports", "imports"})


class Uneditable(ValueError):
    """A value cannot be changed where it stands; the message says why."""


def scalar_text(document: Document, path: Path) -> str:
    """A scalar as it is written, without its quotes; raises Uneditable where it is not on its own."""
    place = document.places.get(path)
    if place is None:
        raise Uneditable("it stands elsewhere in the file, behind an alias or a merge key")
    text = document.text[place.start : place.end]
    if text[:1] in {"&", "!", "|", ">"} or "\n" in text:
        raise Uneditable("it has an anchor or a tag, or more than one line")
    return text[1:-1] if text[:1] in {"'", '"'} else text


def replace_scalars(document: Document, texts: Mapping[Path, str]) -> str:
    """Write other scalars where these stand, in the same quotes. The texts must need no escapes."""
    text = document.text
    for path in sorted(texts, key=lambda each: document.places[each].start, reverse=True):
        place, written = document.places[path], scalar_text(document, path)
        quotes = (place.end - place.start - len(written)) // 2
        text = text[: place.start + quotes] + texts[path] + text[place.end - quotes :]
    return _checked(document, text, list(texts))


def set_entry(document: Document, parent: Path, key: str, value: Value) -> str:
    """Give a mapping that stands in the file a key, or another value for one that it has; raises Uneditable."""
    path, mapping = (*parent, key), document.places.get(parent)
    if mapping is None or (_has(document.value, path) and path not in document.places):
        raise Uneditable(f"`{key}` stands elsewhere in the file, behind an alias or a merge key")
    old = document.places.get(path)
    if not mapping.is_block:
        lines = [f"{key}: {_flow(value)}"]
    else:
        # What stood on one line stays on one where it fits.
        lines = _lines(key, value, on_one_line=old is not None and not old.is_block)
    if old is not None:
        start, end = old.key_start, _content_end(document, path)
        new = _newline(document).join(_indented(lines, old.column - 1)).lstrip()
    else:
        start, new = _insertion(document, parent, lines)
        end = start
    return _checked(document, document.text[:start] + new + document.text[end:], [path])


def quoted(text: str) -> str:
    """A double-quoted scalar, whatever the text holds (https://yaml.org/spec/1.2.2/#73-flow-scalar-styles)."""
    return '"' + "".join(map(_escaped, text)) + '"'


def block_lines(value: Value) -> list[str]:
    """A mapping or list in block style, without indentation."""
    if isinstance(value, Mapping):
        return [line for key, each in value.items() for line in _lines(_key(key), each)]
    return [line for each in value for line in _item(each)]


def _item(value: Value) -> list[str]:
    if not isinstance(value, Mapping) or not value:
        return [f"- {_flow(value)}"]
    first, *rest = block_lines(value)
    return [f"- {first}", *_indented(rest, 2)]


def _lines(key: str, value: Value, *, on_one_line: bool = False) -> list[str]:
    line = f"{key}: {_flow(value)}"
    if isinstance(value, str) or not value or (on_one_line and len(line) <= WIDEST_LINE):
        return [line]
    return [f"{key}:", *_indented(block_lines(value), 2)]


def _flow(value: Value) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    return f"[{', '.join(map(_flow, value))}]"


def _key(text: str) -> str:
    """Our own keys stay plain; a name that a module chose is quoted."""
    return text if text in _OWN_KEYS else quoted(text)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _indented(lines: Iterable[str], columns: int) -> list[str]:
    return [" " * columns + line for line in lines]


def _newline(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


def _insertion(document: Document, parent: Path, lines: list[str]) -> tuple[int, str]:
    """Where a new key goes, and the text: behind the last one of its mapping."""
    mapping, text = document.places[parent], document.text
    children = list(_children(document, parent))
    if not mapping.is_block:
        if not children:
            return mapping.end - 1, lines[0]
        return max(_content_end(document, child) for child in children), f", {lines[0]}"
    newline = _newline(document)
    end = _content_end(document, parent)
    column = document.places[children[0]].column - 1 if children else mapping.column - 1
    new = newline.join(_indented(lines, column))
    if text[:end].endswith("\n"):
        return end, new + newline
    # A comment may follow on the line of the last value.
    line_end = text.find("\n", end)
    return (len(text), newline + new) if line_end < 0 else (line_end + 1, new + newline)


def _children(document: Document, parent: Path) -> Iterator[Path]:
    depth = len(parent)
    return (path for path in document.places if len(path) == depth + 1 and path[:depth] == parent)


def _content_end(document: Document, path: Path) -> int:
    """Where a value ends; the parser sees the end of a block only where the next thing begins, behind comments."""
    place = document.places[path]
    if not place.is_block:
        return place.end
    return max((_content_end(document, child) for child in _children(document, path)), default=place.end)


def _checked(document: Document, text: str, paths: Sequence[Path]) -> str:
    """The text itself, when it says the same as before but for these paths; else raises Uneditable."""
    try:
        value = parse_document(document.name, text).value
    except ConfigError as error:
        raise Uneditable(f"the file would not be valid any more ({error.message})") from None
    if _without(value, paths) != _without(document.value, paths) or not all(
        _has(value, path) for path in paths
    ):
        raise Uneditable("more than this would change")
    return text


def _without(value: object, paths: Sequence[Path]) -> object:
    """A copy without what stands at these paths."""
    if () in paths:
        return None
    if isinstance(value, dict):
        items = ((key, each, _below(paths, str(key))) for key, each in value.items())
        return {key: _without(each, below) for key, each, below in items if () not in below}
    if isinstance(value, list):
        return [_without(each, _below(paths, index)) for index, each in enumerate(value)]
    return value


def _below(paths: Sequence[Path], step: str | int) -> list[Path]:
    return [path[1:] for path in paths if path and path[0] == step]


def _has(value: object, path: Path) -> bool:
    if not path:
        return True
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return step in value and _has(value[step], rest)
    return isinstance(value, list) and isinstance(step, int) and step < len(value) and _has(value[step], rest)
