#!/usr/bin/env python3
"""CPU seconds that Redis's executing thread spends per command, as the defaults of CommandCosts in
src/tacos-plan/redis/redis_load.h were measured.

Starts a redis-server of its own on a unix socket, loads a line of --users, and sends each command with redis-benchmark:
one request at a time on each of 50 connections, and 32 at a time. The cost is what used_cpu_*_main_thread of INFO grew by,
divided by the commands; beside it the execution time alone, from INFO commandstats. Prints the median of --rounds.
"""
import argparse
import pathlib
import random
import socket
import statistics
import subprocess
import tempfile
import time

JOIN = """
local ticket = redis.call('HGET', KEYS[2], ARGV[1])
if ticket then return ticket end
ticket = redis.call('HINCRBY', KEYS[1], 'next', 1)
redis.call('HSET', KEYS[2], ARGV[1], ticket)
if KEYS[4] then redis.call('ZADD', KEYS[4], ticket, ticket) end
redis.call('ZADD', KEYS[3], ARGV[2], ticket)
return ticket
"""
EMPTY = "return 1"
CALLS = "for i = 1, 10 do redis.call('HGET', KEYS[1], ARGV[1]) end return 1"
STATUS_INDEX = """
local ticket = redis.call('HGET', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
return redis.call('ZRANK', KEYS[1], ARGV[1])
"""


class Server:
    def __init__(self, folder):
        self.path = str(pathlib.Path(folder) / "s")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL)
        while not pathlib.Path(self.path).exists():
            time.sleep(0.02)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        self.socket.sendall(encoded(*words))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if line[:1] == b"$":
            size = int(line[1:])
            return b"" if size < 0 else self.file.read(size + 2)[:-2]
        if line[:1] == b"*":
            return [self.reply() for _ in range(int(line[1:]))]
        return line[1:].strip()

    def info(self, section):
        lines = self.ask("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def cpu(self):
        facts = self.info("cpu")
        return float(facts["used_cpu_user_main_thread"]) + float(facts["used_cpu_sys_main_thread"])

    def load(self, users):
        for start in range(0, users, 100):
            names = [f"{n:012d}" for n in range(start, min(start + 100, users))]
            scored = [word for n in names for word in (str(int(n)), n)]
            paired = [word for n in names for word in (n, str(int(n)))]
            self.socket.sendall(encoded("ZADD", "line", *scored) + encoded("ZADD", "seen", *scored) +
                                encoded("HSET", "users", *paired))
            for _ in range(3):
                self.reply()


def encoded(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)


def measure(server, users, depth, requests, command):
    server.ask("CONFIG", "RESETSTAT")
    before = server.cpu()
    subprocess.run(["redis-benchmark", "-s", server.path, "-c", "50", "-P", str(depth), "-n", str(requests), "-r", str(users),
                    "-q", *command], check=True, stdout=subprocess.DEVNULL)
    cost = (server.cpu() - before) / requests * 1e6
    stats = server.info("commandstats")
    name = "cmdstat_" + command[0].lower()
    execution = float(stats[name].split("usec_per_call=")[1].split(",")[0])
    return cost, execution


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--users", type=int, default=300_000)
    options.add_argument("--requests", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            report(server, args)
        finally:
            server.process.terminate()
            server.process.wait()


def report(server, args):
    server.load(args.users)
    scripts = {name: server.ask("SCRIPT", "LOAD", text).decode()
               for name, text in (("join", JOIN), ("empty", EMPTY), ("calls", CALLS), ("status", STATUS_INDEX))}
    some = "__rand_int__"
    now = "1795000000"
    server.ask("HSET", "state", *[w for n in range(8) for w in (f"field{n}", str(100000 + n))])
    commands = {
        "PING": ["PING"],
        "HGET users": ["HGET", "users", some],
        "HSET users": ["HSET", "users", some, "123456"],
        "HMGET state, 4 fields": ["HMGET", "state", "field0", "field2", "field4", "field6"],
        "HINCRBY state": ["HINCRBY", "state", "field0", "1"],
        "ZRANK line": ["ZRANK", "line", some],
        "ZADD seen, anywhere": ["ZADD", "seen", "XX", some, some],
        "ZADD line, new": ["ZADD", "fresh", some, some],
        "EVALSHA empty": ["EVALSHA", scripts["empty"], "1", "users"],
        "EVALSHA 10 HGET": ["EVALSHA", scripts["calls"], "1", "users", some],
        "EVALSHA join, index": ["EVALSHA", scripts["join"], "4", "jstate", "jusers", "jseen", "jline", some, now],
        "EVALSHA join, watermark": ["EVALSHA", scripts["join"], "3", "wstate", "wusers", "wseen", some, now],
        "EVALSHA status, index": ["EVALSHA", scripts["status"], "3", "line", "users", "seen", some, now],
    }
    print(f"{args.users} users, {args.requests} requests, median of {args.rounds}: us of CPU per command")
    print(f"{'command':26} {'alone':>8} {'32 at once':>11} {'execution':>10}")
    for name, command in commands.items():
        alone, together = [], []
        for _ in range(args.rounds):
            if "join" in name or "new" in name:
                server.ask("DEL", "fresh", "jstate", "jusers", "jseen", "jline", "wstate", "wusers", "wseen")
            alone.append(measure(server, args.users, 1, args.requests, command))
            if "join" in name or "new" in name:
                server.ask("DEL", "fresh", "jstate", "jusers", "jseen", "jline", "wstate", "wusers", "wseen")
            together.append(measure(server, args.users, 32, args.requests, command))
        print(f"{name:26} {statistics.median(c for c, _ in alone):8.2f} {statistics.median(c for c, _ in together):11.2f} "
              f"{statistics.median(e for _, e in alone + together):10.2f}", flush=True)
    heartbeats(server, args)
    scan(server)


def heartbeats(server, args):
    """Members in any order, each moved to the end by the present second: what "still here" does."""
    chosen = random.Random(1)
    second = 1_795_000_000
    executions, cpu = [], []
    for _ in range(args.rounds):
        server.ask("CONFIG", "RESETSTAT")
        before = server.cpu()
        for start in range(0, args.requests, 32):
            second += start % 1024 == 0
            server.socket.sendall(b"".join(encoded("ZADD", "seen", str(second), f"{chosen.randrange(args.users):012d}")
                                           for _ in range(32)))
            for _ in range(32):
                server.reply()
        cpu.append((server.cpu() - before) / args.requests * 1e6)
        executions.append(float(server.info("commandstats")["cmdstat_zadd"].split("usec_per_call=")[1].split(",")[0]))
    print(f"{'ZADD seen, to the end':26} {'':8} {statistics.median(cpu):11.2f} {statistics.median(executions):10.2f}", flush=True)


def scan(server):
    """KEYS with a pattern that every key matches, per key: what one status call of the keys strategy costs."""
    server.ask("FLUSHALL")
    have = 0
    for keys in (1_000, 10_000, 100_000, 300_000):
        for start in range(have, keys, 500):
            some = range(start, min(start + 500, keys))
            server.socket.sendall(b"".join(encoded("SET", f"stream:event:{{sale-20261121}}:user:{n:036d}", "1") for n in some))
            for _ in some:
                server.reply()
        have = keys
        costs = []
        repeats = max(3, 30_000 // keys)
        for _ in range(3):
            before = server.cpu()
            for _ in range(repeats):
                server.ask("KEYS", "stream:event:{sale-20261121}:user:*")
            costs.append((server.cpu() - before) / repeats * 1e6)
        cost = statistics.median(costs)
        print(f"KEYS over {keys}: {cost:.0f} us, {cost * 1000 / keys:.0f} ns per key", flush=True)


main()
