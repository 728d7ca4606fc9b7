#!/usr/bin/env python3
"""Random runs of two gateways on one Redis while things die, each judged by check_history.

    chaos.py --bin build/release/bin --runs 100 --seed 1 --jobs 2

A run is decided by its seed: how many users, which rate and times to live, what happens when. tacos-load plays the crowd,
its requests taking turns over both gateways; meanwhile a gateway or the Redis is killed (SIGKILL) and started again or
stopped (SIGSTOP) for a moment, connections to the Redis are cut, its scripts are forgotten, the rate is changed. Then the
line settles, the store is dumped and everything is checked. Files of a run with faults are kept.

The Redis runs with appendonly yes and appendfsync always: what it has answered is in its file, so that a kill loses nothing.
What asynchronous replication may lose is another matter and not looked for here.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

import check_history
import store

OPERATOR = "chaos-operator"
BURST = 20
SETTLE_SECONDS = 15
KINDS = ("kill gateway", "kill redis", "stop gateway", "stop redis", "cut connections", "forget scripts", "change rate")


class Broken(Exception):
    """The run could not be made; says nothing about the invariants."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def now_us():
    return time.time_ns() // 1000


def eventually(what, ready, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            found = ready()
            if found:
                return found
        except (OSError, store.Gone, store.ErrorReply, ValueError):
            pass
        time.sleep(0.02)
    raise Broken(f"waited {seconds} s for {what}")


class Program:
    """A process that can be killed and started again on the same port. Its log grows over its lives."""

    def __init__(self, name, command, log):
        self.name, self.command, self.log = name, command, log
        self.process = None
        self.ends = []  # of lives that nobody ended
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        else:
            self.note_end()
        self.process.wait()

    def note_end(self):
        lines = self.log.read_text(errors="replace").splitlines() or [""]
        self.ends.append(f"{self.name} ended by itself with {self.process.returncode}: {lines[-1][:300]}")

    def revive(self):
        if self.process.poll() is not None:
            self.note_end()
            self.start()

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)


class Run:
    def __init__(self, seed, bin_dir, directory, seconds, kinds):
        self.seed, self.bin, self.dir, self.kinds = seed, bin_dir, directory, kinds
        self.random = random.Random(seed)
        self.event = f"chaos-{seed}"
        self.users = self.random.randint(300, 2000)
        self.rate = self.random.choice((30, 60, 120, 250, 400))
        self.seconds = seconds if seconds else self.random.randint(8, 12)
        self.notes = []
        self.counts = collections.Counter()
        self.programs = []
        self.redis_port = free_port()
        self.ports = [free_port(), free_port()]

    # What runs

    def start(self):
        data = self.dir / "redis"
        data.mkdir()
        self.redis = Program("redis", ["redis-server", "--bind", "127.0.0.1", "--port", str(self.redis_port), "--save", "",
                                       "--appendonly", "yes", "--appendfsync", "always", "--dir", str(data),
                                       "--loglevel", "warning"], self.dir / "redis.log")
        self.programs.append(self.redis)
        eventually("the Redis", lambda: store.Redis(self.redis_port).ask("PING"))
        key, operator = self.dir / "signing.key", self.dir / "operator.token"
        key.write_text("%064x\n" % self.random.getrandbits(256))
        operator.write_text(OPERATOR + "\n")
        turn = self.random.choice(("700ms", "1500ms", "3s"))
        for number, port in enumerate(self.ports):
            command = [str(self.bin / "tacos-gateway"), "--listen", f"127.0.0.1:{port}",
                       "--store", f"redis://127.0.0.1:{self.redis_port}", "--store-timeout", "500ms",
                       "--signing-key-file", str(key), "--admin-token-file", str(operator), "--log-level", "warn",
                       "--admission-rate", str(self.rate), "--admission-burst", str(BURST), "--seats", "10000",
                       "--turn-ttl", turn, "--grant-ttl", "2s", "--heartbeat-ttl", "3s", "--threads", "1"]
            self.programs.append(Program(f"gateway {number}", command, self.dir / f"gateway-{number}.log"))
        self.gateways = self.programs[1:]
        for port in self.ports:
            eventually("the gateways", lambda at=port: self.call(at, "GET", "/readyz")[0] == 200)

    def call(self, port, method, path, body=None, timeout=3):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {OPERATOR}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, {}

    def must(self, port, method, path, body=None):
        status, answer = self.call(port, method, path, body)
        if status >= 300:
            raise Broken(f"{method} {path}: {status}")
        return answer

    def open_event(self):
        """Opens the event with nobody let in, so that its journal is kept from the first admission on."""
        self.must(self.ports[0], "POST", "/admin/events/*/pause")
        self.must(self.ports[0], "POST", "/queue/join", {"event_id": self.event, "user_id": "opener"})
        redis = store.Redis(self.redis_port)
        member = next(text for text in redis.ask("SMEMBERS", store.EVENTS) if text[16:] == self.event)
        redis.ask("HSET", "tacos:{" + member[:16] + "}", "journal", 1)
        redis.close()
        self.must(self.ports[0], "PUT", f"/admin/events/{self.event}/admission", {"rate": self.rate, "burst": BURST})
        self.must(self.ports[0], "POST", "/admin/events/*/resume")

    def scenario(self):
        arrive = 0.6 * self.seconds
        return {"schema": "tacos.scenario/1", "name": f"chaos-{self.seed}",
                "targets": [f"http://127.0.0.1:{port}" for port in self.ports],
                "seed": self.seed, "users": self.users, "history": str(self.dir / "history"), "connections": 24,
                "timeout": "2s", "workers": 1,
                "load": {"model": "users", "spacing": "poisson", "stages": [
                    {"rate": 0.9 * self.users / arrive, "duration": f"{arrive:.1f}s"},
                    {"rate": 1, "duration": f"{self.seconds - arrive:.1f}s"}]},
                "journey": {"kind": "queue", "event_id": self.event, "poll": {"interval": "300ms", "jitter": 0.5},
                            "think": {"enter": "50ms", "reserve": "100ms", "pay": "50ms", "confirm": "50ms"},
                            "patience": self.random.choice(("0", "1s", "2s", "4s")),
                            "tells_when_leaving": self.random.choice((0.2, 0.7)),
                            "when_expired": "rejoin"}}

    def load(self):
        path = self.dir / "scenario.json"
        path.write_text(json.dumps(self.scenario(), indent=1))
        with open(self.dir / "load.log", "wb") as log:
            return subprocess.Popen([str(self.bin / "tacos-load"), "run", str(path), "--report", str(self.dir / "report"),
                                     "--quiet"], stdout=log, stderr=log)

    # What happens to it

    def plan(self):
        """(second, kind, gateway, how long) by the seed, from after the first joins to before the last."""
        actions = []
        at = 0.8
        while at < self.seconds - 1:
            kind = self.random.choice(self.kinds)
            actions.append((at, kind, self.random.randrange(2), self.random.uniform(0.05, 1.5)))
            at += self.random.uniform(0.3, 2.0)
        return actions

    def act(self, kind, which, lasting, rate):
        note = {"fault": kind, "at_us": now_us()}
        if kind == "kill gateway":
            note["target"] = which
            self.gateways[which].kill()
            note["at_us"] = now_us()  # whatever was answered before, the old process answered
            time.sleep(lasting / 2)
            self.gateways[which].start()
        elif kind == "kill redis":
            self.redis.kill()
            time.sleep(lasting / 2)
            self.redis.start()
        elif kind in ("stop gateway", "stop redis"):
            program = self.redis if kind == "stop redis" else self.gateways[which]
            note["target"] = which
            program.signal(signal.SIGSTOP)
            time.sleep(lasting)
            program.signal(signal.SIGCONT)
        elif kind == "change rate":
            note["rate"] = rate
            self.call(self.ports[which], "PUT", f"/admin/events/{self.event}/admission", {"rate": rate}, timeout=1)
        else:
            words = ("CLIENT", "KILL", "TYPE", "normal") if kind == "cut connections" else ("SCRIPT", "FLUSH")
            store.Redis(self.redis_port, timeout=1).ask(*words)
        note["until_us"] = now_us()
        self.notes.append(note)
        self.counts[kind] += 1

    def torment(self, started):
        rates = random.Random(self.seed + 1)
        for at, kind, which, lasting in self.plan():
            time.sleep(max(0, started + at - time.monotonic()))
            rate = rates.choice((0, 20, 100, 300, self.rate))
            try:
                self.act(kind, which, lasting, rate)
            except (OSError, store.Gone, store.ErrorReply):
                self.counts["faults that could not be made"] += 1  # such as a change of rate at a gateway that is down

    def settle(self):
        """Until nobody waits and nothing can lapse: then no tick changes what is being read."""
        for port in self.ports:
            eventually("the gateways to be ready again", lambda at=port: self.call(at, "GET", "/readyz")[0] == 200)
        self.must(self.ports[0], "PUT", f"/admin/events/{self.event}/admission", {"rate": 0})

        def still():
            redis = store.Redis(self.redis_port)
            line = next("tacos:{" + text[:16] + "}" for text in redis.ask("SMEMBERS", store.EVENTS))
            sizes = [redis.ask("ZCARD", line + name) for name in (":seen", ":turns", ":due")]
            redis.close()
            return not any(sizes)

        eventually("the line to settle", still, SETTLE_SECONDS)

    def dump(self):
        for number, port in enumerate(self.ports):
            event = next(event for event in self.must(port, "GET", "/admin/events")["events"]
                         if event["event_id"] == self.event)
            self.notes.append({"gateway": f"gateway {number}", "admin": event})
        redis = store.Redis(self.redis_port)
        with open(self.dir / "store.jsonl", "w", encoding="utf-8") as file:
            store.dump_event(redis, self.event, file, self.notes)
        redis.close()

    def make(self):
        loader = None
        try:
            self.start()
            self.open_event()
            loader = self.load()
            self.torment(time.monotonic())
            code = loader.wait(timeout=self.seconds + 60)
            if code not in (0, 1, 4):
                raise Broken(f"tacos-load ended with {code}, see load.log")
            for program in self.programs:
                program.revive()
            self.settle()
            self.dump()
        except subprocess.TimeoutExpired as error:
            raise Broken("tacos-load did not end") from error
        finally:
            if loader and loader.poll() is None:
                loader.kill()
                loader.wait()
            for program in self.programs:
                program.signal(signal.SIGCONT)
                program.kill()
        paths = sorted(str(path) for path in self.dir.glob("history.*"))
        found = check_history.check(paths, self.dir / "store.jsonl")
        for text in (text for program in self.programs for text in program.ends):
            found.fault(0, text)
        (self.dir / "findings.txt").write_text(found.text() + "\n")
        return found


def one(seed, options):
    """(seed, line to print, findings or None, counts)"""
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-", dir=options.out))
    run = Run(seed, options.bin, directory, options.seconds, options.kinds)
    try:
        found = run.make()
    except Broken as broken:
        return seed, f"run {seed}: could not be made: {broken}; see {directory}", None, run.counts
    except Exception:  # a fault of this script: to be seen, and not to end the other runs
        (directory / "traceback.txt").write_text(traceback.format_exc())
        return seed, f"run {seed}: broke, see {directory}/traceback.txt", None, run.counts
    done = ", ".join(f"{count} x {kind}" for kind, count in sorted(run.counts.items()))
    line = (f"run {seed}: {run.users} users, {found.measures['requests']} requests "
            f"({found.measures['requests without an answer']} unanswered, {found.measures['answers 503']} 503), "
            f"{found.measures['grants']} grants, {done}: ")
    if found.count():
        return seed, line + f"{found.count()} FAULTS, see {directory}\n{found.text()}", found, run.counts
    if not options.keep:
        shutil.rmtree(directory, ignore_errors=True)
    return seed, line + "all rules hold", found, run.counts


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path(os.environ.get("TACOS_BIN_DIR", "build/release/bin")),
                        help="where tacos-gateway and tacos-load are (default %(default)s)")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others count up (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time (default 1)")
    parser.add_argument("--seconds", type=int, default=0, help="how long the load of each run lasts (default: 8 to 12)")
    parser.add_argument("--kinds", type=lambda text: tuple(text.split(",")), default=KINDS, metavar="KIND,...",
                        help="what may happen (default: " + ",".join(KINDS) + ")")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()),
                        help="where runs keep their files (default %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the files of runs without faults too")
    options = parser.parse_args()
    unknown = [kind for kind in options.kinds if kind not in KINDS]
    if unknown:
        parser.error(f"--kinds: '{unknown[0]}' is not one of {', '.join(KINDS)}")
    return options


def main():
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    total, counts, faulty, unmade = collections.Counter(), collections.Counter(), [], []
    skipped = set()
    printing = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(one, options.seed + n, options) for n in range(options.runs)]
        for run in concurrent.futures.as_completed(runs):
            seed, line, found, made = run.result()
            with printing:
                print(line, flush=True)
            counts.update(made)
            if found is None:
                unmade.append(seed)
                continue
            skipped.update(found.skipped)
            for name, value in found.measures.items():
                total[name] = max(total[name], value) if "most" in name or "longest" in name else total[name] + value
            if found.count():
                faulty.append(seed)
    print(f"\n{options.runs} runs: {options.runs - len(faulty) - len(unmade)} without a fault, {len(faulty)} with faults "
          f"{sorted(faulty) or ''}, {len(unmade)} could not be made {sorted(unmade) or ''}")
    for name, value in sorted(counts.items()) + sorted(total.items()):
        print(f"  {name}: {value}")
    for text in sorted(skipped):
        print(f"  not judged: {text}")
    return 1 if faulty or unmade else 0


if __name__ == "__main__":
    sys.exit(main())
