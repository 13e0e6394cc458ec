"""Wrangler config: read what a preview needs from wrangler.json, wrangler.jsonc or wrangler.toml. text -> WranglerConfig.

The keys: https://developers.cloudflare.com/workers/wrangler/configuration/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ci_wasm.config.jsonc import strip_jsonc
from ci_wasm.errors import ConfigError

# wrangler's own order, strongest first.
FILE_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")

# Everything that gives a Worker more than its modules and `vars`, by where it stands when there is a `previews` block.
BINDING_KEYS = (
    "ai", "analytics_engine_datasets", "browser", "d1_databases", "dispatch_namespaces", "durable_objects",
    "hyperdrive", "images", "kv_namespaces", "media", "mtls_certificates", "pipelines", "queues", "r2_buckets",
    "ratelimits", "secrets_store_secrets", "send_email", "services", "tail_consumers", "unsafe",
    "unsafe_hello_world", "vectorize", "version_metadata", "vpc_services", "worker_loaders", "workflows",
)  # fmt: skip
TOP_LEVEL_KEYS = ("assets", "containers", "data_blobs", "migrations", "site", "text_blobs", "wasm_modules")

MOST_PROBLEMS = 20

# As loose as wrangler's own check; Cloudflare's is stricter and is left to Cloudflare.
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_TOML_PLACE = r" ?\(at (?:line (\d+), column \d+|end of document)\)"


class _Problem(Struct, frozen=True):
    key: str
    message: str


class WranglerConfig(Struct, frozen=True):
    """What the file says about a preview; `env` sections are not read.

    `vars` and `other_bindings` are those of the `previews` block where the file has one, else those of the top level: a
    preview inherits no binding (https://developers.cloudflare.com/workers/previews/resources/). `other_bindings` are
    the keys of BINDING_KEYS and TOP_LEVEL_KEYS that are set to something. `main` is relative to the file's folder.
    """

    name: str | None = None
    main: str | None = None
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()
    vars: Mapping[str, object] = field(default_factory=dict)
    other_bindings: tuple[str, ...] = ()


def find_wrangler(folder: Path) -> Path | None:
    """The wrangler config of a folder, the one that wrangler itself would take."""
    return next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)


def parse_wrangler(text: str, file: str) -> WranglerConfig:
    """Read a wrangler config; the suffix of `file` (.json, .jsonc or .toml) tells its format, its name goes into errors.

    Raises ConfigError with all problems that it finds.
    """
    text = text.removeprefix("\ufeff")
    is_toml = file.endswith(".toml")
    reader = _Reader(text, is_toml=is_toml)
    document = _load(text, file, is_toml=is_toml)
    config = _read(reader, document)
    if not reader.problems:
        return config
    places = [(reader.line(problem.key), problem.message) for problem in reader.problems[:MOST_PROBLEMS]]
    raise ConfigError(
        f"{file}: {places[0][1]}",
        cure="Correct the file: https://developers.cloudflare.com/workers/wrangler/configuration/",
        detail="\n".join(f"{file}:{line or '?'}: {message}" for line, message in places),
        file=file,
        line=places[0][0],
    )


def _read(reader: _Reader, document: Mapping[str, Any]) -> WranglerConfig:
    source = reader.table(document, "previews") if "previews" in document else document
    bindings = [key for key in BINDING_KEYS if source.get(key)]
    bindings += [key for key in TOP_LEVEL_KEYS if document.get(key)]
    return WranglerConfig(
        name=reader.name(document, "name"),
        main=reader.text(document, "main"),
        compatibility_date=reader.date(document, "compatibility_date"),
        compatibility_flags=reader.texts(document, "compatibility_flags"),
        vars=reader.variables(source),
        other_bindings=tuple(bindings),
    )


def _load(text: str, name: str, *, is_toml: bool) -> dict[str, Any]:
    import tomllib

    language = "TOML" if is_toml else "JSON"
    try:
        document = tomllib.loads(text) if is_toml else _load_json(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(_TOML_PLACE, str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise _syntax_error(name, language, re.sub(_TOML_PLACE, "", str(error)), line) from None
    except json.JSONDecodeError as error:
        raise _syntax_error(name, language, error.msg, error.lineno) from None
    except ValueError:
        raise _syntax_error(name, language, "a number has too many digits", None) from None
    except RecursionError:
        raise _syntax_error(name, language, "it is nested too deeply", None) from None
    if not isinstance(document, dict):
        raise _syntax_error(name, language, "the whole file must be one object, `{ … }`", 1)
    return document


def _load_json(text: str) -> Any:
    stripped = strip_jsonc(text)

    def refuse(constant: str) -> None:
        raise json.JSONDecodeError(
            f"`{constant}` is no JSON value", stripped, max(stripped.find(constant), 0)
        )

    return json.loads(stripped, parse_constant=refuse)


def _syntax_error(name: str, language: str, reason: str, line: int | None) -> ConfigError:
    return ConfigError(
        f"{name} is not valid {language}: {reason}",
        cure="Correct the syntax at this place.",
        file=name,
        line=line,
    )


class _Reader:
    """Takes values of the right type out of a document and keeps the problems, each with its line."""

    def __init__(self, text: str, *, is_toml: bool) -> None:
        self._lines = (text if is_toml else strip_jsonc(text)).split("\n")
        self._is_toml = is_toml
        self.problems: list[_Problem] = []

    def expect(self, key: str, expected: str, value: object) -> None:
        """Note that a key has a value of the wrong type."""
        self.problems.append(_Problem(key, f"`{key}` must be {expected}, not {_name_type(value)}"))

    def name(self, table: Mapping[str, Any], key: str) -> str | None:
        """The name of a Worker."""
        value = self.text(table, key)
        if value is not None and not re.fullmatch(_NAME, value):
            self.problems.append(_Problem(key, f"`{key}` must be letters, digits, dashes and underscores"))
        return value

    def text(self, table: Mapping[str, Any], key: str) -> str | None:
        """A text that is not empty, None where it is not set."""
        value = table.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        self.expect(key, "a text", value)
        return None

    def date(self, table: Mapping[str, Any], key: str) -> str | None:
        """A date as text, YYYY-MM-DD."""
        value = self.text(table, key)
        if value is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            self.problems.append(_Problem(key, f"`{key}` must look like 2026-07-01, not `{value}`"))
        return value

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.expect(key, "a list of texts", value)
        return ()

    def variables(self, table: Mapping[str, Any]) -> Mapping[str, object]:
        """The `vars` of a table: anything that JSON can say."""
        value = self.table(table, "vars")
        for key, item in value.items():
            try:
                json.dumps(item, allow_nan=False)
            except (TypeError, ValueError):
                message = f"the variable `{key}` is or holds {_name_type(item)}, which JSON cannot say"
                self.problems.append(_Problem(key, message))
        return value

    def table(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """A table in a table, empty where it is missing."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.expect(key, "a table", value)
        return {}

    def line(self, key: str) -> int | None:
        """The first line on which the key stands, near enough for a reader: none of the parsers keeps places."""
        quoted = re.escape(key)
        in_toml = rf'(^|[\s{{,.\["\']){quoted}["\']?\s*[.=\]]'
        pattern = re.compile(in_toml if self._is_toml else rf'"{quoted}"\s*:')
        return next((at for at, line in enumerate(self._lines, 1) if pattern.search(line)), None)


def _name_type(value: object) -> str:
    date = "a date (put it in quotes)"
    names = {
        "str": "an empty text",
        "bool": "true or false",
        "int": "a number",
        "float": "a number",
        "list": "a list",
    }
    names |= {"dict": "a table", "date": date, "datetime": date, "time": date, "NoneType": "null"}
    return names.get(type(value).__name__, f"a {type(value).__name__}")
