#!/usr/bin/env bash
# The completions as a person at the keyboard gets them: bash and fish complete lines against a real server; zsh only
# parses its file, since its completion needs a terminal. Two arguments: the binary, the folder completions/.
set -u
binary=$(realpath "${1:?usage: completions.sh BINARY FOLDER}")
folder=$(realpath "${2:?usage: completions.sh BINARY FOLDER}")
source "$(dirname "$0")/support/black_box.sh"
mkdir "$room/bin"
ln -s "$binary" "$room/bin/pistachio"
# Half a second is enough for a person's binary, not for one with sanitizers on a busy machine: this timeout notes what it
# is asked for and gives more.
cat >"$room/bin/timeout" <<TXT
#!/bin/sh
echo "\$1" >>"$room/bounds"
shift
exec $(command -v timeout) "\${PATIENCE:-20}" "\$@"
TXT
chmod +x "$room/bin/timeout"
PATH=$room/bin:$PATH

start other --path /other
other=$url
curl -s -o /dev/null -d x "$other/far"
# A server that takes connections and says nothing: what a completion must not wait for.
start silent --path /silent
silent=$url
kill -STOP "$server"
start first
for name in jobs jobs.dead foobar; do curl -s -o /dev/null -d x "$url/$name"; done

# ---- bash
source "$folder/pistachio.bash"
in_bash() { # in_bash LINE: what is offered at its end, in order, sorted
  local torn=${1//[=:]/ & }
  COMP_LINE=$1
  COMP_POINT=${#1}
  read -ra COMP_WORDS <<<"$torn"
  case $1 in *' ') COMP_WORDS+=("") ;; esac
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _pistachio 2>"$room/said"
  [ -s "$room/said" ] && echo "it said: $(cat "$room/said")"
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
}
# ---- fish
in_fish() {
  printf 'source %q\ncomplete -C %q\n' "$folder/pistachio.fish" "$1" >"$room/line.fish"
  fish --no-config "$room/line.fish" 2>&1 | cut -f1 | sort | paste -sd' '
}

shells=(bash)
if command -v fish >/dev/null; then shells+=(fish); else echo "fish is not installed: its completion was not tried"; fi
for shell in "${shells[@]}"; do
  offers() { check "$shell: $1" "$(in_$shell "$1")" "$2"; }
  offers "pistachio " "listen peek purge push redrive serve stats"
  offers "pistachio s" "serve stats"
  offers "pistachio --config file pee" "peek"
  offers "pistachio purge --y" "--yes"
  offers "pistachio serve --log-level " "debug error info off trace warn"
  offers "pistachio listen --format " "json raw"
  offers "pistachio listen " "foobar jobs jobs.dead"
  offers "pistachio listen --once jobs j" "jobs jobs.dead"
  offers "pistachio push --ttl 3 f" "foobar"
  offers "pistachio push jobs " ""
  offers "pistachio redrive " "jobs"
  offers "pistachio listen --url $other " "far"
  offers "pistachio listen --url=$other f" "far"
  offers "pistachio listen --url http://127.0.0.1:1/messages " ""
  begun=$SECONDS
  PATIENCE=0.5 offers "pistachio listen --url $silent " ""
  check "$shell: a server that says nothing does not hold the line up" "$((SECONDS - begun < 15))" 1
  offers "pistachio push --file $room/bi" "$room/bin$([ "$shell" = fish ] && echo /)"
done
check "bash: pistachio serve --log-format=j" "$(in_bash "pistachio serve --log-format=j")" "json"

check "a server has half a second to answer" "$(sort -u "$room/bounds")" "0.5"

# ---- zsh
if command -v zsh >/dev/null; then
  zsh -n "$folder/_pistachio"
  check "zsh reads its completion" "$?" 0
else
  echo "zsh is not installed: its completion was not read"
fi
finish
