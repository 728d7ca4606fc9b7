#!/bin/sh
# Micro-benchmarks, then tacos-load beside wrk and h2load, and tacos-gateway beside nginx, on this machine in this run.
# BENCH_SECONDS sets the length of each load (8). Read ratios, not single numbers: the machine has other work too.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/build/release/bin"
seconds=${BENCH_SECONDS:-8}
work=$(mktemp -d)
pids=""
cleanup() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

echo "== micro-benchmarks"
"$bin/micro_bench" --benchmark_min_time=0.2

cat >"$work/nginx.conf" <<CONF
worker_processes 1;
pid $work/nginx.pid;
error_log $work/error.log;
daemon off;
worker_rlimit_nofile 20000;
events { worker_connections 16000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600;
  server { listen 127.0.0.1:18091 backlog=4096; location / { return 200 '{"ok":true}'; } }
}
CONF
nginx -p "$work" -c "$work/nginx.conf" &
pids="$pids $!"
nginx_pid=$!
"$bin/tacos-gateway" --listen 127.0.0.1:18092 --threads 1 --opening-delay 1h >"$work/gateway.log" 2>&1 &
pids="$pids $!"
gateway_pid=$!
sleep 1


echo "== open loop, 30,000 requests/s against nginx: what each generator reports"
for connections in 64 1000 10000; do
  echo "-- $connections connections"
  "$bin/tacos-load" --url http://127.0.0.1:18091/ --rps 30000 --duration "${seconds}s" --connections $connections --quiet \
    --report "$work/r" | grep -E '^  request|generator' || true
  if command -v h2load >/dev/null; then
    /usr/bin/env time -f '  h2load CPU: %U user + %S system s' h2load --h1 --rps "$((30000 / connections + 1))" -c $connections \
      -D "$seconds" http://127.0.0.1:18091/ 2>&1 | grep -E 'finished in|time for request|CPU' || true
  fi
done

echo "== closed loop on one core: servers flat out under wrk -t1 -c64"
token=$(curl -s -d '{"event_id":"bench","user_id":"one"}' http://127.0.0.1:18092/queue/join | sed 's/.*"waiting_token":"\([^"]*\)".*/\1/')
workers=$(pgrep -P "$nginx_pid" || echo "$nginx_pid")
# -a: every thread. Without it only the main thread moves, and the one that serves settles beside wrk on its core.
taskset -acp 0 "$gateway_pid" >/dev/null
for worker in $workers; do taskset -acp 0 "$worker" >/dev/null; done
# Nanoseconds a process has run so far. Per request they hold still where throughput follows the machine's other work.
cpu_ns() { awk '{ns += $1} END {printf "%.0f", ns}' /proc/"$1"/task/*/schedstat; }
for round in 1 2 3; do
  for target in "nginx 18091/" "healthz 18092/healthz" "status 18092/queue/status?token=$token"; do
    name=${target%% *}
    server=$gateway_pid
    [ "$name" = nginx ] && server=${workers%% *}
    before=$(cpu_ns "$server")
    taskset -c 1 wrk -t1 -c64 -d"${seconds}s" "http://127.0.0.1:${target#* }" >"$work/wrk.txt"
    printf '  %-10s' "$name"
    awk -v ns="$(($(cpu_ns "$server") - before))" '
      / requests in / {requests = $1}
      /Requests\/sec/ {printf "%s requests/s, %.2f us of CPU each\n", $2, ns / requests / 1000}' "$work/wrk.txt"
  done
done
