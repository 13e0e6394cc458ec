"""Cargo messages: what cargo says while it builds. (lines of `--message-format json`) -> artifacts, errors, warnings.

The format: https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages. A procedural macro can print
into the same stream, so nothing in here is trusted: an unknown or broken line is passed over, and a file that a
message names is read by `Sandbox.read` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

TARGET = "wasm32-unknown-unknown"

_MAX_RENDERED = 4_000
_MAX_ERRORS = 20


class _Code(msgspec.Struct):
    code: str


class _Span(msgspec.Struct):
    file_name: str
    line_start: int
    is_primary: bool


class Diagnostic(msgspec.Struct, frozen=True):
    """One message of the compiler; `rendered` is how the compiler shows it, without colors."""

    level: str
    message: str
    rendered: str | None = None
    code: _Code | None = None
    spans: tuple[_Span, ...] = ()

    @property
    def text(self) -> str:
        """The rendered message, at most 4,000 characters."""
        text = (self.rendered or self.message).rstrip()
        return text if len(text) <= _MAX_RENDERED else text[:_MAX_RENDERED] + "\n... (cut)"

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """File, as rustc names it, and line (counted from 1) of every span, the primary ones first."""
        spans = sorted(self.spans, key=lambda span: not span.is_primary)
        return tuple((span.file_name, span.line_start) for span in spans)

    def means_missing_target(self) -> bool:
        """Whether the standard library of the target is not installed (E0463 with the compiler's own note)."""
        is_missing = self.code is not None and self.code.code == "E0463"
        return is_missing and "target may not be installed" in (self.rendered or "")


class _Target(msgspec.Struct):
    name: str
    crate_types: list[str]


class _CompilerMessage(msgspec.Struct, tag_field="reason", tag="compiler-message"):
    target: _Target
    message: Diagnostic


class _Artifact(msgspec.Struct, tag_field="reason", tag="compiler-artifact"):
    package_id: str
    target: _Target
    filenames: list[str]
    fresh: bool


@dataclass(frozen=True, slots=True)
class CompileError:
    """An error of the compiler, and the crate that it was compiling (by the name of the target)."""

    crate: str
    diagnostic: Diagnostic


# What of a package can become part of a module; the others are procedural macros, build scripts and programs.
_LIBRARIES = frozenset({"lib", "rlib", "dylib", "cdylib", "staticlib"})
_DECODER = msgspec.json.Decoder(_CompilerMessage | _Artifact)


class CargoMessages:
    """Collects the messages of one cargo run.

    `crates` are the libraries that were made for wasm32, those that were there already too: the name of each in the
    module, by `name version` of its package.
    """

    def __init__(self, package_id: str) -> None:
        self._package_id = package_id
        self.crates: dict[str, str] = {}
        self.errors: list[CompileError] = []
        self.warnings = 0
        self.compiled: list[str] = []
        self.wasm: Path | None = None

    def feed(self, line: str) -> None:
        """Take one line of cargo's standard output."""
        try:
            message = _DECODER.decode(line)
        except msgspec.DecodeError:
            return
        if isinstance(message, _Artifact):
            self._feed_artifact(message)
        elif message.message.level.startswith("error"):
            if len(self.errors) < _MAX_ERRORS:
                self.errors.append(CompileError(message.target.name, message.message))
        # The compiler closes with "N warnings emitted", which has no place.
        elif message.message.level == "warning" and message.message.spans:
            self.warnings += 1

    def _feed_artifact(self, artifact: _Artifact) -> None:
        if not artifact.fresh:
            self.compiled.append(artifact.target.name)
        if _LIBRARIES.intersection(artifact.target.crate_types) and _is_for_wasm(artifact.filenames):
            # Before Rust 1.79 the name had the package's dashes.
            self.crates[name_and_version(artifact.package_id)] = artifact.target.name.replace("-", "_")
        if artifact.package_id == self._package_id and "cdylib" in artifact.target.crate_types:
            files = (Path(name) for name in artifact.filenames)
            self.wasm = next((file for file in files if file.suffix == ".wasm"), None)


def name_and_version(package_id: str) -> str:
    """`name version` of a package ID, in today's form or in that of before Rust 1.77 (`name version (source)`).

    Today the name is left out where it is the last part of the URL:
    https://doc.rust-lang.org/cargo/reference/pkgid-spec.html
    """
    url, sharp, fragment = package_id.partition("#")
    if not sharp or " (" in url:
        return " ".join(package_id.split(" ")[:2])
    name, at, version = fragment.rpartition("@")
    return f"{name} {version}" if at else f"{url.partition('?')[0].rpartition('/')[2]} {fragment}"


def _is_for_wasm(filenames: list[str]) -> bool:
    """Cargo keeps what it builds for another machine below the name of that: what it builds for itself is for macros."""
    return any(TARGET in Path(name).parts for name in filenames)
