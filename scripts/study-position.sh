#!/bin/sh
# The study of the position strategies: for each one a redis-server and a gateway of its own, a crowd that gathers, then a ladder
# of rates at which it only asks for its status; then all ladders on one page. The sale does not open, so nothing but status
# calls is measured. KEYS looks at every key for each call, so a small crowd is enough to break it, and all strategies climb
# with that crowd as far as KEYS gets; the others climb the whole ladder with the large one as well.
#
# Usage: scripts/study-position.sh [--out DIR] [--page-only]
#   --out DIR    where the page goes, and each ladder's own report below it [reports/runs/study-position-TIME]
#   --page-only  keep ladders.html, ladders.json and ladders.md, and of each ladder only report.json
# Settings, by environment:
#   STUDY_SECONDS     of each rung [5]
#   STUDY_RATES       the rungs, in status calls per second, ascending [100 250 500 1000 2000 5000 10000 20000 30000]
#   STUDY_USERS       the large crowd [300000]; none when it equals the small one
#   STUDY_KEYS_USERS  the small crowd [5000]; gathering it with KEYS takes about (users / 1000)² seconds
#   STUDY_STRATEGIES  [keys index watermark]
#   STUDY_BIN         where the programs are [build/release/bin]
# Exits 0 when the page was written, 2 for a wrong setting, 3 when something could not run.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
page_only=no
out=reports/runs/study-position-$(date -u +%Y%m%dT%H%M%SZ)
seconds=${STUDY_SECONDS:-5}
rates=${STUDY_RATES:-100 250 500 1000 2000 5000 10000 20000 30000}
crowd=${STUDY_USERS:-300000}
small=${STUDY_KEYS_USERS:-5000}
strategies=${STUDY_STRATEGIES:-keys index watermark}
bin=${STUDY_BIN:-build/release/bin}

fail() { # CODE TEXT
  echo "study-position: $2" >&2
  exit "$1"
}
while [ $# -gt 0 ]; do
  case $1 in
    --out) [ $# -gt 1 ] || fail 2 "--out needs a directory"; out=$2; shift 2 ;;
    --page-only) page_only=yes; shift ;;
    *) fail 2 "'$1' is not an option; there are --out DIR and --page-only" ;;
  esac
done
for setting in "STUDY_SECONDS=$seconds" "STUDY_USERS=$crowd" "STUDY_KEYS_USERS=$small"; do
  case ${setting#*=} in
    ''|0*|*[!0-9]*) fail 2 "$setting is not a whole number above 0" ;;
  esac
done
for rate in $rates; do
  case $rate in ''|0*|*[!0-9]*) fail 2 "STUDY_RATES: '$rate' is not a whole number above 0" ;; esac
done
[ -n "$rates" ] || fail 2 "STUDY_RATES is empty"
for strategy in $strategies; do
  case $strategy in keys|index|watermark) ;; *) fail 2 "STUDY_STRATEGIES: '$strategy' is not keys, index or watermark" ;; esac
done

cd "$root"
for program in tacos-gateway tacos-load; do
  [ -x "$bin/$program" ] || fail 3 "$bin/$program is not there: run 'make build' first (make study-position does)"
done
command -v redis-server >/dev/null || fail 3 "there is no redis-server: scripts/bootstrap.sh test installs it"
mkdir -p "$out"

gateway=""
redis=""
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tacos-study-XXXXXX")
# Only what this script started, and in the order in which they lean on each other.
stop_system() {
  for process in $gateway $redis; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  gateway=""
  redis=""
}
trap 'stop_system; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# "5k" for 5000
short() { if [ $(($1 % 1000)) -eq 0 ]; then echo "$(($1 / 1000))k"; else echo "$1"; fi; }

# The stages in which a crowd gathers, as JSON. A join with KEYS looks at every key as well: about 0.4 us each on a quiet
# machine, so 700,000 keys a second leave room. The others gather as fast as is kind to the machine.
gather() { # STRATEGY USERS
  if [ "$1" = keys ]; then
    awk -v users="$2" 'BEGIN {
      for (low = users; low > 500; low = int(low / 2)) parts[++n] = low
      parts[++n] = low
      for (from = 0; n > 0; from = parts[n--]) {
        rate = int(7e5 / parts[n]); if (rate > 1000) rate = 1000; if (rate < 1) rate = 1
        sec = int((parts[n] - from + rate - 1) / rate) # whole seconds, so that rungs begin with an interval
        printf "{\"name\": \"gather %d\", \"rate\": %d, \"duration\": \"%ds\", \"warmup\": true},\n", parts[n], rate, sec
      }
      printf "{\"name\": \"settle\", \"rate\": 20, \"duration\": \"2s\", \"warmup\": true},\n"
    }'
  else
    rate=$(($2 / 4))
    [ "$rate" -le 12000 ] || rate=12000
    [ "$rate" -ge 1 ] || rate=1
    echo "{\"name\": \"gather\", \"rate\": $rate, \"duration\": \"$((($2 + rate - 1) / rate))s\", \"warmup\": true},"
    echo "{\"name\": \"settle\", \"rate\": $((rate / 5 + 1)), \"duration\": \"2s\", \"warmup\": true},"
  fi
}

# A poll interval of an hour: nobody's poll is due, so a slot is a newcomer as long as there is one, and then whoever has not
# asked for longest. A request that takes 2 s is given up: that is the result, not a fault of the run.
scenario() { # FILE STRATEGY USERS RATES
  {
    printf '{"schema": "tacos.scenario/1", "name": "position-%s-%s", "users": %s, "timeout": "2s",\n' "$2" "$(short "$3")" "$3"
    printf '"journey": {"kind": "queue", "event_id": "study-{run}", "poll": {"interval": "1h"}},\n'
    printf '"gates": ["errors < 1%%", "achieved >= 99%%", "p99(status) < 100ms"],\n"load": {"stages": [\n'
    gather "$2" "$3"
    separator=""
    for rate in $4; do
      printf '%s{"name": "%s", "rate": %s, "duration": "%ss", "rung": true}' "$separator" "$rate" "$rate" "$seconds"
      separator=",
"
    done
    printf '\n]}}\n'
  } >"$1"
}

start_system() { # STRATEGY HEARTBEAT_SECONDS
  home=$(mktemp -d "$scratch/XXXXXX")
  setsid redis-server --port 0 --unixsocket "$home/redis.sock" --save "" --appendonly no --dir "$home" >"$home/redis.log" 2>&1 &
  redis=$!
  store="unix://$home/redis.sock"
  setsid "$bin/tacos-gateway" --listen 127.0.0.1:0 --store "$store" --position "$1" --opening-delay 10h \
    --heartbeat-ttl "${2}s" >"$home/gateway.log" 2>&1 &
  gateway=$!
  url=""
  tries=0
  until [ -n "$url" ] && curl -fsS "$url/readyz" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$gateway" 2>/dev/null || ! kill -0 "$redis" 2>/dev/null; then
      cat "$home/redis.log" "$home/gateway.log" >&2
      fail 3 "Redis or the gateway did not get ready; their logs are above"
    fi
    sleep 0.1
    port=$(sed -n 's/.*127\.0\.0\.1:\([1-9][0-9]*\).*/\1/p' "$home/gateway.log" | head -n 1)
    [ -z "$port" ] || url="http://127.0.0.1:$port"
  done
}

# Nobody may be swept as absent while low rates come round to few of them, so heartbeats last for the ladder.
# shellcheck disable=SC2086  # one word for each rate
set -- $rates
heartbeat=$(($# * seconds + 60))
set --

climb() { # STRATEGY USERS RATES
  name="$1-$(short "$2")"
  scenario "$scratch/$name.json" "$1" "$2" "$3"
  start_system "$1" "$heartbeat"
  echo "study-position: $1, $2 users, at $3 status calls/s"
  status=0
  abort=""
  [ "$1" != keys ] || abort="--abort-on-breach=2s"
  "$bin/tacos-load" run "$scratch/$name.json" --target "$url" --report "$out/$name" --observe "gateway=pid:$gateway" \
    --observe "redis=$store" --quiet $abort >"$scratch/$name.txt" 2>&1 || status=$?
  # That a ladder broke, or the machine with it, is what the study is about.
  if [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || [ "$status" -gt 4 ]; then
    cat "$scratch/$name.txt" >&2
    fail 3 "the ladder of $1 could not run (tacos-load's exit code: $status)"
  fi
  stop_system
  "$bin/tacos-load" ladders "$1=$out/$name" >/dev/null ||
    fail 3 "the ladder of $1 shows nothing: when its rungs are all joins, the crowd could not gather in time (is the machine busy?); try fewer users"
}

ladders=""
reached=$rates
for strategy in $strategies; do
  climb "$strategy" "$small" "$reached"
  ladders="$ladders|$strategy $(short "$small")=$out/$strategy-$(short "$small")"
  [ "$strategy" = keys ] || continue
  # As far as KEYS got, the rung that broke included.
  ended=$("$bin/tacos-load" ladders "keys=$out/keys-$(short "$small")" --format json | sed -n 's/.*"ended_rps": \([0-9][0-9]*\).*/\1/p')
  [ -n "$ended" ] || continue
  reached=""
  for rate in $rates; do
    [ "$rate" -gt "$((ended + ended / 50 + 1))" ] || reached="$reached${reached:+ }$rate"
  done
done
if [ "$crowd" -ne "$small" ]; then
  for strategy in $strategies; do
    [ "$strategy" != keys ] || continue
    climb "$strategy" "$crowd" "$rates"
    ladders="$ladders|$strategy $(short "$crowd")=$out/$strategy-$(short "$crowd")"
  done
fi

old_ifs=$IFS
IFS='|'
# shellcheck disable=SC2086  # one word for each ladder
set -- ${ladders#|}
IFS=$old_ifs
"$bin/tacos-load" ladders "$@" --report "$out" --title "Where am I in line? Three ways to answer, and the rate at which each gives out" \
  --note "The scale: one machine with $(nproc) cores, on which the generator, one gateway and one Redis stood side by side and shared the cores; Redis over a unix socket, nothing on disk; one ladder after the other, $seconds s a rung. Ratios say more than absolute figures." \
  --note "The crowd gathered first, which is not in the figures, and the sale did not open: every request of a rung is a status call of somebody who waits. A call that took 2 s was given up and counts as failed." \
  --note "keys runs KEYS over one key for each user at every status call, and ends its ladder when a rung breaks; index asks a sorted set (ZRANK); watermark answers from what the gateway mirrors. KEYS looks at every key, so its knee falls as the crowd grows: $small users here." \
  --note "Heartbeats last $heartbeat s, so that nobody is swept as absent at low rates; they are written for whoever was not heard of for a third of that." \
  --note "Made by scripts/study-position.sh: STUDY_SECONDS=$seconds STUDY_USERS=$crowd STUDY_KEYS_USERS=$small STUDY_RATES='$rates'."
if [ "$page_only" = yes ]; then
  for ladder in "$@"; do
    for file in report.html intervals.csv latency.hlog latency.hgrm junit.xml summary.md; do rm -f "${ladder#*=}/$file"; done
  done
fi
