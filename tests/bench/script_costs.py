#!/usr/bin/env python3
"""What each script of lua/ costs a Redis: CPU of its main thread per call, sockets included, calls pipelined.

A server of its own, on a unix socket, with USERS in one line. The CPU is what the server's main thread used (INFO cpu), so that
other work on the machine shows as a slower run and only a little in the figures. Medians of ROUNDS.
Usage: script_costs.py [--users N] [--calls N] [--rounds N]
"""
import argparse
import hashlib
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

LUA = pathlib.Path(__file__).resolve().parents[2] / "lua"
LINE, EVENT = "tacos:{5a1e20261121cafe}", "sale"


def script(name, *before):
    return "".join((LUA / f"{part}.lua").read_text() for part in (*before, name))


SCRIPTS = {name: script(name, "prelude") for name in ("open", "join", "status", "enter", "claim", "settle", "leave", "seen", "facts")}
SCRIPTS["tick"] = script("tick", "prelude", "passing")
SCRIPTS["seat_hold"] = script("seat_hold", "seat_prelude")
SCRIPTS["seat_confirm"] = script("seat_confirm", "seat_prelude")


def command(*words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def call(name, *arguments):
    return command("EVALSHA", hashlib.sha1(SCRIPTS[name].encode()).hexdigest(), 1, LINE, 0, *arguments)


def user(number):
    return hashlib.md5(str(number).encode()).digest()


class Server:
    def __init__(self, folder):
        self.socket = f"{folder}/redis.sock"
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly",
                                         "no", "--dir", folder], stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        for text in SCRIPTS.values():
            self.cli("SCRIPT", "LOAD", text)

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, check=True, timeout=60).stdout

    def cpu_us(self):
        info = self.cli("INFO", "cpu")
        return sum(float(re.search(rf"used_cpu_{kind}_main_thread:([\d.]+)", info).group(1)) for kind in ("sys", "user")) * 1e6

    def pour(self, commands):
        """The CPU that these commands took, in microseconds each. As if somebody had just ticked: after a while without, each
        script would ask whether this is still the same server."""
        if self.cli("EXISTS", LINE).strip() == "1":
            self.cli("HSET", LINE, "ticked", str(int(time.time() * 1e6) + 3_600_000_000))
        before = self.cpu_us()
        done = subprocess.run(["redis-cli", "-s", self.socket, "--pipe"], input=b"".join(commands), capture_output=True, timeout=300)
        if b"errors: 0" not in done.stdout:
            raise SystemExit(done.stdout.decode() + done.stderr.decode())
        return (self.cpu_us() - before) / len(commands)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(options, position):
    costs = {}
    with tempfile.TemporaryDirectory(prefix="tacos-scripts-") as folder:
        server = Server(folder)
        try:
            # Nobody is admitted before the opening; a line of its own kind for those who are.
            def begin(rate):
                server.cli("FLUSHALL")
                server.pour([call("open", 7, EVENT, 100_000, rate * 1_000_000, 100_000, 3_600_000, 3_600_000, 3_600_000, 0, 50_000_000,
                                  position, 0, 0)])
            begin(0)
            costs["join"] = server.pour([call("join", user(n), EVENT) for n in range(options.users)])
            step = max(1, options.users // options.calls)
            tickets = range(1, options.users + 1, step)
            costs["status"] = server.pour([call("status", n, 7) for n in tickets])
            hundreds = [list(tickets)[i:i + 100] for i in range(0, len(tickets), 100)]
            costs["heartbeat, 100 in a call"] = server.pour([call("seen", 7, *some) for some in hundreds]) / 100
            costs["tick, nobody let in"] = server.pour([call("tick", 0, 0, 0)] * 2000)
            costs["facts"] = server.pour([call("facts", 0, 7)] * 2000)
            begin(1_000_000)
            few = 20_000
            server.pour([call("join", user(n), EVENT) for n in range(few)])
            costs["tick, a user let in"] = server.pour([call("tick", 0, 0, 0)] * 20) * 20 / few
            costs["enter"] = server.pour([call("enter", n, 7, 0) for n in range(1, few)])
            costs["claim"] = server.pour([call("claim", n, 7) for n in range(1, few)])
            costs["hold 2 seats"] = server.pour([call("seat_hold", n, 7, f"a{n}", "new", f"res_{n:032x}", 3_600_000, 2)
                                                 for n in range(1, few)])
            costs["settle"] = server.pour([call("settle", n, 7, "spend") for n in range(1, few)])
            # What was measured is the work, not its refusal.
            told = server.cli("HMGET", LINE, "entered", "held").split()
            assert told == [str(few - 1), str(2 * (few - 1))], told
            assert server.cli("ZCARD", LINE + ":claims").strip() == "0"
        finally:
            server.stop()
    return costs


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--users", type=int, default=300_000)
    options.add_argument("--calls", type=int, default=30_000)
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()
    found = {position: [measure(options, position) for _ in range(options.rounds)] for position in ("watermark", "index")}
    print(f"{options.users:,} users in line, medians of {options.rounds} rounds; microseconds of the Redis's main thread a call\n")
    print("| script | watermark | index |\n|---|---|---|")
    for name in found["index"][0]:
        cells = (statistics.median(one[name] for one in found[position]) for position in ("watermark", "index"))
        print(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
