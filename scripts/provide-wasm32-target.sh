#!/usr/bin/env bash
# Wasm32 target: make `cargo build --target wasm32-unknown-unknown` work. (toolchain in PATH, network) ->
# cargo and rustc.
#
# Tried in this order, the first that works ends the run:
#   installed  the toolchain in PATH already builds for wasm32
#   rustup     rustup manages the rustc in PATH: `rustup target add`
#   private    no rustup: a pinned one with a pinned toolchain under --rust-home; nothing else is touched
#   debian     no way to Rust's download server: Debian's packages, as root. Where they hold no wasm32 library
#              (Debian 12), one is built from the packaged sources of the standard library.
# `private` and `debian` leave cargo, rustc and rustdoc in --bin, which has to come first in PATH afterwards.
# With nothing to do it takes a fraction of a second. Exit status: 0 the target works, 1 it cannot be had.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
label=wasm32
# shellcheck source=scripts/progress.sh
. "$here/progress.sh"

target=wasm32-unknown-unknown
rust_home=$(dirname "$here")/.cache/rust
bin=
crate=.
minimum=
routes=(installed rustup private debian)
tried=()

usage() {
  cat <<EOF
usage: ${0##*/} [--bin DIR] [--rust-home DIR] [--crate DIR] [--minimum X.Y] [--route NAME]
  --bin DIR        where cargo and rustc are left when they are not those in PATH (default: RUST_HOME/bin)
  --rust-home DIR  where a private toolchain and scratch files go (default: .cache/rust of this repository)
  --crate DIR      its rust-toolchain.toml says which of rustup's toolchains counts (default: here)
  --minimum X.Y    the oldest Rust that will do (default: what pins.json says)
  --route NAME     try only this one of: ${routes[*]}
EOF
}

main() {
  while (($#)); do
    case $1 in
      --bin) bin=$2 && shift ;;
      --rust-home) rust_home=$2 && shift ;;
      --crate) crate=$2 && shift ;;
      --minimum) minimum=$2 && shift ;;
      --route) routes=("$2") && shift ;;
      --help) usage && return ;;
      *) usage >&2 && return 2 ;;
    esac
    shift
  done
  : "${minimum:=$(rust_pin minimum)}"
  unset MAKEFLAGS MFLAGS # cargo would take make's own job tokens for an offer
  mkdir -p "$rust_home" "${bin:=$rust_home/bin}"
  rust_home=$(cd "$rust_home" && pwd)
  bin=$(cd "$bin" && pwd)
  PATH=$bin:$PATH
  local route
  for route in "${routes[@]}"; do
    if "via_$route"; then
      say "ready: $(rustc --version) at $(command -v rustc) builds for $target"
      return 0
    fi
  done
  explain_failure >&2
  return 1
}

# ---- is it there?
# ------------------------------------------------------------------------------------------------------

# Compiles and links a module with fat LTO, which needs the linker, the library and the library's bitcode.
# Says why not in `why`.
target_works() {
  local rust cargo errors scratch
  why="no rustc in PATH" && command -v rustc >/dev/null || return 1
  why="no cargo in PATH" && command -v cargo >/dev/null || return 1
  # A first call of a rustup proxy may download the toolchain that rust-toolchain.toml names.
  why="rustc does not start"
  rust=$(env -C "$crate" timeout 600 rustc --version | cut -d ' ' -f 2) || return 1
  why="cargo does not start" && cargo=$(env -C "$crate" cargo --version | cut -d ' ' -f 2) || return 1
  why="rustc $rust is older than $minimum" && at_least "$rust" "$minimum" || return 1
  why="rustc is $rust and cargo is $cargo: not of one toolchain"
  [[ ${rust%.*} == "${cargo%.*}" ]] || return 1
  scratch=$(mktemp -d)
  errors=$(env -C "$crate" rustc --edition 2021 --crate-type cdylib --crate-name proof --target "$target" \
    -C opt-level=s -C lto=fat -o "$scratch/proof.wasm" - 2>&1 <<<'
      #[no_mangle] pub extern "C" fn sum(n: u32) -> u32 {
        let all: Vec<u32> = (0..n).collect(); all.iter().sum() }') || true
  why="rustc $rust does not build for $target: $(grep -m 1 error <<<"$errors" || head -n 1 <<<"$errors")"
  if [[ -s $scratch/proof.wasm ]]; then why=; fi
  rm -rf "$scratch"
  [[ -z $why ]]
}

via_installed() {
  target_works && return 0
  tried+=("the toolchain in PATH: $why")
  say "the toolchain in PATH will not do: $why"
  return 1
}

# ---- rustup
# ------------------------------------------------------------------------------------------------------------

rust_pin() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rust"][sys.argv[2]])' "$here/pins.json" "$1"
}

via_rustup() {
  command -v rustup >/dev/null || { tried+=("rustup target add: no rustup in PATH") && return 1; }
  local managed
  managed=$(env -C "$crate" rustup which rustc 2>/dev/null) || managed=
  if [[ -z $managed ]]; then
    run_with_progress "rustup has no toolchain: rustup toolchain install $(rust_pin toolchain)" 600 \
      rustup toolchain install "$(rust_pin toolchain)" --profile minimal --target "$target" || true
  elif [[ $(env -C "$crate" rustc --print sysroot) != "${managed%/bin/rustc}" ]]; then
    tried+=("rustup target add: the rustc in PATH ($(command -v rustc)) is not rustup's")
    return 1
  else
    run_with_progress "rustup target add $target" 240 \
      env -C "$crate" RUST_BACKTRACE=0 RUSTUP_MAX_RETRIES=1 rustup target add "$target" || true
  fi
  target_works && return 0
  tried+=("rustup target add: $why")
  return 1
}

private_tools=(cargo rustc rustdoc rustup cargo-fmt rustfmt cargo-clippy clippy-driver)

via_private() {
  local init=$rust_home/rustup-init toolchain
  toolchain=$(rust_pin toolchain)
  export RUSTUP_HOME=$rust_home/rustup
  if ! run_with_progress "fetching the pinned rustup" 120 python3 "$here/fetch_rustup_init.py" "$init"; then
    tried+=("a private rustup: Rust's download server did not give it")
    unset RUSTUP_HOME
    return 1
  fi
  CARGO_HOME=$rust_home/cargo RUSTUP_INIT_SKIP_PATH_CHECK=yes run_with_progress \
    "installing Rust $toolchain with $target under $rust_home" 900 "$init" -y --no-modify-path \
    --profile minimal --default-toolchain "$toolchain" --target "$target" && wrap_private_toolchain
  unset RUSTUP_HOME
  rm -f "$init"
  target_works && return 0
  tried+=("a private rustup: $why")
  remove_private_toolchain
  return 1
}

# rustup's proxies need RUSTUP_HOME; a wrapper carries it, so that CARGO_HOME and its config.toml stay the
# user's own.
wrap_private_toolchain() {
  local tool
  for tool in "${private_tools[@]}"; do
    rm -f "$bin/$tool"
    printf '#!/bin/sh\nexport RUSTUP_HOME=%q\nexec %q "$@"\n' "$rust_home/rustup" "$rust_home/cargo/bin/$tool" \
      >"$bin/$tool"
    chmod 755 "$bin/$tool"
  done
  hash -r
}

remove_private_toolchain() {
  local tool
  for tool in "${private_tools[@]}"; do rm -f "$bin/$tool"; done
  rm -rf "$rust_home/cargo" "$rust_home/rustup"
  hash -r
}

# ---- Debian
# ------------------------------------------------------------------------------------------------------------

via_debian() {
  command -v apt-get >/dev/null || { tried+=("Debian's packages: there is no apt-get here") && return 1; }
  can_be_root || { tried+=("Debian's packages: needs root, and sudo asks for a password") && return 1; }
  apt_update || say "apt-get update failed; going on with the package lists that are here"
  local packaged
  packaged=$(candidate libstd-rust-dev-wasm32)
  if [[ -n $packaged ]] && at_least "${packaged%%+*}" "$minimum"; then
    install_packaged_target || true
  elif [[ -n $(candidate rust-web-src) ]]; then
    install_toolchain_and_build_target || true
  else
    tried+=("Debian's packages: neither libstd-rust-dev-wasm32 $minimum nor rust-web-src on offer")
    return 1
  fi
  hash -r
  target_works && return 0
  tried+=("Debian's packages: $why")
  return 1
}

candidate() { LC_ALL=C apt-cache policy "$1" | sed -n 's/^  Candidate: \([^(].*\)/\1/p'; }

install_packaged_target() {
  local linker
  linker=$(LC_ALL=C apt-cache show --no-all-versions libstd-rust-dev-wasm32 | grep -oE '\blld-[0-9]+' |
    head -n 1)
  apt_install rustc cargo libstd-rust-dev-wasm32 rust-llvm "${linker:-lld}" && link_debian_toolchain
}

# The linker has to be of the LLVM that rustc was built with: its packages say which.
install_toolchain_and_build_target() {
  local llvm
  llvm=$(LC_ALL=C apt-cache show --no-all-versions rust-web-llvm libstd-rust-web-dev | grep '^Depends:' |
    grep -oE '\b(lib)?llvm-?[0-9]+' | grep -oE '[0-9]+' | sort -n | tail -n 1)
  apt_install rustc-web cargo-web rust-web-src rust-web-llvm "lld-${llvm:?}" || return 1
  link_debian_toolchain
  target_works || build_standard_library
}

link_debian_toolchain() {
  local tool
  for tool in cargo rustc rustdoc; do ln -sfn "/usr/bin/$tool" "$bin/$tool"; done
  hash -r
}

# `-Z build-std` with the sources and vendored dependencies of rust-web-src: nothing is downloaded.
# RUSTC_BOOTSTRAP lets a stable compiler take -Z; without the bitcode, a crate with `lto = true` could not use
# the result.
build_standard_library() {
  local build vendor libraries
  vendor=$(dpkg -L rust-web-src | grep -m 1 -x '/usr/src/.*/library/vendor')
  libraries=$(rustc --print target-libdir --target "$target")
  build=$(mktemp -d "$rust_home/std.XXXXXX")
  mkdir -p "$build/src" "$build/.cargo"
  : >"$build/src/lib.rs"
  printf '[package]\nname = "library"\nversion = "0.0.0"\n[lib]\ncrate-type = ["cdylib"]\n' >"$build/Cargo.toml"
  printf '[source.crates-io]\nreplace-with = "packaged"\n[source.packaged]\ndirectory = "%s"\n' "$vendor" \
    >"$build/.cargo/config.toml"
  run_with_progress "building the standard library for $target (about a minute)" 1200 \
    env -C "$build" -u CARGO_BUILD_TARGET -u RUSTC_WRAPPER CARGO_TARGET_DIR="$build/target" \
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
    /usr/bin/cargo build --release --target "$target" -Z build-std=std,panic_abort || return 1
  "${as_root[@]}" rm -rf "$libraries"
  "${as_root[@]}" mkdir -p "$libraries"
  "${as_root[@]}" cp "$build/target/$target/release/deps"/lib*.rlib "$libraries/"
  rm -rf "$build"
  say "put $(find "$libraries" -name '*.rlib' | wc -l) libraries into $libraries"
}

# ---- nothing worked
# ----------------------------------------------------------------------------------------------------

explain_failure() {
  echo
  echo "$label: no Rust toolchain here builds for $target, and none could be provided."
  printf '  tried: %s\n' "${tried[@]}"
  cat <<EOF
  do one of these, then run the same command again:
    - with rustup (https://rustup.rs):  rustup update && rustup target add $target
    - on Debian, with its packages:     as root, scripts/${0##*/} --route debian
  Rust $minimum or newer is needed.
EOF
}

main "$@"
