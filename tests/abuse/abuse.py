#!/usr/bin/env python3
"""Strangers attack a gateway while an honest user polls: does the honest user notice, and does memory stay bounded?

  abuse.py --bin build/release/bin            every scenario for 8 s each (`make abuse`)
  abuse.py --bin build/dev/bin --short        ten of them for 1 s each, a wider limit: the smoke test of ctest

Each scenario starts a gateway of its own and attacks it from addresses of its own on loopback. An honest user polls at 200/s
meanwhile. A scenario holds when 99 of 100 honest polls are answered within the limit, none fails, memory stays below what
the scenario states, and what the scenario checks besides is true. One table at the end; exit 1 when one does not hold.
"""
import argparse
import base64
import fcntl
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import target
from attackers import ATTACKER, Attack, flood, hold, http_request
from target import Gateway, HonestPolls, Memory, admin, call

ATTACKERS = tuple(f"127.0.1.{i}" for i in range(1, 33))
MIB_USUAL = 128  # what a scenario may add that says nothing else
F_SETPIPE_SZ = 1031
SECRET = bytes(range(32))
# RFC 8037, A.2: the public key of the examples; nobody here has the private one.
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(sub, alg="HS256", event="show"):
    text = b64(json.dumps({"alg": alg}).encode()) + "." + b64(
        json.dumps({"sub": sub, "event": event, "exp": int(time.time()) + 600}).encode())
    signature = hmac.new(SECRET, text.encode(), hashlib.sha256).digest() if alg == "HS256" else os.urandom(64)
    return text + "." + b64(signature)


def join(gateway, event="show", user=None, **more):
    body = {"event_id": event, **({"user_id": user} if user else {}), **more}
    return call(gateway.port, "POST", "/queue/join", body, {"Idempotency-Key": f"join-{user}"})


def declare(gateway, event):
    """As an operator would before a sale. A build that can't is attacked with what it has: events of their first join."""
    call(gateway.admin_port, "PUT", f"/admin/events/{event}", {"seats": 10000}, admin())


class Scenario:
    """One attack. Subclasses say what runs, what the gateway is started with, and what must be true besides."""

    name = ""
    options = {}
    added_mib = MIB_USUAL
    log_to_pipe = False
    in_short = True

    def __init__(self, arguments):
        self.bin, self.seconds, self.remarks, self.faults = arguments.bin, arguments.seconds, [], []
        self.under_attack = self.seconds + 0.7  # begins before the first poll and ends after the last

    def prepare(self):
        """Before anybody attacks."""

    def attack(self):
        """The attacks under way, each with a result()."""
        return []

    def check(self, results):
        """After the attack, the gateway still running."""

    def honest_token(self):
        status, body, _ = join(self.gateway, user="honest")
        if status != 202:
            raise RuntimeError(f"the honest user was not let in: {status} {body}")
        return body["waiting_token"]

    def require(self, holds, fault):
        if not holds:
            self.faults.append(fault)

    def run(self, limit_ms):
        self.gateway = Gateway(self.bin, {"admission-rate": 0, **self.options}, self.log_to_pipe)
        try:
            declare(self.gateway, "show")
            token = self.honest_token()
            self.prepare()
            memory = Memory(self.gateway)
            memory.start()
            attacks = self.attack()
            time.sleep(0.2)  # the attack is under way when the first poll is due
            polls = HonestPolls(self.bin, self.gateway, token, self.seconds)
            honest = polls.result(self.seconds + 30)
            results = [attack.result(self.seconds + 10) for attack in attacks]
            self.check(results)
            time.sleep(0.2)
            memory.end()
            after = self.gateway.rss_mib() if self.gateway.process.poll() is None else 0.0
        finally:
            took, code = self.gateway.stop()
        self.require(code == 0, f"it did not end by SIGTERM as asked: exit code {code} after {took:.1f} s")
        self.require(took < 13, f"SIGTERM took {took:.1f} s")
        self.require(honest["p99"] < limit_ms, f"honest p99(status) {honest['p99']:.1f} ms, limit {limit_ms:g}")
        self.require(honest["failed"] == 0, f"{honest['failed']} of {honest['sent']} honest polls failed")
        most = memory.before + self.added_mib
        self.require(memory.peak <= most, f"memory {memory.peak:.0f} MiB, limit {most:.0f}")
        return {"name": self.name, "p50_ms": honest["p50"], "p99_ms": honest["p99"], "late": honest["late"],
                "honest_failed": honest["failed"], "honest_sent": honest["sent"],
                "attacker_rps": sum(r["answers"] for r in results) / self.under_attack, "rss_before_mib": memory.before,
                "rss_peak_mib": memory.peak, "rss_after_mib": after, "rss_limit_mib": most,
                "remarks": self.remarks, "faults": self.faults, "held": not self.faults}

    def flood(self, make_requests, port=None, **how):
        return Attack(flood, port or self.gateway.port, make_requests, self.under_attack, *how.values())

    def tell(self, results):
        statuses = {}
        for result in results:
            for status, count in result["statuses"].items():
                statuses[status] = statuses.get(status, 0) + count
        self.remarks.append("answers " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))


class NoAttack(Scenario):
    name = "no attack"
    in_short = False


class MadeUpEvents(Scenario):
    name = "made-up events"

    def attack(self):
        def requests():
            for i in itertools.count():
                yield http_request("POST", "/queue/join", f'{{"event_id":"made-up-{os.getpid()}-{i}","user_id":"a"}}')
        return [self.flood(requests)]

    def check(self, results):
        self.tell(results)
        declare(self.gateway, "the-real-sale")
        status, body, _ = join(self.gateway, "the-real-sale", "ann")
        self.require(status == 202, f"the first join of the real sale: {status} {body}")


class AnonymousJoins(Scenario):
    name = "anonymous joins"
    options = {"join-rate-per-address": 50, "join-burst-per-address": 500}

    def attack(self):
        def requests():
            while True:
                yield http_request("POST", "/queue/join", '{"event_id":"show"}')
        return [self.flood(requests)]

    def check(self, results):
        self.tell(results)
        status, body, _ = join(self.gateway, "show", "latecomer")
        # The attack, its start and end, and the honest user.
        most = 500 + 50 * (self.seconds + 5) + 10
        self.require(status == 202, f"a join from another address: {status} {body}")
        position = body.get("position", 0) if isinstance(body, dict) else 0
        self.remarks.append(f"a latecomer stands at position {position}")
        self.require(position <= most, f"a latecomer stands at {position}, at most {most} expected")


class BadAssertions(Scenario):
    name = "bad assertions"
    options = {"identity": "assertion", "join-rate-per-address": 50, "join-burst-per-address": 500}

    def __init__(self, arguments):
        super().__init__(arguments)
        self.keys = pathlib.Path(f"/tmp/tacos-abuse-keys-{os.getpid()}")
        self.keys.write_text(f"{PUBLIC_KEY}hs256 {SECRET.hex()}\n")
        self.keys.chmod(0o600)
        self.options = {**self.options, "assertion-key-file": self.keys}

    def run(self, limit_ms):
        try:
            return super().run(limit_ms)
        finally:
            self.keys.unlink()

    def honest_token(self):
        status, body, _ = join(self.gateway, "show", "honest", assertion=assertion("honest"))
        if status != 202:
            raise RuntimeError(f"the honest user was not let in: {status} {body}")
        return body["waiting_token"]

    def attack(self):
        forged = http_request("POST", "/queue/join", json.dumps({"event_id": "show", "assertion": assertion("a", "EdDSA")}))
        return [self.flood(lambda: itertools.repeat(forged))]

    def check(self, results):
        self.tell(results)
        self.require("202" not in results[0]["statuses"], "a forged assertion was believed")
        status, body, _ = join(self.gateway, "show", "bob", assertion=assertion("bob"))
        self.require(status == 202, f"an honest join: {status} {body}")


class IdleConnections(Scenario):
    name = "idle connections"
    options = {"max-connections": 6000, "max-connections-per-address": 1000}
    count = 6500

    def attack(self):
        return [Attack(hold, self.gateway.port, b"", self.under_attack, self.count, (ATTACKER,))]

    def prepare(self):
        self.health = []
        self.stop_asking = threading.Event()
        self.asking = threading.Thread(target=self.ask_health, daemon=True)
        self.asking.start()

    def ask_health(self):
        while not self.stop_asking.wait(0.25):
            began = time.monotonic()
            try:
                status = call(self.gateway.admin_port, "GET", "/healthz", timeout=3)[0]
            except OSError as error:
                status = str(error)
            self.health.append((status, time.monotonic() - began))

    def check(self, results):
        self.stop_asking.set()
        self.asking.join()
        self.tell(results)
        self.remarks.append(f"opened {results[0].get('opened', 0)}, refused {results[0].get('refused', 0)}")
        bad = [status for status, took in self.health if status != 200 or took > 1]
        self.require(self.health and not bad, f"/healthz failed or took over 1 s {len(bad)} times: {bad[:3]}")


class LargeRequests(Scenario):
    name = "large heads and bodies"
    options = {"max-connections": 8000, "max-connections-per-address": 300}
    added_mib = 256

    def __init__(self, arguments):
        super().__init__(arguments)
        self.count = 1500 if arguments.short else 6500

    def attack(self):
        head = "POST /queue/join HTTP/1.1\r\nHost: gateway\r\nX-Filler: " + "h" * 15000 + "\r\nContent-Length: 65536\r\n\r\n"
        payload = head.encode() + b"b" * 65535  # one byte is missing: the gateway has to keep all of it
        return [Attack(hold, self.gateway.port, payload, self.under_attack, self.count, ATTACKERS)]

    def check(self, results):
        self.tell(results)


class SlowHeads(Scenario):
    name = "slow heads"
    in_short = False
    options = {"max-connections": 4000, "max-connections-per-address": 200}

    def attack(self):
        return [Attack(hold, self.gateway.port, b"GET /queue/status?token=a HTTP/1.1\r\nHost: gateway\r\nX-", self.under_attack, 2000,
                       ATTACKERS, b"s", 0.25)]

    def check(self, results):
        self.tell(results)


class HammeredMetrics(Scenario):
    name = "hammered /metrics"

    def prepare(self):
        for i in range(200):
            join(self.gateway, f"event-{i}", "ann")

    def attack(self):
        request = http_request("GET", "/metrics")
        return [self.flood(lambda: itertools.repeat(request), self.gateway.admin_port, connections=1, depth=1) for _ in range(4)]

    def check(self, results):
        self.tell(results)
        status, page, _ = call(self.gateway.admin_port, "GET", "/metrics")
        self.require(status == 200 and 'event="show"' in page, f"/metrics answers {status} and does not show the real event")


class StoppedLogReader(Scenario):
    name = "log reader stops"
    log_to_pipe = True

    def prepare(self):
        # As small as a pipe can be, and nobody reads it from now on.
        fcntl.fcntl(self.gateway.process.stderr.fileno(), F_SETPIPE_SZ, 4096)

    def attack(self):
        def requests():
            bad = [http_request("BREW", "/queue/join"), b"GET /nothing HTTP/2.5\r\nHost: gateway\r\n\r\n"]
            return itertools.cycle(bad)
        return [self.flood(requests, None, connections=8, depth=1)]

    def check(self, results):
        self.tell(results)


class LogReaderGone(StoppedLogReader):
    name = "log reader goes away"

    def prepare(self):
        self.gateway.process.stderr.close()
        self.gateway.process.stderr = None


class WrongAdminTokens(Scenario):
    name = "wrong admin tokens"

    def attack(self):
        self.log_before = len(self.gateway.log_text().splitlines())

        def requests():
            for i in itertools.count():
                yield http_request("GET", "/admin/events", headers=f"Authorization: Bearer wrong-{i}-token\r\n")
        return [self.flood(requests, self.gateway.admin_port)]

    def check(self, results):
        self.tell(results)
        time.sleep(0.5)
        lines = len(self.gateway.log_text().splitlines()) - self.log_before
        self.remarks.append(f"{lines} log lines")
        self.require(1 <= lines <= 1000, f"{lines} log lines for {results[0]['answers']} wrong tokens; 1 to 1000 expected")
        self.require("200" not in results[0]["statuses"], "a wrong token was taken")
        status = call(self.gateway.admin_port, "GET", "/admin/events", headers=admin())[0]
        self.require(status == 200, f"the operator, from another address, is answered {status}")


class OneGrantsIntents(Scenario):
    name = "intents of one grant"
    options = {"admission-rate": 1000, "admission-burst": 100}
    added_mib = 64

    def buyer(self, user):
        """A user who holds seats: the grant and the reservation."""
        token = join(self.gateway, "show", user)[1]["waiting_token"]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            status, body, _ = call(self.gateway.port, "POST", "/queue/enter", {"waiting_token": token})
            if status == 200:
                grant = body["reservation_token"]
                _, held, _ = self.buy(grant, "/reservations", {"event_id": "show", "quantity": 1}, "r-" + user)
                return grant, held
            time.sleep(0.05)
        raise RuntimeError(f"{user} was not admitted: {body}")

    def buy(self, grant, path, body, key):
        return call(self.gateway.port, "POST", path, body, {"Authorization": "Bearer " + grant, "Idempotency-Key": key})

    def intent(self, grant, held, key):
        return self.buy(grant, "/payment/intent", self.intent_body(held), key)

    @staticmethod
    def intent_body(held):
        """What the reservation costs is in its answer."""
        return {"reservation_id": held["reservation_id"], "amount": held.get("amount", 100), "currency": held.get("currency", "USD")}

    def prepare(self):
        self.honest = self.buyer("buyer")
        status, made, _ = self.intent(*self.honest, "honest-intent")
        if status != 200:
            raise RuntimeError(f"the honest buyer's intent: {status} {made}")
        self.made = made["payment_intent_id"]
        self.attacker = self.buyer("attacker")

    def attack(self):
        grant, held = self.attacker
        body = json.dumps(self.intent_body(held))

        def requests():
            for i in itertools.count():
                yield http_request("POST", "/payment/intent", body,
                                   f"Authorization: Bearer {grant}\r\nIdempotency-Key: k{os.getpid()}-{i}\r\n")
        return [self.flood(requests)]

    def check(self, results):
        self.tell(results)
        status, again, _ = self.intent(*self.honest, "honest-intent")
        got = again.get("payment_intent_id") if isinstance(again, dict) else None
        self.require(got == self.made, f"an honest retry by its key got {status} {again}, not {self.made}")


SCENARIOS = (NoAttack, MadeUpEvents, AnonymousJoins, BadAssertions, IdleConnections, LargeRequests, SlowHeads, HammeredMetrics,
             StoppedLogReader, LogReaderGone, WrongAdminTokens, OneGrantsIntents)


def table(rows, limit_ms):
    lines = [f"{'scenario':<24}{'honest p50':>11}{'p99 ms':>9}{'failed':>8}{'attack/s':>10}{'RSS before':>12}{'peak':>7}{'after':>7}"
             f"{'limit MiB':>11}  held"]
    for row in rows:
        if "p99_ms" not in row:
            lines.append(f"{row['name']:<24}{'-':>11}{'-':>9}{'-':>8}{'-':>10}{'-':>12}{'-':>7}{'-':>7}{'-':>11}  no")
            continue
        late = "*" if row["late"] else ""
        lines.append(f"{row['name']:<24}{row['p50_ms']:>11.2f}{row['p99_ms']:>8.2f}{late or ' '}{row['honest_failed']:>8}"
                     f"{row['attacker_rps']:>10.0f}{row['rss_before_mib']:>12.1f}{row['rss_peak_mib']:>7.1f}{row['rss_after_mib']:>7.1f}"
                     f"{row['rss_limit_mib']:>11.0f}  {'yes' if row['held'] else 'NO'}")
    if any(row.get("late") for row in rows):
        lines.append("* tacos-load itself had no CPU when polls were due; counted from when they were sent")
    held = sum(row["held"] for row in rows)
    lines.append(f"{held} of {len(rows)} hold: honest p99(status) under {limit_ms:g} ms, no poll failed, memory within its limit")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="where tacos-gateway and tacos-load are")
    parser.add_argument("--short", action="store_true", help="ten of them, 1 s each, with a limit of 250 ms")
    parser.add_argument("--seconds", type=int, help="how long each attack lasts (8, short 1)")
    parser.add_argument("--limit-ms", type=float, help="honest p99 allowed (50, short 250)")
    parser.add_argument("--only", action="append", help="scenarios whose name holds this text; may be repeated")
    parser.add_argument("--out", help="write the rows to this file as JSON")
    arguments = parser.parse_args()
    arguments.seconds = arguments.seconds or (1 if arguments.short else 8)
    limit_ms = arguments.limit_ms or (250 if arguments.short else 50)
    target.raise_descriptor_limit()
    if arguments.only:
        chosen = [s for s in SCENARIOS if any(text in s.name for text in arguments.only)]
        if not chosen:
            parser.error("--only names none of: " + ", ".join(s.name for s in SCENARIOS))
    else:
        chosen = [s for s in SCENARIOS if s.in_short or not arguments.short]
    rows = []
    for scenario in chosen:
        try:
            row = scenario(arguments).run(limit_ms)
        except (RuntimeError, OSError, KeyError) as error:
            row = {"name": scenario.name, "held": False, "faults": [f"{type(error).__name__}: {error}"], "remarks": []}
        rows.append(row)
        print(f"{row['name']}: {'holds' if row['held'] else 'DOES NOT HOLD'}", flush=True)
        for line in row["remarks"] + row["faults"]:
            print("  " + line, flush=True)
    if arguments.out:
        pathlib.Path(arguments.out).write_text(json.dumps(rows, indent=1) + "\n")
    print("\n" + table(rows, limit_ms))
    return 0 if all(row["held"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
