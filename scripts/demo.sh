#!/bin/sh
# The headline job on this machine alone: a gateway whose sale opens before the ramp ends, 300,000 people who gather, enter and
# buy, and a report. Extra arguments go to tacos-load.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/build/release/bin"
port=${TACOS_DEMO_PORT:-18080}
report="$root/reports/runs/demo-$(date -u +%Y%m%dT%H%M%SZ)"
mkdir -p "$report"

cores=$(nproc)
descriptors=$(ulimit -Hn)
echo "demo: $cores cores, $descriptors descriptors a process"
if [ "$descriptors" != unlimited ] && [ "$descriptors" -lt 2048 ]; then
  echo "demo: at least 2048 descriptors are needed; raise the hard limit (ulimit -Hn) and try again" >&2
  exit 3
fi

"$bin/tacos-gateway" --listen "127.0.0.1:$port" --store embedded --seats 10000 --admission-rate 1000 --admission-burst 100 \
  --opening-delay 50s >"$report/gateway.log" 2>&1 &
gateway=$!
trap 'kill "$gateway" 2>/dev/null || true; wait "$gateway" 2>/dev/null || true' EXIT INT TERM

tries=0
until curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$gateway" 2>/dev/null; then
    echo "demo: the gateway did not get ready; its log:" >&2
    cat "$report/gateway.log" >&2
    exit 3
  fi
  sleep 0.1
done
echo "demo: the gateway is ready; the sale opens 50 s after the first join"

status=0
"$bin/tacos-load" run "$root/scenarios/ticket-open.json" --rps 30000 --target "http://127.0.0.1:$port" --report "$report" "$@" || status=$?
echo "demo: see $report/report.html"
exit "$status"
