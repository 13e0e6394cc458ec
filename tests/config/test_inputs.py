"""Inputs: what the step's `with:` says, and that action.yml says the same as the code."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import yaml

from ci_wasm.config.inputs import INPUTS, OUTPUTS, check_inputs, read_inputs
from ci_wasm.config.secret import Secret
from ci_wasm.errors import ConfigError

ACTION = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text(encoding="utf-8"))


def test_action_yml_has_the_inputs_of_the_code() -> None:
    stated = {name: (entry["default"], entry["description"]) for name, entry in ACTION["inputs"].items()}

    assert stated == INPUTS


def test_action_yml_has_the_outputs_of_the_code() -> None:
    stated = {name: entry["description"] for name, entry in ACTION["outputs"].items()}

    assert stated == OUTPUTS


def test_unset_inputs_arrive_empty_and_take_their_defaults() -> None:
    inputs = read_inputs({f"INPUT_{name.upper()}": "" for name in INPUTS})

    assert (inputs.config, inputs.comment, inputs.report_directory) == ("ci-wasm.yml", True, "ci-wasm-report")
    assert not inputs.github_token


def test_wranglers_variables_serve_where_no_input_is_given() -> None:
    inputs = read_inputs(
        {
            "CLOUDFLARE_API_TOKEN": "t",
            "CLOUDFLARE_ACCOUNT_ID": "a",
            "CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:1/c",
        }
    )

    assert inputs.cloudflare_api_token.reveal() == "t"
    assert (inputs.cloudflare_account_id, inputs.cloudflare_api_url) == ("a", "http://127.0.0.1:1/c")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("comment", "yes", "neither `true` nor `false`"),
        ("working-directory", "nowhere", "there is no such folder"),
        ("working-directory", "..", "leaves the repository"),
        ("report-directory", "/etc", "leaves the repository"),
    ],
)
def test_an_input_that_cannot_be_meant_is_an_error(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_inputs(read_inputs({f"INPUT_{name.upper()}": value}), tmp_path)


def test_inputs_as_they_come_are_fine(tmp_path: Path) -> None:
    check_inputs(read_inputs({}), tmp_path)


def test_no_way_of_printing_the_inputs_shows_a_token() -> None:
    inputs = read_inputs({"INPUT_GITHUB-TOKEN": "canary-1", "INPUT_CLOUDFLARE-API-TOKEN": "canary-2"})

    assert "canary" not in f"{inputs} {inputs!r} {inputs.github_token:}"
    with pytest.raises(TypeError):
        pickle.dumps(Secret("canary"))
