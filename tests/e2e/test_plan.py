"""tacos-plan as its users run it: command lines in, documents, files and exit codes out; and the loop closed for real:
a plan, the scenario that would prove it, a gateway set up as that says, a run, and the plan held against it.
"""
import html.parser
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import plan_page_test
from plan_page_test import chromium
from test_programs import BIN, Gateway, load

SALE = ("--users", "300000", "--seats", "10000", "--target-wait", "5m")
# A sale that plays in seconds: 400 people, 50 let in a second, 100 seats.
SMALL = ("--users", "400", "--seats", "100", "--admission-rate", "50", "--admission-burst", "10", "--poll-interval", "1s",
         "--gather", "4s", "--checkout", "1s", "--target-wait", "60s", "--status-p99", "500ms", "--error-share", "1%")


def plan(*arguments, **options):
    return subprocess.run([BIN / "tacos-plan", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", timeout=60, **options)


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.folder = pathlib.Path(self.directory.name)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def done(self, *arguments):
        result = plan(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        return result.stdout

    def refused(self, arguments, *complaints, code=2):
        """Refused in words, and never a number that somebody could take for a plan."""
        result = plan(*arguments)
        self.assertEqual(result.returncode, code, (arguments, result.stdout[:200], result.stderr))
        self.assertEqual(result.stdout, "", arguments)
        self.assertTrue(result.stderr.startswith("tacos-plan: "), result.stderr)
        for complaint in complaints:
            self.assertIn(complaint, result.stderr, arguments)


class Plans(Case):
    def test_the_command_line_of_the_contract(self):
        text = self.done(*SALE)
        self.assertIn("300,000 users, 10,000 seats, everyone in within 5 min", text)
        self.assertIn("Let in 1,000/s", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertNotIn("\x1b", text, "a pipe gets no colours")

    def test_json_is_a_plan_that_keeps_its_promised_keys(self):
        document = json.loads(self.done(*SALE, "--format", "json"))
        self.assertEqual(document["schema"], "tacos.plan/1")
        promised = {
            "admission": ("rate_per_sec", "by_seats_per_sec", "by_wait_per_sec", "by_backend_per_sec", "chosen_by",
                          "max_wait_sec", "mean_wait_sec", "sellout_sec"),
            "polling": ("status_rps", "bandwidth_bytes_per_sec"),
            "redis": ("memory_bytes", "commands_per_sec", "cpu_cores", "shards", "replicas_per_shard", "nodes", "node_type",
                      "hot_slot"),
            "dynamodb": ("writes", "write_units", "cost_usd_per_event"),
            "gateway": ("pods",),
            "cost": ("per_event_usd", "per_month_usd", "lines"),
        }
        for part, keys in promised.items():
            for key in keys:
                self.assertIn(key, document[part])
        for part, keys in (("assumptions", ("name", "value", "unit", "source")), ("warnings", ("code", "text")),
                           ("headroom", ("component", "utilisation", "limit"))):
            self.assertTrue(document[part])
            for entry in document[part]:
                self.assertLessEqual(set(keys), set(entry))
        self.assertEqual(document["admission"]["rate_per_sec"], 1000)
        lines = document["cost"]["lines"]
        self.assertAlmostEqual(sum(line["usd"] for line in lines if line["per"] == "event"), document["cost"]["per_event_usd"])

    def test_markdown_and_html_are_what_they_say(self):
        markdown = self.done(*SALE, "--format", "markdown")
        self.assertTrue(markdown.startswith("# "))
        self.assertRegex(markdown, r"\n\| rule \| rate \|.*\n\|(:?-+:?\|)+\n")
        self.assertNotRegex(markdown, r"(?m)^#+ *$", "a heading without words")
        page = self.done(*SALE, "--format", "html")
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        html.parser.HTMLParser().feed(page)
        self.assertIsNone(re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page), "it opens offline")

    def test_details_adds_every_formula_to_the_text(self):
        self.assertNotIn("redis.cpu_cores", self.done(*SALE))
        self.assertIn("redis.cpu_cores", self.done(*SALE, "--details"))

    def test_a_file_is_written_in_the_format_of_its_name_and_nothing_else_is(self):
        for name, start in (("plan.json", "{"), ("plan.html", "<!DOCTYPE html>"), ("plan.md", "# ")):
            self.assertEqual(self.done(*SALE, "--out", self.folder / name), "")
            self.assertTrue((self.folder / name).read_text(encoding="utf-8").startswith(start), name)
        self.assertEqual(len(list(self.folder.iterdir())), 3)

    def test_the_same_command_line_writes_the_same_bytes(self):
        for form in ("text", "json", "html", "markdown"):
            self.assertEqual(self.done(*SALE, "--format", form), self.done(*SALE, "--format", form))

    def test_a_plans_own_json_makes_the_plan_again(self):
        for more in ((), ("--profile", "original"), ("--poll", "by-position", "--region", "ap-northeast-2")):
            once = self.done(*SALE, *more, "--out", self.folder / "plan.json")
            again = json.loads(self.done("--inputs", self.folder / "plan.json", "--format", "json"))
            self.assertEqual(again, json.loads((self.folder / "plan.json").read_text(encoding="utf-8")), once)

    def test_assumptions_are_a_file_to_edit(self):
        self.done("assumptions", "--out", self.folder / "all.json")
        stored = json.loads((self.folder / "all.json").read_text(encoding="utf-8"))
        stored["users"]["value"] = 5000
        path = self.file("mine.json", json.dumps(stored))
        document = json.loads(self.done("--inputs", path, "--seats", "77", "--format", "json"))
        self.assertEqual((document["inputs"]["users"], document["inputs"]["seats"]), (5000, 77))

    def test_inputs_may_come_through_a_pipe(self):
        result = plan("--inputs", "/dev/stdin", "--format", "json", input='{"schema": "tacos.plan-inputs/1", "users": 77}')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["inputs"]["users"], 77)

    def test_a_price_list_of_ones_own_is_used(self):
        path = self.file("prices.json", json.dumps(
            {"schema": "tacos.prices/1", "region": "mine", "currency": "USD", "extends": "us-east-1",
             "sources": {"us": {"words": "our contract"}}, "prices": {}}))
        self.assertEqual(json.loads(self.done(*SALE, "--prices", path, "--format", "json"))["schema"], "tacos.plan/1")

    def test_a_region_with_gaps_says_what_it_has_no_price_for(self):
        document = json.loads(self.done(*SALE, "--region", "ap-northeast-2", "--format", "json"))
        self.assertTrue(document["cost"]["unpriced"])

    def test_sensitivity_ranks_what_moves_the_plan(self):
        document = json.loads(self.done("sensitivity", *SALE, "--vary", "50%", "--format", "json"))
        self.assertEqual(document["schema"], "tacos.plan-sensitivity/1")
        effects = [entry["effect"] for entry in document["sensitivities"]]
        self.assertEqual(effects, sorted(effects, reverse=True))
        self.assertEqual(document["vary"], 0.5)
        self.assertIn("Measure ", self.done("sensitivity", *SALE))

    def test_help_and_version(self):
        self.assertIn("Examples:", self.done("--help"))
        self.assertIn("tacos-plan ", self.done("--version"))
        for command in ("simulate", "compare", "sensitivity", "calibrate", "verify", "scenario", "assumptions"):
            self.assertIn("Example:", self.done(command, "--help"))


class Refusals(Case):
    def test_a_bad_value_is_named_with_its_range(self):
        for flag, value, range_text in (
                ("--seats", "-5", "a whole number from 1 to 100,000,000"),
                ("--users", "0", "a whole number from 1 to 100,000,000"),
                ("--users", "1e18", "a whole number from 1 to 100,000,000"),
                ("--users", "2.5", "a whole number from 1 to 100,000,000"),
                ("--users", "many", "a whole number from 1 to 100,000,000"),
                ("--target-wait", "0", "from 1 to 604,800 seconds"),
                ("--target-wait", "-1s", "from 1 to 604,800 seconds"),
                ("--target-wait", "soon", "such as 90s or 5m"),
                ("--conversion", "150%", "from 0.001 (0.1%) to 1 (100%)"),
                ("--admission-rate", "nan", "from 0 to 1,000,000 per second"),
                ("--admission-rate", "1e999", "from 0 to 1,000,000 per second"),
                ("--status-p99", "1us", "from 0.0001 to 60 seconds"),
                ("--position", "tree", "keys, index, watermark"),
                ("--poll", "often", "fixed, by-position"),
                ("--region", "mars", "us-east-1"),
                ("--redis-node", "cache.huge", "cache.m7g.xlarge"),
                ("--format", "xml", "markdown")):
            self.refused((f"{flag}={value}",), flag, value, range_text)

    def test_a_bad_file_is_named(self):
        broken = self.file("broken.json", '{"schema": "tacos.plan-inputs/1", "users": ')
        self.refused(("--inputs", broken), "broken.json: is not JSON")
        self.refused(("--inputs", self.file("list.json", "[]")), "list.json: holds no JSON object")
        self.refused(("--inputs", self.file("empty.json", "")), "empty.json: is not JSON")
        self.refused(("--inputs", self.file("other.json", '{"schema": "tacos.scenario/1"}')), "/schema", "tacos.scenario/1")
        typo = self.file("typo.json", '{"schema": "tacos.plan-inputs/1", "usres": 5}')
        self.refused(("--inputs", typo), "typo.json: /usres", "is it 'users'?")
        zero = self.file("zero.json", '{"schema": "tacos.plan-inputs/1", "seats": {"value": 0}}')
        self.refused(("--inputs", zero), "zero.json: /seats", "from 1 to 100,000,000")
        self.refused(("--inputs", self.folder), str(self.folder), "is a directory")
        self.refused(("--inputs", "/proc/self/mem"), "/proc/self/mem")
        self.refused(("--inputs", self.folder / "none.json"), "none.json", "No such file")
        self.refused(("--prices", self.folder / "none.json"), "--prices", "none.json")
        self.refused(("--prices", broken), "--prices", "broken.json")
        self.refused(("verify", broken), "broken.json")
        self.refused(("verify", self.folder), "report.json", "No such file")
        self.refused(("calibrate", self.folder / "none"), "none", "No such file")

    def test_a_file_that_may_not_be_read_is_named(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        secret = self.file("secret.json", "{}")
        secret.chmod(0)
        self.refused(("--inputs", secret), "secret.json", "Permission denied")

    def test_a_bad_command_line_is_named(self):
        self.refused(("--usres", "5"), "--usres")
        self.refused(("plann",), "plann")
        self.refused(("verify",), "REPORT")
        self.refused(("calibrate",), "REPORT")
        self.refused(("sensitivity", "--vary", "0"), "--vary", "up to 90%")
        self.refused(("scenario", "--hold", "0s"), "--hold", "from 1s to 24h")
        self.refused(("scenario", "--ramp", "2d"), "--ramp", "from 1s to 24h")
        self.refused(("scenario", "--users", "100M"), "users", "10,000,000")
        self.refused(("--poll-shortest", "30s"), "poll_shortest_sec", "poll_longest_sec")

    def test_what_can_not_be_written_exits_3(self):
        for form in ("text", "json", "html", "markdown"):
            self.refused((*SALE, "--format", form, "--out", "/dev/full"), "/dev/full", "No space left", code=3)
        self.refused((*SALE, "--out", "/proc/no/such/place"), "/proc/no/such/place", code=3)
        self.refused((*SALE, "--out", self.folder), str(self.folder), code=3)
        self.refused(("scenario", *SALE, "--out", "/dev/full"), "/dev/full", code=3)
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([BIN / "tacos-plan", *SALE], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(result.returncode, 3)
        self.assertIn("standard output", result.stderr)
        self.assertEqual(list(self.folder.iterdir()), [], "nothing half-written is left")


class Loop(unittest.TestCase):
    """Plan, prove, verify, calibrate: on a small sale that really happens, once for all the tests."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.directory.name)
        cls.scenario = cls.folder / "sale.json"
        cls.report = cls.folder / "run"
        written = plan("scenario", *SMALL, "--hold", "10s", "--out", cls.scenario)
        assert written.returncode == 0, written.stderr
        cls.description = json.loads(cls.scenario.read_text(encoding="utf-8"))["description"]
        # As a reader of the description would set it up.
        options = shlex.split(re.search(r"tacos-gateway (.*?) \(or", cls.description).group(1))
        cls.gateway = Gateway(*options)
        cls.run_of_sale = load("run", cls.scenario, "--target", cls.gateway.url, "--report", cls.report)
        cls.verdict = json.loads((cls.report / "report.json").read_text(encoding="utf-8"))["verdict"]

    @classmethod
    def tearDownClass(cls):
        code = cls.gateway.stop()
        cls.directory.cleanup()
        assert code == 0, "the gateway did not end cleanly"

    def verified(self, *arguments):
        # On a machine that is too slow for it the run is invalid, which exits 4 and proves nothing.
        result = plan("verify", self.report, *arguments)
        if self.verdict == "invalid":
            self.assertEqual(result.returncode, 4, result.stdout)
            self.skipTest("the generator was the bottleneck: " + self.run_of_sale.stdout[-500:])
        return result

    def test_the_plan_that_was_proven_holds(self):
        result = self.verified(*SMALL)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr + self.run_of_sale.stdout)
        document = json.loads(plan("verify", self.report, *SMALL, "--format", "json").stdout)
        verdicts = {check["component"]: check["verdict"] for check in document["checks"]}
        self.assertEqual(document["verdict"], "kept")
        for component in ("status latency", "errors", "polling load", "crowd", "admission bound", "time to sell out", "seats",
                          "wait", "sold out", "order", "fairness"):
            self.assertEqual(verdicts[component], "kept", document["checks"])

    def test_a_plan_that_promises_more_than_was_measured_is_broken(self):
        cases = [("--admission-rate", "20", "admission bound"), ("--target-wait", "1s", "wait"), ("--seats", "50", "seats")]
        report = json.loads((self.report / "report.json").read_text(encoding="utf-8"))
        if report["steps"]["status"]["response_time_ms"]["p99"] > 0.1:  # the least that can be promised; a quiet machine keeps it
            cases.append(("--status-p99", "100us", "status latency"))
        for flag, value, component in cases:
            arguments = list(SMALL)
            arguments[arguments.index(flag) + 1] = value
            result = self.verified(*arguments, "--format", "json")
            self.assertEqual(result.returncode, 1, result.stdout)
            broken = [check["component"] for check in json.loads(result.stdout)["checks"] if check["verdict"] == "broken"]
            self.assertIn(component, broken)

    def test_a_larger_plan_is_not_taken_for_proven(self):
        document = json.loads(self.verified(*SALE, "--format", "json").stdout)
        verdicts = {check["component"]: check["verdict"] for check in document["checks"]}
        self.assertEqual((verdicts["crowd"], verdicts["polling load"]), ("not tested", "not tested"))

    def test_what_was_measured_goes_into_the_next_plan(self):
        measured = self.folder / "measured.json"
        result = plan("calibrate", self.report, "--out", measured)
        if self.verdict == "invalid":
            self.assertEqual(result.returncode, 4)
            return
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "")
        values = json.loads(measured.read_text(encoding="utf-8"))
        self.assertEqual(values["schema"], "tacos.plan-inputs/1")
        self.assertAlmostEqual(values["poll_interval_sec"]["value"], 1, delta=0.3)
        document = json.loads(plan("--inputs", measured, "--format", "json").stdout)
        stated = {entry["name"]: entry for entry in document["assumptions"]}
        for name in ("poll_interval_sec", "gather_sec", "conversion"):
            self.assertEqual(stated[name]["value"], values[name]["value"])
            self.assertIn("measured: ", stated[name]["source"])

    def test_an_interrupted_run_proves_nothing(self):
        report = json.loads((self.report / "report.json").read_text(encoding="utf-8"))
        report["interrupted"] = True
        stopped = self.folder / "stopped.json"
        stopped.write_text(json.dumps(report), encoding="utf-8")
        result = plan("verify", stopped, *SMALL)
        self.assertEqual(result.returncode, 4, result.stdout)
        self.assertIn("proves nothing", result.stdout)
        refused = plan("calibrate", stopped)
        self.assertEqual((refused.returncode, refused.stdout), (4, ""))

    @unittest.skipUnless(chromium.find_binary(), "no chromium")
    def test_pages_can_be_shown_to_anybody(self):
        pages = {"plan": SALE, "original": (*SALE, "--profile", "original"), "sensitivity": ("sensitivity", *SALE),
                 "verify": ("verify", self.report, *SMALL)}
        with chromium.Browser(chromium.find_binary()) as browser:
            for name, arguments in pages.items():
                path = self.folder / f"{name}.html"
                plan(*arguments, "--out", path)
                self.assertEqual(plan_page_test.check_page(path, browser), [], name)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
