"""The programs as their users run them: command lines in, files, output and exit codes out.

Run by ctest with the directory of the built programs; starts its own gateways on ports that the system chooses.
"""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BIN = pathlib.Path(os.environ["TACOS_BIN_DIR"])
SOURCE = pathlib.Path(os.environ["TACOS_SOURCE_DIR"])


class Gateway:
    """A gateway process on a free port; its address is read from its log."""

    def __init__(self, *options):
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        self.process = subprocess.Popen(
            [BIN / "tacos-gateway", "--listen", "127.0.0.1:0", *options], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = pathlib.Path(self.log.name).read_text()
            found = re.search(r"127\.0\.0\.1:([1-9]\d*)", text)
            if found:
                self.url = f"http://127.0.0.1:{found.group(1)}"
                if self.ready():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError("the gateway did not start:\n" + pathlib.Path(self.log.name).read_text())

    def ready(self):
        try:
            return urllib.request.urlopen(self.url + "/readyz", timeout=5).status == 200
        except urllib.error.URLError:
            return False

    def get(self, path):
        return urllib.request.urlopen(self.url + path, timeout=5).read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.log.close()
        return code


def load(*arguments, **options):
    return subprocess.run([BIN / "tacos-load", *arguments], capture_output=True, text=True, timeout=120, **options)


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway("--seats", "200", "--admission-rate", "200", "--admission-burst", "20")
        cls.directory = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()
        assert cls.gateway.stop() == 0, "the gateway did not end cleanly"

    def report_of(self, name):
        return json.loads((pathlib.Path(self.directory.name) / name / "report.json").read_text())

    def run_load(self, name, *arguments):
        directory = str(pathlib.Path(self.directory.name) / name)
        result = load(*arguments, "--report", directory)
        return result

    def test_the_smoke_scenario_sells_every_seat_and_loses_nothing(self):
        # Sanitizers make everything slower: what is asserted is what happened, not how fast.
        result = self.run_load("smoke", "run", str(SOURCE / "scenarios/smoke.json"), "--target", self.gateway.url)
        report = self.report_of("smoke")
        self.assertIn(report["verdict"], ("passed", "invalid"), result.stdout + result.stderr)
        self.assertEqual(result.returncode, {"passed": 0, "invalid": 4}[report["verdict"]])
        self.assertEqual(report["schema"], "tacos.run/1")
        self.assertEqual(report["rate"]["scheduled"], sum(report["outcomes"].values()))
        self.assertEqual(report["outcomes"]["ok"], report["rate"]["scheduled"], report["outcomes"])
        self.assertEqual(report["users"]["confirmed"], 200)
        self.assertEqual(report["users"]["position_rises"], 0)
        self.assertEqual(sum(i["offered"] for i in report["intervals"]), report["rate"]["scheduled"])
        for name in ("report.html", "intervals.csv"):
            self.assertGreater((pathlib.Path(self.directory.name) / "smoke" / name).stat().st_size, 100)

    def test_the_gateways_books_balance_after_the_crowd(self):
        self.run_load("books", "--rps", "300", "--users", "500", "--ramp", "1s", "--hold", "3s", "--poll-interval", "1s",
                      "--event-id", "books", "--target", self.gateway.url)
        metrics = self.gateway.get("/metrics")
        value = lambda name: float(re.search(rf'^{re.escape(name)} (\S+)$', metrics, re.MULTILINE).group(1))
        states = {s: value(f'queue_tickets{{event="books",state="{s}"}}')
                  for s in ("waiting", "ready", "entered", "left", "expired", "sold_out")}
        self.assertGreater(states["entered"], 0)
        self.assertEqual(sum(states.values()), value('queue_joins_total{event="books"}'))
        seats = [value(f'seats{{event="books",state="{s}"}}') for s in ("free", "held", "sold")]
        self.assertEqual(sum(seats), 200)

    def test_one_request_at_a_fixed_rate(self):
        result = self.run_load("fixed", "--url", self.gateway.url + "/healthz", "--rps", "200", "--duration", "2s",
                               "--connections", "10")
        report = self.report_of("fixed")
        self.assertEqual(report["steps"]["request"]["count"], 400)
        self.assertIn(result.returncode, (0, 4))

    def test_a_broken_gate_fails_the_run(self):
        result = self.run_load("gate", "--url", self.gateway.url + "/healthz", "--rps", "100", "--duration", "1s", "--gate",
                               "p50 < 1us")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("p50 < 1us does not hold", result.stdout)
        self.assertFalse(self.report_of("gate")["gates"][0]["passed"])

    def test_wrong_command_lines_name_the_flag_and_exit_2(self):
        for arguments, complaint in [
            (["--rps", "fast"], "--rps: 'fast' is not a rate"),
            (["--users", "0"], "--users: '0' is not a whole number from 1"),
            (["--ramp", "10"], "--ramp: '10' is not a duration"),
            (["--gate", "p99(statsu) < 5ms"], "expected a step: join, status"),
            (["--target", "localhost:8080"], "--target: "),
            (["--url", "http://h/", "--target", "http://h"], "--url names the whole address"),
            (["--duration", "1s", "--ramp", "2s"], "--duration is a constant rate"),
            (["--nonsense"], "--nonsense"),
            (["run", "no-such-file.json"], "no-such-file.json"),
            (["--connections", "900000"], "descriptors"),
        ]:
            result = load(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(complaint, result.stderr, arguments)
            self.assertNotIn("terminate", result.stderr)

    def test_what_can_not_be_run_exits_3(self):
        result = self.run_load("nobody", "--target", "http://127.0.0.1:9", "--rps", "10", "--duration", "1s")
        self.assertEqual(result.returncode, 3)
        self.assertIn("127.0.0.1:9", result.stderr)
        result = load("--rps", "10", "--duration", "1s", "--report", "/proc/no/such/place", "--target", self.gateway.url)
        self.assertEqual(result.returncode, 3)
        self.assertIn("/proc/no/such/place", result.stderr)

    def test_ctrl_c_still_writes_a_report_that_is_invalid(self):
        directory = pathlib.Path(self.directory.name) / "interrupted"
        process = subprocess.Popen(
            [BIN / "tacos-load", "--url", self.gateway.url + "/healthz", "--rps", "100", "--duration", "60s", "--report",
             str(directory)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 4, output)
        report = json.loads((directory / "report.json").read_text())
        self.assertTrue(report["interrupted"])
        self.assertEqual(report["verdict"], "invalid")
        self.assertEqual(report["rate"]["scheduled"], sum(report["outcomes"].values()))

    def test_the_doctor_looks_at_this_machine(self):
        result = load("doctor", "--format", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        document = json.loads(result.stdout)
        self.assertEqual(document["schema"], "tacos.doctor/1")
        self.assertGreater(document["capacity"]["target_elsewhere"]["rate_rps"], 0)
        for finding in document["findings"]:
            self.assertIn(finding["verdict"], ("good", "limited", "poor"))
            self.assertTrue(finding["verdict"] != "good" or not finding["commands"], finding)
        self.assertEqual(load("doctor", "--format", "xml").returncode, 2)
        starved = load("doctor", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50)))
        self.assertEqual(starved.returncode, 3, starved.stdout)
        self.assertIn("the 50 descriptors this process may hold", starved.stderr)

    def test_help_and_version(self):
        for program in ("tacos-load", "tacos-gateway"):
            result = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 0)
            self.assertIn("Examples", result.stdout)
            result = subprocess.run([BIN / program, "--version"], capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 0)
            self.assertIn(program, result.stdout)

    def test_the_gateway_refuses_bad_options(self):
        for arguments, complaint in [
            (["--seats", "-5"], "seats"),
            (["--store", "memcached://127.0.0.1"], "store"),
            (["--listen", "nowhere"], "listen"),
            (["--turn-ttl", "soon"], "turn-ttl"),
        ]:
            result = subprocess.run([BIN / "tacos-gateway", *arguments], capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(complaint, result.stderr + result.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
