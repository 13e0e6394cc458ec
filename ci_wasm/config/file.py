"""File: read ci-wasm.yml with the place of everything in it, and say what is wrong where. text -> Document, Shaped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ci_wasm.errors import ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.schema import ConfigFile

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the file, at a path such as ("workers", 0, "budgets", 1, "max")."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: line and column from 1; offsets into the text of its key (if it has one) and of its value.

    `is_block`: whether the value is a mapping or list over several lines, or a text of that kind; the end of a mapping or
    list is then where the next thing begins.
    """

    line: int
    column: int
    key_start: int
    start: int
    end: int
    is_block: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its name, its value and text, and the place of each path in it.

    A value that stands elsewhere, behind an alias or a merge key, has no place. `duplicates` are keys that came before.
    """

    name: str
    value: object
    places: dict[Path, Place]
    text: str = ""
    duplicates: tuple[Path, ...] = ()

    def place(self, path: Path) -> Place | None:
        """The place of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path)


@dataclass(frozen=True, slots=True)
class Shaped:
    """The file as far as it fits the schema, and what does not. `unusable` are the paths that were left out or replaced."""

    config: ConfigFile
    problems: list[Problem]
    unusable: frozenset[Path] = frozenset()

    def hides(self, path: Path) -> bool:
        """Whether a problem at this path may come of what was left out, above or below."""
        return any(path[: len(each)] == each or each[: len(path)] == path for each in self.unusable)


def parse_document(name: str, text: str) -> Document:
    """Parse YAML 1.1 as PyYAML's safe loader does; raises ConfigError with the line of a syntax error."""
    import yaml

    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        places = _Places(node)
        value = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError(
            f"{name}{f':{mark.line + 1}:{mark.column + 1}' if mark else ''} is not valid YAML: {reason}",
            cure="Correct the syntax at this place; strings with `:` or `#` in them need quotes.",
            file=name,
            line=mark.line + 1 if mark else None,
        ) from None
    finally:
        loader.dispose()
    return Document(name, {} if value is None else value, places.found, text, tuple(places.duplicates))


@dataclass
class _Places:
    """The places of all nodes below one, by path; of a node with aliases, where it stands itself."""

    root: Any
    found: dict[Path, Place] = field(default_factory=dict)
    duplicates: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        seen: set[int] = set()
        for path, key, node in self._walk((), None, self.root, seen) if self.root else ():
            if path in self.found:
                self.duplicates.append(path)
            entry, start, end = (key or node).start_mark, node.start_mark.index, node.end_mark.index
            block = node.style in {"|", ">"} if node.id == "scalar" else not node.flow_style
            self.found[path] = Place(entry.line + 1, entry.column + 1, entry.index, start, end, block)

    def _walk(self, path: Path, key: Any, node: Any, seen: set[int]) -> Iterator[tuple[Path, Any, Any]]:
        if id(node) in seen:
            return
        seen.add(id(node))
        yield path, key, node
        if node.id == "mapping":
            for name, value in node.value:
                yield from self._walk((*path, str(name.value)), name, value, seen)
        elif node.id == "sequence":
            for index, value in enumerate(node.value):
                yield from self._walk((*path, index), None, value, seen)


def read_config(document: Document) -> Shaped:
    """Hold the document against the schema; what does not fit is looked for only where something does not."""
    import msgspec

    from ci_wasm.config.schema import ConfigFile

    if not document.duplicates:
        try:
            return Shaped(msgspec.convert(document.value, ConfigFile), [])
        except msgspec.ValidationError:
            pass
    from ci_wasm.config.shape import fit_document

    return fit_document(document)


def config_error(document: Document, problems: list[Problem]) -> ConfigError:
    """One error for all problems, in the order of the file, each on a line of its own with its place."""
    placed = [(document.place(problem.path), problem) for problem in problems]
    placed.sort(key=lambda each: (each[0].line, each[0].column) if each[0] else (0, 0))
    lines = [_line(document.name, place, problem) for place, problem in placed]
    first = placed[0][0]
    return ConfigError(
        lines[0] if len(lines) == 1 else f"{document.name} has {len(lines)} problems",
        cure="Correct them; docs/configuration.md lists every key.",
        detail="" if len(lines) == 1 else "\n".join(lines),
        file=document.name,
        line=first.line if first else None,
    )


def _line(name: str, place: Place | None, problem: Problem) -> str:
    """As in `ci-wasm.yml:4:20: workers[0].budgets[1].max: …`, which terminals and editors make a link of."""
    where = f"{name}:{place.line}:{place.column}" if place else name
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem.path).lstrip(".")
    return f"{where}: {path}: {problem.message}" if path else f"{where}: {problem.message}"
