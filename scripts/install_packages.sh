#!/usr/bin/env bash
# Packages: every locked requirement, into a virtual environment. (its Python, lock files) -> installed
# packages.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
label=packages
# shellcheck source=scripts/progress.sh
. "$here/progress.sh"

python=$1 requirements=()
for lock in "${@:2}"; do requirements+=(--requirement "$lock"); done

count=$(cat "${@:2}" | grep -oE '^[A-Za-z][^ ;]*' | sort -u | wc -l)
run_with_progress "installing $count locked packages, each checked by its hash" 900 \
  "$python" -m pip install --no-color --progress-bar off --require-hashes "${requirements[@]}"
say "all packages are installed"
