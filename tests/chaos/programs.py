"""Processes that a chaos run starts, kills and starts again."""
import random
import socket
import subprocess
import time

import store


class Broken(Exception):
    """The run could not be made; says nothing about the invariants."""


def free_port():
    """Below the ports that the system gives to connections: a server that is killed finds its port free again."""
    while True:
        port = random.SystemRandom().randint(10000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def now_us():
    return time.time_ns() // 1000


def eventually(what, ready, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            found = ready()
            if found:
                return found
        except (OSError, store.Gone, store.ErrorReply, ValueError):
            pass
        time.sleep(0.02)
    raise Broken(f"waited {seconds} s for {what}")


class Program:
    """A process that can be killed and started again on the same port. Its log grows over its lives."""

    def __init__(self, name, command, log):
        self.name, self.command, self.log = name, command, log
        self.process = None
        self.ends = []  # of lives that nobody ended
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        else:
            self.note_end()
        self.process.wait()

    def note_end(self):
        lines = self.log.read_text(errors="replace").splitlines() or [""]
        self.ends.append(f"{self.name} ended by itself with {self.process.returncode}: {lines[-1][:300]}")

    def revive(self):
        if self.process.poll() is not None:
            self.note_end()
            self.start()

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)
