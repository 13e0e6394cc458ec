"""Bindings: what is taken, refused, inherited and kept. (entries, earlier versions) -> entries, or code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ci_wasm.edge.bindings import json_bindings, listed, mapped, public, resolve, text_bindings
from ci_wasm.edge.refusal import Refusal
from tests.edge.edge_client import EdgeClient, script


def text(name: str, value: str = "v") -> dict[str, Any]:
    return {"name": name, "type": "plain_text", "text": value}


def secret(name: str, value: str = "s") -> dict[str, Any]:
    return {"name": name, "type": "secret_text", "text": value}


def inherit(name: str, **more: str) -> dict[str, Any]:
    return {"name": name, "type": "inherit", **more}


EARLIER = {"v1": [text("A", "old"), secret("KEY", "first")], "v2": [text("B"), secret("KEY", "second")]}


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([{"type": "plain_text", "text": "v"}], 10052),
        ([{"name": "", "type": "plain_text", "text": "v"}], 10052),
        ([{"name": 7, "type": "plain_text", "text": "v"}], 10052),
        ([text("A"), text("A")], 10053),
        ([text("A", "x" * 5121)], 10054),
        ([text("A", "\u20ac" * 1707)], 10054),
        ([text(f"A{n}") for n in range(129)], 10055),
        ([text("A" * 251)], 10100),
        ([{"name": "A", "type": "plain_text"}], 10021),
        ([{"name": "A", "type": "secret_text", "text": 7}], 10021),
        ([{"name": "A", "type": "json"}], 10021),
        ([inherit("MISSING")], 10057),
        ([inherit("B", version_id="v1")], 10057),
        ([inherit("A", version_id="v9")], 10057),
        ([{"name": "A"}], 100153),
        ([{"name": "A", "type": ["x"]}], 100153),
        *(
            ([{"name": "MINE", "type": kind}], 100153)
            for kind in (
                "kv_namespace", "r2_bucket", "d1", "service", "queue", "durable_object_namespace", "ai", "assets",
                "hyperdrive", "vectorize", "browser", "workflow", "wasm_module", "data_blob", "made_up",
            )
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_bindings_has_a_code(entries: list[dict[str, Any]], code: int) -> None:
    with pytest.raises(Refusal) as caught:
        resolve(listed(entries), EARLIER, strict=True)

    assert (caught.value.status, caught.value.code) == (400, code)


def test_a_kind_that_does_not_run_here_is_named_with_its_binding() -> None:
    with pytest.raises(
        Refusal, match=r"`r2_bucket` of binding `PHOTOS`.*the local edge of ci-wasm does not run"
    ) as caught:
        resolve([{"name": "PHOTOS", "type": "r2_bucket"}], {})

    assert "plain_text, secret_text, json, version_metadata" in caught.value.message


@pytest.mark.parametrize(
    ("entries", "keep", "expected"),
    [
        ([], [], []),
        ([text("A", "x" * 5120)], [], [text("A", "x" * 5120)]),
        ([inherit("B")], [], [text("B")]),
        ([inherit("NEW", old_name="B")], [], [{**text("B"), "name": "NEW"}]),
        ([inherit("A", version_id="v1")], [], [text("A", "old")]),
        ([inherit("KEY", version_id="v1")], [], [secret("KEY", "first")]),
        ([inherit("MISSING"), text("C")], [], [text("C")]),
        ([text("C")], ["secret_text"], [text("C"), secret("KEY", "second")]),
        ([secret("KEY", "third")], ["secret_text", "secret_key"], [secret("KEY", "third")]),
        ([text("KEY")], ["secret_text"], [text("KEY")]),
        ([], ["plain_text", "secret_text"], [text("B"), secret("KEY", "second")]),
        ([], [7, None], []),
    ],
)
def test_bindings_are_inherited_and_kept(
    entries: list[dict[str, Any]], keep: list[object], expected: list[dict[str, Any]]
) -> None:
    assert resolve(entries, EARLIER, keep=keep) == expected


@pytest.mark.parametrize("bindings", [7, {"A": {}}, [7], ["A"]])
def test_a_list_of_bindings_is_a_list_of_objects(bindings: object) -> None:
    with pytest.raises(Refusal):
        listed(bindings)


@pytest.mark.parametrize("env", [7, [], {"A": 7}])
def test_an_env_is_an_object_of_objects(env: object) -> None:
    with pytest.raises(Refusal):
        mapped(env)


def test_a_worker_sees_strings_and_values_and_an_answer_no_secret() -> None:
    entries = [
        text("A"),
        secret("KEY"),
        {"name": "J", "type": "json", "json": [1, None]},
        {"name": "V", "type": "version_metadata"},
    ]

    assert text_bindings(entries) == {"A": "v", "KEY": "s"}
    assert json_bindings(entries, {"id": "1"}) == {"J": "[1, null]", "V": '{"id": "1"}'}
    assert [public(entry) for entry in entries][1] == {"name": "KEY", "type": "secret_text"}


SHOW = script("export default { fetch(request, env) { return Response.json(env); } };")


def test_hostile_names_and_values_arrive_unchanged(client: EdgeClient, worker: str) -> None:
    values = {
        'quote"': '"; globalOutbound = "internet', "back\\slash": "\\x00\\", "new\nline": "a\r\n\t\0b", "\u20ac \U0001f980": "\u20ac \U0001f980",
        "__proto__": "p", "'": "${env.X} $(id) `id`", "constructor": "\x7f\x1b[31m", "<": "</script>",
    }  # fmt: skip
    env = {name: {"type": "plain_text", "text": value} for name, value in values.items()}
    nested: Any = {"a": [1, 2.5, None, True, {'"': "\\ \n \u20ac"}]}
    env["JSON"] = {"type": "json", "json": nested}

    client.preview(worker, "pr-1", [SHOW], env)
    seen = client.get(f"pr-1-{worker}").json()

    # A property called __proto__ is not an own property of a JavaScript object.
    assert seen == {**{key: value for key, value in values.items() if key != "__proto__"}, "JSON": nested}


def test_secrets_stay_with_a_worker_that_is_deployed_again(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, [SHOW], bindings=[secret("KEY", "one"), text("MODE", "a")])

    client.deploy(worker, [SHOW], bindings=[text("MODE", "b")], keep_bindings=["secret_text", "secret_key"])
    kept = client.get(worker).json()
    client.deploy(worker, [SHOW], bindings=[inherit("MODE")])
    dropped = client.get(worker).json()

    assert (kept, dropped) == ({"MODE": "b", "KEY": "one"}, {"MODE": "b"})


def test_a_preview_inherits_nothing_from_its_worker(client: EdgeClient, worker: str) -> None:
    client.deploy(worker, [SHOW], bindings=[secret("KEY", "production"), text("MODE")])

    reply = client.preview(worker, "pr-1", [SHOW], {"KEY": {"type": "inherit"}})
    client.preview(worker, "pr-1", [SHOW], {"OTHER": {"type": "plain_text", "text": "x"}})

    assert (reply.status, reply.code) == (400, 10057)
    assert client.get(f"pr-1-{worker}").json() == {"OTHER": "x"}


def test_version_metadata_is_that_of_the_upload(client: EdgeClient, worker: str) -> None:
    env = {"V": {"type": "version_metadata"}}

    reply = client.preview(worker, "pr-1", [SHOW], env, annotations={"workers/tag": "abc"})
    seen = client.get(f"pr-1-{worker}").json()["V"]

    assert seen == {"id": reply.result["id"], "tag": "abc", "timestamp": reply.result["created_on"]}
    assert json.dumps(reply.result["env"]) == '{"V": {"type": "version_metadata"}}'
