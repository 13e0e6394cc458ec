"""Cargo errors: why cargo failed, and what to do about it. (how it ended, its messages) -> CiWasmError."""

from __future__ import annotations

import re
from pathlib import Path

from ci_wasm.adapters.cargo_messages import TARGET, CargoMessages, CompileError
from ci_wasm.adapters.process import Finished
from ci_wasm.errors import BuildError, CiWasmError, NetworkError, ToolMissingError

# What the checkout's path becomes in the compiled code, where it would show up there (see cargo_toolchain).
CHECKOUT = "/checkout"

_MAX_DETAIL = 4_000
_TARGET_CURE = (
    f"Run `rustup target add {TARGET}` (with the toolchain that the crate's rust-toolchain.toml names, or list the target "
    "there), or scripts/provide-wasm32-target.sh where there is no rustup."
)

_TOOLCHAIN = re.compile(r"toolchain '([^'\n]{1,100})' is not installed")
_NETWORK = re.compile(
    r"Could not resolve host|Couldn't connect to server|Could not connect to server|spurious network error"
    r"|network failure seems to have happened|Failed to connect|Operation timed out|\[(?:5|6|7|28|35|52|56|60)\] "
)
_PROFILE = re.compile(r"profile `[^`\n]{1,100}` is not defined")


def explain(finished: Finished, messages: CargoMessages, root: Path, workspace_root: Path) -> CiWasmError:
    """The error of a cargo run that did not end well; `root` is the checkout's."""
    if any(error.diagnostic.means_missing_target() for error in messages.errors):
        return ToolMissingError(f"The Rust target {TARGET} is not installed", cure=_TARGET_CURE)
    if messages.errors:
        return _does_not_compile(messages, root, workspace_root)
    if finished.timed_out:
        return BuildError(
            f"The build did not end in {finished.seconds:.0f} seconds, so ci-wasm ended it",
            cure="Look for a build script that waits, or build in an earlier step with a cache.",
            detail=_error_part(finished.error_text),
        )
    return _cargo_refuses(finished.error_text)


def _does_not_compile(messages: CargoMessages, root: Path, workspace_root: Path) -> BuildError:
    first = messages.errors[0]
    more = sum(1 for error in messages.errors[1:] if error.diagnostic.spans)
    file, line = _place(first, root, workspace_root)
    if "linking with" in first.diagnostic.message:
        return BuildError(
            f"The crate `{first.crate}` does not link",
            cure="Read the linker's own words below; a symbol that a crate or a linker argument names is often missing.",
            detail=_linker_words(first),
        )
    return BuildError(
        f"The crate `{first.crate}` does not compile: {first.diagnostic.message.splitlines()[0]}",
        cure=f"Run `cargo build --release --target {TARGET}` and mend the error.",
        detail=first.diagnostic.text + (f"\n\nand {more} more." if more else ""),
        file=file,
        line=line,
    )


def _place(error: CompileError, root: Path, workspace_root: Path) -> tuple[str | None, int | None]:
    """The first of the error's places that is a file of the checkout: macros name places elsewhere."""
    base = root.resolve()
    for name, line in error.diagnostic.places:
        inner = name.removeprefix(CHECKOUT + "/")
        path = ((base if inner != name else workspace_root) / inner).resolve()
        if path.is_relative_to(base) and path.is_file():
            return path.relative_to(base).as_posix(), line
    return None, None


def _linker_words(error: CompileError) -> str:
    """The linker's errors alone: rustc shows them behind a command line of many hundred words."""
    found = re.findall(r"(?:rust-lld|wasm-ld|lld): (error: .*)", error.diagnostic.rendered or "")
    return "\n".join(found)[:_MAX_DETAIL] or error.diagnostic.text


def _cargo_refuses(text: str) -> CiWasmError:
    detail = _error_part(text)
    if toolchain := _TOOLCHAIN.search(text):
        return ToolMissingError(
            f"The Rust toolchain {toolchain[1]}, which the crate asks for, is not installed",
            cure=f"Run `rustup toolchain install {toolchain[1]} --target {TARGET}`, or change rust-toolchain.toml.",
            detail=detail,
        )
    if _NETWORK.search(text):
        return NetworkError(
            "Cargo could not download what the crate needs",
            cure="Check the network and the proxy variables, then run again.",
            detail=detail,
        )
    if "--locked was passed" in text or "because --locked" in text:
        return BuildError(
            "Cargo.lock does not fit Cargo.toml",
            cure="Run `cargo build` once and commit the Cargo.lock that it changes.",
            detail=detail,
        )
    if _PROFILE.search(text):
        return BuildError(
            "The crate has no such profile",
            cure="Add the profile to the Cargo.toml of the workspace's root, or use `release`.",
            detail=detail,
        )
    return BuildError("Cargo could not build the crate", cure="Read cargo's own words below.", detail=detail)


def _error_part(text: str) -> str:
    """Cargo's words from its first error on, at most 4,000 characters, of which the end counts most."""
    start = re.search(r"^error", text, re.MULTILINE)
    words = text[start.start() :] if start else text
    return words if len(words) <= _MAX_DETAIL else "...\n" + words[-_MAX_DETAIL:]
