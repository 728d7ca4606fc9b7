#!/usr/bin/env python3
"""tacos beside its peers, on this machine in this run: CPU per request, what each reports, memory per user.

Everything that is compared is run in turn, round by round, and the medians are printed; single numbers mean little on a
machine that has other work too. Usage: peers.py BIN [--rounds N] [--seconds S] [--out FILE.md] [--only SECTION …]
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SECTIONS = ("clients", "open-loop", "servers", "memory")
NGINX = """worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
daemon off;
worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 '{{"ok":true}}'; }} }}
}}
"""


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_sec_of(pid):
    """User and system time of a process and its children's threads, from /proc."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(command, core=None):
    """Runs a program to its end; its output and the CPU seconds it used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    prefix = ["taskset", "-c", str(core)] if core is not None else []
    done = subprocess.run(prefix + [str(word) for word in command], capture_output=True, text=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout + done.stderr, cpu


class Servers:
    """nginx and a gateway, each with one worker, on ports of their own."""

    def __init__(self, bin_dir, work):
        self.ports = {"nginx": free_port(), "gateway": free_port()}
        conf = work / "nginx.conf"
        conf.write_text(NGINX.format(dir=work, port=self.ports["nginx"]))
        self.nginx = subprocess.Popen(["nginx", "-p", str(work), "-c", str(conf)], stderr=subprocess.DEVNULL)
        self.gateway = subprocess.Popen(
            [str(bin_dir / "tacos-gateway"), "--listen", f"127.0.0.1:{self.ports['gateway']}", "--threads", "1",
             "--opening-delay", "1h"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not (self.answers("nginx", "/") and self.answers("gateway", "/readyz")):
            if time.monotonic() > deadline:
                raise SystemExit("the servers did not start")
            time.sleep(0.05)
        self.nginx_worker = int(subprocess.run(["pgrep", "-P", str(self.nginx.pid)], capture_output=True,
                                               text=True).stdout.split()[0])

    def url(self, server, path="/"):
        return f"http://127.0.0.1:{self.ports[server]}{path}"

    def answers(self, server, path):
        try:
            return urllib.request.urlopen(self.url(server, path), timeout=1).status == 200
        except OSError:
            return False

    def pin(self, core):
        for pid in (self.nginx_worker, self.gateway.pid):
            subprocess.run(["taskset", "-acp", str(core), str(pid)], stdout=subprocess.DEVNULL)

    def status_path(self):
        body = json.dumps({"event_id": "bench", "user_id": "one"}).encode()
        request = urllib.request.Request(self.url("gateway", "/queue/join"), body)
        return "/queue/status?token=" + json.load(urllib.request.urlopen(request))["waiting_token"]

    def stop(self):
        for process in (self.nginx, self.gateway):
            process.terminate()
            process.wait(timeout=10)


class Bench:
    def __init__(self, options, work):
        self.bin = pathlib.Path(options.bin)
        self.rounds, self.seconds, self.work = options.rounds, options.seconds, work
        self.lines = []
        self.servers = Servers(self.bin, work)

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def table(self, header, rows):
        self.say("| " + " | ".join(header) + " |")
        self.say("|---" + "|---:" * (len(header) - 1) + "|")
        for row in rows:
            self.say("| " + " | ".join(row) + " |")
        self.say()

    def medians(self, variants, beside=None, key=None):
        """variants: name -> function giving a dict of numbers. Run in turn; the median of each number. The machine's speed
        changes from minute to minute, so "ratio" is the median over the rounds of `key` beside that of `beside` in the
        same round, and not a ratio of medians."""
        found = {name: [] for name in variants}
        for _ in range(self.rounds):
            for name, run in variants.items():
                numbers = run()
                if numbers:
                    found[name].append(numbers)
            if beside in variants:
                base = found[beside][-1][key]
                for name in variants:
                    found[name][-1]["ratio"] = found[name][-1][key] / base
        return {name: {key: statistics.median(one[key] for one in all_rounds) for key in all_rounds[0]}
                for name, all_rounds in found.items() if all_rounds}

    # -- one run of each generator

    def closed_loop(self, engine):
        out, _ = timed([self.bin / "closed_loop", self.servers.url("nginx"), 64, self.seconds, engine], core=1)
        numbers = json.loads(out)
        return {"rate": numbers["requests_per_sec"], "cpu": numbers["cpu_us_per_request"]}

    def wrk(self, url, **extra):
        out, cpu = timed(["wrk", "-t1", "-c64", f"-d{self.seconds}s", url], core=1)
        requests = int(re.search(r"(\d+) requests in", out).group(1))
        return {"rate": requests / self.seconds, "cpu": cpu * 1e6 / requests}

    def h2load_flat_out(self):
        out, cpu = timed(["h2load", "--h1", "-t1", "-c64", "-D", self.seconds, self.servers.url("nginx")], core=1)
        requests = int(re.search(r"(\d+) done", out).group(1))
        return {"rate": requests / self.seconds, "cpu": cpu * 1e6 / requests}

    def tacos_open(self, connections):
        out = self.work / "run"
        timed([self.bin / "tacos-load", "--url", self.servers.url("nginx"), "--rps", 30000, "--duration",
               f"{self.seconds}s", "--connections", connections, "--quiet", "--report", out])
        report = json.loads((out / "report.json").read_text())
        step = report["steps"]["request"]
        return {"rate": report["rate"]["achieved_rps"], "cpu": report["self"]["cpu_us_per_request"],
                "p50": step["response_time_ms"]["p50"], "p99": step["response_time_ms"]["p99"],
                "service": step["service_time_ms"]["p50"], "lag": report["send_lag_ms"]["p99"]}

    def h2load_open(self, connections):
        log = self.work / "h2load.log"
        log.unlink(missing_ok=True)
        # Its rate is per connection and whole: it can't offer less than one a second on each, nor 30,000 on 64.
        out, cpu = timed(["h2load", "--h1", "-t1", "--rps", max(1, round(30000 / connections)), "-c", connections, "-D",
                          self.seconds, "--log-file", log, self.servers.url("nginx")])
        requests = int(re.search(r"(\d+) done", out).group(1))
        times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
        at = lambda share: times[min(len(times) - 1, int(share * len(times)))] / 1e3
        return {"rate": requests / self.seconds, "cpu": cpu * 1e6 / requests, "p50": at(0.5), "p99": at(0.99)}

    # -- sections

    def clients(self):
        self.say("## Closed loop, flat out: 64 connections to one nginx worker, client and server on a core each\n")
        variants = {"tacos asio": lambda: self.closed_loop("asio")}
        if shutil.which("wrk"):
            variants["wrk"] = lambda: self.wrk(self.servers.url("nginx"))
        variants["tacos curl"] = lambda: self.closed_loop("curl")
        if shutil.which("h2load"):
            variants["h2load"] = self.h2load_flat_out
        self.servers.pin(0)
        found = self.medians(variants, "wrk", "cpu")
        self.table(["client", "requests/s", "CPU us a request", "CPU beside wrk's, round by round"],
                   [[name, f"{n['rate']:,.0f}", f"{n['cpu']:.2f}", f"{n['ratio']:.2f}" if "ratio" in n else "–"]
                    for name, n in found.items()])

    def open_loop(self):
        self.say("## Open loop, 30,000 requests/s: what each generator reports of the same nginx\n")
        self.servers.pin("0-1")
        rows = []
        for connections in (64, 1000, 10000):
            variants = {"tacos-load": lambda c=connections: self.tacos_open(c)}
            if shutil.which("h2load"):
                variants["h2load"] = lambda c=connections: self.h2load_open(c)
            for name, n in self.medians(variants).items():
                extra = [f"{n['service']:.3f}", f"{n['lag']:.3f}"] if "lag" in n else ["not reported"] * 2
                rows.append([name, f"{connections:,}", f"{n['rate']:,.0f}", f"{n['p50']:.3f}", f"{n['p99']:.3f}", *extra,
                             f"{n['cpu']:.1f}"])
        self.table(["generator", "connections", "achieved/s", "p50 ms", "p99 ms", "service p50 ms", "send lag p99 ms",
                    "CPU us a request"], rows)

    def flat_out_servers(self):
        if not shutil.which("wrk"):
            return
        self.say("## Servers flat out: one thread each on a core of its own, under `wrk -t1 -c64`\n")
        self.servers.pin(0)
        paths = {"nginx `return 200`": ("nginx", "/", self.servers.nginx_worker),
                 "gateway /healthz": ("gateway", "/healthz", self.servers.gateway.pid),
                 "gateway /queue/status": ("gateway", self.servers.status_path(), self.servers.gateway.pid)}

        def serve(server, path, pid):
            before = cpu_sec_of(pid)
            numbers = self.wrk(self.servers.url(server, path))
            return {"rate": numbers["rate"],
                    "cpu": (cpu_sec_of(pid) - before) * 1e6 / (numbers["rate"] * self.seconds)}
        found = self.medians({name: lambda a=args: serve(*a) for name, args in paths.items()}, "nginx `return 200`", "rate")
        self.table(["server", "requests/s", "rate beside nginx's, round by round", "CPU us a request"],
                   [[name, f"{n['rate']:,.0f}", f"{n['ratio']:.2f}", f"{n['cpu']:.2f}"]
                    for name, n in found.items()])

    def memory(self):
        self.say("## Memory per user: 300,000 join within ten seconds and stay\n")
        peak = {}
        resident = {}
        for users in (3000, 300_000):
            port = free_port()
            gateway = subprocess.Popen(
                [str(self.bin / "tacos-gateway"), "--listen", f"127.0.0.1:{port}", "--opening-delay", "1h",
                 "--heartbeat-ttl", "1h"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1)
            out = self.work / "memory"
            timed([self.bin / "tacos-load", "--target", f"http://127.0.0.1:{port}", "--users", users, "--rps", 30000,
                   "--duration", "11s", "--connections", 500, "--quiet", "--report", out])
            peak[users] = json.loads((out / "report.json").read_text())["self"]["peak_rss_bytes"]
            status = pathlib.Path(f"/proc/{gateway.pid}/status").read_text()
            resident[users] = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024
            gateway.terminate()
            gateway.wait(timeout=20)
        rows = []
        for name, size in (("tacos-load", peak), ("tacos-gateway", resident)):
            rows.append([name, f"{size[3000] / 2**20:.1f}", f"{size[300_000] / 2**20:.1f}",
                         f"{(size[300_000] - size[3000]) / 297_000:.0f}"])
        self.table(["process", "MiB with 3,000", "MiB with 300,000", "bytes a user between"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", help="the directory of the built programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="length of each load")
    parser.add_argument("--out", type=pathlib.Path, help="write the tables here too, as Markdown")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, pathlib.Path(work))
        try:
            cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
            bench.say(f"# tacos beside its peers\n\n{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores "
                      f"{cpu.group(1) if cpu else ''}, Linux {os.uname().release}; medians of {options.rounds} rounds of "
                      f"{options.seconds} s, in turn; load average {os.getloadavg()[0]:.2f} at the start\n")
            run = {"clients": bench.clients, "open-loop": bench.open_loop, "servers": bench.flat_out_servers,
                   "memory": bench.memory}
            for section in options.only:
                run[section]()
        finally:
            bench.servers.stop()
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text("\n".join(bench.lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
