"""Behavior entries: the calls, stubs and limits of one Worker's entry, collecting problems. entry -> Behavior."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from ci_wasm.config.file import Document, Path, Problem
from ci_wasm.config.payloads import PayloadReader
from ci_wasm.config.quantities import parse_size
from ci_wasm.core.behavior import ANY_TRAP, TRAPS, Behavior, Call, Scenario, Stub
from ci_wasm.core.execution import FUEL_FAMILY, STARTUP_FUEL
from ci_wasm.core.number import is_number

if TYPE_CHECKING:
    from ci_wasm.config.schema import BehaviorEntry, CallEntry, WorkerEntry
    from ci_wasm.core.budget import Budget

# What a call may have, and a sequence may not.
_OF_CALLS = ("name", "args", "expect", "ulp", "input", "output", "max_fuel", "max_memory")


class BehaviorReader:
    """Reads what one Worker at `path` is asked; what cannot be read is added to `problems`, and reading goes on.

    `places` are the lines of what was read, as in config/places.py: of calls, their fuel, the start and stubs.
    """

    def __init__(self, root: FilePath, document: Document, path: Path, problems: list[Problem]) -> None:
        self._document = document
        self._path = path
        self._problems = problems
        self._payloads = PayloadReader(root, problems)
        self._names: set[str] = set()
        self.places: dict[str, int] = {}

    def behavior(self, entry: WorkerEntry, budgets: Sequence[Budget]) -> Behavior:
        """All of it; budgets on fuel have to name what there is."""
        from ci_wasm.config.schema import StartupEntry

        startup = entry.startup if isinstance(entry.startup, StartupEntry) else StartupEntry()
        self._note((*self._path, "startup", "max-fuel"), f"budgets.{STARTUP_FUEL}")
        self._claim_names(entry.behavior)
        scenarios = tuple(
            Scenario(tuple(self._scenario((*self._path, "behavior", index), each)))
            for index, each in enumerate(entry.behavior)
        )
        names = [call.name for scenario in scenarios for call in scenario.calls]
        for index, budget in enumerate(budgets):
            self._check_budget((*self._path, "budgets", index, "metric"), budget.metric, names)
        return Behavior(
            scenarios,
            tuple(
                self._stub((*self._path, "stubs", glob), glob, value) for glob, value in entry.stubs.items()
            ),
            max_startup_fuel=startup.max_fuel if isinstance(startup.max_fuel, int) else None,
            measures_startup=any(budget.metric == STARTUP_FUEL for budget in budgets),
        )

    def _claim_names(self, entries: Sequence[BehaviorEntry]) -> None:
        """The names that are given, before any that are made up."""
        for path, entry in _calls((*self._path, "behavior"), entries):
            if isinstance(entry.name, str) and entry.name in self._names:
                self._tell((*path, "name"), f"another call is named `{entry.name}` already")
            elif isinstance(entry.name, str):
                self._names.add(entry.name)

    def _scenario(self, path: Path, entry: BehaviorEntry) -> Iterator[Call]:
        if not isinstance(entry.sequence, list):
            yield self._call(path, entry)
            return
        if isinstance(entry.call, str):
            self._tell(path, "both `call` and `sequence` are given; it is one of them")
        for key in _OF_CALLS:
            if _is_set(getattr(entry, key)):
                self._tell(
                    (*path, _kebab(key)), "this belongs to a call of the sequence, not to the sequence"
                )
        if entry.trap is not False:
            self._tell((*path, "trap"), "this belongs to a call of the sequence, not to the sequence")
        if not entry.sequence:
            self._tell((*path, "sequence"), "a sequence needs at least one call")
        for index, step in enumerate(entry.sequence):
            yield self._call((*path, "sequence", index), step)

    def _call(self, path: Path, entry: CallEntry) -> Call:
        if not isinstance(entry.call, str):
            self._tell(path, "`call` is missing")
        self._check_shape(path, entry)
        export = entry.call if isinstance(entry.call, str) else ""
        name = entry.name if isinstance(entry.name, str) else self._free_name(export)
        self._note(path, f"behavior.{name}")
        self._note((*path, "max-fuel"), f"budgets.{FUEL_FAMILY}{name}")
        return Call(
            name=name,
            export=export,
            args=self._numbers((*path, "args"), entry.args) or (),
            expect=self._numbers((*path, "expect"), entry.expect),
            ulp=entry.ulp if isinstance(entry.ulp, int) else None,
            input=self._payloads.input((*path, "input"), entry.input) if _is_set(entry.input) else None,
            output=self._payloads.output((*path, "output"), entry.output) if _is_set(entry.output) else None,
            trap=self._trap((*path, "trap"), entry.trap),
            max_fuel=entry.max_fuel if isinstance(entry.max_fuel, int) else None,
            max_memory=self._size((*path, "max-memory"), entry.max_memory),
        )

    def _check_shape(self, path: Path, entry: CallEntry) -> None:
        passes_bytes, gives_bytes = _is_set(entry.input), _is_set(entry.output)
        has_numbers = _is_set(entry.args) or _is_set(entry.expect) or _is_set(entry.ulp)
        if entry.trap is not False and (_is_set(entry.expect) or gives_bytes):
            key = "output" if gives_bytes else "expect"
            self._tell(path, f"a call that must `trap` gives no result to `{key}`")
        if entry.trap is not False and _is_set(entry.max_fuel):
            self._tell((*path, "max-fuel"), "the fuel of a call that must `trap` is not known")
        if passes_bytes and has_numbers:
            self._tell(
                path, "a call passes numbers (`args`, `expect`, `ulp`) or bytes (`input`, `output`), not both"
            )
        elif gives_bytes and not passes_bytes:
            self._tell(path, 'bytes come out where bytes go in: `output` needs `input`, which may be `""`')
        elif _is_set(entry.ulp) and not _is_set(entry.expect):
            self._tell((*path, "ulp"), "`ulp` is a distance from `expect`, which is missing")

    def _numbers(self, path: Path, values: object) -> tuple[str, ...] | None:
        if not isinstance(values, list):
            return None
        texts = tuple(str(value).strip() for value in values)
        for index, text in enumerate(texts):
            if not is_number(text):
                self._tell((*path, index), f"`{text[:60]}` is no number")
        return texts

    def _stub(self, path: Path, glob: str, value: float | str | None) -> Stub:
        text = None if value is None else str(value).strip()
        if text is not None and not is_number(text):
            self._tell(path, f"`{text[:60]}` is no number; a stub gives a number, or `null` for nothing")
        self._note(path, f"stubs.{glob}")
        return Stub(glob, text)

    def _trap(self, path: Path, value: object) -> str:
        if not isinstance(value, str):
            return ANY_TRAP if value else ""
        if value not in TRAPS:
            import difflib

            close = difflib.get_close_matches(value, TRAPS, n=1, cutoff=0.5)
            hint = f"did you mean `{close[0]}`?" if close else f"known: true, {', '.join(TRAPS)}"
            self._tell(path, f"unknown trap `{value}`; {hint}")
        return value

    def _size(self, path: Path, value: object) -> int | None:
        try:
            return parse_size(value) if isinstance(value, int | str) else None
        except ValueError as error:
            self._tell(path, str(error))
            return None

    def _check_budget(self, path: Path, metric: str, names: list[str]) -> None:
        name = metric.removeprefix(FUEL_FAMILY)
        if metric.startswith(FUEL_FAMILY) and name not in names:
            import difflib

            close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(names) or 'none'}"
            self._tell(path, f"no call under `behavior` is named `{name}`; {hint}")

    def _free_name(self, export: str) -> str:
        """The export's name, from the second of its calls on with a number."""
        name, number = export, 1
        while name in self._names:
            number += 1
            name = f"{export}#{number}"
        self._names.add(name)
        return name

    def _note(self, path: Path, rule: str) -> None:
        if path in self._document.places:
            self.places[rule] = self._document.places[path].line

    def _tell(self, path: Path, message: str) -> None:
        self._problems.append(Problem(path, message))


def _calls(path: Path, entries: Sequence[BehaviorEntry]) -> Iterator[tuple[Path, CallEntry]]:
    for index, entry in enumerate(entries):
        if isinstance(entry.sequence, list):
            yield from (((*path, index, "sequence", step), each) for step, each in enumerate(entry.sequence))
        else:
            yield (*path, index), entry


def _is_set(value: object) -> bool:
    from msgspec import UNSET

    return value is not UNSET


def _kebab(name: str) -> str:
    return name.replace("_", "-")
