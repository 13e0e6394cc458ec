"""Bindings: what a Worker finds in `env`, checked and inherited. metadata entries -> resolved entries -> Program.

https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/#bindings
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ci_wasm.edge.refusal import invalid

Binding = Mapping[str, Any]

_TEXT_TYPES = ("plain_text", "secret_text")
_RUNS_HERE = (*_TEXT_TYPES, "json", "version_metadata")
_TEXT_MAX = 5 * 1024
_COUNT_MAX = 128
_NAME_MAX = 250


def listed(bindings: object) -> list[Binding]:
    """The entries of `bindings` in a script's or a version's metadata: a list of objects with a `name` each."""
    if not isinstance(bindings, list):
        raise invalid("`bindings` must be a list.")
    return [_object(entry, f"number {number}") for number, entry in enumerate(bindings)]


def mapped(env: object) -> list[Binding]:
    """The entries of `env` in a preview deployment's metadata: objects by name."""
    if not isinstance(env, dict):
        raise invalid("`env` must be an object.")
    return [{**_object(entry, repr(name)), "name": name} for name, entry in env.items()]


def _object(entry: object, which: str) -> Binding:
    if not isinstance(entry, dict):
        raise invalid(f"Binding {which[:80]} must be an object.")
    return entry


def resolve(
    entries: Sequence[Binding],
    versions: Mapping[str, Sequence[Binding]],
    *,
    keep: Iterable[object] = (),
    strict: bool = False,
) -> list[Binding]:
    """Check entries, replace `inherit` by what it names, and add those kept from the latest version.

    `versions` holds the resolved bindings of earlier versions by id, oldest first; `keep` are binding types.
    `strict`: an `inherit` that names nothing is refused (10057) instead of dropped.
    """
    latest = list(versions.values())[-1] if versions else ()
    resolved = [found for entry in entries if (found := _resolved(entry, versions, latest, strict=strict))]
    named = {_name(entry) for entry in entries}
    kinds = set(map(str, keep))
    resolved += [entry for entry in latest if entry["type"] in kinds and entry["name"] not in named]
    for entry in resolved:
        _check(entry)
    _check_counts(resolved)
    return resolved


def _resolved(
    entry: Binding, versions: Mapping[str, Sequence[Binding]], latest: Sequence[Binding], *, strict: bool
) -> Binding | None:
    name = _name(entry)
    if entry.get("type") != "inherit":
        return entry
    old_name = entry.get("old_name", name)
    source = versions.get(str(entry["version_id"]), ()) if "version_id" in entry else latest
    for candidate in source:
        if candidate["name"] == old_name:
            return {**candidate, "name": name}
    if strict:
        raise invalid(
            f"Binding `{name}` cannot be inherited: the {'named' if 'version_id' in entry else 'latest'} version has "
            f"no binding `{old_name}`.",
            10057,
        )
    return None


def _name(entry: Binding) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise invalid("Binding must have a name. Add a name property to the binding.", 10052)
    if len(name) > _NAME_MAX:
        raise invalid(f"Binding name {name[:40]!r}... exceeds the {_NAME_MAX} character limit.", 10100)
    return name


def _check(entry: Binding) -> None:
    name, kind = entry["name"], entry.get("type")
    if kind not in _RUNS_HERE:
        raise invalid(
            f"Binding type `{kind}` of binding `{name}` is not valid here: the local edge of ci-wasm does not run this "
            f"kind yet, only {', '.join(_RUNS_HERE)}.",
            100153,
        )
    if kind in _TEXT_TYPES and not isinstance(entry.get("text"), str):
        raise invalid(f"Binding `{name}` of type {kind} must have a `text` that is a string.")
    if kind == "json" and "json" not in entry:
        raise invalid(f"Binding `{name}` of type json must have a `json`.")
    if kind in _TEXT_TYPES and (size := len(entry["text"].encode("utf-8", "replace"))) > _TEXT_MAX:
        raise invalid(
            f"Text binding `{name}` is too large ({size} bytes). The limit is {_TEXT_MAX} bytes.", 10054
        )


def _check_counts(entries: Sequence[Binding]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry["name"] in seen:
            raise invalid(f"Binding name `{entry['name']}` is already in use.", 10053)
        seen.add(entry["name"])
    if len(entries) > _COUNT_MAX:
        raise invalid(f"Too many text bindings ({len(entries)}). The limit is {_COUNT_MAX}.", 10055)


def public(entry: Binding) -> dict[str, Any]:
    """The entry as an answer may show it: a secret has a name and a type, never a text."""
    hidden = ("text",) if entry["type"] == "secret_text" else ()
    return {key: value for key, value in entry.items() if key not in hidden}


def text_bindings(entries: Iterable[Binding]) -> dict[str, str]:
    """The bindings that are a string in `env`."""
    return {entry["name"]: entry["text"] for entry in entries if entry["type"] in _TEXT_TYPES}


def json_bindings(entries: Sequence[Binding], version_metadata: Mapping[str, str]) -> dict[str, str]:
    """The bindings that are a value in `env`, as JSON documents."""
    values = {entry["name"]: entry["json"] for entry in entries if entry["type"] == "json"}
    values |= {entry["name"]: version_metadata for entry in entries if entry["type"] == "version_metadata"}
    return {name: json.dumps(value) for name, value in values.items()}
