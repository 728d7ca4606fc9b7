#!/usr/bin/env python3
"""Real runs of cases whose outcome arithmetic knows: what tacos-load must report, and what it does.

  python3 tests/bench/real_runs.py build/release/bin

Prints a table of expected against reported. With one stall of S in a run of length D at a constant rate, the q-quantile of
response time is S − (1 − q)·D for the quantiles that the stall reaches; a server that can do μ of λ offered per second
answers the request due at t at t·λ/μ. Timing on a shared machine is noisy: this is for people to read, not for CI.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin")
ROWS = []


class Target:
    def __init__(self, *options):
        self.process = subprocess.Popen([BIN / "trivial_target", "--port", "0", *options], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.communicate(timeout=20)[0])["per_second"]


def run(target, *arguments, freeze=None):
    directory = tempfile.mkdtemp(prefix="tacos-real-")
    process = subprocess.Popen([BIN / "tacos-load", "--url", f"http://127.0.0.1:{target.port}/", "--quiet", "--report", directory,
                                *arguments], stdout=subprocess.PIPE, text=True)
    if freeze:
        time.sleep(freeze[0])
        process.send_signal(signal.SIGSTOP)
        time.sleep(freeze[1])
        process.send_signal(signal.SIGCONT)
    process.communicate(timeout=300)
    return json.loads((pathlib.Path(directory) / "report.json").read_text())


def row(case, what, expected, reported, unit="ms"):
    ROWS.append((case, what, expected, reported, unit))
    print(f"  {case:<34} {what:<24} {expected:>10.3f} {reported:>10.3f} {unit}", flush=True)


def stall(engine):
    target = Target("--stall-at", "4s", "--stall-for", "2s")
    report = run(target, "--rps", "2000", "--duration", "10s", "--connections", "5000", "--engine", engine)
    target.stop()
    response = report["steps"]["request"]["response_time_ms"]
    for key, q in (("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99_9", 0.999)):
        row(f"one 2 s stall in 10 s ({engine})", key, 2000 - (1 - q) * 10_000, response[key])
    assert report["rate"]["scheduled"] == sum(report["outcomes"].values()) == 20_000, report["outcomes"]


def overload():
    # The work is slept, which the kernel stretches a little: the capacity is what the target really did.
    target = Target("--work", "1250us")
    report = run(target, "--rps", "1000", "--duration", "10s", "--connections", "4000", "--timeout", "60s")
    counts = target.stop()
    capacity = sum(counts[2:8]) / 6
    response = report["steps"]["request"]["response_time_ms"]
    for key, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        row("overload: 1,000/s on one server", f"{key} at {capacity:.0f}/s", (1000 / capacity - 1) * 10_000 * q, response[key])


def frozen_generator():
    target = Target()
    report = run(target, "--rps", "2000", "--duration", "10s", "--connections", "5000", freeze=(4, 2))
    target.stop()
    lag = report["dispatch_lag_ms"]
    for key, q in (("p90", 0.9), ("p99", 0.99)):
        row("generator frozen for 2 s of 10 s", f"dispatch lag {key}", 2000 - (1 - q) * 10_000, lag[key])
    row("generator frozen for 2 s of 10 s", "verdict is invalid", 1, float(report["verdict"] == "invalid"), "")
    row("generator frozen for 2 s of 10 s", "scheduled = outcomes", 20_000, float(sum(report["outcomes"].values())), "")


def ramp_as_the_server_counts_it():
    target = Target()
    report = run(target, "--rps", "30000", "--from-rps", "1000", "--ramp", "60s", "--hold", "10s", "--connections", "1000")
    counts = target.stop()
    planned = [i["planned"] for i in report["intervals"]]
    worst = max(abs(counts[s] / planned[s] - 1) for s in range(len(planned)))
    row("ramp 1k to 30k over 60 s, 30k for 10 s", "worst second, % off plan", 0, worst * 100, "%")
    row("ramp 1k to 30k over 60 s, 30k for 10 s", "requests at the server", sum(planned), float(sum(counts)), "")


def truth_at_ten_thousand_connections():
    target = Target()
    report = run(target, "--rps", "30000", "--duration", "15s", "--warmup", "3s", "--connections", "10000")
    target.stop()
    step = report["steps"]["request"]
    row("30k/s on 10,000 connections", "p50 response", 0.05, step["response_time_ms"]["p50"])
    row("30k/s on 10,000 connections", "p50 service", 0.05, step["service_time_ms"]["p50"])
    row("30k/s on 10,000 connections", "send lag p99", 0, report["send_lag_ms"]["p99"])
    row("30k/s on 10,000 connections", "CPU a request", 20, report["self"]["cpu_us_per_request"], "us")


print(f"  {'case':<34} {'what':<24} {'expected':>10} {'reported':>10}")
stall("asio")
stall("curl")
overload()
frozen_generator()
truth_at_ten_thousand_connections()
ramp_as_the_server_counts_it()
