#!/bin/sh
# The headline job on this machine alone: a gateway whose sale opens before the ramp ends, 300,000 people who gather, enter and
# buy, and a report. Then the same sale is planned, and the plan is held against the run. Extra arguments go to tacos-load.
# With STORE=redis the line is kept in a redis-server of the demo's own, on a socket in a directory of its own, nothing on disk;
# POSITION=index or keys says how places are found there (otherwise by watermark).
# Exits as tacos-load does (0 passed, 1 a gate failed, 4 invalid …), or, when that passed, as tacos-plan verify.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/build/release/bin"
report="$root/reports/runs/demo-$(date -u +%Y%m%dT%H%M%SZ)"

for program in tacos-gateway tacos-load tacos-plan; do
  if [ ! -x "$bin/$program" ]; then
    echo "demo: $bin/$program is not there: run 'make build' first (make demo does)" >&2
    exit 3
  fi
done

cores=$(nproc)
descriptors=$(ulimit -Hn)
memory_mb=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
echo "demo: $cores cores, $descriptors descriptors a process, $memory_mb MB of memory free"
if [ "$descriptors" != unlimited ] && [ "$descriptors" -lt 2048 ]; then
  echo "demo: at least 2048 descriptors are needed; raise the hard limit (ulimit -Hn) and try again" >&2
  exit 3
fi
if [ "$cores" -lt 2 ]; then
  echo "demo: one core is to carry the generator and the gateway; expect 30,000 requests/s to be missed and the run to be invalid"
fi
if [ "$memory_mb" -lt 512 ]; then
  echo "demo: the two programs take about 300 MB; with this little free the machine may swap and the latencies with it"
fi

store=${STORE:-embedded}
position=${POSITION:-}
if [ "$store" != embedded ] && [ "$store" != redis ]; then
  echo "demo: STORE=$store is neither embedded nor redis" >&2
  exit 2
fi
if [ "$store" = redis ] && ! command -v redis-server >/dev/null; then
  echo "demo: STORE=redis needs redis-server; scripts/bootstrap.sh test installs it" >&2
  exit 3
fi

mkdir -p "$report"
gateway=""
redis=""
redis_dir=""
# Only what this script started, and in the order in which they lean on each other.
stop_all() {
  for process in $gateway $redis; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  [ -z "$redis_dir" ] || rm -rf "$redis_dir"
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

where=embedded
if [ "$store" = redis ]; then
  redis_dir=$(mktemp -d "${TMPDIR:-/tmp}/tacos-demo-XXXXXX")
  setsid redis-server --port 0 --unixsocket "$redis_dir/redis.sock" --save "" --appendonly no --dir "$redis_dir" \
    >"$report/redis.log" 2>&1 &
  redis=$!
  where="unix://$redis_dir/redis.sock"
fi
# In a session of its own, so that Ctrl-C stops the load (which then still writes its report) and not the gateway under it.
setsid "$bin/tacos-gateway" --listen 127.0.0.1:0 --store "$where" ${position:+--position "$position"} --seats 10000 --admission-rate 1000 --admission-burst 100 \
  --opening-delay 50s >"$report/gateway.log" 2>&1 &
gateway=$!

url=""
tries=0
until [ -n "$url" ] && curl -fsS "$url/readyz" >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$gateway" 2>/dev/null; then
    echo "demo: the gateway did not get ready; its log:" >&2
    cat "$report/gateway.log" >&2
    exit 3
  fi
  sleep 0.1
  # The system chose a free port; the log names it.
  port=$(sed -n 's/.*127\.0\.0\.1:\([1-9][0-9]*\).*/\1/p' "$report/gateway.log" | head -n 1)
  [ -z "$port" ] || url="http://127.0.0.1:$port"
done
echo "demo: the gateway is ready at $url; the sale opens 50 s after its start"

trap : INT
status=0
"$bin/tacos-load" run "$root/scenarios/ticket-open.json" --rps 30000 --target "$url" --report "$report" \
  --observe "gateway=pid:$gateway" ${redis:+--observe "redis=$where"} "$@" || status=$?

if [ "$store" = redis ]; then
  # Clock ticks of the server's own life: fields 14 and 15 of its stat, behind its name in parentheses.
  ticks=$(sed 's/.*) //' "/proc/$redis/stat" | awk '{print $12 + $13}')
  elapsed=$(ps -o etimes= -p "$redis" | tr -d ' ')
  echo "demo: redis-server used $((ticks * 1000 / $(getconf CLK_TCK))) ms of CPU in $elapsed s"
fi

# The plan of what was just run: the scenario's crowd and polling, the gateway's rate, burst and seats.
echo "demo: the plan of this sale, held against the run"
planned=0
"$bin/tacos-plan" --users 300000 --seats 10000 --admission-rate 1000 --admission-burst 100 --poll-interval 10s --gather 60s \
  --checkout 2s --purchases gateway --out "$report/plan.json" || planned=$?
if [ "$planned" -eq 0 ]; then
  "$bin/tacos-plan" --inputs "$report/plan.json" --out "$report/plan.html" || planned=$?
  "$bin/tacos-plan" verify "$report" --inputs "$report/plan.json" || planned=$?
fi
echo "demo: see $report/report.html and $report/plan.html"
[ "$status" -ne 0 ] || status=$planned
exit "$status"
