# For scripts that try the built binary, which sources them with $binary set. A room of its own, checks that are counted,
# servers on free ports that end with the script, and waiting for what can be observed; never for a while.
room=$(mktemp -d "${TMPDIR:-/tmp}/pistachio-XXXXXX")
servers=()
trap 'exec 2>/dev/null; kill -9 "${servers[@]}"; rm -rf "$room"' EXIT
passed=0
failed=0
store=(--store memory:)  # what start() says of where messages rest

check() {  # check SENTENCE ACTUAL EXPECTED
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n  got:      %q\n  expected: %q\n' "$1" "$2" "$3"
  fi
}

# The last line of a script: how many checks there were, and the exit status.
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

# until_true SECONDS COMMAND...: asks again and again until it succeeds.
until_true() {
  local give_up=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $give_up ] || return 1
    read -r -t 0.02 <> <(:) || true  # a pause that is not a guess: the question is asked again
  done
}

# terminate_again_and_again PID: SIGTERM as often as possible for 0.1 s, all of it one wish; of two alone, both could come
# as one.
terminate_again_and_again() {
  local last=$((${EPOCHREALTIME/[.,]/} + 100000))
  while kill -TERM "$1" && [ "${EPOCHREALTIME/[.,]/}" -lt $last ]; do :; done 2>/dev/null
}

# start NAME ARGUMENTS...: a server on a free port; sets $server and $url.
start() {
  local log=$room/$1.log
  shift
  "$binary" serve "${store[@]}" --listen 127.0.0.1:0 "$@" 2>"$log" &
  server=$!
  servers+=("$server")
  until_true 20 grep -qs 'serving' "$log" || { echo "the server did not start:"; cat "$log"; exit 1; }
  url=$(grep -o 'http://[^, ]*' "$log" | head -1)
  export PISTACHIO_URL=$url
}
