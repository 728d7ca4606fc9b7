"""latency.hlog read by a HdrHistogram implementation that is not ours: its percentiles are report.json's.

Needs node and npm; exits 77 (skipped) where the decoder can't be installed. TACOS_BIN_DIR and TACOS_SOURCE_DIR as in
test_programs.py; the decoder is kept in TACOS_DECODER_DIR, so that it is installed once.
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
from test_programs import SOURCE, Gateway, load  # noqa: E402

SKIPPED = 77
RESOLUTION = 1 / 1024  # of a bucket; see measure/histogram.h


def install_decoder():
    """The directory with node_modules, or None where there is no npm or no way to its registry."""
    place = pathlib.Path(os.environ.get("TACOS_DECODER_DIR", tempfile.gettempdir() + "/tacos-decoder"))
    if (place / "node_modules" / "hdr-histogram-js").is_dir():
        return place
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / "tests" / "decoder" / name, place)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=place, capture_output=True, text=True, timeout=120)
    return place if done.returncode == 0 else None


class TheLogAsOthersReadIt(unittest.TestCase):
    def test_percentiles_of_every_step_agree(self):
        gateway = Gateway("--opening-delay", "1s", "--seats", "20", "--admission-rate", "100")
        with tempfile.TemporaryDirectory() as out:
            done = load("--target", gateway.url, "--rps", "400", "--from-rps", "200", "--ramp", "2s", "--hold", "2s",
                        "--users", "300", "--poll-interval", "1s", "--report", out, "--quiet")
            gateway.stop()
            self.assertIn(done.returncode, (0, 1, 4), done.stderr)
            report = json.loads(pathlib.Path(out, "report.json").read_text())
            read = subprocess.run(["node", str(SOURCE / "tests" / "decoder" / "read_log.js"), f"{out}/latency.hlog",
                                   str(DECODER)], capture_output=True, text=True, timeout=60)
        self.assertEqual(read.returncode, 0, read.stderr)
        tags = json.loads(read.stdout)
        compared = 0
        for step, numbers in report["steps"].items():
            if not numbers["count"]:
                continue
            for tag, key in ((step, "response_time_ms"), (step + ".service", "service_time_ms")):
                for percentile in ("p50", "p90", "p99", "p99_9", "max"):
                    ours, theirs = numbers[key][percentile], tags[tag][percentile]
                    self.assertAlmostEqual(ours, theirs, delta=2 * RESOLUTION * ours + 1e-6, msg=f"{tag} {percentile}")
                    compared += 1
            self.assertEqual(tags[step]["count"], numbers["count"], step)
        self.assertGreaterEqual(compared, 20)
        for tag in ("send_lag", "dispatch_lag", "connection_wait"):
            ours = report[tag + "_ms"]["p99"]
            self.assertAlmostEqual(ours, tags[tag]["p99"], delta=2 * RESOLUTION * ours + 1e-6, msg=tag)


if __name__ == "__main__":
    DECODER = install_decoder()
    if DECODER is None:
        print("skipped: no node, no npm, or its registry can't be reached")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
