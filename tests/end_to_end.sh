#!/usr/bin/env bash
# The built binary as a person uses it: serve, curl, push, listen | jq, kill -9, SIGTERM. One argument: the binary.
# Waits for what can be observed (a line, a number, an exit), with a bound; never for a while.
set -u
binary=$(realpath "${1:?usage: end_to_end.sh BINARY}")
source "$(dirname "$0")/support/black_box.sh"

status() { curl -s -o "$room/body" -w '%{http_code}' "$@"; }
waits() { [ "$(curl -sI "$url/$1" | tr -d '\r' | sed -n 's/^Pistachio-Waiting: //p')" = "$2" ]; }

# ---- one server, curl alone
start first --namespace myapp
check "a push is answered 201 and an id" "$(curl -s -d hello "$url/foobar")" '{"id":"1"}'
check "a poll gets the message's exact bytes" "$(curl -s "$url/foobar")" "hello"
check "a poll that ends empty is 504" "$(status "$url/foobar?wait=0")" 504
check "and says so in 28 bytes" "$(cat "$room/body")" "Timeout waiting for response"
check "a bad name is 400" "$(status "$url/.foobar")" 400
curl -s "$url/parked" >"$room/parked" &
poll=$!
until_true 10 waits parked 1
curl -s -o /dev/null --data-binary $'two\nlines' "$url/parked"
wait $poll
check "a parked poll is woken by a push" "$(cat "$room/parked")" $'two\nlines'
head -c 200000 /dev/urandom >"$room/bytes"
curl -s -o /dev/null --data-binary @"$room/bytes" "$url/bytes"
curl -s -o "$room/back" "$url/bytes"
check "random bytes pass unchanged" "$(cmp "$room/bytes" "$room/back" && echo same)" "same"

# ---- the commands
"$binary" push foobar '{"n":1}'
check "push prints nothing and ends with 0" "$?" 0
echo '{"n":2}' | "$binary" push foobar
printf '{"n":3}' >"$room/file"
"$binary" push foobar --file "$room/file"
check "listen prints what was pushed, for jq" "$("$binary" listen foobar -n 3 | jq -c .n | paste -sd,)" "1,2,3"
"$binary" listen nothing --once --wait 0.1 >/dev/null
check "listen --once that finds nothing ends with 3" "$?" 3
for i in 1 2 3; do "$binary" push many "$i"; done
check "listen | head -1 takes one message for good" "$("$binary" listen many | head -1)" "1"
until_true 10 waits many 0
check "and leaves the others, in order" "$("$binary" listen many --drain | paste -sd,)" "2,3"
"$binary" push '.bad' x 2>"$room/err"
check "a bad endpoint name is wrong usage" "$?" 2
"$binary" push foobar x --url http://127.0.0.1:1/messages --retry-for 0 2>"$room/err"
check "an unreachable server is exit status 4" "$?" 4

# ---- a listener that is killed loses nothing
"$binary" push work important
"$binary" listen work --lease 1 --exec 'kill -9 $PPID' >/dev/null 2>&1
"$binary" listen work --once --wait 20 >"$room/again" 2>"$room/err"
check "a message whose listener was killed is delivered again" "$(cat "$room/again")" "important"

# ---- signals at once, as timeout(1) sends them, are one wish
queues() { [ "$(curl -sI "$url/$1" | tr -d '\r' | sed -n 's/^Pistachio-Queued: //p')" = "$2" ]; }
mkfifo "$room/unread"
exec 8<>"$room/unread"
seq 10 | "$binary" push batch --lines
"$binary" listen batch --batch 10 >"$room/unread" &
listener=$!
until_true 10 queues batch 0
terminate_again_and_again $listener
wait $listener
check "listen gives back what was not read" "$(queues batch 10 && echo all)" "all"
exec 8<&-

# ---- a pipe that two listeners share: the first that ends gives it its size back
mkfifo "$room/shared"
exec 8<>"$room/shared"
"$binary" listen first -n 1 >"$room/shared" &
listener=$!
"$binary" listen second >"$room/shared" &
servers+=($!)
until_true 10 waits first 1
until_true 10 waits second 1
"$binary" push first one
read -r line <&8
wait $listener
seq 5 | "$binary" push second --lines
until_true 10 queues second 4
read -r line <&8
check "a message in a shared pipe comes to its reader" "$line" 1
until_true 10 queues second 3
check "and the others wait until it is read" "$(queues second 3 && echo wait)" "wait"
exec 8<&-

# ---- the end
curl -s -o "$room/drained" -w '%{http_code} %header{retry-after}' "$url/foobar" >"$room/drained.status" &
poll=$!
until_true 10 waits foobar 1
kill -TERM "$server"; kill -TERM "$server"
wait "$server"
check "a server that drained ends with 0, also by two signals at once" "$?" 0
wait $poll
check "its parked polls are answered 504 with a Retry-After" \
  "$(sed -E 's/ [1-5]$/ soon/' "$room/drained.status")" "504 soon"

# ---- signals that come together are one, however little there is to do
rounds=0
unwell=0
while [ $rounds -lt 8 ] && [ $unwell = 0 ]; do
  start "idle$rounds"
  begun=${EPOCHREALTIME/[.,]/}
  terminate_again_and_again "$server"
  wait "$server"
  ended=$?
  # What ends later than 0.2 s after the first signal may have had a second wish, on a busy machine: that round says
  # nothing and is repeated.
  if [ $ended = 0 ]; then
    rounds=$((rounds + 1))
  elif [ $((${EPOCHREALTIME/[.,]/} - begun)) -lt 200000 ]; then
    unwell=$ended
  fi
done
check "an idle server ends with 0, whenever the second of two signals comes" "$unwell" 0

# ---- starts that must fail
start second
"$binary" serve --store memory: --listen "${url#http://}" 2>"$room/err"
check "an address with a path is wrong usage" "$?" 2
port=${url##*:}
"$binary" serve --store memory: --listen "127.0.0.1:${port%%/*}" 2>"$room/err"
check "a port in use is exit status 1" "$?" 1
check "and one clear line" "$(grep -c 'address already in use' "$room/err") $(wc -l <"$room/err")" "1 1"
"$binary" serve --store memory: --listen 0.0.0.0:0 2>"$room/err"
check "an open address without --open is refused" "$?" 1
"$binary" serve --store nonsense: 2>"$room/err"
check "an unknown store is refused" "$?" 1

finish
