#!/bin/sh
# Micro-benchmarks, then tacos beside wrk, h2load and nginx in one run. BENCH_ROUNDS (5) and BENCH_SECONDS (5) set how
# often and how long; the tables go to reports/bench/peers.md too.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/build/release/bin"
"$bin/micro_bench" --benchmark_min_time=0.2
python3 "$root/tests/bench/peers.py" "$bin" --rounds "${BENCH_ROUNDS:-5}" --seconds "${BENCH_SECONDS:-5}" --out "$root/reports/bench/peers.md"
