"""File: read ci-wasm.yml with the place of everything in it, and say what is wrong where. text -> Document, Shaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ci_wasm.errors import ConfigError

if TYPE_CHECKING:
    import pathlib

    from ci_wasm.config.schema import ConfigFile

Path = tuple[str | int, ...]


class Problem(Struct, frozen=True):
    """One thing that is wrong in the file, at a path such as ("workers", 0, "budgets", 1, "max")."""

    path: Path
    message: str


class Place(Struct, frozen=True):
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


class Document(Struct, frozen=True):
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


class Shaped(Struct, frozen=True):
    """The file as far as it fits the schema, and what does not. `unusable` are the paths that were left out or replaced."""

    config: ConfigFile
    problems: list[Problem]
    unusable: frozenset[Path] = frozenset()

    def hides(self, path: Path) -> bool:
        """Whether a problem at this path may come of what was left out, above or below."""
        return any(path[: len(each)] == each or each[: len(path)] == path for each in self.unusable)


def read_document(root: pathlib.Path, name: str) -> Document:
    """The file of this name below `root`; nothing where it has the name that it may be left out by. Raises ConfigError."""
    path = root / name
    if path.is_file():
        return parse_document(name, read_text(root, path))
    if name != "ci-wasm.yml":
        raise ConfigError(
            f"the configuration file `{name}` does not exist",
            cure="Correct the input `config`, or leave it out to use ci-wasm.yml.",
        )
    return Document(name, {}, {})


def write_document(root: pathlib.Path, document: Document, text: str) -> None:
    """Write another text where the document came from; raises ConfigError where that is not what was read."""
    path = root / document.name
    if text == document.text:
        return
    found = read_text(root, path) if path.exists() else ""
    if found != document.text or "\N{REPLACEMENT CHARACTER}" in text:
        raise ConfigError(
            f"{document.name} was not written: it changed meanwhile, or is no UTF-8",
            cure="Run the command again, on a file in UTF-8.",
        )
    path.write_bytes(text.encode())


def read_text(root: pathlib.Path, path: pathlib.Path) -> str:
    """A configuration file's text. A link out of the repository could bring a secret into an error message."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise ConfigError(
            f"`{path.relative_to(root)}` is a link that leaves the repository",
            cure="Put the file itself into the repository.",
        )
    # Not as text: what is written back must have the line ends that it had.
    return path.read_bytes().decode("utf-8", errors="replace")


def first_prebuilt(document: Document) -> str | None:
    """The path of the first Worker's module, where it is given; the rest of the file may be wrong."""
    match document.value:
        case {"workers": [{"wasm": str(path)}, *_]}:
            return path
        case _:
            return None


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


class _Places:
    """The places of all nodes below one, by path; of a node with aliases, where it stands itself."""

    def __init__(self, root: Any) -> None:
        self.found: dict[Path, Place] = {}
        self.duplicates: list[Path] = []
        for path, key, node in self._walk((), None, root, set()) if root else ():
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
