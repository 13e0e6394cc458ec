"""The child environment: what passes, and that no secret does, whatever its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.adapters.child_environment import child_environment


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR",
        "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "CARGO_PROFILE_RELEASE_LTO",
        "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "CARGO_HTTP_CAINFO", "CARGO_NET_RETRY",
        "CARGO_REGISTRIES_COMPANY_INDEX", "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "CC_wasm32_unknown_unknown", "CFLAGS_wasm32-unknown-unknown",
    ],
)  # fmt: skip
def test_what_a_build_needs_passes(name: str) -> None:
    assert child_environment({name: "value"}) == {name: "value"}


@pytest.mark.parametrize(
    "name",
    [
        "INPUT_CLOUDFLARE-API-TOKEN", "GITHUB_TOKEN", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_EVENT_PATH",
        "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "RUNNER_TEMP", "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_ACCOUNT_ID", "AWS_SECRET_ACCESS_KEY", "NPM_CONFIG_USERCONFIG", "DEPLOY", "SSH_AUTH_SOCK",
        "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_COMPANY_TOKEN", "CARGO_REGISTRIES_COMPANY_CREDENTIAL_PROVIDER",
        "CARGO_REGISTRIES_MY_TOKEN_INDEX", "CARGO_PROFILE_SECRET", "CARGO_UNSTABLE_API_KEY",
        "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER", "GIT_DIR", "GIT_INDEX_FILE", "PYTHONPATH",
        "LD_PRELOAD", "path", "XPATH", "PATHX", "",
    ],
)  # fmt: skip
def test_everything_else_stays_here(name: str) -> None:
    assert child_environment({name: "value"}) == {}


@given(
    st.text(), st.sampled_from(["TOKEN", "Secret", "PASSWORD", "credential", "API_KEY", "PRIVATE"]), st.text()
)
def test_no_name_that_speaks_of_a_secret_passes(before: str, word: str, after: str) -> None:
    assert child_environment({f"{before}{word}{after}": "value"}) == {}
