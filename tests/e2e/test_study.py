"""tacos-load ladders, and scripts/study-position.sh in small: a page of two strategies, opened in a headless Chromium.

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
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import chromium  # noqa: E402
import json_schema  # noqa: E402
from report_page_test import COLOURFUL, LOOKS, VALUES  # noqa: E402
from test_programs import BIN, SOURCE, load  # noqa: E402

SCRIPT = SOURCE / "scripts" / "study-position.sh"
RATES = [50, 100]
CHARTS = {"status_p99": lambda rung: rung["status"]["p99_ms"], "redis_cpu": lambda rung: rung["redis"]["share"] * 100,
          "gateway_cpu": lambda rung: rung["gateway"]["share"] * 100,
          "redis_commands": lambda rung: rung["redis"]["commands_per_sec"]}


def study(out, **settings):
    return subprocess.run([SCRIPT, "--out", out], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "STUDY_BIN": str(BIN), **settings})


@unittest.skipUnless(shutil.which("redis-server") and shutil.which("curl"), "no redis-server or no curl")
class Study(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.directory.name, "study")
        cls.done = study(cls.out, STUDY_SECONDS="2", STUDY_RATES=" ".join(map(str, RATES)), STUDY_USERS="200",
                         STUDY_KEYS_USERS="200", STUDY_STRATEGIES="keys watermark")
        assert cls.done.returncode == 0, cls.done.stdout + cls.done.stderr
        cls.study = json.loads((cls.out / "ladders.json").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def run_of(self, name):
        return json.loads((self.out / name / "report.json").read_text())

    def test_the_document_keeps_to_its_schema(self):
        schema = json.loads((SOURCE / "docs/schema/ladders-1.schema.json").read_text())
        self.assertEqual(list(json_schema.faults_of(self.study, schema)), [])

    def test_rungs_are_those_of_the_runs_and_only_of_statuses(self):
        self.assertEqual([ladder["name"] for ladder in self.study["ladders"]], ["keys 200", "watermark 200"])
        self.assertEqual([round(rate) for rate in self.study["rates_rps"]], RATES)
        for ladder, directory in zip(self.study["ladders"], ("keys-200", "watermark-200")):
            run = self.run_of(directory)
            self.assertEqual(run["users"]["started"], 200, "the crowd gathered")
            self.assertEqual(len(ladder["rungs"]), len(run["rungs"]))
            for rung, of_run in zip(ladder["rungs"], run["rungs"]):
                self.assertEqual(rung["joins"], 0, "every request of a rung is a status call")
                self.assertEqual(rung["status"]["count"], of_run["steps"]["status"]["count"])
                self.assertAlmostEqual(rung["status"]["p99_ms"], of_run["steps"]["status"]["response_time_ms"]["p99"], 3)
                redis = next(part for part in of_run["components"] if part["name"] == "redis")
                self.assertAlmostEqual(rung["redis"]["share"], redis["utilisation"], 4)
                self.assertAlmostEqual(rung["redis"]["commands_per_sec"] / redis["commands_per_sec"], 1, 4)

    def test_keys_asks_the_redis_at_each_status_and_watermark_does_not(self):
        keys, watermark = (ladder["rungs"][-1]["redis"]["commands_per_sec"] for ladder in self.study["ladders"])
        # At least the script and the KEYS that it calls.
        self.assertGreater(keys - watermark, 0.8 * 2 * RATES[-1])

    def test_a_ladder_alone_prints_what_the_page_says(self):
        done = load("ladders", f"keys={self.out}/keys-200", "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        alone = json.loads(done.stdout)
        self.assertEqual(alone["ladders"][0]["rungs"], self.study["ladders"][0]["rungs"])
        self.assertEqual(alone["ratios"], [])
        text = load("ladders", f"keys={self.out}/keys-200").stdout
        self.assertIn("keys (200 users) ", text)
        self.assertIn("| **knee** |" if alone["ladders"][0]["knee"]["held_rps"] else "| keys |",
                      load("ladders", f"keys={self.out}/keys-200", "--format", "markdown").stdout)

    def test_what_is_no_ladder_is_refused(self):
        def refused(*arguments):
            done = load("ladders", *arguments)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            return done.stderr
        self.assertIn("write NAME=DIR", refused("keys"))
        self.assertIn("nowhere/report.json", refused("keys=nowhere"))
        ladder = f"keys={self.out}/keys-200"
        self.assertIn("two ladders are called 'keys'", refused(ladder, ladder))
        for member, message in (("rungs", "it has no rungs"), ("components", "--observe redis=")):
            with tempfile.TemporaryDirectory() as out:
                report = self.run_of("keys-200")
                report[member] = []
                pathlib.Path(out, "report.json").write_text(json.dumps(report))
                self.assertIn(message, refused(f"keys={out}"))

    def test_a_report_that_cannot_be_written_is_said(self):
        done = load("ladders", f"keys={self.out}/keys-200", "--report", "/proc/nothing")
        self.assertEqual(done.returncode, 3, done.stdout)

    @unittest.skipUnless(chromium.find_binary(), "no chromium")
    def test_the_page_draws_every_chart_and_nothing_sticks_out(self):
        with chromium.Browser(chromium.find_binary()) as browser:
            for look in LOOKS:
                with self.subTest(look=look):
                    browser.look(**LOOKS[look])
                    browser.events.clear()
                    browser.open((self.out / "ladders.html").as_uri())
                    self.assertEqual(browser.complaints(), [])
                    self.assertLessEqual(
                        browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                    for chart in CHARTS:
                        self.assertGreater(browser.run(f"{COLOURFUL}('{chart}')"), 50, chart)
            self.assert_figures(browser)
            self.assertTrue(browser.pdf().startswith(b"%PDF"))
            self.assertEqual(browser.complaints(), [])

    def assert_figures(self, browser):
        """What the charts and the table show is what ladders.json says."""
        for chart, value in CHARTS.items():
            shown = browser.run(f"{VALUES}('{chart}')")
            for ladder in self.study["ladders"]:
                for got, rung in zip(shown[ladder["name"]], ladder["rungs"]):
                    self.assertAlmostEqual(got, value(rung), msg=f"{chart} of {ladder['name']}")
        self.assertEqual(browser.run("JSON.parse(document.getElementById('study').textContent)"), self.study)
        said = browser.run("""(() => {
          const glass = document.querySelector('[data-chart=redis_cpu] .glass');
          glass.focus();
          glass.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
          return [...document.querySelectorAll('[data-chart=redis_cpu] .tip .n')].map(part => part.textContent);
        })()""")
        for text, ladder in zip(said, self.study["ladders"], strict=True):
            self.assertAlmostEqual(float(text.removesuffix(" %")), ladder["rungs"][0]["redis"]["share"] * 100, delta=0.06)
        marked = browser.run("[...document.querySelectorAll('tr.knee th')].map(cell => cell.textContent)")
        expected = [f"{ladder['knee']['held_rps']:,.0f}/s {ladder['name']}" for ladder in self.study["ladders"]
                    if ladder["knee"]["held_rps"]]
        self.assertEqual(sorted(marked), sorted(expected))


class Settings(unittest.TestCase):
    def test_a_wrong_setting_is_named_and_nothing_is_started(self):
        with tempfile.TemporaryDirectory() as out:
            for settings, message in (({"STUDY_SECONDS": "0"}, "STUDY_SECONDS=0"), ({"STUDY_RATES": "10 x"}, "'x'"),
                                      ({"STUDY_STRATEGIES": "guess"}, "'guess'"), ({"STUDY_USERS": "many"}, "many")):
                done = study(pathlib.Path(out, "study"), **settings)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(message, done.stderr)
            self.assertFalse(pathlib.Path(out, "study").exists())


if __name__ == "__main__":
    unittest.main()
