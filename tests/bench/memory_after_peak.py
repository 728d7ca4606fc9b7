#!/usr/bin/env python3
"""Where the memory of a gateway stands before, at and after a peak, and once the event is forgotten.

For each --store it starts a gateway of its own (and a redis-server), lets tacos-load bring --users users over
--connections connections, and reads the resident memory from /proc: at the start, at the highest, --idle seconds after
the last client has gone, and once the event has been forgotten and the memory given back. Prints a table, in MiB.
The binaries are those of TACOS_BIN_DIR, or of build/release/bin.
"""
import argparse
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TACOS_BIN_DIR", ROOT / "build/release/bin"))


@contextlib.contextmanager
def process(command, log):
    child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log,
                             stderr=subprocess.STDOUT)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def resident_mib(pid, field="VmRSS"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) / 1024


def within(seconds, what, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {seconds:.0f} s")


def metric(address, name):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.M)
    return float(found.group(1)) if found else 0.0


def measure(options, store, folder):
    rows = {}
    with contextlib.ExitStack() as stack:
        redis = None
        where = "embedded"
        if store == "redis":
            socket = folder / "redis.sock"
            redis = stack.enter_context(process(
                ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder],
                open(folder / "redis.log", "w")))
            within(10, "redis-server", socket.exists)
            where = f"unix://{socket}"
        log = folder / f"gateway-{store}.log"
        gateway = stack.enter_context(process(
            [BIN / "tacos-gateway", "--store", where, "--listen", "127.0.0.1:0", "--admission-rate", options.admission_rate,
             "--heartbeat-ttl", f"{options.heartbeat}s", "--hold-ttl", f"{options.heartbeat}s",
             "--forget-events-after", f"{options.forget}s"],
            open(log, "w")))
        address = within(10, "the gateway", lambda: re.search(r'"address":"([^"]+)"', log.read_text())).group(1)
        time.sleep(1)

        def note(name, field="VmRSS"):
            rows[name] = (resident_mib(gateway.pid, field), resident_mib(redis.pid, field) if redis else None)

        note("start")
        load = [BIN / "tacos-load", "--target", f"http://{address}", "--users", options.users, "--connections",
                options.connections, "--rps", options.rps, "--ramp", f"{options.ramp}s", "--hold", f"{options.ramp}s",
                "--poll-interval", f"{max(1, options.users // options.rps)}s", "--quiet", "--report",
                folder / f"report-{store}"]
        with open(folder / f"load-{store}.log", "w") as output:
            code = subprocess.run([str(word) for word in load], stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=subprocess.STDOUT, timeout=600).returncode
        if code not in (0, 1, 4):
            raise SystemExit(f"tacos-load ended with {code}; see {folder}/load-{store}.log")
        note("peak", "VmHWM")
        joined = metric(address, r"queue_joins_total\{[^}]*\}")
        time.sleep(options.idle)
        note("idle")
        # A grant whose reservation was cut off by the end of the load lapses after five minutes on a Redis.
        within(options.forget + options.heartbeat + 360, "forgetting the event",
               lambda: metric(address, "queue_events_forgotten_total"))
        time.sleep(options.settle)
        note("forgotten")
        trim_ms = metric(address, "memory_trim_seconds_total") * 1000
        trims = metric(address, "memory_trims_total")
    return rows, joined, trims, trim_ms


def show(store, rows, joined, trims, trim_ms):
    print(f"{store}: {joined:.0f} joined, {trims:.0f} trims in {trim_ms:.1f} ms", flush=True)
    print(f"{'MiB':10}{'start':>10}{'peak':>10}{'idle':>10}{'forgotten':>10}")
    for index, name in enumerate(("gateway", "redis")):
        if rows["start"][index] is None:
            continue
        print(f"{name:10}" + "".join(f"{rows[at][index]:>10.1f}" for at in ("start", "peak", "idle", "forgotten")))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="append", choices=["embedded", "redis"], help="default: both")
    parser.add_argument("--users", type=int, default=300_000)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--rps", type=int, default=20_000)
    parser.add_argument("--ramp", type=int, default=15, help="seconds, and as long at the top")
    parser.add_argument("--heartbeat", type=int, default=25, help="--heartbeat-ttl in seconds")
    parser.add_argument("--idle", type=int, default=30, help="seconds after the last client")
    parser.add_argument("--forget", type=int, default=30, help="--forget-events-after in seconds")
    parser.add_argument("--settle", type=int, default=45, help="seconds for memory to be given back in")
    parser.add_argument("--falls-below", type=float, metavar="SHARE",
                        help="fail unless the memory gained at the peak has fallen below this share of it")
    parser.add_argument("--admission-rate", default="200", help="buyers a second; their answers are remembered for 10 minutes")
    options = parser.parse_args()
    held = []
    for store in options.store or ["embedded", "redis"]:
        with tempfile.TemporaryDirectory() as folder:
            rows, joined, trims, trim_ms = measure(options, store, pathlib.Path(folder))
        show(store, rows, joined, trims, trim_ms)
        start, peak, forgotten = (rows[at][0] for at in ("start", "peak", "forgotten"))
        held.append((forgotten - start) / max(peak - start, 0.1))
        print(f"still held of what the peak added: {held[-1]:.0%}\n", flush=True)
    if options.falls_below is not None and max(held) > options.falls_below:
        raise SystemExit(f"still held: {max(held):.0%}; at most {options.falls_below:.0%} was asked for")


if __name__ == "__main__":
    main()
