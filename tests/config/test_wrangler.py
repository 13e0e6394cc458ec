"""The wrangler config: formats, defaults, the `previews` block, and errors with their line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.config.jsonc import strip_jsonc
from ci_wasm.config.wrangler import WranglerConfig, find_wrangler, parse_wrangler
from ci_wasm.errors import ConfigError

FULL = WranglerConfig(
    name="resize",
    main="build/index.js",
    compatibility_date="2026-07-01",
    compatibility_flags=("nodejs_compat",),
    vars={"MODE": "preview", "LIMIT": 3},
)

FULL_TOML = """\
name = "resize"
main = "build/index.js"
compatibility_date = "2026-07-01"
compatibility_flags = ["nodejs_compat"]

[vars]
MODE = "preview"
LIMIT = 3

[env.staging]
vars = { MODE = "staging" }
kv_namespaces = [{ binding = "KV", id = "0" }]
"""

FULL_JSONC = """\
// The "Worker" /* of */ the resize service
{
  "name": "resize", /* spans
  two lines */ "main": "build/index.js",
  "compatibility_date": "2026-07-01",
  "compatibility_flags": ["nodejs_compat",],
  "vars": {"MODE": "preview", "LIMIT": 3,},
  "env": {"staging": {"vars": {"MODE": "staging"}}},
}
"""


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("wrangler.toml", FULL_TOML),
        ("wrangler.jsonc", FULL_JSONC),
        # wrangler reads comments in a .json file too.
        ("wrangler.json", FULL_JSONC),
        ("crates/resize/wrangler.json", "\ufeff" + json.dumps(json.loads(strip_jsonc(FULL_JSONC)))),
    ],
)
def test_every_format_says_the_same(file: str, text: str) -> None:
    assert parse_wrangler(text, file) == FULL


@pytest.mark.parametrize(("file", "text"), [("wrangler.toml", ""), ("wrangler.json", "{}")])
def test_an_empty_file_sets_nothing(file: str, text: str) -> None:
    assert parse_wrangler(text, file) == WranglerConfig()


def test_a_string_keeps_what_looks_like_a_comment_or_a_trailing_comma() -> None:
    text = r'{"vars": {"URL": "https://a/*b*/", "CSV": "a,]", "QUOTE": "\",}//", "SLASH": "\\"}, } // end'

    assert parse_wrangler(text, "wrangler.jsonc").vars == {
        "URL": "https://a/*b*/",
        "CSV": "a,]",
        "QUOTE": '",}//',
        "SLASH": "\\",
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_json_passes_the_comment_stripper_unchanged(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)

    assert strip_jsonc(text) == text


def test_other_bindings_are_named_when_they_are_set_to_something() -> None:
    text = """
    kv_namespaces = [{ binding = "KV", id = "0" }]
    r2_buckets = []
    [durable_objects]
    bindings = [{ name = "COUNTER", class_name = "Counter" }]
    [assets]
    directory = "public"
    """

    assert parse_wrangler(text, "wrangler.toml").other_bindings == (
        "durable_objects",
        "kv_namespaces",
        "assets",
    )


def test_a_previews_block_replaces_variables_and_bindings_of_the_top_level_and_keeps_assets() -> None:
    text = """{
      "vars": {"MODE": "production", "SECRET_HOST": "db"},
      "kv_namespaces": [{"binding": "KV", "id": "0"}],
      "assets": {"directory": "public"},
      "previews": {"vars": {"MODE": "preview"}, "r2_buckets": [{"binding": "B", "bucket_name": "b"}]}
    }"""

    config = parse_wrangler(text, "wrangler.jsonc")

    assert (config.vars, config.other_bindings) == ({"MODE": "preview"}, ("r2_buckets", "assets"))


@pytest.mark.parametrize(
    ("file", "text", "line", "words"),
    [
        ("wrangler.toml", 'name = "a"\nmain = \n', 2, "not valid TOML: Invalid value"),
        ("wrangler.toml", 'name = "a"\nmain = "', 2, "not valid TOML"),
        ("wrangler.toml", 'a = 1\na = 2', 2, "not valid TOML: Cannot overwrite a value"),
        ("wrangler.json", '{\n  "name": "a"\n  "main": "b"\n}', 3, "not valid JSON: Expecting ',' delimiter"),
        ("wrangler.jsonc", '{\n // "\n "name" "a"}', 3, "not valid JSON: Expecting ':' delimiter"),
        ("wrangler.jsonc", '{"name": "a"}\n\n/* open', 3, "not valid JSON: Extra data"),
        ("wrangler.jsonc", '{"vars":\n {"A": NaN}}', 2, "`NaN` is no JSON value"),
        ("wrangler.jsonc", "[1]", 1, "must be one object"),
        ("wrangler.jsonc", "", 1, "not valid JSON"),
        ("wrangler.json", '{\n"name": 3}', 2, "`name` must be a text, not a number"),
        ("wrangler.json", '{"name": "../a"}', 1, "`name` must be letters, digits, dashes"),
        ("wrangler.toml", "\ncompatibility_date = 2026-07-01", 2, "not a date (put it in quotes)"),
        ("wrangler.toml", 'compatibility_date = "July"', 1, "must look like 2026-07-01, not `July`"),
        ("wrangler.toml", 'compatibility_flags = "a"', 1, "must be a list of texts"),
        ("wrangler.toml", "[vars]\nA = 1\nWHEN = 2026-07-01", 3, "the variable `WHEN` is or holds a date"),
        ("wrangler.toml", "[vars]\nA = 1\nB = [inf]", 3, "the variable `B` is or holds a list, which JSON"),
        ("wrangler.json", '{\n\n"previews": 1}', 3, "`previews` must be a table, not a number"),
        ("wrangler.json", '{"vars": null}', 1, "`vars` must be a table, not null"),
        ("wrangler.json", '{"vars": {"A": ' + "9" * 5000 + "}}", None, "too many digits"),
        ("wrangler.toml", "a = " + "9" * 5000, None, "too many digits"),
        ("wrangler.json", "[" * 200_000, None, "nested too deeply"),
    ],
)  # fmt: skip
def test_errors_name_file_line_and_reason(file: str, text: str, line: int | None, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_wrangler(text, file)

    assert words in caught.value.message
    assert (caught.value.file, caught.value.line) == (file, line)


def test_all_problems_come_in_one_error() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_wrangler("name = 1\nmain = 2\n[vars]\nA = inf\n", "wrangler.toml")

    assert [line.split(": ")[0] for line in caught.value.detail.splitlines()] == [
        "wrangler.toml:1",
        "wrangler.toml:2",
        "wrangler.toml:4",
    ]


@pytest.mark.parametrize(
    "text", ["/*" * 100_000, '"' * 100_001, "," * 100_000, "{" + " ," * 100_000, "//" * 100_000]
)
def test_hostile_text_is_refused_quickly(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_wrangler(text, "wrangler.jsonc")


def test_find_takes_json_before_jsonc_before_toml(tmp_path: Path) -> None:
    found = [find_wrangler(tmp_path)]
    for name in ("wrangler.toml", "wrangler.jsonc", "wrangler.json"):
        (tmp_path / name).touch()
        found.append(find_wrangler(tmp_path))
    (tmp_path / "crate" / "wrangler.json").mkdir(parents=True)

    names = [path and path.name for path in found]
    assert names == [None, "wrangler.toml", "wrangler.jsonc", "wrangler.json"]
    assert find_wrangler(tmp_path / "crate") is None
