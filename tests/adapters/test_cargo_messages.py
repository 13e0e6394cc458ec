"""Cargo's messages: a procedural macro can print into the same stream, so any line may be false or broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.adapters.cargo_messages import CargoMessages

OURS = "path+file:///checkout/app#0.1.0"

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def artifact(package: str = OURS, kind: str = "cdylib", *files: str) -> str:
    target = {"name": "app", "kind": [kind], "crate_types": [kind]}
    names = list(files or ("/target/app.d", "/target/app.wasm"))
    return json.dumps(
        {
            "reason": "compiler-artifact",
            "package_id": package,
            "target": target,
            "filenames": names,
            "fresh": False,
        }
    )


def diagnostic(level: str, **changes: Any) -> str:
    span = {"file_name": "src/lib.rs", "line_start": 3, "is_primary": True}
    message = {
        "level": level,
        "message": "text",
        "rendered": f"{level}: text\n",
        "code": None,
        "spans": [span],
    }
    target = {"name": "app", "kind": ["lib"], "crate_types": ["lib"]}
    return json.dumps({"reason": "compiler-message", "target": target, "message": message | changes})


def test_the_module_is_that_of_our_package() -> None:
    messages = CargoMessages(OURS)

    messages.feed(artifact())
    messages.feed(artifact("registry+https://example.org#other@1.0.0", "cdylib", "/target/other.wasm"))
    messages.feed(artifact(OURS, "lib", "/target/libapp.rlib"))

    assert messages.wasm == Path("/target/app.wasm")


def test_errors_and_warnings_are_told_apart() -> None:
    messages = CargoMessages(OURS)

    for level in ("warning", "error", "warning", "error: internal compiler error", "note", "failure-note"):
        messages.feed(diagnostic(level))
    messages.feed(diagnostic("warning", spans=[], message="2 warnings emitted"))

    assert [error.diagnostic.level for error in messages.errors] == [
        "error",
        "error: internal compiler error",
    ]
    assert messages.warnings == 2


def test_no_flood_of_errors_is_kept() -> None:
    messages = CargoMessages(OURS)

    for _ in range(1000):
        messages.feed(diagnostic("error", rendered="x" * 10_000))

    assert len(messages.errors) == 20
    assert len(messages.errors[0].diagnostic.text) < 4_100


@given(st.text() | st.dictionaries(st.text(), JSON_VALUES).map(json.dumps))
def test_any_line_is_taken_without_a_failure(line: str) -> None:
    messages = CargoMessages(OURS)

    messages.feed(line)

    assert messages.wasm is None


@given(st.sampled_from(["package_id", "target", "filenames", "fresh"]), JSON_VALUES)
def test_a_broken_artifact_is_taken_without_a_failure(key: str, value: Any) -> None:
    messages = CargoMessages(OURS)

    messages.feed(json.dumps(json.loads(artifact()) | {key: value}))

    assert messages.wasm in {None, Path("/target/app.wasm")}
