#!/usr/bin/env bash
# Fuzz: read and compare broken modules for a while, and keep what reached new code. (FUZZ_SECONDS for each target)
#
# cargo-fuzz is compiled once into .cache. It builds without a sanitizer: the analyzer forbids unsafe code but for its
# three exports, and what is looked for are panics, broken invariants and hangs. A stable compiler takes the coverage flags
# when it is told to be a nightly one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=0.13.2 seconds=${FUZZ_SECONDS:-1800}
root=$PWD/.cache/cargo-fuzz/$version work=$PWD/.cache/fuzz
export RUSTC_BOOTSTRAP=1
if [[ ! -x $root/bin/cargo-fuzz ]]; then
  cargo install cargo-fuzz --version "$version" --locked --quiet --root "$root"
fi

cd analyzer
"$root/bin/cargo-fuzz" build --release --sanitizer none --target-dir "$work/target"
cargo run --quiet --release --manifest-path fuzz/Cargo.toml --example seeds --target-dir "$work/target" -- "$work/seeds"
programs=$work/target/$(rustc --print host-tuple 2>/dev/null || rustc -vV | sed -n 's/^host: //p')/release

for target in analyze diff; do
  mkdir -p "$work/found/$target" "$work/broken"
  ../scripts/fuzz_corpus.py unpack "tests/corpus/$target.gz" "$work/kept/$target"
  # An input that breaks an invariant, or takes longer than 2 seconds, ends the run with its path.
  "$programs/$target" "$work/found/$target" "$work/kept/$target" "$work/seeds/$target" \
    -max_total_time="$seconds" -max_len=12000 -timeout=2 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/broken/$target-" 2>&1 | tail -n 20
  rm -rf "$work/small" && mkdir -p "$work/small"
  "$programs/$target" -merge=1 -use_counters=0 -max_len=8192 "$work/small" \
    "$work/seeds/$target" "$work/kept/$target" "$work/found/$target" 2>&1 | tail -n 1
  ../scripts/fuzz_corpus.py pack "$work/small" "tests/corpus/$target.gz"
done
