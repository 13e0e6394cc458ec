#!/usr/bin/env bash
# Lint: every check that runs nothing of the product. (working tree) -> findings, and which checks passed.
#
# All checks run, then the failed ones are named. Everything is offline; the tools come from .venv/bin.
# rustfmt and clippy belong to a Rust toolchain and are left out, aloud, where it has none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=.venv/bin
failed=()

check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf 'ok      %s\n' "$name"
  else
    printf 'FAILED  %s\n%s\n\n' "$name" "$output"
    failed+=("$name")
  fi
}

# check_crate NAME COMPONENT ARGUMENTS...: a cargo command for each of the project's own crates.
check_crates() {
  local name=$1 arguments=("${@:2}") manifest
  if ! cargo "${arguments[0]}" --version >/dev/null 2>&1; then
    printf 'absent  %s: this toolchain has none (with rustup: rustup component add %s)\n' "$name" "$name"
    return
  fi
  for manifest in analyzer/Cargo.toml examples/*/Cargo.toml; do
    [[ -f $manifest ]] || continue
    check "$name $manifest" cargo "${arguments[0]}" --manifest-path "$manifest" "${arguments[@]:1}"
  done
}

check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "mypy --strict" "$bin/mypy"
check "layers (import-linter)" "$bin/lint-imports" --no-cache
check "shellcheck" "$bin/shellcheck" -x scripts/*.sh .ci/run
check "yamllint" "$bin/yamllint" --strict .
check "action.yml" "$bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
check "workflows" "$bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
check "dependabot.yml" "$bin/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
check "zizmor" "$bin/zizmor" --offline --quiet --no-progress .github action.yml
check "hadolint" "$bin/hadolint" Dockerfile
check_crates rustfmt fmt --check
check_crates clippy clippy --quiet --locked --all-targets -- -D warnings

if ((${#failed[@]})); then
  printf '\nlint: %d failed: %s\n' "${#failed[@]}" "$(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
  exit 1
fi
printf '\nlint: everything passed\n'
