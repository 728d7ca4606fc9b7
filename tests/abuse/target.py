"""The gateway under attack, and an honest user who polls it meanwhile."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

HONEST = "127.0.0.2"  # the address that honest users come from; attackers have their own
ADMIN_TOKEN = "abuse-operator-token"


def options_of(program):
    """The options that this build knows: the suite runs on builds that lack some."""
    text = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20).stdout
    return set(re.findall(r"^  --([a-z-]+)", text, re.MULTILINE))


class Gateway:
    """A gateway process on ports that the system chooses. The log goes to a file, unless log_to_pipe."""

    def __init__(self, bin_dir, options, log_to_pipe=False):
        self.program = pathlib.Path(bin_dir) / "tacos-gateway"
        known = options_of(self.program)
        self.folder = tempfile.TemporaryDirectory(prefix="tacos-abuse-")
        token_file = pathlib.Path(self.folder.name) / "admin.token"
        token_file.write_text(ADMIN_TOKEN + "\n")
        token_file.chmod(0o600)
        command = [str(self.program), "--listen", "127.0.0.1:0", "--admin-token-file", str(token_file)]
        if "admin-listen" in known:
            command += ["--admin-listen", "127.0.0.1:0"]
        for name, value in options.items():
            if name in known:
                command += [f"--{name}", str(value)]
        self.log_path = pathlib.Path(self.folder.name) / "gateway.log"
        if log_to_pipe:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=go_first)
            text = ""
            while '"listening"' not in text:
                line = self.process.stderr.readline().decode()
                if not line:
                    raise RuntimeError("the gateway did not start: " + text)
                text += line
        else:
            with open(self.log_path, "wb") as log:
                self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=go_first)
            text = self._wait_for_listening()
        # Every address the log names: the first is the public one; /metrics and /admin may be on another.
        self.ports = [int(port) for port in re.findall(r"127\.0\.0\.1:([1-9]\d*)", text)]
        self.port = self.ports[0]
        self.admin_port = self._find_admin_port()

    def _wait_for_listening(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            text = self.log_path.read_text()
            if '"listening"' in text and text.endswith("\n"):
                return text
            time.sleep(0.02)
        raise RuntimeError("the gateway did not start:\n" + self.log_path.read_text())

    def _find_admin_port(self):
        for port in reversed(self.ports):
            try:
                if call(port, "GET", "/admin/events", headers=admin())[0] == 200:
                    return port
            except OSError:
                continue
        return self.port

    def rss_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def log_text(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stop(self, within=15):
        """The seconds it took to end by SIGTERM, and its exit code; None when it had to be killed."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
            code = None
        if self.process.stderr:
            self.process.stderr.close()
        self.folder.cleanup()
        return time.monotonic() - began, code


def admin():
    return {"Authorization": "Bearer " + ADMIN_TOKEN}


def call(port, method, path, body=None, headers=None, source=HONEST, timeout=5):
    """One request on a connection of its own: status, body as JSON (or text), headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0))
    try:
        data = json.dumps(body).encode() if body is not None else None
        connection.request(method, path, data, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        try:
            return answer.status, json.loads(text), dict(answer.getheaders())
        except json.JSONDecodeError:
            return answer.status, text, dict(answer.getheaders())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


class Memory(threading.Thread):
    """Looks at the gateway's resident memory ten times a second."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway = gateway
        self.before = self.peak = gateway.rss_mib()
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.1):
            try:
                self.peak = max(self.peak, self.gateway.rss_mib())
            except OSError:
                return

    def end(self):
        self.ended.set()
        self.join()


class HonestPolls:
    """tacos-load asks for one ticket's status at a fixed rate, each request due whatever happened to those before."""

    def __init__(self, bin_dir, gateway, token, seconds, rate=200):
        self.report = tempfile.TemporaryDirectory(prefix="tacos-abuse-report-")
        self.process = subprocess.Popen(
            [str(pathlib.Path(bin_dir) / "tacos-load"), "--url", f"http://127.0.0.1:{gateway.port}/queue/status?token={token}",
             "--rps", str(rate), "--duration", f"{seconds}s", "--connections", "20", "--timeout", "5s", "--source-address", HONEST,
             "--workers", "1", "--quiet", "--report", self.report.name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=go_first)

    def result(self, within):
        try:
            output, _ = self.process.communicate(timeout=within)
            run = json.loads((pathlib.Path(self.report.name) / "report.json").read_text())
        except (subprocess.TimeoutExpired, OSError, json.JSONDecodeError) as error:
            self.process.kill()
            self.process.wait(timeout=10)
            raise RuntimeError(f"no honest measurement: {error}") from error
        finally:
            self.report.cleanup()
        step = run["steps"]["request"]
        # A generator that had no CPU when a request was due measures itself: then the time from sending counts.
        late = run["send_lag_ms"]["p99"] > 10
        times = step["service_time_ms"] if late else step["response_time_ms"]
        sent = sum(run["outcomes"].values())
        return {"p50": times["p50"], "p99": times["p99"], "late": late, "sent": sent,
                "failed": sent - run["outcomes"]["ok"], "output": output}


def raise_descriptor_limit():
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def go_first():
    """In the gateway's and the honest user's process: other work on this machine is not what is measured. Only root may."""
    try:
        os.nice(-10)
    except PermissionError:
        pass


def be_nice():
    """In an attacker's process: its CPU is another machine's, so that of this machine is the gateway's first."""
    os.nice(15)


def bound_socket(source):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((source, 0))
    return sock
