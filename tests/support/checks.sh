# What the end-to-end scripts share: sourced, not run.
passed=0
failed=0

check() {  # check SENTENCE ACTUAL EXPECTED
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n  got:      %q\n  expected: %q\n' "$1" "$2" "$3"
  fi
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

# finish: the last command of a script; its status is the script's.
finish() {
  echo "$passed passed, $failed failed"
  [ $failed -eq 0 ]
}
