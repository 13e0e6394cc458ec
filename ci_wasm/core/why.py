"""Why: how a crate or a function is reached, as the analyzer tells it. (bytes, name) -> Why."""

from __future__ import annotations

from msgspec import Struct


class Step(Struct, frozen=True, gc=False):
    """One function on a path; `only` where every path to the last one leads through it."""

    name: str
    crate: str | None
    size: int
    retained: int
    only: bool


class Entry(Struct, frozen=True, gc=False):
    """How a module is entered: `kind` is export (with its name), start or table."""

    kind: str
    name: str | None


class Path(Struct, frozen=True, gc=False):
    """From where the module is entered to a function."""

    entry: Entry
    steps: tuple[Step, ...]


class Why(Struct, frozen=True, gc=False):
    """How a crate or function is reached. `matched_by` is crate, name, part (of a name) or nothing.

    `functions` counts all that match, `size` are their bytes, `unreached` those that nothing leads to. `paths` explain
    the few that retain most, each by a shortest path.
    """

    matched_by: str
    functions: int
    size: int
    unreached: int
    paths: tuple[Path, ...]
