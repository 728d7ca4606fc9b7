"""A gateway that is told to stop loses no request of clients that keep their connections and ask in a closed loop.

Run by ctest with the directory of the built programs in TACOS_BIN_DIR.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["TACOS_BIN_DIR"])
CLIENTS = 200
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n"


class Client(threading.Thread):
    """Asks again as soon as it is answered. Connects again after an answer that was its connection's last, until nobody
    listens any more."""

    def __init__(self, connect):
        super().__init__()
        self.connect = connect
        self.answered = 0
        self.last_answers = 0
        self.lost = []

    def run(self):
        while True:
            try:
                connection = self.connect()
            except (ConnectionRefusedError, FileNotFoundError, socket.timeout):
                return
            with connection:
                while not self.ask(connection):
                    pass
            if self.lost:
                return

    def ask(self, connection):
        """Whether this was the last answer of the connection."""
        received = b""
        try:
            connection.sendall(REQUEST)
            while b"alive\"}" not in received:
                data = connection.recv(65536)
                if not data:
                    raise ConnectionError("it ended")
                received += data
        except OSError as error:
            self.lost.append(repr(error))
            return True
        self.answered += 1
        last = b"\r\nConnection: close\r\n" in received
        self.last_answers += last
        return last


class Shutdown(unittest.TestCase):
    def start(self, listen, delay):
        log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        self.addCleanup(log.close)
        process = subprocess.Popen([BIN / "tacos-gateway", "--listen", listen, "--shutdown-delay", delay],
                                   stdout=log, stderr=log)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = re.search(r'"address":"([^"]+)"', pathlib.Path(log.name).read_text())
            if found:
                return process, found.group(1)
            time.sleep(0.02)
        raise AssertionError("the gateway did not start:\n" + pathlib.Path(log.name).read_text())

    def run_clients_over_shutdown(self, listen, delay, connect):
        process, address = self.start(listen, delay)
        clients = [Client(lambda: connect(address)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        while not all(client.answered for client in clients):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(timeout=30)
        self.assertEqual(process.wait(timeout=30), 0)
        answered = sum(client.answered for client in clients)
        lost = [why for client in clients for why in client.lost]
        print(f"{listen}, --shutdown-delay {delay}: {CLIENTS} clients, {answered} answers, "
              f"{sum(client.last_answers for client in clients)} of them with Connection: close, {len(lost)} requests lost")
        self.assertEqual(lost, [])

    @staticmethod
    def connect_tcp(address):
        host, port = address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=10)

    @staticmethod
    def connect_unix(address):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        try:
            connection.connect(address.removeprefix("unix:"))
        except OSError:
            connection.close()
            raise
        return connection

    def test_without_a_delay(self):
        self.run_clients_over_shutdown("127.0.0.1:0", "0s", self.connect_tcp)

    def test_with_a_delay(self):
        self.run_clients_over_shutdown("127.0.0.1:0", "1s", self.connect_tcp)

    def test_on_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as directory:
            self.run_clients_over_shutdown(f"unix:{directory}/s", "0s", self.connect_unix)
            self.assertEqual(os.listdir(directory), [])


if __name__ == "__main__":
    unittest.main()
