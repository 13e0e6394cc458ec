"""Outcome: how a stage ended that may be skipped or fail without ending the run. T -> Done[T] | Skipped | Failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from ci_wasm.errors import CiWasmError

T_co = TypeVar("T_co", covariant=True)


class Done(Struct, Generic[T_co], frozen=True):
    """The stage ran; `value` is what it made."""

    value: T_co


class Skipped(Struct, frozen=True):
    """The stage did not run, and that is right; `reason` is a sentence for the reader of the report."""

    reason: str


class Failed(Struct, frozen=True):
    """The stage could not do its job; `exit_code` is that of the error's class."""

    code: str
    exit_code: int
    message: str
    cure: str
    page: str
    detail: str = ""
    file: str | None = None
    line: int | None = None

    @staticmethod
    def of(error: CiWasmError) -> Failed:
        """Keep what an error knows, as data that a report can carry."""
        return Failed(
            error.code,
            error.exit_code,
            error.message,
            error.cure,
            error.page,
            error.detail,
            error.file,
            error.line,
        )


Outcome = Done[T_co] | Skipped | Failed


def attempt(stage: Callable[[], T_co]) -> Done[T_co] | Failed:
    """Run a stage whose failure the run survives. Anything but a `CiWasmError` is a bug and passes through."""
    try:
        return Done(stage())
    except CiWasmError as error:
        return Failed.of(error)
