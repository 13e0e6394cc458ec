"""GitHub's contract: whether a call keeps GitHub's own OpenAPI description. (request, answer) -> problems.

The extract in tests/contract/github_openapi.json is made by scripts/trim_github_openapi.py.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

EXTRACT = Path(__file__).parent.parent / "contract" / "github_openapi.json"
# In these a parameter spans slashes.
_GREEDY = {"path", "ref", "branch"}


@functools.cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXTRACT.read_text(encoding="utf-8"))
    return document


@functools.cache
def _registry() -> Registry[Any]:
    registry: Registry[Any] = Registry()
    made: Registry[Any] = registry.with_resource("urn:github", DRAFT4.create_resource(_document()))
    return made


@functools.cache
def pattern(template: str) -> re.Pattern[str]:
    """The paths that a template of the description stands for."""
    parts = re.split(r"\{(\w+)\}", template)
    named = [
        re.escape(part) if index % 2 == 0 else f"(?P<{part}>{'.+' if part in _GREEDY else '[^/]+'})"
        for index, part in enumerate(parts)
    ]
    return re.compile("".join(named))


def request_problems(template: str, method: str, query: Mapping[str, str], body: Any) -> list[str]:
    """What is wrong with a request, by the description: its query and its body."""
    operation = _operation(template, method)
    if operation is None:
        return [f"{method} {template} is not in GitHub's description"]
    known = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
    problems = [
        f"{method} {template}: unknown query parameter {name}" for name in query.keys() - known.keys()
    ]
    for name, value in query.items():
        if known.get(name, {}).get("schema", {}).get("type") == "integer" and not value.isdigit():
            problems.append(f"{method} {template}: {name} is no integer: {value}")
    wanted = operation.get("requestBody")
    if wanted is None:
        return problems + ([f"{method} {template}: has a body, takes none"] if body is not None else [])
    if body is None:
        return problems + ([f"{method} {template}: has no body"] if wanted.get("required") else [])
    return problems + _invalid(OAS30WriteValidator, wanted, body, f"{method} {template}, request")


def response_problems(template: str, method: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer. An error that the description does not mention is not judged."""
    operation = _operation(template, method) or {"responses": {}}
    answer = operation["responses"].get(str(status))
    if answer is None:
        return [] if status >= 400 else [f"{method} {template}: {status} is not in GitHub's description"]
    if "content" not in answer:
        return [f"{method} {template}: {status} has a body"] if body is not None and status == 204 else []
    return _invalid(OAS30ReadValidator, answer, body, f"{method} {template}, {status}")


def _operation(template: str, method: str) -> dict[str, Any] | None:
    operation: dict[str, Any] | None = _document()["paths"].get(template, {}).get(method.lower())
    return operation


def _invalid(validator: type[Any], where: Mapping[str, Any], body: Any, what: str) -> list[str]:
    schema = _absolute(where["content"]["application/json"]["schema"])
    checker = validator(schema, registry=_registry(), format_checker=oas30_format_checker)
    return [f"{what}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in checker.iter_errors(body)]  # fmt: skip


def _absolute(node: Any) -> Any:
    """A schema whose references name the document, so that it can be used outside of it."""
    if isinstance(node, list):
        return [_absolute(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: f"urn:github{value}" if key == "$ref" else _absolute(value) for key, value in node.items()}
