"""What tacos-load does with runs that were: render again, merge, compare, end early, complete; and the page in a browser.

TACOS_BIN_DIR and TACOS_SOURCE_DIR as in test_programs.py.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_programs import BIN, SOURCE, Gateway, load  # noqa: E402


def report_of(directory):
    return json.loads(pathlib.Path(directory, "report.json").read_text())


class StoredRuns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = tempfile.TemporaryDirectory()
        cls.gateway = Gateway("--opening-delay", "1s", "--seats", "50", "--admission-rate", "200")
        for name, seed in (("a", "1"), ("b", "2")):
            done = load("--target", cls.gateway.url, "--rps", "500", "--from-rps", "200", "--ramp", "2s", "--hold", "1s",
                        "--users", "400", "--poll-interval", "1s", "--seed", seed, "--event-id", "shared",
                        "--report", cls.path(name), "--gate", "errors < 50%", "--quiet")
            assert done.returncode in (0, 4), done.stdout + done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        cls.out.cleanup()

    @classmethod
    def path(cls, name):
        return str(pathlib.Path(cls.out.name, name))

    def test_rendering_again_changes_nothing(self):
        before = report_of(self.path("a"))
        shutil.copytree(self.path("a"), self.path("again"))
        done = load("report", self.path("again"))
        self.assertIn(done.returncode, (0, 4), done.stderr)
        self.assertEqual(report_of(self.path("again")), before)
        self.assertIn("again/report.html", done.stdout)

    def test_other_gates_make_another_verdict(self):
        done = load("report", self.path("a"), "--report", self.path("strict"), "--gate", "p50 < 1ns")
        verdict = report_of(self.path("strict"))
        self.assertEqual([gate["expression"] for gate in verdict["gates"]], ["p50 < 1ns"])
        self.assertEqual(done.returncode, 4 if verdict["verdict"] == "invalid" else 1)

    def test_a_merge_has_every_request_of_both(self):
        done = load("report", self.path("a"), self.path("b"), "--report", self.path("both"))
        self.assertIn(done.returncode, (0, 4), done.stderr)
        a, b, both = (report_of(self.path(name)) for name in ("a", "b", "both"))
        for outcome, count in both["outcomes"].items():
            self.assertEqual(count, a["outcomes"][outcome] + b["outcomes"][outcome], outcome)
        self.assertEqual(both["steps"]["status"]["response_time_ms"]["max"],
                         max(run["steps"]["status"]["response_time_ms"]["max"] for run in (a, b)))
        self.assertEqual(both["users"]["started"], a["users"]["started"] + b["users"]["started"])
        self.assertEqual(both["merged_from"], [self.path("a"), self.path("b")])

    def test_what_cannot_be_read_is_named(self):
        done = load("report", self.path("nowhere"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("nowhere/report.json", done.stderr)

    def test_a_run_compared_with_itself_is_no_worse(self):
        done = load("compare", "--baseline", self.path("a"), "--candidate", self.path("a"), "--allow-invalid",
                    "--max-regression", "p50(status) 1%", "--max-regression", "errors 0.1%",
                    "--report", self.path("same"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("p99", done.stdout)
        comparison = json.loads(pathlib.Path(self.path("same"), "comparison.json").read_text())
        self.assertEqual(comparison["schema"], "tacos.comparison/1")
        self.assertIn("<svg", pathlib.Path(self.path("same"), "comparison.html").read_text())

    def test_compare_exits_as_the_contract_says(self):
        def compare(*limits, candidate="b"):
            return load("compare", "--baseline", self.path("a"), "--candidate", self.path(candidate), "--allow-invalid",
                        *[word for limit in limits for word in ("--max-regression", limit)])
        self.assertEqual(compare("p99.999 10%").returncode, 5, "too few requests for five nines")
        wrong = compare("p99(nosuch) 10%")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("^", wrong.stderr)
        self.assertEqual(compare("p50 1%", candidate="nowhere").returncode, 2)

    def test_an_invalid_run_is_refused(self):
        shutil.copytree(self.path("a"), self.path("invalid"))
        path = pathlib.Path(self.path("invalid"), "report.json")
        report = json.loads(path.read_text())
        report.update(verdict="invalid", interrupted=True)
        path.write_text(json.dumps(report))
        done = load("compare", "--baseline", self.path("a"), "--candidate", self.path("invalid"))
        self.assertEqual(done.returncode, 4, done.stdout)


class EarlyEnd(unittest.TestCase):
    def test_a_broken_gate_ends_the_run_and_fails_it(self):
        gateway = Gateway("--opening-delay", "1h")
        with tempfile.TemporaryDirectory() as out:
            done = load("--url", gateway.url + "/nothing-here", "--rps", "200", "--duration", "60s", "--connections", "4",
                        "--gate", "errors < 1%", "--abort-on-breach", "2s", "--report", out, "--quiet")
            gateway.stop()
            report = report_of(out)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(report["verdict"], "failed")
        self.assertEqual(report["aborted"], "errors < 1%")
        self.assertLess(report["duration_sec"], 30)
        self.assertEqual(sum(report["outcomes"].values()), report["rate"]["scheduled"])
        self.assertIn("because errors < 1% broke", report["verdict_reasons"][0])


class Completion(unittest.TestCase):
    def test_bash_knows_commands_flags_and_words(self):
        script = load("completion", "bash").stdout
        ask = script + """
        complete_it() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _tacos_load; echo "${COMPREPLY[*]}"; }
        complete_it tacos-load comp; complete_it tacos-load --engine a; complete_it tacos-load compare --base
        """
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True)
        self.assertEqual(done.stdout.split("\n")[:3], ["compare completion", "auto asio", "--baseline"], done.stderr)

    def test_every_shell_has_every_command(self):
        for shell in ("bash", "zsh", "fish"):
            script = load("completion", shell).stdout
            for command in ("run", "report", "compare", "doctor", "completion"):
                self.assertIn(command, script, shell)
        self.assertEqual(load("completion", "tcsh").returncode, 2)


class InTheBrowser(unittest.TestCase):
    def test_the_page_of_a_ladder_with_errors(self):
        scenario = {
            "schema": "tacos.scenario/1", "name": "browser", "users": 4000, "timeout": "500ms",
            "load": {"stages": [
                {"name": "warm", "rate": 200, "duration": "2s", "warmup": True},
                {"name": "low", "rate": 300, "duration": "5s", "rung": True},
                {"name": "high", "rate": 900, "duration": "5s", "rung": True}]},
            "journey": {"kind": "queue", "poll": {"interval": "1s"}},
            "gates": ["errors < 5%", "p99(status) < 1s"]}
        gateway = Gateway("--opening-delay", "3s", "--seats", "300", "--admission-rate", "200")
        with tempfile.TemporaryDirectory() as out:
            file = pathlib.Path(out, "scenario.json")
            file.write_text(json.dumps(scenario))
            done = load("run", str(file), "--target", gateway.url, "--report", out + "/run", "--quiet")
            gateway.stop()
            self.assertIn(done.returncode, (0, 1, 4), done.stderr)
            looked = subprocess.run([sys.executable, SOURCE / "tests" / "e2e" / "report_page_test.py", out + "/run"],
                                    capture_output=True, text=True, timeout=240)
        if looked.returncode == 77:
            self.skipTest(looked.stdout)
        self.assertEqual(looked.returncode, 0, looked.stdout + looked.stderr)


if __name__ == "__main__":
    assert (BIN / "tacos-load").exists(), BIN
    unittest.main(verbosity=2)
