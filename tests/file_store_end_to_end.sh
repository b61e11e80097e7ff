#!/usr/bin/env bash
# The built binary with its file store: kill -9 under load, an end in order, the default directory, a second server, a
# full disk. One argument: the binary. Waits for what can be observed, with a bound; never for a while.
set -u
binary=$(realpath "${1:?usage: file_store_end_to_end.sh BINARY}")
source "$(dirname "$0")/support/black_box.sh"
trap 'exec 2>/dev/null; kill -9 "${servers[@]}"; umount "$room/small"; rm -rf "$room"' EXIT
store=()  # each start names its own

stop() {  # stop SIGNAL
  kill "-$1" "$server"
  wait "$server" 2>/dev/null
}

status() { curl -s -o "$room/body" -w '%{http_code}' "$@"; }
acknowledged() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# Pushes 0, 1, 2 … one after the other, and notes each that is answered 201.
push_and_note() {  # push_and_note ENDPOINT FILE
  local i=0
  while [ "$(curl -s -o /dev/null -w '%{http_code}' -d "$i" "$url/$1")" = 201 ]; do
    echo $i >>"$2"
    i=$((i + 1))
  done
}

# ---- kill -9 under load, again and again
directory=$room/killed
for round in 1 2 3 4; do
  start "killed$round" --store "file:$directory"
  pushers=()
  for queue in a b c; do
    : >"$room/$queue.acknowledged"
    push_and_note "$queue" "$room/$queue.acknowledged" &
    pushers+=($!)
  done
  until_true 30 acknowledged "$room/a.acknowledged" $((15 * round))
  stop KILL
  wait "${pushers[@]}"
  start "after$round" --store "file:$directory"
  for queue in a b c; do
    "$binary" listen "$queue" --drain >"$room/$queue.got"
    check "round $round: what was acknowledged to $queue is there, in order" \
      "$(head -n "$(wc -l <"$room/$queue.acknowledged")" "$room/$queue.got" | cmp - "$room/$queue.acknowledged" && echo same)" same
    check "round $round: and at most one more, whose answer was cut off" \
      "$(($(wc -l <"$room/$queue.got") - $(wc -l <"$room/$queue.acknowledged") <= 1))" 1
  done
  stop TERM
done

# ---- an end in order
start order --store "file:$room/order" --namespace shop
"$binary" push jobs 1
"$binary" push jobs 2
check "a plain poll takes the first" "$(curl -s "$url/jobs")" 1
stop TERM
check "a server that drained ends with 0" "$?" 0
start order2 --store "file:$room/order" --namespace shop
check "after an end in order what was taken does not come back" "$("$binary" listen jobs --drain)" 2
check "the ready line names the store" "$(grep -c "store file:$room/order$" "$room/order2.log")" 1
"$binary" push jobs 3
check "sqlite3 can look while it serves" "$(sqlite3 "$room/order/messages.db" 'SELECT endpoint, body FROM messages')" 'shop:jobs|3'
sqlite3 "$room/order/messages.db" ".backup '$room/copy.db'"
check "and .backup copies what is there" "$(sqlite3 "$room/copy.db" 'SELECT body FROM messages')" 3
"$binary" serve --listen 127.0.0.1:0 --store "file:$room/order" 2>"$room/second"
check "a second server in the directory ends with 1" "$?" 1
check "and one line that names the first" "$(grep -c "process $server serves from it" "$room/second") $(wc -l <"$room/second")" "1 1"
stop TERM

# ---- where messages rest by default
env -u STATE_DIRECTORY XDG_STATE_HOME="$room/state" "$binary" serve --listen 127.0.0.1:0 2>"$room/default.log" &
server=$!
servers+=("$server")
until_true 20 grep -qs 'serving' "$room/default.log"
check "by default it is under XDG_STATE_HOME" "$(grep -c "store file:$room/state/pistachio$" "$room/default.log")" 1
check "for its owner only" "$(stat -c %a "$room/state/pistachio")" 700
stop TERM

# ---- files that cannot be used
for what in text newer short; do
  mkdir "$room/$what"
  case $what in
    text) echo 'this is no database' >"$room/$what/messages.db" ;;
    newer) cp "$room/copy.db" "$room/$what/messages.db"; sqlite3 "$room/$what/messages.db" 'PRAGMA user_version = 77' ;;
    short) head -c 9000 "$room/copy.db" >"$room/$what/messages.db" ;;
  esac
  before=$(sha256sum <"$room/$what/messages.db")
  "$binary" serve --listen 127.0.0.1:0 --store "file:$room/$what" 2>"$room/err"
  check "a store that is $what ends it with 1" "$?" 1
  check "one line says so ($what)" "$(wc -l <"$room/err")" 1
  check "and it is left as it is ($what)" "$(sha256sum <"$room/$what/messages.db")" "$before"
done

start damaged --store "file:$room/damaged"
seq 20000 | "$binary" push jobs --lines >"$room/out"
stop KILL
log=$room/damaged/messages.db-wal
dd if=/dev/urandom of="$log" bs=4096 seek=$(($(stat -c %s "$log") / 8192)) count=3 conv=notrunc status=none
before=$(cat "$room/damaged/messages.db" "$log" | sha256sum)
"$binary" serve --listen 127.0.0.1:0 --store "file:$room/damaged" 2>"$room/err"
check "a log with damage in its middle ends it with 1" "$?" 1
check "and one line that names the log" "$(grep -c 'its log messages.db-wal is damaged (frame ' "$room/err") $(wc -l <"$room/err")" "1 1"
check "and both files are left as they are" "$(cat "$room/damaged/messages.db" "$log" | sha256sum)" "$before"

touch "$room/file"
"$binary" serve --listen 127.0.0.1:0 --store "file:$room/file" 2>"$room/err"
check "a file instead of a directory ends it with 1, in one line" "$? $(wc -l <"$room/err")" "1 1"

# ---- a disk that is really full
mkdir "$room/small"
if mount -t tmpfs -o size=24m none "$room/small" 2>/dev/null; then
  start small --store "file:$room/small/store"
  head -c 100000 /dev/zero | tr '\0' x >"$room/large"
  taken=0
  while [ "$(status --data-binary @"$room/large" "$url/big")" = 201 ]; do taken=$((taken + 1)); done
  check "pushes to a full disk are answered 507" "$(status --data-binary @"$room/large" "$url/big")" 507
  check "after some were taken" "$((taken > 20))" 1
  check "it is ready all the same" "$(status "${url%/messages}/readyz")" 200
  settled=0
  while [ $settled -lt 20 ]; do
    [ "$(curl -s "$url/big?wait=0" | wc -c)" = 100000 ] || break
    settled=$((settled + 1))
  done
  check "polls go on" "$settled" 20
  receipt=$(curl -si "$url/big?lease=60" | tr -d '\r' | sed -n 's/^Pistachio-Receipt: //p' | head -1)
  check "so do settlements" "$(status -X DELETE "$url/big/$receipt")" 204
  pushes_again() { [ "$(status -d small "$url/big")" = 201 ]; }
  until_true 10 pushes_again
  check "pushes work again when there is room, without a restart" "$?" 0
  stop KILL
  start small2 --store "file:$room/small/store"
  check "what was acknowledged is there after a kill" "$(curl -sI "$url/big" | tr -d '\r' | sed -n 's/^Pistachio-Queued: //p')" $((taken - 20))
  stop TERM
else
  echo "NOT RUN: a really full disk (needs to mount a tmpfs, as root)"
fi

finish
