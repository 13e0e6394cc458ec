#!/usr/bin/env bash
# Lock: every requirement with all it needs, versions and hashes. (requirements/*.in) -> requirements/*.txt.
#
# One resolution for all files, so that a package has the same version wherever it appears; for Python 3.11
# and newer. Versions that are locked stay, unless the first argument is --upgrade. Files hold no address of a
# package index.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
uv=$1 upgrade=("${@:2}")
cd "$here/../requirements"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

inputs=(*.in)
options=(--universal --python-version 3.11 --no-header --no-emit-index-url --quiet)
cat "${inputs[@]}" >"$scratch/all.in"
# uv prefers the versions that it finds in its output file.
cat -- *.txt 2>/dev/null | sed -nE 's/^([^ #]+==[^ ]+).*/\1/p' | sort -u >"$scratch/all.txt" || true
"$uv" pip compile "${options[@]}" "${upgrade[@]}" --output-file "$scratch/all.txt" "$scratch/all.in"
for input in "${inputs[@]}"; do
  output=${input%.in}.txt
  "$uv" pip compile "${options[@]}" --upgrade --generate-hashes --no-annotate \
    --constraint "$scratch/all.txt" "$input" >"$scratch/$output"
  printf '# Written by make lock from %s.\n' "$input" | cat - "$scratch/$output" >"$output"
  echo "requirements/$output: $(grep -c '==' "$output") packages"
done
