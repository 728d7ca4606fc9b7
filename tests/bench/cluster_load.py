#!/usr/bin/env python3
"""What one hot event costs each primary of a Redis Cluster, in one slot and spread over buckets of tickets.

Starts six real servers (three primaries with a replica each), and for each number of buckets a gateway and the same load:
users who join, wait with heartbeats, enter and reserve. Prints the CPU, the commands and the memory of each primary.
Usage: cluster_load.py BIN [--rps N] [--users N] [--seconds S] [--buckets N …] [--out FILE.md]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

from peers import free_port

PRIMARIES = 3


def ask(port, *words):
    return subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, text=True, timeout=10,
                          check=True).stdout


class Cluster:
    def __init__(self, work):
        self.ports, self.servers = [], []
        while len(self.ports) < 2 * PRIMARIES:
            port = free_port()
            if port < 50_000 and port not in self.ports:  # its own talk is at port + 10,000
                self.ports.append(port)
        for port in self.ports:
            folder = work / str(port)
            folder.mkdir()
            self.servers.append(subprocess.Popen(
                ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--save", "",
                 "--appendonly", "no", "--dir", folder, "--cluster-node-timeout", "2000"], stdout=subprocess.DEVNULL))
        time.sleep(0.5)
        made = subprocess.run(["redis-cli", "--cluster", "create", *[f"127.0.0.1:{port}" for port in self.ports],
                               "--cluster-replicas", "1", "--cluster-yes"], capture_output=True, text=True, timeout=60)
        if made.returncode != 0:
            sys.exit(made.stdout + made.stderr)
        self.primaries = [port for port in self.ports if "role:master" in ask(port, "INFO", "replication")]
        for _ in range(100):
            if all("cluster_state:ok" in ask(port, "CLUSTER", "INFO") for port in self.ports):
                return
            time.sleep(0.1)
        sys.exit("the cluster did not come up")

    def url(self):
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.primaries)

    def clear(self):
        for port in self.primaries:
            ask(port, "FLUSHALL")
            ask(port, "CONFIG", "RESETSTAT")

    def usage(self):
        found = []
        for port in self.primaries:
            info = ask(port, "INFO", "all")
            number = lambda name: float(re.search(rf"^{name}:([\d.]+)", info, re.MULTILINE).group(1))
            found.append({"cpu_sec": number("used_cpu_user_main_thread") + number("used_cpu_sys_main_thread"),
                          "commands": number("total_commands_processed"), "memory": number("used_memory_dataset")})
        return found

    def stop(self):
        for server in self.servers:
            server.terminate()
        for server in self.servers:
            server.wait()


def run(cluster, options, buckets, work):
    cluster.clear()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    gateway = subprocess.Popen([options.bin / "tacos-gateway", "--listen", f"127.0.0.1:{port}", "--store", cluster.url(),
                                "--line-buckets", str(buckets), "--heartbeat-ttl", "3s", "--admission-rate", "500",
                                "--seats", "100000"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(url + "/readyz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        before = cluster.usage()
        report = work / f"run-{buckets}"
        subprocess.run([options.bin / "tacos-load", "--target", url, "--from-rps", str(options.rps), "--rps", str(options.rps),
                        "--ramp", "0s", "--hold", f"{options.seconds}s", "--users", str(options.users), "--poll-interval",
                        "1s", "--report", report], stdout=subprocess.DEVNULL, timeout=options.seconds + 90)
        after = cluster.usage()
        told = json.loads((report / "report.json").read_text())
    finally:
        gateway.terminate()
        gateway.wait()
    used = [{key: last[key] - (first[key] if key != "memory" else 0) for key in last} for first, last in zip(before, after)]
    return used, told


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bin", type=pathlib.Path)
    options.add_argument("--rps", type=int, default=10_000)
    options.add_argument("--users", type=int, default=50_000)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--buckets", type=int, nargs="+", default=[1, 16])
    options.add_argument("--out", type=pathlib.Path)
    options = options.parse_args()
    lines = [f"{options.users:,} users, {options.rps:,} requests/s for {options.seconds} s, heartbeats due every second, one event\n",
             "| buckets | primary | CPU, s | of all | commands | of all | data, MB |", "|---|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(prefix="tacos-cluster-") as folder:
        work = pathlib.Path(folder)
        cluster = Cluster(work)
        try:
            for buckets in options.buckets:
                used, told = run(cluster, options, buckets, work)
                cpu, commands = sum(one["cpu_sec"] for one in used), sum(one["commands"] for one in used)
                for number, one in enumerate(used):
                    lines.append(f"| {buckets} | {number} | {one['cpu_sec']:.2f} | {one['cpu_sec'] / cpu:.0%} | {one['commands']:,.0f} | "
                                 f"{one['commands'] / commands:.0%} | {one['memory'] / 1e6:.1f} |")
                status = told["steps"]["status"]["response_time_ms"]
                lines.append(f"| {buckets} | all | {cpu:.2f} | busiest {max(one['cpu_sec'] for one in used) / cpu:.0%} | {commands:,.0f} | | "
                             f"{told['verdict']}, {told['outcomes']['ok']:,} ok, p99(status) {status['p99']:.2f} ms |")
        finally:
            cluster.stop()
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)


if __name__ == "__main__":
    main()
