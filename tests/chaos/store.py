"""A Redis by its wire protocol, and what it holds of one event as a dump: JSON lines that outlive the server.

The first line of a dump is {"schema":"tacos.store-dump/1",…}; then a line for each key of the event, as the server has it,
bytes as characters of the same number; then what else a checker should know: {"admin":…} of each gateway, {"fault":…} for
what was done to whom.
"""
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


def pairs(flat):
    return list(zip(flat[0::2], flat[1::2]))


def dump_event(redis, event_id, into, notes=()):
    """Writes what the Redis holds of one event. Nothing should change meanwhile: the line has settled."""
    members = [member for member in redis.ask("SMEMBERS", EVENTS) if member[16:] == event_id]
    if len(members) != 1:
        raise Gone(f"{EVENTS} names the event {event_id} {len(members)} times")
    line = "tacos:{" + members[0][:16] + "}"
    seconds, micros = redis.ask("TIME")
    put = lambda value: into.write(json.dumps(value) + "\n")
    put({"schema": SCHEMA, "event_id": event_id, "line": line, "time_us": int(seconds) * 1_000_000 + int(micros)})
    read = {"hash": lambda key: dict(pairs(redis.ask("HGETALL", key))),
            "zset": lambda key: pairs(redis.ask("ZRANGE", key, 0, -1, "WITHSCORES")),
            "list": lambda key: redis.ask("LRANGE", key, 0, -1),
            "set": lambda key: redis.ask("SMEMBERS", key),
            "string": lambda key: redis.ask("GET", key)}
    cursor, keys = "0", set()
    while True:
        cursor, found = redis.ask("SCAN", cursor, "MATCH", line + "*", "COUNT", 1000)
        keys.update(found)
        if cursor == "0":
            break
    for key in sorted(keys):
        kind = redis.ask("TYPE", key)
        put({"key": key, "type": kind, "value": read[kind](key)})
    for note in notes:
        put(note)


class Store:
    """One event as a dump has it. Ticket numbers are ints everywhere."""

    def __init__(self, lines):
        head = lines[0] if lines else {}
        if head.get("schema") != SCHEMA:
            raise ValueError(f"a dump begins with a line that says \"schema\":\"{SCHEMA}\"")
        self.event_id, self.line = head["event_id"], head["line"]
        keys = {entry["key"][len(self.line):]: entry["value"] for entry in lines[1:] if "key" in entry}
        self.admin = [entry for entry in lines[1:] if "admin" in entry]
        self.faults = [entry for entry in lines[1:] if "fault" in entry]
        self.event = keys.get("", {})
        self.epoch = int(self.event.get("epoch", 0))
        self.next = int(self.event.get("next", 0))
        self.head = int(self.event.get("head", 0))
        self.sold = self.event.get("sold") == "1"
        # (a, b): the numbers a + 1 to b were left out, such as after a failover
        self.holes = [tuple(map(int, text.split("-"))) for text in self.event.get("holes", "").split()]
        numbers = lambda name: {int(member) for member, _ in keys.get(name, [])}
        self.waiting, self.turns = numbers(":seen"), numbers(":turns")
        self.gone = {int(number): why for number, why in keys.get(":gone", {}).items()}
        self.grants = {int(number): text.split(":") for number, text in keys.get(":grants", {}).items()}
        self.departures = [int(number) for number in keys.get(":departures", [])]
        self.users = {user: int(number) for user, number in keys.get(":users", {}).items()}
        # ("a", us, count, first, last) for admissions, ("r", us, rate per second, burst) for a rate from then on
        self.journal = [self.entry(text) for text in keys.get(":admissions", [])] if ":admissions" in keys else None

    def given(self, after, upto):
        """The numbers from after + 1 to upto that tickets were given."""
        for low, high in sorted(self.holes):
            yield from range(after + 1, min(low, upto) + 1)
            after = max(after, high)
        yield from range(after + 1, upto + 1)

    def left_out(self, after, upto):
        return sum(max(0, min(high, upto) - max(low, after)) for low, high in self.holes)

    @staticmethod
    def entry(text):
        words = text.split()
        if words[0] == "a":
            return ("a", *map(int, words[1:]))
        return ("r", int(words[1]), float(words[2]) / 1e6, float(words[3]))

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls([json.loads(line) for line in file if line.strip()])
