"""The programs of a measurement: the target, the probe, and each load generator with what it reports.

Every program is started here, bounded in time here, and stopped by the handle it was started with.
"""
import array
import json
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import arithmetic


class Broken(Exception):
    """A program did not do what it is for; the message says which and what it printed."""


class Target:
    """A known_target on a port that the system chooses."""

    def __init__(self, bin_dir, *options):
        self.log = tempfile.NamedTemporaryFile(suffix=".log")
        self.command = [str(bin_dir / "known_target"), "--log", self.log.name, *options]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            raise Broken("known_target did not start: " + " ".join(self.command))
        self.url = f"http://127.0.0.1:{port}/"
        self.port = port
        self.facts, self.received, self.answered = None, [], []

    def stop(self):
        """Its record; times in ms of CLOCK_MONOTONIC, requests in the order in which they were read."""
        if self.facts is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                output = self.process.communicate(timeout=20)[0]
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise Broken("known_target did not end")
            self.facts = json.loads(output)
            times = array.array("q", pathlib.Path(self.log.name).read_bytes())
            pairs = sorted(zip(times[0::2], times[1::2]))
            self.received = [received / 1e6 for received, _ in pairs]
            self.answered = [answered / 1e6 for _, answered in pairs]
            self.pauses = [(began / 1e6, ended / 1e6) for began, ended in self.facts["pauses_ns"]]
            self.log.close()
        return self

    def holds(self):
        return [answered - received for received, answered in zip(self.received, self.answered)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def probe(bin_dir, requests, connections):
    """Round trips of a plain blocking client to a target that answers at once, in ms."""
    with Target(bin_dir) as target:
        output = subprocess.run([bin_dir / "loopback_probe", target.port, str(requests), "1ms", str(connections)],
                                stdout=subprocess.PIPE, timeout=60 + requests / 100, check=True).stdout
        return [ns / 1e6 for ns in json.loads(output)["round_trip_ns"]]


class Load:
    """What a case asks of a generator: a constant rate, or a ramp to it; frozen for a while when freeze says (at, for)."""

    def __init__(self, rate, seconds, connections, from_rate=None, hold=0, clients=1, freeze=None):
        self.rate, self.seconds, self.connections = rate, seconds, connections
        self.from_rate, self.hold, self.freeze = from_rate, hold, freeze
        self.clients = clients  # of a closed loop: how many make about this rate when the target is well


class Outcome:
    """What one generator said of one load: figures by name in ms, None for what it does not report."""

    def __init__(self, command, scratch=None):
        self.command, self.figures, self.notes = command, {}, {}
        self.frozen = None  # from when to when, when the load asks for it
        # As somebody else would type it.
        self.shown = shlex.join([pathlib.Path(command[0]).name, *command[1:]])
        if scratch:
            self.shown = self.shown.replace(scratch, "FILE")


def run(outcome, load, allowed=(0,)):
    process = subprocess.Popen(outcome.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def freeze():
        time.sleep(load.freeze[0])
        began = time.monotonic_ns()
        process.send_signal(signal.SIGSTOP)
        time.sleep(load.freeze[1])
        ended = time.monotonic_ns()  # before: the woken may take our processor
        process.send_signal(signal.SIGCONT)
        outcome.frozen = (began / 1e6, ended / 1e6)

    freezer = threading.Thread(target=freeze)
    if load.freeze:
        freezer.start()
    try:
        output = process.communicate(timeout=3 * (load.seconds + load.hold) + 60)[0]
    except subprocess.TimeoutExpired:
        raise Broken(f"did not end in time: {' '.join(outcome.command)}")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        if load.freeze:
            freezer.join()
    if process.returncode not in allowed:
        raise Broken(f"exit {process.returncode}: {' '.join(outcome.command)}\n{output}")
    outcome.exit_code = process.returncode
    return output


class Tacos:
    schedule_is_known = can_ramp = True
    program = "tacos-load"

    def __init__(self, bin_dir, engine):
        self.path, self.engine = bin_dir / "tacos-load", engine
        self.name = f"tacos-{engine}"

    def installed(self):
        return self.path.exists()

    def version(self):
        return subprocess.run([self.path, "--version"], capture_output=True, text=True).stdout.strip()

    def measure(self, url, load):
        with tempfile.TemporaryDirectory() as directory:
            shape = ["--duration", f"{load.seconds}s"]
            if load.from_rate:
                shape = ["--from-rps", str(load.from_rate), "--ramp", f"{load.seconds}s", "--hold", f"{load.hold}s"]
            outcome = Outcome([str(self.path), "--url", url, "--rps", str(load.rate), *shape, "--connections",
                               str(load.connections), "--engine", self.engine, "--timeout", "60s", "--quiet", "--report",
                               directory], scratch=directory)
            run(outcome, load, allowed=(0, 4))
            report = json.loads((pathlib.Path(directory) / "report.json").read_text())
        names = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99.9": "p99_9", "max": "max", "mean": "mean"}
        for name, key in names.items():
            outcome.figures[name] = report["steps"]["request"]["response_time_ms"][key]
            outcome.figures["dispatch lag " + name] = report["dispatch_lag_ms"][key]
        outcome.figures["says so"] = report["verdict"] == "invalid" and outcome.exit_code == 4
        outcome.notes = {"verdict": report["verdict"], "reasons": report["verdict_reasons"], "outcomes": report["outcomes"],
                         "send_lag_ms": report["send_lag_ms"], "dispatch_lag_ms": report["dispatch_lag_ms"],
                         "service_time_ms": report["steps"]["request"]["service_time_ms"]}
        if report["rate"]["scheduled"] != report["outcomes"]["ok"]:
            outcome.notes["warning"] = "not every scheduled request was answered"
        return outcome


UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3, "h": 3600e3}


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text).groups()
    return float(number) * UNITS[unit]


class Wrk:
    schedule_is_known = can_ramp = False
    name = program = "wrk"

    def installed(self):
        return shutil.which("wrk") is not None

    def version(self):
        out = subprocess.run(["wrk", "-v"], capture_output=True, text=True)
        return (out.stdout + out.stderr).splitlines()[0].split(" [")[0]

    def measure(self, url, load):
        # A closed loop has no rate: as many connections as make about the asked one when the target is well.
        outcome = Outcome(["wrk", "-t1", f"-c{load.clients}", f"-d{load.seconds}s", "--timeout", "60s", "--latency", url])
        output = run(outcome, load)
        for name, key in {"p50": "50%", "p90": "90%", "p99": "99%"}.items():
            outcome.figures[name] = milliseconds(re.search(rf"^\s+{key}\s+(\S+)", output, re.MULTILINE).group(1))
        mean, maximum = re.search(r"^\s+Latency\s+(\S+)\s+\S+\s+(\S+)", output, re.MULTILINE).groups()
        outcome.figures["mean"], outcome.figures["max"] = milliseconds(mean), milliseconds(maximum)
        return outcome


class H2load:
    schedule_is_known = can_ramp = False
    name = program = "h2load"

    def installed(self):
        return shutil.which("h2load") is not None

    def version(self):
        return subprocess.run(["h2load", "--version"], capture_output=True, text=True).stdout.strip()

    def measure(self, url, load):
        # It prints mean, least and most; percentiles are worked out from its log of single requests.
        clients = 100
        with tempfile.NamedTemporaryFile(suffix=".tsv") as log:
            outcome = Outcome(["h2load", "--h1", "-t1", f"-c{clients}", f"--rps={load.rate / clients:g}", "-D",
                               str(load.seconds), f"--log-file={log.name}", url], scratch=log.name)
            output = run(outcome, load)
            times = [int(line.split("\t")[2]) / 1000 for line in pathlib.Path(log.name).read_text().splitlines()]
        found = re.search(r"time for request:\s+(\S+)\s+(\S+)\s+(\S+)", output)
        if found and times:
            outcome.figures["max"], outcome.figures["mean"] = milliseconds(found.group(2)), milliseconds(found.group(3))
            for name, q in {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}.items():
                outcome.figures[name] = arithmetic.quantile(times, q)
        return outcome


def all_generators(bin_dir):
    return [Tacos(bin_dir, "asio"), Tacos(bin_dir, "curl"), Wrk(), H2load()]
