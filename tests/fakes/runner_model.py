"""Runner model: what GitHub's runner makes of what a step wrote. (stdout, stderr, files) -> Seen.

An independent reader, written after https://github.com/actions/runner (version 2.336): ActionCommand.cs,
ActionCommandManager.cs, OutputManager.cs, ExecutionContext.AddIssue, FileCommandManager.cs. It knows nothing
of ci-wasm.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

REGISTERED = frozenset(
    [
        "stop-commands",
        "set-env",
        "set-output",
        "save-state",
        "add-mask",
        "add-path",
        "add-matcher",
        "remove-matcher",
        "debug",
        "warning",
        "error",
        "notice",
        "group",
        "endgroup",
        "echo",
    ]
)
DISABLED = frozenset({"set-env", "add-path"})
# Char.IsWhiteSpace, which TrimStart uses; Python's own notion has \x1c-\x1f in addition.
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# Code points that a comparison by culture (ICU) passes over, as far as they matter here.
IGNORABLE = (
    "\x00\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufe00\ufe0f\ufeff"
)
SUMMARY_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Command:
    """A log command that the runner recognized."""

    name: str
    properties: Mapping[str, str]
    data: str


@dataclass(frozen=True)
class Annotation:
    """What the run's page shows."""

    severity: str
    message: str
    properties: Mapping[str, str]


@dataclass
class Seen:
    """All that one step brought about."""

    commands: list[Command] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    masks: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    summary: str = ""


def read_step(stdout: str, stderr: str = "", files: Mapping[str, bytes] | None = None) -> Seen:
    """Read the logs, then the command files by the names of their variables (GITHUB_OUTPUT, ...)."""
    seen = Seen()
    scanner = _Scanner(seen)
    for line in [*lines_of(stdout), *lines_of(stderr)]:
        scanner.read(line)
    for name, content in (files or {}).items():
        _read_file(seen, name, content)
    seen.log = [_masked(line, seen.masks) for line in seen.log]
    return seen


def lines_of(stream: str) -> list[str]:
    """StreamReader.ReadLine: a line ends at \\r, \\n or \\r\\n, and nowhere else."""
    lines = re.split(r"\r\n|\r|\n", stream)
    return lines[:-1] if lines[-1] == "" else lines


class _Scanner:
    """ActionCommandManager: one for both streams of a step."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._registered = set(REGISTERED)
        self._stop_token: str | None = None
        self._counts = {"error": 0, "warning": 0, "notice": 0}

    def read(self, line: str) -> None:
        command = parse_new(line, self._registered) or parse_old(line, self._registered)
        if command is None or not self._process(line, command):
            self._seen.log.append(line)

    def _process(self, line: str, command: Command) -> bool:
        if self._stop_token is not None:
            if command.name.lower() != self._stop_token.lower():
                return False
            self._registered.discard(self._stop_token.lower())
            self._stop_token = None
            self._seen.log.append(line)
            return True
        self._seen.commands.append(command)
        if command.name.lower() == "stop-commands":
            self._stop(line, command.data)
        else:
            self._run(command)
        return True

    def _stop(self, line: str, token: str) -> None:
        if not token or token.lower() in self._registered or token.lower() == "pause-logging":
            self._seen.problems.append(f"bad stop token: {token}")
            return
        self._stop_token = token
        self._registered.add(token.lower())
        if len(token) > 6:
            self._seen.masks.add(token)
        self._seen.log.append(line)

    def _run(self, command: Command) -> None:
        name = command.name.lower()
        if name in DISABLED:
            self._seen.problems.append(f"disabled command: {name}")
        elif name in self._counts:
            self._annotate(name, command)
        elif name == "add-mask":
            self._mask(command.data)
        elif name == "set-output":
            self._seen.outputs[command.properties["name"]] = command.data
        elif name == "group":
            self._seen.log.append(f"##[group]{command.data}")
        elif name == "endgroup":
            self._seen.log.append("##[endgroup]")

    def _mask(self, secret: str) -> None:
        if not secret.strip():
            self._seen.problems.append("empty mask")
            return
        self._seen.masks |= {secret, *(line.strip() for line in re.split(r"[\r\n]", secret) if line.strip())}

    def _annotate(self, severity: str, command: Command) -> None:
        units = _masked(command.data, self._seen.masks).encode("utf-16-le", "surrogatepass")[: 2 * 4096]
        message = units.decode("utf-16-le", "surrogatepass")
        if self._counts[severity] < 10:
            self._counts[severity] += 1
            self._seen.annotations.append(Annotation(severity, message, command.properties))
        self._seen.log.append(f"##[{severity}]{message}")


def parse_new(line: str, registered: set[str]) -> Command | None:
    """`::name key=value,key=value::data` at the start of a line."""
    message = line.lstrip(WHITE)
    if 0 not in _starts("::", message, 0):
        return None
    for end in _starts("::", message, 2):
        name, space, properties = message[2:end].partition(" ")
        if name.lower() in registered:
            data = _unescaped(message[end + 2 :], {"%0D": "\r", "%0A": "\n"})
            unescapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
            return Command(name, _properties(properties.strip(), ",", unescapes) if space else {}, data)
    return None


def parse_old(line: str, registered: set[str]) -> Command | None:
    """`##[name key=value;key=value]data` anywhere in a line."""
    for start in _starts("##[", line, 0):
        end = line.find("]", start)
        name, space, properties = line[start + 3 : end].partition(" ") if end >= 0 else ("", "", "")
        if name.lower() in registered:
            unescapes = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]"}
            data = _unescaped(line[end + 1 :], unescapes)
            return Command(name, _properties(properties, ";", unescapes) if space else {}, data)
    return None


def _starts(needle: str, text: str, begin: int) -> list[int]:
    """Where String.IndexOf(string) may find the needle.

    It compares by the machine's culture: byte for byte where there is none, and passing over invisible code
    points, before the needle too, where there is one. A reader of what could be obeyed has to reckon with all
    of these.
    """
    found = [text.find(needle, begin)]
    found += [match.start() for each in _patterns(needle) if (match := each.search(text, begin))]
    return sorted({index for index in found if index >= 0})


@functools.cache
def _patterns(needle: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    invisible = f"[{IGNORABLE}]*"
    pattern = invisible.join(re.escape(character) for character in needle)
    return re.compile(pattern), re.compile(invisible + pattern)


def _properties(text: str, separator: str, unescapes: Mapping[str, str]) -> dict[str, str]:
    pairs = (each.split("=", 1) for each in text.split(separator) if "=" in each)
    return {key: _unescaped(value, unescapes) for key, value in pairs if key and value}


def _unescaped(text: str, unescapes: Mapping[str, str]) -> str:
    for code, character in unescapes.items():
        text = text.replace(code, character)
    return text.replace("%25", "%")


def _masked(text: str, masks: set[str]) -> str:
    for mask in sorted(masks, key=len, reverse=True):
        text = text.replace(mask, "***")
    return text


def _read_file(seen: Seen, name: str, content: bytes) -> None:
    if name == "GITHUB_STEP_SUMMARY":
        if len(content) > SUMMARY_LIMIT:
            seen.problems.append("summary upload aborted")
            return
        lines = lines_of(content.decode("utf-8", "replace"))
        seen.summary = "\n".join(_masked(line, seen.masks) for line in lines)
        return
    text = content.decode("utf-8", "replace")
    if name == "GITHUB_PATH":
        seen.path += [line for line in lines_of(text) if line]
        return
    target = {"GITHUB_OUTPUT": seen.outputs, "GITHUB_ENV": seen.environment, "GITHUB_STATE": seen.state}[name]
    try:
        for key, value in key_values(text):
            target[key] = value
    except ValueError as error:
        seen.problems.append(f"{name}: {error}")


def key_values(text: str) -> Iterator[tuple[str, str]]:
    """EnvFileKeyValuePairs on Linux, where a line ends at \\n alone. ValueError fails the step."""
    index = 0
    while index < len(text):
        line, index, _ = _line_at(text, index)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            key, _, value = line.partition("=")
            yield key, value
        elif heredoc >= 0:
            key, _, delimiter = line.partition("<<")
            if not key or not delimiter:
                raise ValueError(f"Invalid format '{line}'. Name and delimiter must not be empty")
            value, index = _heredoc(text, index, delimiter)
            yield key, value
        else:
            raise ValueError(f"Invalid format '{line}'")


def _heredoc(text: str, start: int, delimiter: str) -> tuple[str, int]:
    index = end = start
    while True:
        if index >= len(text):
            raise ValueError(f"Matching delimiter not found '{delimiter}'")
        line, index, newline = _line_at(text, index)
        if line == delimiter:
            return (text[start:end] if end > start else ""), index
        if not newline:
            raise ValueError("EOF marker missing new line")
        end = index - 1


def _line_at(text: str, index: int) -> tuple[str, int, bool]:
    end = text.find("\n", index)
    return (text[index:], len(text), False) if end < 0 else (text[index:end], end + 1, True)
