"""Attackers: processes of their own that send raw bytes over many connections until their time is up."""
import errno
import multiprocessing
import select
import time

from target import be_nice, bound_socket

ATTACKER = "127.0.0.3"


def http_request(method, path, body=b"", headers=""):
    if isinstance(body, str):
        body = body.encode()
    return (f"{method} {path} HTTP/1.1\r\nHost: gateway\r\n{headers}Content-Length: {len(body)}\r\n\r\n").encode() + body


class Attack:
    """target(queue, *arguments) in a process of its own; result() is what it put into the queue."""

    def __init__(self, target, *arguments):
        context = multiprocessing.get_context("fork")
        self.queue = context.SimpleQueue()
        self.process = context.Process(target=self._run, args=(target, *arguments), daemon=True)
        self.process.start()

    def _run(self, target, *arguments):
        be_nice()
        self.queue.put(target(*arguments))

    def result(self, within):
        deadline = time.monotonic() + within
        while self.queue.empty() and self.process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        outcome = self.queue.get() if not self.queue.empty() else {"answers": 0, "statuses": {}}
        self.process.join(2)
        if self.process.is_alive():
            self.process.kill()
        return outcome


class Flood:
    """Keeps `depth` requests under way on each connection, as fast as they are answered; connects anew when closed.

    requests yields the bytes of one request after the other. Answers are counted by their status lines.
    """

    def __init__(self, port, requests, seconds, connections=8, depth=16, sources=(ATTACKER,)):
        self.port, self.requests, self.deadline = port, requests, time.monotonic() + seconds
        self.connections, self.depth, self.sources = connections, depth, sources
        self.answers, self.statuses, self.opened = 0, {}, 0

    def run(self):
        self.poll = select.epoll()
        self.open = {}
        for i in range(self.connections):
            self.connect(i)
        while time.monotonic() < self.deadline:
            for descriptor, events in self.poll.poll(0.05):
                self.serve(descriptor, events)
            if len(self.open) < self.connections:
                time.sleep(0.005)
                self.connect(self.opened)
        for state in self.open.values():
            state["sock"].close()
        return {"answers": self.answers, "statuses": self.statuses, "opened": self.opened}

    def connect(self, number):
        sock = bound_socket(self.sources[number % len(self.sources)])
        sock.settimeout(1)
        try:
            sock.connect(("127.0.0.1", self.port))
        except OSError:
            sock.close()
            return
        sock.setblocking(False)
        self.opened += 1
        self.open[sock.fileno()] = {"sock": sock, "out": b"", "under_way": 0, "tail": b""}
        self.poll.register(sock.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def drop(self, descriptor):
        self.poll.unregister(descriptor)
        self.open.pop(descriptor)["sock"].close()

    def serve(self, descriptor, events):
        state = self.open.get(descriptor)
        if state is None:
            return
        try:
            if events & select.EPOLLIN and not self.read(state):
                return self.drop(descriptor)
            # Half of them answered: a new batch, so that bytes go out in large pieces.
            if not state["out"] and state["under_way"] <= self.depth // 2:
                batch = [next(self.requests) for _ in range(self.depth - state["under_way"])]
                state["out"], state["under_way"] = b"".join(batch), self.depth
            if state["out"]:
                sent = state["sock"].send(state["out"])
                state["out"] = state["out"][sent:]
            self.poll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if state["out"] else 0))
        except BlockingIOError:
            return None
        except OSError:
            return self.drop(descriptor)
        return None

    def read(self, state):
        data = state["sock"].recv(262144)
        if not data:
            return False
        text, at = state["tail"] + data, 0
        while (found := text.find(b"HTTP/1.1 ", at)) >= 0 and found + 12 <= len(text):
            status = text[found + 9:found + 12].decode(errors="replace")
            at = found + 12
            if not status.isdigit():
                continue  # a message that names the version
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.answers += 1
            state["under_way"] = max(0, state["under_way"] - 1)
        # A status line that is cut off is looked at again with what follows.
        state["tail"] = text[max(at, len(text) - 11):]
        return True


def flood(port, make_requests, seconds, connections=8, depth=16, sources=(ATTACKER,)):
    return Flood(port, make_requests(), seconds, connections, depth, sources).run()


def hold(port, payload, seconds, count, sources, trickle=None, every=0.5):
    """Opens `count` connections, sends payload on each and holds them; trickle is sent on each again and again."""
    deadline = time.monotonic() + seconds
    sockets, refused = [], 0
    for i in range(count):
        if time.monotonic() > deadline:
            break
        sock = bound_socket(sources[i % len(sources)])
        sock.settimeout(0.5)
        try:
            sock.connect(("127.0.0.1", port))
            sock.setblocking(False)
            sockets.append([sock, payload])
        except OSError:
            refused += 1
            sock.close()
        if i % 64 == 0:
            push(sockets)
    next_trickle = time.monotonic() + every
    while time.monotonic() < deadline:
        moved = push(sockets)
        if trickle and time.monotonic() >= next_trickle:
            next_trickle += every
            for entry in sockets:
                if entry[0] is not None and not entry[1]:
                    entry[1] = trickle
        time.sleep(0.001 if moved else 0.02)
    statuses = {}
    for entry in sockets:
        status = last_word(entry[0]) if entry[0] is not None else "reset"
        statuses[status] = statuses.get(status, 0) + 1
        if entry[0] is not None:
            entry[0].close()
    return {"answers": sum(n for status, n in statuses.items() if status.isdigit()), "statuses": statuses,
            "opened": len(sockets), "refused": refused}


def push(sockets):
    moved = False
    for entry in sockets:
        sock, rest = entry
        if sock is None or not rest:
            continue
        try:
            sent = sock.send(rest)
            entry[1] = rest[sent:]
            moved = True
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.ECONNRESET):
                entry[1] = b""  # refused; what it was told is read at the end
            else:
                sock.close()
                entry[0] = None
    return moved


def last_word(sock):
    try:
        data = sock.recv(64)
        return data[9:12].decode(errors="replace") if data else "closed"
    except BlockingIOError:
        return "held"
    except OSError:
        return "reset"
