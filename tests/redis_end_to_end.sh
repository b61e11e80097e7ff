#!/usr/bin/env bash
# The built binary with a real Redis, killed as machines kill, and with the 2010 gem's way of using Redis from Ruby. One
# argument: the binary. Ends with 77, which ctest calls skipped, where there is no redis-server.
set -u
binary=$(realpath "${1:?usage: redis_end_to_end.sh BINARY}")
if ! command -v redis-server >/dev/null; then
  echo "SKIPPED: redis-server is not installed (Debian: apt-get install redis-server)"
  exit 77
fi
source "$(dirname "$0")/support/black_box.sh"

redis_url=redis+unix://$room/redis.sock
redis() { redis-cli -s "$room/redis.sock" "$@"; }
answers() { [ "$(redis ping 2>/dev/null)" = PONG ]; }
start_redis() {
  redis-server --port 0 --unixsocket "$room/redis.sock" --dir "$room" --save '' --appendonly yes --appendfsync always \
    --logfile "$room/redis.log" &
  redis_process=$!
  servers+=("$redis_process")
  until_true 20 answers || { echo "redis-server did not start:"; cat "$room/redis.log"; exit 1; }
}

store=(--store "$redis_url" --namespace myapp)

status() { curl -s -m 40 -o "$room/body" -w '%{http_code}' "$@"; }
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
waits() { [ "$(curl -sI "$url/$1" | tr -d '\r' | sed -n 's/^Pistachio-Waiting: //p')" = "$2" ]; }
ready() { [ "$(curl -s "${url%/messages}/readyz")" = ok ]; }
not_ready() { ! ready; }

start_redis
start first
first=$server
first_url=$url
start second

# ---- other programs
redis rpush myapp:jobs $'a\nb' >/dev/null
check "what redis-cli pushes is polled byte for byte" "$(curl -s "$url/jobs")" $'a\nb'
curl -s -o /dev/null -d 'plain' "$url/jobs"
check "what is pushed over HTTP is popped as it is" "$(redis lpop myapp:jobs)" plain
curl -s -m 40 "$url/parked" >"$room/parked" &
poll=$!
until_true 10 waits parked 1
redis rpush myapp:parked woken >/dev/null
wait $poll
check "a parked poll is woken by another program's push" "$(cat "$room/parked")" woken
redis set '{myapp:broken}:delay' x >/dev/null
for _ in 1 2; do
  check "a poll is told, not kept waiting, where nothing that is due can be handed out" "$(status "$url/broken?wait=20")" 503
  check "and what is to be removed" "$(grep -c '{myapp:broken}:delay' "$room/body")" 1
done
check "the log has it once" "$(grep -c 'cannot be handed out' "$room/second.log")" 1
"$binary" push --redis "$redis_url" --namespace myapp direct 'no server'
check "push --redis puts a plain element into the list" "$(redis lrange myapp:direct 0 -1)" "no server"
check "and a listener gets it" "$("$binary" listen direct --once --url "$first_url")" "no server"

if ruby -e 'require "redis"' 2>/dev/null; then
  redis_from_ruby() { ruby -e "require 'redis'; redis = Redis.new(path: '$room/redis.sock'); $1"; }
  redis_from_ruby 'redis.rpush("myapp:ruby", [0, 255, 10].pack("C*") + "from ruby")'
  curl -s -o "$room/from" "$url/ruby"
  check "what Ruby pushes as the gem did arrives byte for byte" "$(hex "$room/from")" "00ff0a66726f6d2072756279"
  (redis_from_ruby 'print redis.blpop("myapp:ruby", timeout: 20).last' >"$room/to") &
  popping=$!
  until_true 10 sh -c "redis-cli -s '$room/redis.sock' info clients | grep -q blocked_clients:1"
  printf '\0\377to ruby' | curl -s -o /dev/null --data-binary @- "$url/ruby"
  wait $popping
  check "what is pushed over HTTP is popped by Ruby as the gem did" "$(hex "$room/to")" "00ff746f2072756279"
else
  echo "SKIPPED: nothing was exchanged with Ruby, which is not installed with its redis gem (Debian: apt-get install ruby ruby-redis)"
fi

# ---- a server that is killed while it holds a message
redis rpush myapp:work important >/dev/null
check "a leased poll gets it" "$(curl -s "$url/work?lease=2")" important
kill -9 "$server"
check "another server gives out what the killed one held" "$(curl -s -m 40 "$first_url/work?wait=30")" important

# ---- Redis is killed under parked polls
url=$first_url
curl -s -o /dev/null -d 'durable' "$url/kept"
curl -s -m 40 "$url/parked" >"$room/parked" &
poll=$!
until_true 10 waits parked 1
kill -9 "$redis_process"
until_true 10 not_ready
check "a push to a Redis that is away is 503" "$(status -d x "$url/kept")" 503
check "and says what is wrong" "$(grep -c 'cannot use redis+unix:' "$room/body")" 1
start_redis
before=$(date +%s%N)
until_true 10 ready
back=$(( ($(date +%s%N) - before) / 1000000 ))
check "it is taken again within a second ($back ms)" "$([ $back -le 1000 ] && echo yes)" yes
redis rpush myapp:parked late >/dev/null
wait $poll
check "the poll that was parked all the while is answered" "$(cat "$room/parked")" late
check "what Redis had acknowledged is there" "$(curl -s "$url/kept")" durable

# ---- the end
curl -s -o /dev/null -d 'left' "$url/left"
check "a message polled just before the end" "$(curl -s "$url/left")" left
kill -TERM "$first"
wait "$first"
check "a server that drained ends with 0" "$?" 0
check "and has settled what was received" "$(redis exists '{myapp:left}:lease')" 0

# ---- starts that must fail
refused() { timeout 40 "$binary" serve --store "$1" --listen 127.0.0.1:0 2>"$room/err"; }
refused redis://127.0.0.1:1
check "a Redis that is not there is exit status 1" "$?" 1
check "and one clear line" "$(grep -c 'cannot connect' "$room/err") $(wc -l <"$room/err")" "1 1"
refused redis+sentinel://localhost:26379/main
check "Sentinel is refused" "$? $(grep -c 'Sentinel' "$room/err")" "1 1"
refused redis+cluster://localhost:7000
check "Cluster is refused" "$? $(grep -c 'Cluster' "$room/err")" "1 1"
finish
