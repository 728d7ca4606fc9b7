#!/usr/bin/env python3
"""What each script of lua/ costs a Redis: CPU of its main thread per call, sockets included, calls pipelined; the commands that a
call executes, itself among them; and what a call costs that wakes the server.

A server of its own, on a unix socket, with USERS in one line. The CPU is what the server's main thread used (INFO cpu), so that
other work on the machine shows as a slower run and only a little in the figures. Medians of ROUNDS. The figures that tacos-plan
counts with (WORK in src/tacos-plan/redis/redis_load.cc) come from here.
Usage: script_costs.py [--users N] [--calls N] [--rounds N]
"""
import argparse
import hashlib
import pathlib
import re
import socket
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
SCRIPTS["arrive"] = script("arrive", "prelude", "bucket")
SCRIPTS |= {name: script(name, "seat_prelude") for name in ("seat_hold", "seat_intent", "seat_pay", "seat_confirm")}
SCRIPTS |= {name: script(name) for name in ("key_claim", "key_settle")}
BUCKET, BUCKETS = LINE.replace("}", ".b3}"), 16
ANSWER = b'{"payment_intent_id":"pay_0123456789abcdef0123456789abcdef","status":"created","amount":120,"currency":"USD"}' + b" " * 30
# Far enough apart that the server has gone to sleep.
ALONE_CALLS, ALONE_EVERY_S = 1000, 0.002


def command(*words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def call(name, *arguments, key=LINE):
    return command("EVALSHA", hashlib.sha1(SCRIPTS[name].encode()).hexdigest(), 1, key, 0, *arguments)


def user(number):
    return hashlib.md5(str(number).encode()).digest()


def key_of(number):
    return "tacos:{i:%s}" % hashlib.md5(str(number).encode()).hexdigest()


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

    def used(self):
        """CPU of the main thread in microseconds, and the commands executed, those of scripts among them."""
        info = self.cli("INFO", "everything")
        cpu = sum(float(re.search(rf"used_cpu_{kind}_main_thread:([\d.]+)", info).group(1)) for kind in ("sys", "user")) * 1e6
        return cpu, int(re.search(r"total_commands_processed:(\d+)", info).group(1))

    def settled(self):
        """As if somebody had just ticked: after a while without, each script would ask whether this is still the same server."""
        for key in (LINE, BUCKET):
            if self.cli("EXISTS", key).strip() == "1":
                self.cli("HSET", key, "ticked", str(int(time.time() * 1e6) + 3_600_000_000))

    def pour(self, commands, things=None):
        """Microseconds of CPU and commands executed for each of `things` (of `commands`), all sent as fast as they are taken."""
        self.settled()
        before, executed = self.used()
        done = subprocess.run(["redis-cli", "-s", self.socket, "--pipe"], input=b"".join(commands), capture_output=True, timeout=300)
        if b"errors: 0" not in done.stdout:
            raise SystemExit(done.stdout.decode() + done.stderr.decode())
        after, all_executed = self.used()
        # Two are the INFO and the ECHO that ends the pipe.
        return (after - before) / (things or len(commands)), (all_executed - executed - 2) / (things or len(commands))

    def one_by_one(self, commands):
        """Microseconds of CPU of each, when the server sleeps before each."""
        self.settled()
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.socket)
            before, executed = self.used()
            for one in commands:
                line.sendall(one)
                if line.recv(4096)[:1] == b"-":
                    raise SystemExit("a call by itself was refused")
                time.sleep(ALONE_EVERY_S)
        after, all_executed = self.used()
        return (after - before) / len(commands), (all_executed - executed - 1) / len(commands)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(options, position):
    costs = {}
    with tempfile.TemporaryDirectory(prefix="tacos-scripts-") as folder:
        server = Server(folder)
        try:
            # Nobody is admitted before the opening; a line of its own kind for those who are.
            def begin(rate, buckets=1):
                server.cli("FLUSHALL")
                server.pour([call("open", 7, EVENT, 100_000, rate * 1_000_000, 100_000, 3_600_000, 3_600_000, 3_600_000, 0, 50_000_000,
                                  position, 0, 0, buckets)])
            begin(0)
            costs["join"] = server.pour([call("join", user(n), EVENT, 0, "8 bytes.", "", 0) for n in range(options.users)])
            step = max(1, options.users // options.calls)
            tickets = range(1, options.users + 1, step)
            costs["status"] = server.pour([call("status", n, 7) for n in tickets])
            costs["status, which wakes the server"] = server.one_by_one([call("status", n, 7) for n in tickets[:ALONE_CALLS]])
            hundreds = [list(tickets)[i:i + 100] for i in range(0, len(tickets), 100)]
            costs["heartbeat, 100 in a call"] = server.pour([call("seen", 7, *some) for some in hundreds], len(tickets))
            costs["tick, nobody let in"] = server.pour([call("tick", 0, 0, 0)] * 2000)
            costs["facts"] = server.pour([call("facts", 0, 7)] * 2000)
            begin(1_000_000)
            few = 20_000
            server.pour([call("join", user(n), EVENT, 0, "8 bytes.", "", 0) for n in range(few)])
            costs["tick, a user let in"] = server.pour([call("tick", 0, 0, 0)] * 20, few)
            who = range(1, few)
            costs["enter"] = server.pour([call("enter", n, 7, 0) for n in who])
            costs["claim"] = server.pour([call("claim", n, 7) for n in who])
            costs["hold 2 seats"] = server.pour([call("seat_hold", n, 7, f"a{n}", "new", f"res_{n:032x}", 3_600_000, 2)
                                                 for n in who])
            costs["settle"] = server.pour([call("settle", n, 7, "spend") for n in who])
            costs["payment begun"] = server.pour([call("seat_intent", n, 7, f"res_{n:032x}", f"pay_{n:032x}", 120, "USD", 20)
                                                  for n in who])
            costs["payment approved"] = server.pour([call("seat_pay", n, 7, f"pay_{n:032x}", "a") for n in who])
            costs["sold"] = server.pour([call("seat_confirm", n, 7, f"res_{n:032x}", f"pay_{n:032x}", f"ord_{n:032x}") for n in who])
            body, field = "0" * 32, "f" * 32
            costs["key claimed"] = server.pour([call("key_claim", field, f"{n:016x}", body, 5000, 600_000, 64, 1024, key=key_of(n)) for n in who])
            costs["key answered"] = server.pour([call("key_settle", field, f"{n:016x}", "finish", 600_000, 201, ANSWER, key=key_of(n))
                                                 for n in who])
            # What was measured is the work, not its refusal.
            told = server.cli("HMGET", LINE, "entered", "held").split()
            assert told == [str(few - 1), "0"], told
            assert server.cli("HGET", LINE, "sold_seats").strip() == str(2 * (few - 1))
            assert server.cli("ZCARD", LINE + ":claims").strip() == "0"
            if position == "watermark":
                server.cli("FLUSHALL")
                server.pour([command("SET", f"ticket:{{sale}}:{n:08d}", n) for n in range(options.users)])
                costs["KEYS, for each key"] = server.pour([command("KEYS", "ticket:{sale}:*")] * 5, 5 * options.users)
                begin(0, BUCKETS)
                costs["join of a spread event"] = server.pour([call("join", user(n), EVENT, 0, "8 bytes.", "", 0) for n in range(few)])
                # As a new event's bucket is told of it: its first number each, and no time that has passed.
                now = int(time.time() * 1e6)
                costs["arrival in its bucket"] = server.pour(
                    [call("arrive", 7, now, now, 3_600_000, 3_600_000, 3_600_000, BUCKETS, 1 + BUCKETS * n, user(n), "8 bytes.", "", 0, key=BUCKET)
                     for n in range(few)])
                assert server.cli("HGET", BUCKET, "epoch").strip() == "7"
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
    print("| script | commands | watermark | index |\n|---|---|---|---|")
    for name in found["watermark"][0]:
        commands = statistics.median(one[name][1] for one in found["watermark"])
        cells = [f"{statistics.median(one[name][0] for one in rounds):.2f}" if name in rounds[0] else "" for rounds in found.values()]
        print(f"| {name} | {commands:.3g} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
