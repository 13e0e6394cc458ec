#!/usr/bin/env bash
# Prerequisites: what set-up needs and does not bring itself. (this machine) -> path of the Python to use.
#
# usage: check_prerequisites.sh FILE     FILE gets the path of a Python >= 3.11 that can make virtual
#   environments.
# Looks for all of it before saying anything. What is missing is installed from Debian's packages where that
# needs no password; else one message names it all, and how to get it. Exit status: 0 all there, 1 it is not.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
label=machine
# shellcheck source=scripts/progress.sh
. "$here/progress.sh"

# A virtual environment made with the Python of the one that it replaces would break with it.
PATH=${PATH//"$(dirname "$here")/.venv/bin:"/}
python=

main() {
  look
  if ((${#missing[@]})) && install_missing; then look; fi
  if ((${#missing[@]})); then
    explain_missing >&2
    return 1
  fi
  say "$("$python" --version) at $python, git, a C compiler: all there"
  mkdir -p "$(dirname "$1")"
  echo "$python" >"$1"
}

look() {
  missing=() packages=()
  hash -r
  look_for_python
  command -v git >/dev/null || need "git" git
  c_compiler_works || need "a C compiler with its library (it links crates' build scripts)" gcc libc6-dev
  certificates_are_there || need "certificates of the public authorities (for https)" ca-certificates
}

need() {
  missing+=("$1")
  packages+=("${@:2}")
}

# `python3` first: what this person chose. pyenv puts names into PATH that do not start: only running one
# shows what it is.
look_for_python() {
  local name found version
  for name in python3 python3.13 python3.12 python3.11; do
    found=$(command -v "$name") || continue
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    at_least "$version" 3.11 || continue
    python=$("$found" -c 'import sys; print(sys.executable)')
    "$python" -c 'import venv, ensurepip' 2>/dev/null && return
    need "the module venv of Python $version ($python)" "python$version-venv"
    return
  done
  need "Python 3.11 or newer, with its module venv" python3 python3-venv
}

c_compiler_works() {
  local program works=1
  command -v cc >/dev/null || return 1
  program=$(mktemp)
  cc -x c -o "$program" - <<<'#include <stdio.h>
int main(void) { return puts("") < 0; }' 2>/dev/null && works=0
  rm -f "$program"
  return "$works"
}

certificates_are_there() {
  [[ -n ${SSL_CERT_FILE:-} || -s /etc/ssl/certs/ca-certificates.crt || -s /etc/pki/tls/certs/ca-bundle.crt ||
    -s /etc/ssl/cert.pem ]]
}

install_missing() {
  command -v apt-get >/dev/null && can_be_root || return 1
  say "missing: $(joined); installing it from Debian's packages"
  apt_update || say "apt-get update failed; going on with the package lists that are here"
  apt_install "${packages[@]}"
}

joined() {
  local all
  all=$(printf '%s; ' "${missing[@]}")
  echo "${all%; }"
}

explain_missing() {
  echo
  echo "$label: this is missing before ci-wasm can be set up:"
  printf '  - %s\n' "${missing[@]}"
  if command -v apt-get >/dev/null; then
    echo "install it, then run the same command again:"
    echo "  sudo apt-get update && sudo apt-get install -y ${packages[*]}"
  else
    echo "install it with this system's packages, then run the same command again; Debian calls them:"
    echo "  ${packages[*]}"
  fi
}

main "$@"
