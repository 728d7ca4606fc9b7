#!/usr/bin/env python3
"""How many statuses one core of a gateway answers, by where the line is kept, beside nginx's `return 200`.

Each server has one thread on core 0; wrk, and the Redis where there is one, share core 1. By index every status is a command,
and the Redis needs a core for itself: there wrk shares core 0 with the gateway. 512 connections, so that while the Redis works
on one batch the gateway has another. USERS wait in the line of each, and the tickets asked for are spread over it. Rounds are interleaved and medians printed.
Usage: store_flat_out.py BIN [--rounds N] [--seconds S] [--users N] [--out FILE.md]
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from peers import NGINX, cpu_sec_of, free_port, timed

STEPS = 10  # the line is filled in so many parts, with tickets to ask for between them
TICKETS = 50  # between two parts

WRK_SCRIPT = """
local requests, next = {{}}, 0
init = function()
  for token in io.lines("{tokens}") do
    requests[#requests + 1] = wrk.format("GET", "/queue/status?token=" .. token)
  end
end
request = function()
  next = next % #requests + 1
  return requests[next]
end
"""


def pin(pid, core):
    subprocess.run(["taskset", "-acp", str(core), str(pid)], stdout=subprocess.DEVNULL, check=True)




class Nginx:
    name = "nginx `return 200`"
    redis = None
    client_core = 1

    def __init__(self, work):
        port = free_port()
        conf = work / "nginx.conf"
        conf.write_text(NGINX.format(dir=work, port=port))
        self.process = subprocess.Popen(["nginx", "-p", str(work), "-c", str(conf)], stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}/"
        time.sleep(0.3)
        worker = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True)
        self.pid = int(worker.stdout.split()[0])
        pin(self.pid, 0)
        self.wrk = ["wrk", "-t1", "-c512"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Room:
    """A gateway, and its Redis if the store is one, with a line of waiting users."""

    def __init__(self, name, bin_dir, work, users, position=None):
        self.name = name
        self.redis = None
        self.client_core = 0 if position == "index" else 1
        store = "embedded"
        work.mkdir()
        if position:
            self.redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", work / "redis.sock", "--save", "",
                                           "--appendonly", "no", "--dir", work], stdout=subprocess.DEVNULL)
            store = f"unix://{work}/redis.sock"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [bin_dir / "tacos-gateway", "--listen", f"127.0.0.1:{port}", "--threads", "1", "--store", store,
             "--opening-delay", "10h", "--heartbeat-ttl", "10h"] + (["--position", position] if position else []),
            stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        self.wait_ready()
        self.fill(bin_dir, work, users)
        self.wrk = ["wrk", "-t1", "-c512", "-s", str(work / "status.lua")]
        # Only now: the filling may use both cores.
        pin(self.pid, 0)
        if self.redis:
            pin(self.redis.pid, 1)

    def wait_ready(self):
        for _ in range(100):
            try:
                urllib.request.urlopen(self.url + "/readyz", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{self.name}: the gateway did not get ready")

    def fill(self, bin_dir, work, users):
        tokens = []
        for step in range(STEPS):
            rate = min(10_000, max(1, users // STEPS))
            timed([bin_dir / "tacos-load", "--url", self.url + "/queue/join", "--method", "POST", "--body",
                   '{"event_id":"sale"}', "--rps", rate, "--duration", f"{max(1, users // STEPS // rate)}s", "--report",
                   work / "filling"])
            for ticket in range(TICKETS):
                body = json.dumps({"event_id": "sale", "user_id": f"u{step}-{ticket}"}).encode()
                asked = urllib.request.Request(self.url + "/queue/join", data=body, method="POST",
                                               headers={"Content-Type": "application/json"})
                with urllib.request.urlopen(asked, timeout=5) as answer:
                    told = json.load(answer)
                    tokens.append(told["waiting_token"])
        self.waiting = told["position"]
        (work / "tokens").write_text("\n".join(tokens) + "\n")
        (work / "status.lua").write_text(WRK_SCRIPT.format(tokens=work / "tokens"))

    def stop(self):
        for process in (self.process, self.redis):
            if process:
                process.terminate()
                process.wait()


def measure(server, seconds):
    before, redis_before = cpu_sec_of(server.pid), cpu_sec_of(server.redis.pid) if server.redis else 0
    out, _ = timed(server.wrk + [f"-d{seconds}s", server.url], core=server.client_core)
    rate = float(next(line.split()[1] for line in out.splitlines() if line.startswith("Requests/sec")))
    if "Non-2xx" in out or "Socket errors" in out:
        print(f"{server.name}: {out}", file=sys.stderr)
        sys.exit(1)
    answered = rate * seconds
    redis = (cpu_sec_of(server.redis.pid) - redis_before) / answered * 1e6 if server.redis else 0
    return rate, (cpu_sec_of(server.pid) - before) / answered * 1e6, redis


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bin", type=pathlib.Path)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--users", type=int, default=300_000)
    options.add_argument("--out", type=pathlib.Path)
    options = options.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="tacos-flat-") as folder:
        work = pathlib.Path(folder)
        servers = []
        try:
            servers.append(Nginx(work))
            for name, position in (("embedded", None), ("Redis, watermark", "watermark"), ("Redis, index (wrk on this core too)", "index")):
                servers.append(Room(f"status, {name}", options.bin, work / f"room{len(servers)}", options.users, position))
            found = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    found[server.name].append(measure(server, options.seconds))
            beside = [one[0] for one in found[servers[0].name]]
            lines.append(f"wrk -t1 -c512, {options.rounds} rounds of {options.seconds} s, about {servers[-1].waiting:,} users in line; "
                         "medians\n")
            lines.append("| server, one thread on one core | requests/s | beside nginx, round by round | its CPU us a request | Redis's CPU us |")
            lines.append("|---|---|---|---|---|")
            for server in servers:
                rounds = found[server.name]
                rate, cpu, redis = (statistics.median(one[i] for one in rounds) for i in range(3))
                ratio = statistics.median(one[0] / nginx for one, nginx in zip(rounds, beside))
                lines.append(f"| {server.name} | {rate:,.0f} | {ratio:.2f} | {cpu:.2f} | {f'{redis:.2f}' if server.redis else ''} |")
        finally:
            for server in servers:
                server.stop()
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)


if __name__ == "__main__":
    main()
