"""Outcome: how a stage ended that may be skipped or fail without ending the run. T -> Done[T] | Skipped | Failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ci_wasm.errors import CiWasmError

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """The stage ran; `value` is what it made."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Skipped:
    """The stage did not run, and that is right; `reason` is a sentence for the reader of the report."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
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
