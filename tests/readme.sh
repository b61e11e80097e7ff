#!/usr/bin/env bash
# Runs every `$` line of README, in order, in one shell, and compares what it prints with what README prints below it.
# Two arguments: the binary, README.md.
#
# The setting README promises: pistachio, curl and jq are there, nothing serves yet. The lines run as they stand; only the
# port is another, so that a server on 8080 does not matter: PISTACHIO_LISTEN and PISTACHIO_URL say so to pistachio,
# --connect-to to curl. Times ("age", "oldest_s") may be any number, and "…" in README stands for anything.
set -u
binary=$(realpath "${1:?usage: readme.sh BINARY README}")
readme=$(realpath "${2:?usage: readme.sh BINARY README}")
source "$(dirname "$0")/support/black_box.sh"
mkdir "$room/bin" "$room/home"
ln -s "$binary" "$room/bin/pistachio"
export PATH=$room/bin:$PATH HOME=$room/home PISTACHIO_LISTEN=127.0.0.1:0
unset PISTACHIO_URL XDG_STATE_HOME STATE_DIRECTORY
cd "$room/home" || exit 1
trap 'exec 2>/dev/null; kill $(jobs -p); wait; rm -rf "$room"' EXIT

port=
curl() { command curl --silent --show-error --connect-to "127.0.0.1:8080:127.0.0.1:$port" "$@"; }

plain() { sed -E "s/127\.0\.0\.1:${port:-none}\b/127.0.0.1:8080/g; s/\"(age|oldest_s)\":[0-9.]+/\"\1\":0/g"; }

# Quoted, but for "…": a pattern.
pattern_of() {
  local quoted=$1
  quoted=${quoted//\\/\\\\}
  quoted=${quoted//\*/\\*}
  quoted=${quoted//\?/\\?}
  quoted=${quoted//\[/\\[}
  printf '%s' "${quoted//…/*}"
}

answered() { # answered FILE EXPECTED: FILE holds it
  local printed
  printed=$(plain <"$1")
  # shellcheck disable=SC2053 # a pattern
  [[ $printed == $(pattern_of "$2") ]]
}

run() { # run LINE EXPECTED
  local out=$room/out.$((passed + failed))
  eval "$1" >"$out" 2>&1 </dev/null
  # What runs in the background says in its own time what README prints.
  case $1 in *'&') until_true 10 grep -q . "$out" ;; esac
  if grep -q 'serving http' "$out"; then
    port=$(sed -nE 's/.*serving http:\/\/127\.0\.0\.1:([0-9]+).*/\1/p' "$out")
    export PISTACHIO_URL=http://127.0.0.1:$port/messages
  fi
  if answered "$out" "$2"; then check "$1" "" ""; else check "$1" "$(plain <"$out")" "$2"; fi
}

command="" expected="" inside=no
while IFS= read -r line; do
  case $inside:$line in
    yes:'$ '* | yes:'```')
      [ -z "$command" ] || run "$command" "$(printf '%s' "$expected" | plain)"
      command=${line#'$ '} expected=""
      [ "$line" != '```' ] || command="" inside=no ;;
    yes:*) expected+=${expected:+$'\n'}$line ;;
    no:'```'*) inside=yes ;;
  esac
done <"$readme"
check "README has lines to run" "$((passed + failed > 10))" 1
finish
