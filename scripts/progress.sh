# shellcheck shell=bash
# Progress: what the set-up scripts do, in plain lines with elapsed seconds. (label, commands) -> lines on
# stdout. Sourced, never run. The sourcing script sets `label`.

running_job=

say() { printf '%s: %3d s  %s\n' "${label:?}" "$SECONDS" "$*"; }

stop_running_job() {
  [[ -z $running_job ]] || kill "$running_job" 2>/dev/null || true
}
# bash starts background jobs with SIGINT ignored: without this, Ctrl-C would leave the job behind.
trap stop_running_job EXIT
trap 'exit 130' INT TERM

# run_with_progress WHAT LIMIT COMMAND...: runs COMMAND for at most LIMIT seconds, its output kept in a file;
# a line every ten seconds shows the newest line of it, and a failure shows its end. Returns COMMAND's status,
# 124 when time ran out.
run_with_progress() {
  local what=$1 limit=$2 output status=0 next
  shift 2
  output=$(mktemp)
  say "$what"
  timeout --kill-after=10 "$limit" "$@" >"$output" 2>&1 </dev/null &
  running_job=$!
  next=$((SECONDS + 10))
  while kill -0 "$running_job" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS >= next)); then
      say "  still at it: $(newest_line "$output")"
      next=$((SECONDS + 10))
    fi
  done
  wait "$running_job" || status=$?
  running_job=
  if ((status != 0)); then
    ((status != 124)) || echo "(stopped: $limit s had passed)" >>"$output"
    tail -n 15 "$output" | sed 's/^/    | /'
  fi
  rm -f "$output"
  return "$status"
}

newest_line() {
  tail -c 4000 "$1" | tr '\r' '\n' | sed -E '/^[[:space:]]*$/d; s/^[[:space:]]+//' | tail -n 1 | cut -c 1-90
}

# As root, or with sudo where it asks for no password; `as_root` is empty for root. Fails where neither is so.
can_be_root() {
  as_root=()
  [[ $(id -u) == 0 ]] && return 0
  as_root=(sudo -n)
  command -v sudo >/dev/null && sudo -n true 2>/dev/null
}

apt_update() {
  run_with_progress "apt-get update" 300 "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 -q update
}

apt_install() {
  run_with_progress "apt-get install $*" 1200 "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=120 -q -y --no-install-recommends install "$@"
}

# at_least HAVE WANT: compares dotted versions.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }
