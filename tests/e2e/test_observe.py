"""What tacos-load says of the parts of the system that it was told to watch.

TACOS_BIN_DIR and TACOS_SOURCE_DIR as in test_programs.py.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import json_schema  # noqa: E402
from test_programs import SOURCE, Gateway, load  # noqa: E402

RUNGS = (200, 600)


def ladder(directory, **more):
    path = pathlib.Path(directory, "ladder.json")
    stages = [{"name": str(rate), "rate": rate, "duration": "2s", "rung": True} for rate in RUNGS]
    path.write_text(json.dumps({
        "schema": "tacos.scenario/1", "name": "ladder", "users": 2000, "load": {"stages": stages},
        "journey": {"kind": "queue", "poll": {"interval": "1s"}}, "gates": ["p50 < 1ns"], **more}))
    return str(path)


def report_of(directory):
    return json.loads(pathlib.Path(directory, "report.json").read_text())


def named(uses, name):
    return next((use for use in uses if use["name"] == name), None)


class Observed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = tempfile.TemporaryDirectory()
        cls.gateway = Gateway("--opening-delay", "1s")
        scenario = ladder(cls.out.name, observe=[f"page={cls.gateway.url}/metrics?token=s3cret"])
        cls.done = load("run", scenario, "--target", cls.gateway.url, "--observe",
                        f"gateway=pid:{cls.gateway.process.pid}", "--report", cls.path("a"), "--quiet")
        assert cls.done.returncode in (1, 4), cls.done.stdout + cls.done.stderr
        cls.report = report_of(cls.path("a"))

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        cls.out.cleanup()

    @classmethod
    def path(cls, name):
        return str(pathlib.Path(cls.out.name, name))

    def test_the_report_keeps_to_its_schema(self):
        schema = json.loads((SOURCE / "docs/schema/run-1.schema.json").read_text())
        self.assertEqual(list(json_schema.faults_of(self.report, schema)), [])
        self.report["components"][0]["kind"] = "magic"
        try:
            self.assertEqual(list(json_schema.faults_of(self.report, schema)), ["/components/0/kind is 'magic'"])
        finally:
            self.report["components"][0]["kind"] = "prometheus"

    def test_every_part_has_a_row_in_every_rung(self):
        self.assertEqual([part["name"] for part in self.report["components"]],
                         ["page", "gateway", "generator", "machine"])
        for rung in self.report["rungs"]:
            for name in ("page", "gateway", "generator"):
                self.assertGreater(named(rung["components"], name)["observed_sec"], 0, (rung["name"], name))
        low, high = (named(rung["components"], "page")["requests_per_sec"] for rung in self.report["rungs"])
        self.assertGreater(high, 1.5 * low)

    def test_a_rung_is_the_mean_of_its_intervals(self):
        for rung in self.report["rungs"]:
            uses = [named(i["components"], "gateway") for i in self.report["component_intervals"]
                    if rung["from_sec"] <= i["t_sec"] < rung["to_sec"]]
            uses = [use for use in uses if use]
            seconds = sum(use["observed_sec"] for use in uses)
            mean = sum(use["cpu_cores"] * use["observed_sec"] for use in uses) / seconds
            self.assertAlmostEqual(named(rung["components"], "gateway")["cpu_cores"], mean, delta=1e-4 + 1e-4 * mean)

    def test_both_ways_to_watch_one_process_agree(self):
        by_page, by_pid = (named(self.report["components"], name) for name in ("page", "gateway"))
        self.assertAlmostEqual(by_page["memory_bytes"], by_pid["memory_bytes"], delta=0.3 * by_pid["memory_bytes"])
        self.assertAlmostEqual(by_page["cpu_cores"], by_pid["cpu_cores"], delta=0.05 + 0.3 * by_pid["cpu_cores"])
        self.assertEqual(by_pid["limit_cores"], len(os.sched_getaffinity(0)))

    def test_the_bottleneck_is_said_everywhere(self):
        text = self.report["bottleneck"]["text"]
        self.assertTrue(text)
        self.assertIn(text, pathlib.Path(self.path("a"), "report.html").read_text())
        self.assertIn(" ".join(text.split()[:4]), " ".join(self.done.stdout.split()))
        self.assertIn("| gateway |", pathlib.Path(self.path("a"), "summary.md").read_text())

    def test_no_secret_is_in_any_file(self):
        for path in pathlib.Path(self.path("a")).iterdir():
            self.assertNotIn(b"s3cret", path.read_bytes(), path.name)

    def test_rendering_again_changes_nothing(self):
        shutil.copytree(self.path("a"), self.path("again"))
        load("report", self.path("again"))
        self.assertEqual(report_of(self.path("again")), self.report)

    def test_a_merge_keeps_who_watched_first(self):
        shutil.copytree(self.path("a"), self.path("b"))
        done = load("report", self.path("a"), self.path("b"), "--report", self.path("both"))
        self.assertIn(done.returncode, (1, 4), done.stderr)
        both = report_of(self.path("both"))
        self.assertEqual(both["components"], self.report["components"])
        self.assertTrue(any("components are as" in note for note in both["adapted"]), both["adapted"])


class Refused(unittest.TestCase):
    def refused(self, code, *arguments):
        with tempfile.TemporaryDirectory() as out:
            done = load("--url", "http://127.0.0.1:1/", "--duration", "1s", "--report", out, *arguments)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertEqual(list(pathlib.Path(out).iterdir()), [], "no load was sent, so there is no report")
        return done.stderr

    def test_a_source_that_cannot_be_read_by_its_form(self):
        self.assertIn("NAME=pid:N", self.refused(2, "--observe", "gateway"))
        self.assertIn("pgrep", self.refused(2, "--observe", "gateway=pid:2000000000"))

    def test_a_source_that_is_not_there(self):
        message = self.refused(3, "--observe", "redis=redis://user:s3cret@127.0.0.1:1")
        self.assertIn("--observe redis=", message)
        self.assertNotIn("s3cret", message)

    def test_a_scenario_file_names_the_place(self):
        with tempfile.TemporaryDirectory() as out:
            done = load("run", ladder(out, observe=["a=pid:1", "b=nothing"]), "--report", out + "/report")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/observe at 1: ", done.stderr)


class Gone(unittest.TestCase):
    def test_a_part_that_ends_leaves_a_gap_and_no_zeros(self):
        gateway = Gateway()
        spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        end = threading.Timer(3.5, spinner.kill)
        end.start()
        try:
            with tempfile.TemporaryDirectory() as out:
                done = load("--url", gateway.url + "/healthz", "--rps", "50", "--duration", "7s", "--connections", "4",
                            "--observe", f"spinner=pid:{spinner.pid},cores=1", "--report", out, "--quiet")
                report = report_of(out)
        finally:
            end.cancel()
            spinner.kill()
            spinner.wait()
            gateway.stop()
        self.assertIn(done.returncode, (0, 1, 4), done.stderr)
        seen = [named(interval["components"], "spinner") is not None for interval in report["component_intervals"]]
        self.assertTrue(seen[0])
        self.assertFalse(seen[-1])
        spinner = named(report["components"], "spinner")
        self.assertGreater(spinner["missed_samples"], 0)
        self.assertIn("samples are missing", spinner["note"])
        self.assertGreater(spinner["cpu_cores"], 0.1)
        self.assertLess(spinner["observed_sec"], 6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
