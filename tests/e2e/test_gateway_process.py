#!/usr/bin/env python3
"""The gateway as a process: signals, its log and who reads it, its service manager, its files. Usage: … BIN"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

BIN = pathlib.Path(sys.argv[1]).resolve()
GATEWAY = BIN / "tacos-gateway"
NOTHING_FOR_US = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGXFSZ", "SIGXCPU", "SIGTTIN", "SIGTTOU",
                  "SIGPIPE", "SIGWINCH", "SIGURG", "SIGCHLD", "SIGCONT", "SIGSYS", "SIGTRAP", "SIGPWR", "SIGSTKFLT"]


def eventually(condition, what, limit=15.0):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("it never happened: " + what)


def restore_signals():
    """SIG_DFL for what this Python ignores, so that the gateway starts as a shell would start it."""
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


class Process:
    """A gateway whose log is a file here, unless its descriptor is given."""

    def __init__(self, *options, stderr=None, env=None, wait=True, **popen):
        self.folder = tempfile.TemporaryDirectory()
        self.log_path = pathlib.Path(self.folder.name) / "log"
        listen = [] if any(str(option).startswith("--listen") for option in options) else ["--listen", "127.0.0.1:0"]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen([GATEWAY, *listen, *options], stderr=stderr if stderr is not None else log,
                                            env={**os.environ, **(env or {})}, preexec_fn=restore_signals, **popen)
        self.port = self.admin_port = None
        if wait and stderr is None:
            self.wait_until_it_listens(self.log_path)

    def wait_until_it_listens(self, path):
        line = eventually(lambda: re.search(r'"msg":"listening".*', path.read_text()) if path.exists() else None,
                          "it listens; " + path.read_text() if path.exists() else "it listens")[0]
        self.port = int(re.search(r'"address":"127\.0\.0\.1:(\d+)"', line)[1])
        admin = re.search(r'"admin_address":"127\.0\.0\.1:(\d+)"', line)
        self.admin_port = int(admin[1]) if admin else None

    def log(self):
        return self.log_path.read_text()

    def lines(self):
        return [json.loads(line) for line in self.log().splitlines()]

    def ask(self, target, method="GET", body=None, headers=None, port=None, timeout=5):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def kill(self, which):
        self.process.send_signal(which)

    def end(self, which=signal.SIGTERM, limit=15):
        if self.process.poll() is None:
            self.kill(which)
        try:
            return self.process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the gateway did not end")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


def refused(*options, env=None, timeout=10):
    """What a gateway that must not start says, with exit 2."""
    done = subprocess.run([GATEWAY, "--listen", "127.0.0.1:0", *map(str, options)], stderr=subprocess.PIPE, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})})
    assert done.returncode == 2, f"exit {done.returncode}: {done.stderr}"
    return done.stderr


class Signals(unittest.TestCase):
    def test_no_signal_without_a_meaning_ends_it_and_each_is_logged_once(self):
        with Process() as gateway:
            for name in [*NOTHING_FOR_US, *NOTHING_FOR_US]:
                if hasattr(signal, name):
                    gateway.kill(getattr(signal, name))
            gateway.kill(signal.SIGRTMIN)
            gateway.kill(signal.SIGRTMAX)
            self.assertEqual(gateway.ask("/healthz")[0], 200)
            eventually(lambda: "SIGRTMIN+30" in gateway.log(), "the last signal is logged")
            told = [line["signal"] for line in gateway.lines() if line["msg"] == "this signal means nothing to the gateway"]
            self.assertEqual(len(told), len(set(told)), told)
            self.assertIn("SIGUSR1", told)
            self.assertEqual(gateway.end(), 0)

    def test_signals_during_the_start_end_nothing(self):
        for which in ("SIGHUP", "SIGUSR1", "SIGPIPE", "SIGALRM"):
            with Process(wait=False) as gateway:
                def blocked():
                    mask = re.search(r"SigBlk:\s*(\w+)", pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text())[1]
                    return int(mask, 16) >> (getattr(signal, which) - 1) & 1
                while not blocked():
                    self.assertIsNone(gateway.process.poll())
                self.assertEqual(gateway.log(), "", "that is before anything else")
                gateway.kill(getattr(signal, which))
                gateway.wait_until_it_listens(gateway.log_path)
                self.assertEqual(gateway.ask("/healthz")[0], 200)
                self.assertEqual(gateway.end(), 0)

    def test_help_for_a_reader_that_goes_is_no_error(self):
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run([GATEWAY, "--help"], stdout=writing, stderr=subprocess.PIPE, timeout=10,
                               preexec_fn=restore_signals)
        os.close(writing)
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_sighup_keeps_the_line(self):
        with Process() as gateway:
            gateway.ask("/queue/join", "POST", '{"event_id":"show","user_id":"ann"}')
            for _ in range(3):
                gateway.kill(signal.SIGHUP)
            eventually(lambda: gateway.log().count('"msg":"reloaded"') >= 1, "it reloads")
            self.assertIn('queue_joins_total{event="show"} 1', gateway.ask("/metrics")[1])
            self.assertEqual(gateway.end(), 0)

    def test_sigint_and_sigquit_end_it(self):
        for which in (signal.SIGINT, signal.SIGQUIT):
            with Process() as gateway:
                self.assertEqual(gateway.end(which), 0)
                self.assertIn(f'"signal":"{which.name}"', gateway.log())

    def begun_request(self, gateway):
        """A request that is under way: its head has arrived, its body has not."""
        client = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
        client.sendall(b"POST /queue/join HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n")
        self.assertIn(b"100", client.recv(100))
        return client

    def test_a_second_sigterm_during_the_grace_leaves_requests_their_time(self):
        with Process("--shutdown-grace", "10s") as gateway, self.begun_request(gateway) as client:
            gateway.kill(signal.SIGTERM)
            eventually(lambda: "shutting down" in gateway.log(), "it shuts down")
            time.sleep(0.2)
            gateway.kill(signal.SIGTERM)
            gateway.kill(signal.SIGHUP)
            eventually(lambda: "shutting down already" in gateway.log(), "it tells")
            client.sendall(b'{"event_id":"x"}')
            self.assertIn(b" 202 ", client.recv(1000))
            self.assertEqual(gateway.end(), 0)

    def test_sigquit_during_the_grace_cuts_off(self):
        with Process("--shutdown-grace", "1m") as gateway, self.begun_request(gateway):
            gateway.kill(signal.SIGTERM)
            eventually(lambda: "shutting down" in gateway.log(), "it shuts down")
            self.assertEqual(gateway.end(signal.SIGQUIT, limit=5), 4)

    def test_a_second_sigterm_ends_the_delay(self):
        with Process("--shutdown-delay", "1m") as gateway:
            gateway.kill(signal.SIGTERM)
            eventually(lambda: gateway.ask("/readyz")[0] == 503, "it is not ready")
            self.assertEqual(gateway.end(signal.SIGTERM, limit=5), 0)


class Logs(unittest.TestCase):
    def flood(self, gateway, requests):
        """Requests that each want a line of the log (503: no place for another event)."""
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
        for number in range(requests):
            connection.request("POST", "/queue/join", json.dumps({"event_id": f"e{number}"}))
            connection.getresponse().read()
        connection.close()

    def test_a_reader_that_does_not_read_blocks_no_request_and_no_shutdown(self):
        reading, writing = os.pipe()
        size = 4096
        try:
            import fcntl
            fcntl.fcntl(writing, 1031, size)  # F_SETPIPE_SZ
        except OSError:
            pass
        with Process("--log-level", "debug", stderr=writing) as gateway:
            os.close(writing)
            text = b""
            while b'"msg":"listening"' not in text:
                text += os.read(reading, 4096)
            gateway.port = int(re.search(rb'"address":"127\.0\.0\.1:(\d+)"', text)[1])
            # Signals write lines without a limit at debug level... requests of strangers do within theirs.
            began = time.monotonic()
            while time.monotonic() - began < 3:
                for _ in range(30):
                    gateway.kill(signal.SIGHUP)
                self.assertEqual(gateway.ask("/healthz", timeout=2)[0], 200)
                self.assertEqual(gateway.ask("/healthz", "BREW", timeout=2)[0], 501)
            began = time.monotonic()
            self.assertEqual(gateway.end(limit=5), 0)
            self.assertLess(time.monotonic() - began, 3)
        os.close(reading)

    def test_lines_that_can_not_be_written_are_counted_and_told(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            with Process("--log-file", log, wait=False) as gateway:
                gateway.wait_until_it_listens(log)
                os.remove(log)
                os.mkfifo(log)
                reading = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
                gateway.kill(signal.SIGHUP)  # from here on its log is a pipe
                eventually(lambda: os.stat(log) and self.text_of(reading), "the pipe is the log")
                os.close(reading)  # nobody reads
                for _ in range(5):
                    gateway.kill(signal.SIGUSR1)
                    gateway.ask("/healthz", "BREW")
                    self.assertEqual(gateway.ask("/healthz")[0], 200)
                gateway.kill(signal.SIGHUP)  # can't be opened: nobody reads; its own line about it is lost too
                eventually(lambda: self.dropped(gateway) >= 1, "it counts")
                os.remove(log)
                gateway.kill(signal.SIGHUP)
                eventually(lambda: log.exists() and "log lines were dropped" in log.read_text(), "it tells")
                self.assertEqual(gateway.end(), 0)

    @staticmethod
    def text_of(descriptor):
        try:
            return os.read(descriptor, 65536)
        except BlockingIOError:
            return b""

    @staticmethod
    def dropped(gateway):
        return int(re.search(r"^log_lines_dropped_total (\d+)", gateway.ask("/metrics")[1], re.MULTILINE)[1])

    def test_a_reader_that_goes_ends_nothing_and_the_gateway_drains(self):
        reading, writing = os.pipe()
        with Process(stderr=writing) as gateway:
            os.close(writing)
            text = b""
            while b'"msg":"listening"' not in text:
                text += os.read(reading, 4096)
            gateway.port = int(re.search(rb'"address":"127\.0\.0\.1:(\d+)"', text)[1])
            os.close(reading)
            for _ in range(3):
                gateway.kill(signal.SIGHUP)
                time.sleep(0.1)
                self.assertEqual(gateway.ask("/healthz")[0], 200)
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as client:
                client.sendall(b"POST /queue/join HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n")
                client.recv(100)
                gateway.kill(signal.SIGTERM)
                time.sleep(0.2)
                client.sendall(b'{"event_id":"x"}')
                self.assertIn(b" 202 ", client.recv(1000))
            self.assertEqual(gateway.end(), 0)

    def test_without_a_standard_error_no_client_gets_the_log(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
            chosen.close()
            process = subprocess.Popen(f"exec {GATEWAY} --listen 127.0.0.1:{port} 0<&- 1>&- 2>&-", shell=True, cwd=folder)
            try:
                client = eventually(lambda: self.connected(port), "it listens")
                process.send_signal(signal.SIGHUP)
                process.send_signal(signal.SIGUSR1)
                client.settimeout(0.5)
                with self.assertRaises(TimeoutError):
                    client.recv(1000)
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                client.settimeout(5)
                self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200 "))
                client.close()
                for number in range(3):
                    self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{number}"), "/dev/null")
                process.terminate()
                self.assertEqual(process.wait(10), 0)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    @staticmethod
    def connected(port):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            return None

    def test_a_disk_that_is_full_ends_nothing(self):
        with Process("--log-file", "/dev/full", "--listen", "127.0.0.1:0", "--admin-listen", f"unix:{tempfile.gettempdir()}/tacos-{os.getpid()}.sock",
                     wait=False) as gateway:
            path = f"{tempfile.gettempdir()}/tacos-{os.getpid()}.sock"
            page = eventually(lambda: self.page_of(path), "it answers at its socket")
            self.assertGreaterEqual(int(re.search(r"^log_lines_dropped_total (\d+)", page, re.MULTILINE)[1]), 1)
            self.assertEqual(gateway.end(), 0)

    @staticmethod
    def page_of(path):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                return None
            client.settimeout(5)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            page = b""
            while part := client.recv(65536):
                page += part
            return page.decode()

    def test_a_log_file_is_appended_to_and_opened_anew_at_sighup(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "gateway.log"
            log.write_text("what was there\n")
            with Process("--log-file", log, wait=False) as gateway:
                gateway.wait_until_it_listens(log)
                self.assertTrue(log.read_text().startswith("what was there\n"))
                log.rename(log.with_suffix(".1"))
                gateway.kill(signal.SIGHUP)
                eventually(lambda: log.exists() and "reloaded" in log.read_text(), "it is opened anew")
                # What can't be opened leaves the log where it is.
                log.rename(log.with_suffix(".2"))
                log.mkdir()
                gateway.kill(signal.SIGHUP)
                eventually(lambda: "not reloaded" in log.with_suffix(".2").read_text(), "it tells")
                self.assertIn(str(log), log.with_suffix(".2").read_text())
                self.assertEqual(gateway.end(), 0)
                self.assertIn("shut down", log.with_suffix(".2").read_text())
            self.assertIn("cannot append to", refused("--log-file", log))
            self.assertIn("/nowhere/log", refused("--log-file", "/nowhere/log"))
            fifo = pathlib.Path(folder) / "fifo"
            os.mkfifo(fifo)
            self.assertIn("nobody reads", refused("--log-file", fifo))


class Manager:
    """A service manager's end of the notification socket."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(10)

    def hear(self):
        return self.socket.recv(4096).decode()

    def hear_until(self, wanted):
        while True:
            heard = self.hear()
            if heard == wanted:
                return

    def close(self):
        self.socket.close()


class ServiceManager(unittest.TestCase):
    def course(self, address, name):
        manager = Manager(address)
        try:
            with Process(env={"NOTIFY_SOCKET": name}) as gateway:
                self.assertEqual(manager.hear(), "READY=1")
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                gateway.kill(signal.SIGHUP)
                reloading = manager.hear()
                at = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", reloading)[1])
                self.assertGreaterEqual(at, before)
                self.assertEqual(manager.hear(), "READY=1")
                gateway.kill(signal.SIGTERM)
                self.assertEqual(manager.hear(), "STOPPING=1")
                self.assertEqual(gateway.end(), 0)
        finally:
            manager.close()

    def test_it_is_told_of_start_reload_and_stop(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "notify")
            self.course(path, path)

    def test_its_socket_may_have_an_abstract_name(self):
        name = f"tacos-notify-{os.getpid()}"
        self.course("\0" + name, "@" + name)

    def test_it_is_not_told_ready_before_the_store_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "notify")
            manager = Manager(path)
            with Process("--store", "redis://127.0.0.1:1", env={"NOTIFY_SOCKET": path}) as gateway:
                time.sleep(0.3)
                gateway.kill(signal.SIGTERM)
                self.assertEqual(manager.hear(), "STOPPING=1")
                self.assertEqual(gateway.end(), 0)
            manager.close()

    def test_the_watchdog_is_fed_while_the_threads_turn(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "notify")
            manager = Manager(path)
            with Process(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}) as gateway:
                for _ in range(3):
                    manager.hear_until("WATCHDOG=1")
            manager.close()

    def test_a_socket_that_is_not_there_or_no_address_disturbs_nothing(self):
        for name in ("/nowhere/notify", "relative", "@", "", "/" + "x" * 300):
            with Process(env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "nonsense"}) as gateway:
                self.assertEqual(gateway.ask("/healthz")[0], 200)
                self.assertEqual(gateway.end(), 0)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.work = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def file(self, name, content, mode=0o600):
        path = self.work / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def test_what_is_no_regular_file_is_refused_and_nothing_hangs(self):
        fifo = self.work / "fifo"
        os.mkfifo(fifo)
        large = self.file("large", b"# " + b"x" * (1024 * 1024))
        good = self.file("good", "x")
        for option in ("--config", "--signing-key-file", "--admin-token-file"):
            self.assertIn(f"{option}: cannot read '{self.work}': it is a directory", refused(option, self.work))
            self.assertIn(f"cannot read '{fifo}': it is a pipe", refused(option, fifo))
            self.assertIn("it is not a regular file", refused(option, "/dev/zero"))
            self.assertIn("1048578 bytes, and 1048576 are the most", refused(option, large))
            self.assertIn("No such file", refused(option, self.work / "nothing"))
        for tls in (("--tls-cert", self.work, "--tls-key", good), ("--tls-cert", good, "--tls-key", fifo)):
            self.assertIn("cannot read", refused(*tls))
        self.assertIn("it is empty", refused("--tls-cert", self.file("empty", ""), "--tls-key", good))

    def test_a_config_file_says_each_thing_once_and_well(self):
        for text, wanted in (
                ("seats = 1\nadmission-rate = 2\nseats = 1\n", "line 3 of {}: 'seats' stands in line 1 already"),
                ("seats = 1\n[server]\n", "line 2 of {}: '[server]' is a section"),
                ("seats = 1\0\n", "line 1 of {}: it holds a NUL byte"),
                ("seats\n", "line 1 of {}: 'seats' has no '='"),
                ("seats =\n", "line 1 of {}: 'seats' has no value"),
                ("seats = # none\n", "line 1 of {}: 'seats' has no value"),
                ("= 5\n", "line 1 of {}: nothing stands before the '='"),
                ("\nsets = 5\n", "line 2 of {}: unrecognised option 'sets'"),
                ("config = x\n", "line 1 of {}: unrecognised option 'config'"),
                ("help = x\n", "unrecognised option 'help'"),
                ("seats = none\n", "seats in {}: 'none'")):
            path = self.file("conf", text)
            self.assertIn(wanted.format(path), refused("--config", path), text)
        path = self.file("conf", "\ufeff# all is well\r\n  seats=7 # seven\r\n\tlog-level = info\r\nadmission-rate = 1")
        with Process("--config", path) as gateway:
            self.assertIn('"admission_rate":1,"seats":7', gateway.log())

    def test_a_variable_that_names_no_option_is_told(self):
        env = {"TACOS_GATEWAY_SEETS": "5", "TACOS_GATEWAY_PORT_80_TCP": "tcp://10.0.0.1:80", "TACOS_GATEWAY_SERVICE_HOST": "10.0.0.1"}
        with Process(env=env) as gateway:
            self.assertIn("TACOS_GATEWAY_SEETS names no option", gateway.log())
            self.assertNotIn("SERVICE_HOST", gateway.log())
            self.assertNotIn("PORT_80", gateway.log())
        self.assertIn("TACOS_GATEWAY_CONFIG", refused(env={"TACOS_GATEWAY_CONFIG": ""}))

    def test_keys_that_can_be_guessed_or_set_by_others_are_refused(self):
        good = "0123456789abcdef" * 4
        for text, wanted in (("00" * 32, "32 equal bytes"), ("ff" * 32, "32 equal bytes"), ("", "holds no key"),
                             (f"{good}\n\n{good.upper()}\n", "line 3 of"), ("zz" * 32, "hexadecimal"), (good[:62], "64 hexadecimal")):
            self.assertIn(wanted, refused("--signing-key-file", self.file("keys", text)), text)
        for mode in (0o602, 0o620, 0o666, 0o622):
            for option, text in (("--signing-key-file", good), ("--admin-token-file", "a-good-token")):
                path = self.file("secret", text, mode)
                self.assertIn(f"run: chmod 600 {path}", refused(option, path))
        for mode, told in ((0o600, False), (0o440, False), (0o644, True)):
            path = self.file("keys", good, mode)
            with Process("--signing-key-file", path) as gateway:
                self.assertEqual("every user of this machine may read" in gateway.log(), told)
            path.chmod(0o600)
        self.assertIn("holds no token", refused("--admin-token-file", self.file("token", "\nsecond-line\n")))
        for text, said in (("\ufeffa-good-token\n", "byte order mark"), (" a-good-token\n", "blanks around it"),
                           ("\ta-good-token \n", "blanks around it")):
            self.assertIn(said, refused("--admin-token-file", self.file("token", text)))
        self.assertIn("blanks around it", refused("--admin-token", "a-good-token "))
        self.assertIn("3 characters", refused("--admin-token-file", self.file("token", "abc\n")))
        self.assertIn("control character", refused("--admin-token-file", self.file("token", "abcdefgh\0ijk\n")))

    def test_an_events_file_that_others_may_write_or_with_a_nul_byte_is_refused(self):
        good = '{"schema":"tacos.events/1","events":[{"event_id":"a"}]}'
        for mode in (0o620, 0o602, 0o666, 0o664):
            self.assertIn("may be written by others", refused("--events", self.file("events", good, mode)))
        for text in (good + "\0", good + '\0{"more":1}', "\0" + good, good[:10] + "\0" + good[10:]):
            self.assertIn("NUL byte", refused("--events", self.file("events", text)))
        with Process("--events", self.file("events", good, 0o644)) as gateway:
            self.file("events", good.replace('"a"', '"b"'), 0o666)
            gateway.kill(signal.SIGHUP)
            eventually(lambda: "may be written by others" in gateway.log(), "the reload is refused")
            self.assertEqual(gateway.end(), 0)

    def test_a_tls_key_with_a_pass_phrase_does_not_hang(self):
        key, cert = self.work / "key.pem", self.work / "cert.pem"
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                               "/CN=localhost", "-passout", "pass:secret"], capture_output=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("key.pem", refused("--tls-cert", cert, "--tls-key", key))


class Randomness(unittest.TestCase):
    def test_without_random_bytes_it_does_not_start(self):
        compiler = shutil.which("cc")
        if compiler is None or b"libasan" in subprocess.run(["ldd", GATEWAY], capture_output=True).stdout:
            self.skipTest("needs a compiler, and a build without sanitizers")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "none.c").write_text("int RAND_bytes(unsigned char* into, int size) { (void)into; (void)size; return 0; }\n")
            subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "none.so", folder / "none.c"], check=True)
            keys = folder / "keys"
            keys.write_text("0123456789abcdef" * 4)
            keys.chmod(0o600)
            for options in ((), ("--signing-key-file", keys)):
                self.assertIn("no random bytes", refused(*options, env={"LD_PRELOAD": str(folder / "none.so")}))


class Certificates(unittest.TestCase):
    @staticmethod
    def make(folder, name):
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                               folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", f"/CN={name}"], capture_output=True)
        assert done.returncode == 0, done.stderr

    @staticmethod
    def shown(port):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, context.wrap_socket(plain) as client:
            return client.getpeercert(binary_form=True)

    def test_sighup_takes_new_certificates_and_keeps_the_old_when_they_are_bad(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            self.make(folder, "first")
            with Process("--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem", "--admin-listen", "127.0.0.1:0") as gateway:
                first = self.shown(gateway.port)
                self.make(folder, "second")
                gateway.kill(signal.SIGHUP)
                eventually(lambda: self.shown(gateway.port) != first, "the second certificate is shown")
                second = self.shown(gateway.port)
                (folder / "cert.pem").write_text("no certificate\n")
                gateway.kill(signal.SIGHUP)
                eventually(lambda: '"what":"certificates"' in gateway.log(), "it tells")
                self.assertIn(str(folder / "cert.pem"), gateway.log())
                self.assertEqual(self.shown(gateway.port), second)
                self.assertEqual(gateway.ask("/healthz", port=gateway.admin_port)[0], 200, "the operators' port is plain")
                self.assertEqual(gateway.end(), 0)


class OperatorsPort(unittest.TestCase):
    TOKEN = {"Authorization": "Bearer a-good-token"}

    def test_idle_connections_at_the_public_port_leave_probes_and_operators_alone(self):
        with Process("--admin-listen", "127.0.0.1:0", "--admin-token", "a-good-token", "--max-connections", "200") as gateway:
            idle = []
            for _ in range(213):  # 200, and the sixteenth more that is not even answered
                idle.append(socket.create_connection(("127.0.0.1", gateway.port), timeout=5))
            for target, headers in (("/healthz", {}), ("/readyz", {}), ("/metrics", {}), ("/admin/events", self.TOKEN)):
                began = time.monotonic()
                status, _ = gateway.ask(target, headers=headers, port=gateway.admin_port, timeout=2)
                self.assertEqual(status, 200, target)
                self.assertLess(time.monotonic() - began, 1.0, target)
            for client in idle:
                client.close()
            self.assertEqual(gateway.end(), 0)

    def test_each_port_serves_what_is_its_own(self):
        with Process("--admin-listen", "127.0.0.1:0", "--admin-token", "a-good-token") as gateway:
            for port, wanted in ((gateway.port, {"/metrics": 404, "/admin/events": 404, "/admin/audit": 404, "/healthz": 200, "/readyz": 200,
                                                 "/queue/status": 400}),
                                 (gateway.admin_port, {"/metrics": 200, "/admin/events": 200, "/admin/audit": 200, "/healthz": 200,
                                                       "/readyz": 200, "/queue/status": 404, "/nothing": 404})):
                for target, status in wanted.items():
                    # A waiting room's route would take the operator's token for a ticket's.
                    headers = {} if target.startswith("/queue/") else self.TOKEN
                    self.assertEqual(gateway.ask(target, headers=headers, port=port)[0], status, f"{port} {target}")
            self.assertEqual(gateway.ask("/admin/events", "PATCH", port=gateway.port)[0], 404)
            self.assertEqual(gateway.end(), 0)

    def test_a_port_that_is_taken_is_told_by_its_option(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for options, wanted in ((("--listen", address, "--admin-listen", "127.0.0.1:0"), f"--listen: cannot listen on {address}"),
                                    (("--listen", "127.0.0.1:0", "--admin-listen", address), f"--admin-listen: cannot listen on {address}")):
                done = subprocess.run([GATEWAY, *options], stderr=subprocess.PIPE, text=True, timeout=10)
                self.assertEqual(done.returncode, 3)
                self.assertIn(wanted, done.stderr)
                self.assertNotIn("listening", done.stderr)

    def test_one_address_for_both_is_refused(self):
        done = subprocess.run([GATEWAY, "--listen", "127.0.0.1:18999", "--admin-listen", "127.0.0.1:18999"], stderr=subprocess.PIPE, text=True,
                              timeout=10)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--admin-listen: '127.0.0.1:18999' is --listen too", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
