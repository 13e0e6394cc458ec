"""Payloads: bytes as the configuration spells them, collecting problems. entry -> Payload, OutputRule."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from ci_wasm.config.file import Path, Problem
from ci_wasm.core.behavior import OutputRule, Payload

if TYPE_CHECKING:
    from ci_wasm.config.schema import InputEntry

# What crosses into a module in one call; a body of a Worker is seldom larger.
LARGEST_FILE = 64 << 20
_SHOWN = 40
_NOTHING = Payload("", b"")
_SPELLINGS = ("text", "hex", "base64", "file")
_RULES = (*_SPELLINGS, "contains", "sha256")


class PayloadReader:
    """Reads files below `root`; what cannot be read is added to `problems`."""

    def __init__(self, root: FilePath, problems: list[Problem]) -> None:
        self._root = root
        self._problems = problems

    def input(self, path: Path, entry: object) -> Payload:
        """Bytes that go in."""
        key, text = self._only(path, entry, _SPELLINGS)
        return self._payload((*path, key), key, text) if key else _NOTHING

    def output(self, path: Path, entry: object) -> OutputRule:
        """What must come out."""
        key, text = self._only(path, entry, _RULES)
        if key == "contains":
            return OutputRule(contains=Payload(_quoted(text), text.encode()))
        if key == "sha256":
            if not re.fullmatch("[0-9a-fA-F]{64}", text):
                self._tell((*path, key), "a SHA-256 has 64 hexadecimal digits")
            return OutputRule(sha256=text.lower())
        return OutputRule(equals=self._payload((*path, key), key, text) if key else _NOTHING)

    def _only(self, path: Path, entry: object, known: tuple[str, ...]) -> tuple[str, str]:
        """The one key that is given, and its text; no key where there is not exactly one."""
        if isinstance(entry, str):
            return "text", entry
        given = list(_given(entry, known))
        if len(given) != 1:
            found = " and ".join(f"`{key}`" for key, _ in given) or "nothing"
            self._tell(path, f"{found} is given; it takes one of {', '.join(known)}")
            return "", ""
        return given[0]

    def _payload(self, path: Path, key: str, text: str) -> Payload:
        try:
            match key:
                case "hex":
                    return _labeled(bytes.fromhex(text))
                case "base64":
                    return _labeled(base64.b64decode(text, validate=True))
                case "file":
                    return Payload(f"the file {text}", self._file(text))
                case _:
                    return Payload(_quoted(text), text.encode())
        except (ValueError, binascii.Error) as error:
            reason = str(error) if key == "file" else f"this is no {key}: {error}"
            self._tell(path, reason)
            return _NOTHING

    def _file(self, name: str) -> bytes:
        """A file of the repository. A link out of it could bring a secret into a report."""
        place = (self._root / name).resolve()
        if not place.is_relative_to(self._root.resolve()):
            raise ValueError(f"`{name}` leaves the repository")
        if not place.is_file():
            raise ValueError(f"`{name}` is no file")
        size = place.stat().st_size
        if size > LARGEST_FILE:
            raise ValueError(f"`{name}` has {size:,} bytes, and at most {LARGEST_FILE:,} are passed")
        return place.read_bytes()

    def _tell(self, path: Path, message: str) -> None:
        self._problems.append(Problem(path, message))


def _given(entry: InputEntry | object, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key in known:
        if isinstance(text := getattr(entry, key, None), str):
            yield key, text


def _labeled(content: bytes) -> Payload:
    digits = content[: _SHOWN // 2].hex()
    return Payload(f"hex {digits}{'…' if len(content) > _SHOWN // 2 else ''}", content)


def _quoted(text: str) -> str:
    return f'"{text[:_SHOWN]}{"…" if len(text) > _SHOWN else ""}"'
