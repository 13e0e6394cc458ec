"""Child environment: what a child process may know. (our environment) -> its environment.

An allow-list, because a list of what to hide is never complete: a workflow may hand a secret to its step under any
name. Not on it are, above all, `INPUT_*`, `GITHUB_*`, `ACTIONS_*`, `RUNNER_*` and `CLOUDFLARE_*`, but also
`CARGO_TARGET_DIR` and `CARGO_BUILD_TARGET` (ci-wasm says itself where to build, and for what).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Where programs are, where they keep their things, and how they speak. No TERM: children write to a pipe.
_ANY_CHILD = r"PATH|HOME|LANG|LC_[A-Z]+|TZ|TMPDIR"

# Without the proxy and the certificates of the machine nothing can be downloaded. A proxy's URL can hold a password:
# docs/build.md says that a build can then see it.
_NETWORK = (
    r"(?i:https?_proxy|all_proxy|no_proxy)|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|GIT_SSL_CAINFO"
    r"|CARGO_HTTP_(?:CAINFO|PROXY|TIMEOUT|MULTIPLEXING|CHECK_REVOKE|SSL_VERSION|LOW_SPEED_LIMIT)"
    r"|CARGO_NET_(?:OFFLINE|RETRY|GIT_FETCH_WITH_CLI)"
    r"|CARGO_REGISTRIES_[A-Z0-9_]+_(?:INDEX|PROTOCOL)|RUSTUP_(?:DIST_SERVER|UPDATE_ROOT)"
)

# What a workflow sets on purpose to choose a toolchain or to change the code that comes out.
_RUST = (
    r"CARGO_HOME|RUSTUP_HOME|RUSTUP_TOOLCHAIN|RUSTUP_AUTO_INSTALL|RUSTC|RUSTC_BOOTSTRAP|RUST_MIN_STACK"
    r"|RUSTFLAGS|CARGO_ENCODED_RUSTFLAGS|CARGO_BUILD_RUSTFLAGS|CARGO_BUILD_JOBS|CARGO_PROFILE_[A-Z0-9_]+"
    r"|CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_(?:LINKER|RUSTFLAGS)|CARGO_UNSTABLE_[A-Z0-9_]+|SOURCE_DATE_EPOCH"
)

# C and C++ inside crates: the names that the `cc` crate reads, for the host and for wasm32.
_C = r"(?:CC|CXX|AR|RANLIB|CFLAGS|CXXFLAGS)(?:_wasm32[-_]unknown[-_]unknown)?|LIBCLANG_PATH|WASI_SDK_PATH"

_ALLOWED = re.compile(f"{_ANY_CHILD}|{_NETWORK}|{_RUST}|{_C}")

# The patterns above have wildcards; these words are never part of a setting that a build needs.
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE", re.IGNORECASE)


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that a child process may see."""
    return {name: value for name, value in environ.items() if _is_allowed(name)}


def _is_allowed(name: str) -> bool:
    return _ALLOWED.fullmatch(name) is not None and _SECRET.search(name) is None
