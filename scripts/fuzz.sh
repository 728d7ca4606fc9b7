#!/bin/sh
# Runs every fuzzer of build/fuzz/bin for the given seconds, each from its committed corpus; new inputs go to build/fuzz.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-60}
for fuzzer in "$root"/build/fuzz/bin/fuzz_*; do
  name=$(basename "$fuzzer")
  found="$root/build/fuzz/corpus/$name"
  mkdir -p "$found"
  echo "== $name for $seconds s"
  "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$root/build/fuzz/$name-" -print_final_stats=1 \
    "$found" "$root/tests/fuzz/corpus/${name#fuzz_}" 2>&1 | grep -E 'stat::number_of_executed_units|ERROR|SUMMARY|cov:.*DONE|DONE' || true
  if ls "$root/build/fuzz/$name-"* >/dev/null 2>&1; then
    echo "== $name found something: $(ls "$root/build/fuzz/$name-"*)" >&2
    exit 1
  fi
done
