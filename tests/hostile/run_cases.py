"""Sends every case of cases/*.txt to a gateway of its own, in one write and byte by byte, and compares.

    run_cases.py BIN_DIR [FILTER]          FILTER: only cases whose title contains it

A case:

    == title                    what is sent
    why RFC 9112 7.1            where the required answer comes from; never from what the program does
    > GET / HTTP/1.1            a line: CRLF follows
    | bytes                     bytes: nothing follows
    want 200 400 closed         the statuses of all answers in order, and what happens then
    never /smuggled             text that no answer may contain

Bytes are written with \\r \\n \\t \\0 \\\\ \\xHH, and {{ab*3}} is ababab. A status may have alternatives (400|501), be
optional (100?) and be an answer without a body (200h). Then the connection is:

    closed     by the gateway, after an answer that said so
    open       a request sent now is answered, and nothing else is: not a byte was taken for something it is not
    waiting    nothing is said, as the request is not complete
"""
import concurrent.futures
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

CASES = pathlib.Path(__file__).parent / "cases"
REQUEST_TIMEOUT_S = 2
PATIENCE_S = 10
SILENCE_S = 0.2
PARALLEL = 16
SENTINEL = b"GET /healthz?sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n"
# More than this is not sent byte by byte but in pieces.
BYTES_ONE_BY_ONE = 2000
PIECE = 997


def unescape(text):
    text = re.sub(r"\{\{(.*?)\*(\d+)\}\}", lambda m: m.group(1) * int(m.group(2)), text)
    known = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
    replaced = re.sub(r"\\(x[0-9a-fA-F]{2}|[rnt0\\])",
                      lambda m: chr(int(m.group(1)[1:], 16)) if m.group(1)[0] == "x" else known[m.group(1)], text)
    return replaced.encode("latin-1")


def read_cases(path):
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            cases.append({"title": line[3:], "at": f"{path.name}:{number}", "sent": b"", "never": []})
            continue
        case = cases[-1]
        kind, _, rest = line.partition(" ")
        if kind == ">":
            case["sent"] += unescape(rest) + b"\r\n"
        elif kind == "|":
            case["sent"] += unescape(rest)
        elif kind == "want":
            *case["statuses"], case["then"] = rest.split()
        elif kind == "never":
            case["never"].append(unescape(rest))
        elif kind != "why":
            raise SystemExit(f"{path}:{number}: '{line}' is no line of a case; the top of run_cases.py lists them")
    for case in cases:
        if "then" not in case or case["then"] not in ("closed", "open", "waiting"):
            raise SystemExit(f"{case['at']}: the case needs a line such as 'want 400 closed'")
    return cases


class Wrong(Exception):
    pass


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""  # not yet looked at
        self.seen = b""

    def send(self, data, piece):
        try:
            for at in range(0, len(data), piece):
                self.socket.sendall(data[at:at + piece])
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before the end: the answer tells

    def read(self, seconds=PATIENCE_S):
        """More bytes; b"" at the end; None when nothing comes in time."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            return None
        except ConnectionResetError:
            return b""
        self.received += data
        self.seen += data
        return data

    def answer(self, wanted):
        while b"\r\n\r\n" not in self.received:
            data = self.read()
            if data is None:
                raise Wrong(f"no answer in {PATIENCE_S} s; wanted {wanted}")
            if not data:
                raise Wrong(f"the connection ended without the answer {wanted}")
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        found = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [ -~]+", lines[0])
        if not found:
            raise Wrong(f"this is no answer: {lines[0]!r}")
        status = int(found.group(1))
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        if not wanted.endswith("h") and b"content-length" in fields:
            size = int(fields[b"content-length"])
            while len(self.received) < size:
                if not self.read():
                    raise Wrong("an answer was cut off")
            self.received = self.received[size:]
        if status != 100:
            for name in (b"date", b"x-trace-id"):
                if name not in fields:
                    raise Wrong(f"an answer without {name.decode()}")
            if fields.get(b"x-content-type-options") != b"nosniff":
                raise Wrong("an answer without X-Content-Type-Options: nosniff")
        return status, fields


def allowed(wanted):
    return [int(text) for text in wanted.rstrip("h?").split("|")]


def check(case, port, piece):
    connection = Connection(port)
    try:
        connection.send(case["sent"], piece)
        fields = {}
        held = None
        for wanted in case["statuses"]:
            status, fields = held or connection.answer(wanted)
            held = None
            if status not in allowed(wanted):
                if wanted.endswith("?"):
                    held = (status, fields)
                    continue
                raise Wrong(f"wanted {wanted}, got {status}")
        if case["then"] == "closed":
            if case["statuses"] and fields.get(b"connection") != b"close":
                raise Wrong("the last answer does not say Connection: close")
            while (data := connection.read()):
                pass
            if data is None:
                raise Wrong("the connection stays open")
            if connection.received:
                raise Wrong(f"more was answered: {connection.received[:60]!r}")
        elif case["then"] == "open":
            connection.send(SENTINEL, len(SENTINEL))
            status, _ = connection.answer("200")
            if status != 200 or connection.read(0.01) is not None or connection.received:
                raise Wrong(f"what is sent afterwards is answered {status}, {connection.received[:60]!r}")
        elif connection.read(SILENCE_S) is not None:
            raise Wrong(f"something was said or the connection ended: {connection.received[:60]!r}")
        for text in case["never"]:
            if text in connection.seen:
                raise Wrong(f"an answer contains {text!r}")
    finally:
        connection.socket.close()


def run(case, port):
    failures = []
    sent = len(case["sent"])
    for how, piece in (("in one write", max(sent, 1)), ("in pieces", 1 if sent <= BYTES_ONE_BY_ONE else PIECE)):
        try:
            check(case, port, piece)
        except Wrong as wrong:
            failures.append(f"{case['at']}: {case['title']} ({how}): {wrong}")
    return failures


def start_gateway(bin_dir, log):
    process = subprocess.Popen([str(pathlib.Path(bin_dir) / "tacos-gateway"), "--listen", "127.0.0.1:0",
                                "--request-timeout", f"{REQUEST_TIMEOUT_S}s"], stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"127\.0\.0\.1:([1-9]\d*)", pathlib.Path(log.name).read_text())
        if found:
            return process, int(found.group(1))
        time.sleep(0.02)
    process.kill()
    raise SystemExit("the gateway did not start:\n" + pathlib.Path(log.name).read_text())


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit("usage: run_cases.py BIN_DIR [FILTER]")
    cases = [case for path in sorted(CASES.glob("*.txt")) for case in read_cases(path)]
    if len(sys.argv) == 3:
        cases = [case for case in cases if sys.argv[2] in case["title"]]
    # Those that wait go first, beside the others.
    cases.sort(key=lambda case: "408" not in case["statuses"])
    began = time.monotonic()
    with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
        process, port = start_gateway(sys.argv[1], log)
        try:
            with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
                failures = [line for lines in pool.map(lambda case: run(case, port), cases) for line in lines]
            if process.poll() is not None:
                failures.append(f"the gateway ended with {process.returncode}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
    print("\n".join(failures + [f"{len(cases)} cases, {len(failures)} failures, {time.monotonic() - began:.1f} s"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
