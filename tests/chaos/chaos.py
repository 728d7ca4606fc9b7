#!/usr/bin/env python3
"""Random runs of two gateways on one Redis, or on a cluster, while things die, each judged by check_history.

    chaos.py --bin build/release/bin --runs 100 --seed 1 --jobs 2

A run is decided by its seed: how many users, which rate and times to live, what happens when. tacos-load plays the crowd,
its requests taking turns over both gateways; meanwhile a gateway or the Redis is killed (SIGKILL) and started again or
stopped (SIGSTOP) for a moment, connections to the Redis are cut, its scripts are forgotten, the rate is changed. Then the
line settles, the store is dumped and everything is checked. Files of a run with faults are kept.

The Redis runs with appendonly yes and appendfsync always: what it has answered is in its file, so that a kill loses nothing.

With --cluster there are six servers instead, and a primary is killed once or twice. Its replica may lack the last moments
before; to make that likely, it is cut off up to half a second before every other kill.
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
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

import check_history
import cluster
import store
from programs import Broken, Program, eventually, free_port, now_us

OPERATOR = "chaos-operator"
BURST = 20
SETTLE_SECONDS = 15
BUCKETS = 8
CLUSTER_KINDS = ("kill primary", "kill primary and gateway")
KINDS = ("kill gateway", "kill redis", "stop gateway", "stop redis", "cut connections", "forget scripts", "change rate")


class Run:
    def __init__(self, seed, options, directory):
        self.seed, self.bin, self.dir, self.kinds = seed, options.bin, directory, options.kinds
        self.in_cluster, self.replicas = options.cluster, options.replicas
        self.random = random.Random(seed)
        self.event = f"chaos-{seed}"
        self.users = self.random.randint(300, 2000)
        self.rate = self.random.choice((30, 60, 120, 250, 400))
        length = self.random.randint(8, 12)
        self.seconds = options.seconds or length
        more = random.Random(f"seats of {seed}")
        shares = (2, 1, 1) if self.in_cluster else (10, 4, 1)  # a line that is sold out has little left to lose
        self.seats = self.users // more.choice(shares)
        self.buckets = options.buckets or more.choice((1, BUCKETS))
        self.notes = []
        self.counts = collections.Counter()
        self.programs = []
        self.ports = [free_port(), free_port()]

    # What runs

    def start(self):
        self.redis = cluster.Six(self.dir) if self.in_cluster else cluster.Single(self.dir)
        self.programs += self.redis.programs
        key, operator = self.dir / "signing.key", self.dir / "operator.token"
        key.write_text("%064x\n" % self.random.getrandbits(256))
        operator.write_text(OPERATOR + "\n")
        turn = self.random.choice(("700ms", "1500ms", "3s"))
        for number, port in enumerate(self.ports):
            command = [str(self.bin / "tacos-gateway"), "--listen", f"127.0.0.1:{port}",
                       "--store", self.redis.url, "--line-buckets", str(self.buckets), "--store-timeout", "500ms",
                       "--signing-key-file", str(key), "--admin-token-file", str(operator), "--log-level", "warn",
                       "--admission-rate", str(self.rate), "--admission-burst", str(BURST),
                       "--seats", str(self.seats), "--hold-ttl", "2s",
                       "--turn-ttl", turn, "--grant-ttl", "2s", "--heartbeat-ttl", "3s", "--threads", "1"]
            if self.replicas:
                command += ["--store-replicas", str(self.replicas), "--store-replicas-timeout", "100ms"]
            self.programs.append(Program(f"gateway {number}", command, self.dir / f"gateway-{number}.log"))
        self.gateways = self.programs[-2:]
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
        """Asked again while it is 503: a disk that is busy may hold up a server that writes before it answers."""
        def answered():
            status, answer = self.call(port, method, path, body)
            if status >= 300 and status != 503:
                raise Broken(f"{method} {path}: {status}")
            return status < 300 and (answer,)

        return eventually(f"{method} {path}", answered, 5)[0]

    def open_event(self):
        """Opens the event with nobody let in, so that its journal is kept from the first admission on."""
        self.must(self.ports[0], "POST", "/admin/events/*/pause")
        self.must(self.ports[0], "POST", "/queue/join", {"event_id": self.event, "user_id": "opener"})
        member = next(text for text in self.redis.ask_for(store.EVENTS, "SMEMBERS", store.EVENTS) if text[16:] == self.event)
        self.line = "tacos:{" + member[:16] + "}"
        for key in [self.line, *self.bucket_keys()]:
            self.redis.ask_for(key, "HSET", key, "journal", 1)
        self.must(self.ports[0], "PUT", f"/admin/events/{self.event}/admission", {"rate": self.rate, "burst": BURST})
        self.must(self.ports[0], "POST", "/admin/events/*/resume")

    def bucket_keys(self):
        return [f"{self.line[:-1]}.{number:02x}}}" for number in range(self.buckets)] if self.buckets > 1 else []

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
        if self.in_cluster:
            times = [0.3, 0.6] if self.random.random() < 0.4 else [0.35]
            return [(part * self.seconds, self.random.choice(self.kinds), self.random.randrange(2),
                     self.random.uniform(0.05, 1.5)) for part in times]
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
            self.redis.program.kill()
            time.sleep(lasting / 2)
            self.redis.program.start()
        elif kind.startswith("kill primary"):
            self.kill_primary(note, lasting, which if "gateway" in kind else None)
        elif kind in ("stop gateway", "stop redis"):
            program = self.redis.program if kind == "stop redis" else self.gateways[which]
            note["target"] = which
            program.signal(signal.SIGSTOP)
            time.sleep(lasting)
            program.signal(signal.SIGCONT)
        elif kind == "change rate":
            note["rate"] = rate
            self.call(self.ports[which], "PUT", f"/admin/events/{self.event}/admission", {"rate": rate}, timeout=1)
        else:
            words = ("CLIENT", "KILL", "TYPE", "normal") if kind == "cut connections" else ("SCRIPT", "FLUSH")
            for redis in self.redis.primaries():
                redis.ask(*words)
                redis.close()
        note["until_us"] = now_us()
        self.notes.append(note)
        self.counts[kind] += 1

    def kill_primary(self, note, lasting, gateway):
        """With a gateway, if one is named, which takes what it knew of the line with it. That of the
        event's own key, or that of a bucket; half of the time its replica has not heard the last moments."""
        keys = [self.line, *self.bucket_keys()]
        key = keys[0] if self.buckets == 1 or lasting < 0.8 else keys[1 + int(lasting * 1000) % self.buckets]
        unreplicated = 0.5 * (lasting * 10 % 1) if int(lasting * 100) % 2 else 0

        def kill_gateway():
            if gateway is not None:
                self.gateways[gateway].kill()
                self.notes.append({"fault": "kill gateway", "target": gateway, "at_us": now_us()})

        note["fault"] = "kill primary"
        # Before the kill: afterwards some nodes are behind with whose slots are whose.
        struck = self.redis.owner(store.slot_of(key))
        parts = [part[len(self.line) - 1:-1] for part in keys if self.redis.owner(store.slot_of(part)) is struck]
        lossy_from, killed, heir, taken, node = self.redis.kill_primary(key, unreplicated, kill_gateway)
        if gateway is not None:
            self.gateways[gateway].start()
        note.update(lossy_from_us=lossy_from, at_us=killed, heir_us=heir, taken_us=taken, node=node.number,
                    unreplicated_ms=round(unreplicated * 1000), parts=parts)
        eventually("the killed server to follow", self.redis.is_healthy, 20)

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
            sold, held = self.redis.ask_for(self.line, "HMGET", self.line, "sold", "held")
            if held != "0":
                return False
            lines = self.bucket_keys() or [self.line]
            sizes = (self.redis.ask_for(line, "ZCARD", line + name) for line in lines for name in (":seen", ":turns", ":due"))
            return sold == "1" or not any(sizes)

        eventually("the line to settle", still, SETTLE_SECONDS)
        time.sleep(0.7)  # two idle ticks, after which the last departures have been handed on

    def dump(self):
        for number, port in enumerate(self.ports):
            event = next(event for event in self.must(port, "GET", "/admin/events")["events"]
                         if event["event_id"] == self.event)
            self.notes.append({"gateway": f"gateway {number}", "admin": event})
        servers = self.redis.primaries()
        with open(self.dir / "store.jsonl", "w", encoding="utf-8") as file:
            store.dump_event(servers, self.event, file, self.notes)
        for redis in servers:
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
        found = check_history.check(paths, self.dir / "store.jsonl", seats=self.seats, durable=self.replicas > 0)
        for text in (text for program in self.programs for text in program.ends):
            found.fault(0, text)
        (self.dir / "findings.txt").write_text(found.text() + "\n")
        return found


def one(seed, options):
    """(seed, line to print, findings or None, counts)"""
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-", dir=options.out))
    run = Run(seed, options, directory)
    try:
        found = run.make()
    except Broken as broken:
        return seed, f"run {seed}: could not be made: {broken}; see {directory}", None, run.counts
    except Exception:  # a fault of this script: to be seen, and not to end the other runs
        (directory / "traceback.txt").write_text(traceback.format_exc())
        return seed, f"run {seed}: broke, see {directory}/traceback.txt", None, run.counts
    done = ", ".join(f"{count} x {kind}" for kind, count in sorted(run.counts.items()))
    line = (f"run {seed}: {run.users} users, {run.seats} seats, {run.buckets} buckets, {found.measures['requests']} requests "
            f"({found.measures['requests without an answer']} unanswered, {found.measures['answers 503']} 503, "
            f"{found.measures['answers marked stale']} stale), {found.measures['grants']} grants, {found.measures['orders']} "
            f"orders, {done}: ")
    if run.in_cluster:
        line += "".join(f"{name} {found.measures[name]}, " for name in (
            "failovers", "tickets lost", "tickets restored", "longest without admission around a kill, ms"))
        line += "".join(f"{name} {count}, " for name, count in sorted(found.measures.items()) if name.startswith("explained"))
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
    parser.add_argument("--kinds", type=lambda text: tuple(text.split(",")), metavar="KIND,...",
                        help="what may happen (default: " + ",".join(KINDS) + "; in a cluster: " + ",".join(CLUSTER_KINDS) + ")")
    parser.add_argument("--cluster", action="store_true", help="a cluster of six servers, of which one or two primaries are killed")
    parser.add_argument("--replicas", type=int, default=0, help="--store-replicas of the gateways, with --cluster: no answered write "
                        "may be lost then (default 0)")
    parser.add_argument("--buckets", type=int, default=0, help=f"of each line (default: 1 or {BUCKETS}, by the seed)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()),
                        help="where runs keep their files (default %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the files of runs without faults too")
    options = parser.parse_args()
    options.kinds = options.kinds or (CLUSTER_KINDS if options.cluster else KINDS)
    unknown = [kind for kind in options.kinds if kind not in KINDS + CLUSTER_KINDS]
    if unknown:
        parser.error(f"--kinds: '{unknown[0]}' is not one of {', '.join(KINDS + CLUSTER_KINDS)}")
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
