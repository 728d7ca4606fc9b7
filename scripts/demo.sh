#!/bin/sh
# The headline job on this machine alone: a gateway whose sale opens before the ramp ends, 300,000 people who gather, enter and
# buy, and a report. Then the same sale is planned, and the plan is held against the run. Extra arguments go to tacos-load.
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

mkdir -p "$report"
# In a session of its own, so that Ctrl-C stops the load (which then still writes its report) and not the gateway under it.
setsid "$bin/tacos-gateway" --listen 127.0.0.1:0 --store embedded --seats 10000 --admission-rate 1000 --admission-burst 100 \
  --opening-delay 50s >"$report/gateway.log" 2>&1 &
gateway=$!
stop_gateway() {
  kill "$gateway" 2>/dev/null || true
  wait "$gateway" 2>/dev/null || true
}
trap stop_gateway EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

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
echo "demo: the gateway is ready at $url; the sale opens 50 s after the first join"

trap : INT
status=0
"$bin/tacos-load" run "$root/scenarios/ticket-open.json" --rps 30000 --target "$url" --report "$report" "$@" || status=$?

# The plan of what was just run: the scenario's crowd and polling, the gateway's rate, burst and seats.
echo "demo: the plan of this sale, held against the run"
planned=0
"$bin/tacos-plan" --users 300000 --seats 10000 --admission-rate 1000 --admission-burst 100 --poll-interval 10s --gather 60s \
  --checkout 2s --out "$report/plan.json" || planned=$?
if [ "$planned" -eq 0 ]; then
  "$bin/tacos-plan" --inputs "$report/plan.json" --out "$report/plan.html" || planned=$?
  "$bin/tacos-plan" verify "$report" --inputs "$report/plan.json" || planned=$?
fi
echo "demo: see $report/report.html and $report/plan.html"
[ "$status" -ne 0 ] || status=$planned
exit "$status"
