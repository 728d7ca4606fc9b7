"""A Redis by its wire protocol, and what it holds of one event as a dump: JSON lines that outlive the server.

Of a spread line, and in a cluster, the keys of all buckets are the event's too.

The first line of a dump is {"schema":"tacos.store-dump/1",…}; then a line for each key of the event, as the server has it,
bytes as characters of the same number; then what else a checker should know: {"admin":…} of each gateway, {"fault":…} for
what was done to whom.
"""
import collections
import json
import socket

SCHEMA = "tacos.store-dump/1"
EVENTS = "tacos:{events}"


class Gone(Exception):
    """The server does not answer."""


class ErrorReply(Exception):
    """The server answered with an error."""


class Redis:
    def __init__(self, port, timeout=5):
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        except OSError as error:
            raise Gone(str(error)) from error
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        raw = [word if isinstance(word, bytes) else str(word).encode("latin-1") for word in words]
        message = b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw)
        try:
            self.socket.sendall(message)
            return self.reply()
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from error

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise Gone("the connection ended")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode("latin-1")
        if kind == b"-":
            raise ErrorReply(rest.decode("latin-1"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            if size < 0:
                return None
            data = self.file.read(size + 2)
            if len(data) != size + 2:
                raise Gone("the connection ended")
            return data[:-2].decode("latin-1")
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        raise Gone(f"not a reply: {line!r}")

    def close(self):
        self.file.close()
        self.socket.close()


def slot_of(key):
    """The cluster's slot of a key: CRC16 (XMODEM) of what stands between the first braces, or of the whole key."""
    first = key.find("{")
    last = key.find("}", first + 1)
    crc = 0
    for byte in (key[first + 1:last] if 0 <= first and first + 1 < last else key).encode("latin-1"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc % 16384


def pairs(flat):
    return list(zip(flat[0::2], flat[1::2]))


def read_key(redis, key):
    """(type, value) of one key, as JSON can hold it."""
    read = {"hash": lambda: dict(pairs(redis.ask("HGETALL", key))),
            "zset": lambda: pairs(redis.ask("ZRANGE", key, 0, -1, "WITHSCORES")),
            "list": lambda: redis.ask("LRANGE", key, 0, -1),
            "set": lambda: redis.ask("SMEMBERS", key),
            "string": lambda: redis.ask("GET", key)}
    kind = redis.ask("TYPE", key)
    return kind, read[kind]() if kind in read else None  # gone between the listing and now, such as a payment


def dump_event(servers, event_id, into, notes=()):
    """Writes what the Redis, or the primaries of a cluster, hold of one event. Nothing should change meanwhile: the line has
    settled."""
    members = []
    for redis in servers:
        try:
            members += [member for member in redis.ask("SMEMBERS", EVENTS) if member[16:] == event_id]
        except ErrorReply:
            pass  # another server's slot
    if len(members) != 1:
        raise Gone(f"{EVENTS} names the event {event_id} {len(members)} times")
    line = "tacos:{" + members[0][:16] + "}"
    seconds, micros = servers[0].ask("TIME")
    put = lambda value: into.write(json.dumps(value) + "\n")
    put({"schema": SCHEMA, "event_id": event_id, "line": line, "time_us": int(seconds) * 1_000_000 + int(micros)})
    for redis in servers:
        cursor, keys = "0", set()
        while True:
            cursor, found = redis.ask("SCAN", cursor, "MATCH", line[:-1] + "*", "COUNT", 1000)
            keys.update(found)
            if cursor == "0":
                break
        for key in sorted(keys):
            kind, value = read_key(redis, key)
            if value is not None:
                put({"key": key, "type": kind, "value": value})
    for note in notes:
        put(note)


Reservation = collections.namedtuple("Reservation", "state id order seats")
NOBODY = "\xff" * 16
RECORD = 30  # bytes of a ticket: see lua/prelude.lua
BLOCK = 1024


class Part:
    """What lies in one slot: the whole line, or of a spread line the event's own keys or one bucket's."""

    def __init__(self, name, keys):
        self.name = name  # "" the event's own; ".0b" bucket 11
        self.bucket = int(name[1:], 16) if name else None
        self.hash = keys.get("", {})
        numbers = lambda key: {int(member) for member, _ in keys.get(key, [])}
        self.waiting, self.turns = numbers(":seen"), numbers(":turns")
        self.gone = {int(number): why for number, why in keys.get(":gone", {}).items()}
        self.grants = {int(number): text.split(":") for number, text in keys.get(":grants", {}).items()}
        self.departures = [int(number) for number in keys.get(":departures", [])]
        # ("a", us, count, first, last) for admissions, ("r", us, rate per second, burst) for a rate from then on, ("f", us,
        # failovers, last), ("k", us, first, last) for what a gateway knew to be passed, ("g", us, count) given back
        self.journal = [entry(text) for text in keys.get(":admissions", [])] if ":admissions" in keys else None
        self.records = {}  # nth ticket of this part, from 0: the 16 bytes of its user
        for key, text in keys.items():
            if key.startswith(":t:"):
                for at in range(0, len(text) - RECORD + 1, RECORD):
                    if text[at:at + RECORD] != "\0" * RECORD:
                        self.records[int(key[3:]) * BLOCK + at // RECORD] = text[at:at + 16]

    def count(self, name):
        return int(self.hash.get(name, 0))


def entry(text):
    words = text.split()
    if words[0] == "r":
        return ("r", int(words[1]), float(words[2]) / 1e6, float(words[3]))
    return (words[0], *map(int, words[1:]))


def joined(dicts):
    everything = {}
    for one in dicts:
        everything.update(one)
    return everything


class Store:
    """One event as a dump has it. Ticket numbers are ints everywhere."""

    def __init__(self, lines):
        head = lines[0] if lines else {}
        if head.get("schema") != SCHEMA:
            raise ValueError(f"a dump begins with a line that says \"schema\":\"{SCHEMA}\"")
        self.event_id, self.line = head["event_id"], head["line"]
        by_part = collections.defaultdict(dict)
        for each in lines[1:]:
            if "key" in each:
                name, _, key = each["key"][len(self.line) - 1:].partition("}")
                by_part[name][key] = each["value"]
        keys = by_part[""]
        self.admin = [each for each in lines[1:] if "admin" in each]
        self.faults = [each for each in lines[1:] if "fault" in each]
        self.own = Part("", keys)
        self.buckets = [Part(name, by_part[name]) for name in sorted(by_part) if name]
        self.event = self.own.hash
        self.stride = int(self.event.get("stride", 1))
        self.spread = self.stride > 1
        self.epoch = int(self.event.get("epoch", 0))
        self.next = int(self.event.get("next", 0))
        self.head = int(self.event.get("head", 0))
        self.sold = self.event.get("sold") == "1"
        # (a, b): the numbers a + 1 to b were left out, such as after a failover
        self.holes = [tuple(map(int, text.split("-"))) for text in self.event.get("holes", "").split()]
        parts = self.lines()
        self.waiting = set().union(*(part.waiting for part in parts))
        self.turns = set().union(*(part.turns for part in parts))
        self.gone, self.grants = joined(part.gone for part in parts), joined(part.grants for part in parts)
        self.departures = [number for part in parts for number in part.departures]
        self.told_departures = self.own.departures  # of a spread line: what the buckets have handed on
        self.users = {user: int(number) for user, number in keys.get(":users", {}).items()}
        self.journal = self.own.journal
        self.seats = seats_of(keys.get(":seats", ""))
        self.reservations = {int(number): reservation(text) for number, text in keys.get(":reservations", {}).items()}

    def lines(self):
        """The parts in which tickets lie."""
        return self.buckets if self.spread else [self.own]

    def sum(self, name):
        return sum(part.count(name) for part in self.lines())

    def failovers(self):
        return {part.name: part.count("takeovers") for part in [self.own, *self.buckets]}

    def lost(self):
        return self.own.count("lost")

    def restored(self):
        return self.sum("restored")

    def part_of(self, number):
        return f".{(number - 1) % self.stride:02x}" if self.spread else ""

    def record(self, number):
        """The 16 bytes of the user a ticket was written for, None when it never came to be, or is lost."""
        for part in self.lines():
            if part.name == self.part_of(number):
                return part.records.get((number - 1) // self.stride)
        return None

    def given(self, after, upto):
        """The numbers from after + 1 to upto that tickets were given."""
        for low, high in sorted(self.holes):
            yield from range(after + 1, min(low, upto) + 1)
            after = max(after, high)
        yield from range(after + 1, upto + 1)

    def left_out(self, after, upto):
        return sum(max(0, min(high, upto) - max(low, after)) for low, high in self.holes)

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls([json.loads(line) for line in file if line.strip()])


def seats_of(bits):
    """Numbers of the seats that are held or sold, from the bitmap."""
    return {byte * 8 + bit + 1 for byte, text in enumerate(bits) for bit in range(8) if ord(text) >> (7 - bit) & 1}


def reservation(text):
    state, name, _, _, order, seats = text.split("|")
    return Reservation(state, name, order, {int(seat) for seat in seats.split(",") if seat})
