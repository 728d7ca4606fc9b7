"""One short run of the accuracy suite: it ends, writes its files, and its arithmetic agrees with itself and the target.

A busy machine makes requests late, so what is reported is held to what the target's own log says, within 30 %.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.directory.name)
        cls.result = subprocess.run(
            [sys.executable, HERE / "accuracy.py", "--bin", os.environ["TACOS_BIN_DIR"], "--out", cls.out, "--quick", "--cases",
             "delay-1ms,hiccup", "--only", "tacos-asio"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=110)
        if cls.result.returncode not in (0, 1):
            raise AssertionError(cls.result.stdout)
        cls.report = json.loads((cls.out / "accuracy.json").read_text())
        cls.cells = {entry["case"]: {cell["figure"]: cell for cell in entry["generators"]["tacos-asio"]["cells"]}
                     for entry in cls.report["cases"]}

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def assert_near(self, found, wanted, cell):
        self.assertLessEqual(abs(found - wanted), max(0.3 * wanted, 5), cell)

    def test_what_is_reported_is_what_the_target_saw(self):
        for case, figures in (("delay-1ms", ("p50", "p99")), ("hiccup", ("p50", "p90", "p99"))):
            for figure in figures:
                cell = self.cells[case][figure]
                self.assert_near(cell["reported"], cell["seen"], cell)

    def test_a_pause_is_expected_to_be_felt(self):
        # 600 ms of 3 s: 20 % of the requests, so that p90 is half a pause.
        self.assert_near(self.cells["hiccup"]["p90"]["formula"], 301, "p90")
        self.assert_near(self.cells["hiccup"]["p99"]["formula"], 571, "p99")
        self.assertGreaterEqual(self.cells["hiccup"]["p99"]["expected"], 400)
        self.assertGreaterEqual(self.cells["delay-1ms"]["p50"]["expected"], 1)

    def test_the_exit_code_says_whether_all_is_within(self):
        self.assertEqual(self.result.returncode, 1 if self.report["tacos_load_off"] else 0, self.result.stdout)

    def test_the_pages_hold_every_case(self):
        for name in ("accuracy.md", "accuracy.html"):
            text = (self.out / name).read_text()
            for word in ("delay-1ms", "hiccup", "p99", "tacos-asio", "tolerance"):
                self.assertIn(word, text, name)
        self.assertNotIn("http-equiv", text)
        self.assertNotIn("src=", text)

    def test_wrong_command_lines_exit_2_and_missing_programs_3(self):
        for arguments, code, complaint in ((["--cases", "nonsense"], 2, "there are delay-50us"), (["--rounds", "0"], 2, "--rounds"),
                                           (["--bin", "/nowhere"], 3, "known_target")):
            result = subprocess.run([sys.executable, HERE / "accuracy.py", *arguments], capture_output=True, text=True, timeout=30)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(complaint, result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
