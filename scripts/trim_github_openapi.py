"""Trim GitHub's OpenAPI description to what the tests check. api.github.com.json -> github_openapi.json.

    python scripts/trim_github_openapi.py [PACKAGE.tgz]

Without an argument the npm package `@octokit/openapi` (MIT) is fetched with `npm pack`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi"
VERSION = "23.0.2"
DESCRIPTION = "generated/api.github.com.json"
TARGET = Path(__file__).parent.parent / "tests" / "contract" / "github_openapi.json"

REPO = "/repos/{owner}/{repo}"
CALLS: dict[str, tuple[str, ...]] = {
    "/user": ("get",),
    REPO: ("get",),
    f"{REPO}/activity": ("get",),
    f"{REPO}/check-runs": ("post",),
    f"{REPO}/check-runs/{{check_run_id}}": ("patch",),
    f"{REPO}/collaborators/{{username}}/permission": ("get",),
    f"{REPO}/commits/{{ref}}/check-runs": ("get",),
    f"{REPO}/commits/{{ref}}/statuses": ("get",),
    f"{REPO}/contents/{{path}}": ("get",),
    f"{REPO}/git/blobs": ("post",),
    f"{REPO}/git/blobs/{{file_sha}}": ("get",),
    f"{REPO}/git/commits": ("post",),
    f"{REPO}/git/commits/{{commit_sha}}": ("get",),
    f"{REPO}/git/ref/{{ref}}": ("get",),
    f"{REPO}/git/refs": ("post",),
    f"{REPO}/git/refs/{{ref}}": ("patch",),
    f"{REPO}/git/trees": ("post",),
    f"{REPO}/git/trees/{{tree_sha}}": ("get",),
    f"{REPO}/issues/{{issue_number}}/comments": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}/events": ("get",),
    f"{REPO}/issues/comments/{{comment_id}}": ("get", "patch", "delete"),
    f"{REPO}/statuses/{{sha}}": ("post",),
}

# What explains to a reader and constrains nothing.
PROSE = {
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "tags",
    "operationId",
    "discriminator",
}


def trim(full: Mapping[str, Any], license_text: str) -> dict[str, Any]:
    """The same OpenAPI document with `CALLS` and the schemas that they need, nothing else."""
    paths = {
        path: {method: _operation(full, full["paths"][path][method]) for method in methods}
        for path, methods in CALLS.items()
    }
    names: set[str] = set()
    _collect(full, paths, names)
    schemas = {name: _without_prose(full["components"]["schemas"][name]) for name in sorted(names)}
    info = {
        "title": "GitHub REST API, the calls that ci-wasm's tests check",
        "version": full["info"]["version"],
        "license": {"name": "MIT", "x-text": license_text},
        "x-source": f"{PACKAGE}@{VERSION} {DESCRIPTION}",
    }
    return {"openapi": full["openapi"], "info": info, "paths": paths, "components": {"schemas": schemas}}


def _operation(full: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "parameters": [_without_prose(_resolved(full, each)) for each in operation.get("parameters", ())],
        "responses": {
            status: _json_only(_resolved(full, answer)) for status, answer in operation["responses"].items()
        },
    }
    if "requestBody" in operation:
        kept["requestBody"] = _json_only(operation["requestBody"])
    return kept


def _json_only(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request body or a response without its headers and without media types other than JSON."""
    kept: dict[str, Any] = {"required": True} if body.get("required") else {}
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        kept["content"] = {"application/json": {"schema": _without_prose(schema)}}
    return kept


def _resolved(full: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        target: Any = full
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _without_prose(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_prose(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "properties":
            # Its keys are names of fields: a field may be called `description`.
            kept[key] = {name: _without_prose(schema) for name, schema in value.items()}
        elif key not in PROSE and not key.startswith("x-"):
            kept[key] = _without_prose(value)
    return kept


def _collect(full: Mapping[str, Any], node: Any, names: set[str]) -> None:
    for name in _references(node):
        if name not in names:
            names.add(name)
            _collect(full, _without_prose(full["components"]["schemas"][name]), names)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/components/schemas/")
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def _fetch(folder: Path) -> Path:
    print(f"fetching {PACKAGE}@{VERSION} (29 MB) with npm ...", flush=True)
    answer = subprocess.run(
        ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return folder / answer.stdout.split()[-1]


def _read(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(f"package/{name}")
    if member is None:
        raise SystemExit(f"{PACKAGE}@{VERSION} holds no {name}")
    return member.read().decode()


def main(arguments: list[str]) -> None:
    """Write the extract beside the contract tests."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(arguments[0]) if arguments else _fetch(Path(folder))
        with tarfile.open(package) as archive:
            extract = trim(json.loads(_read(archive, DESCRIPTION)), _read(archive, "LICENSE"))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(extract, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(extract['paths'])} paths, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
