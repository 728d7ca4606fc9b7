#!/usr/bin/env python3
"""report.html as its readers see it: opened in a headless Chromium, drawn, zoomed, printed, and compared with report.json.

report_page_test.py REPORT_DIR [--screenshot-dir DIR]

Exits 77, which CTest can take for "skipped", when there is no Chromium.
"""
import argparse
import json
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import chromium  # noqa: E402

LOOKS = {"desk": dict(width=1280), "phone": dict(width=390, height=844, phone=True), "narrow": dict(width=360, phone=True),
         "wide": dict(width=1600), "dark": dict(width=1280, dark=True)}
TIME_CHARTS = ("rates", "response", "errors", "users", "lag", "position", "admission", "components",
               "heatmap")

# The pixels of a canvas, read from a copy: to read many times from the page's own would be worth a warning to the browser.
PIXELS = """(canvas => {
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data;
})"""
# Pixels with a colour, not the greys of axes and text, on all canvases of a figure.
COLOURFUL = """(name => {
  let found = 0;
  for (const canvas of document.querySelectorAll(`[data-chart="${name}"] .graph canvas`)) {
    const data = PIXELS(canvas);
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b, a] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
      if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 40) found += 1;
    }
  }
  return found;
})""".replace("PIXELS", PIXELS)
# Pixels of one series' colour.
OF_SERIES = """((name, series) => {
  const dygraph = tacosReport.charts[name];
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = dygraph.getPropertiesForSeries(series).color;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  let found = 0;
  const canvas = document.querySelector(`[data-chart="${name}"] .graph canvas`);
  const data = PIXELS(canvas);
  for (let i = 0; i < data.length; i += 4) {
    const off = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b);
    if (data[i + 3] > 200 && off < 24) found += 1;
  }
  return found;
})""".replace("PIXELS", PIXELS)
# Every value of a dygraph: {series: [values]}, with x as "x".
VALUES = """(name => {
  const dygraph = tacosReport.charts[name];
  return Object.fromEntries(dygraph.getLabels().map((label, column) =>
    [label, Array.from({ length: dygraph.numRows() }, (_, row) => dygraph.getValue(row, column))]));
})"""
ROWS = """(selector => [...document.querySelectorAll(selector)].map(row => [...row.cells].map(cell => cell.textContent)))"""


def call(function, *arguments):
    return Page.browser.run(f"{function}({', '.join(map(json.dumps, arguments))})")


def count_in_words(count):
    return f"{count:,}"


def ms_in_words(value):
    """As ms() in src/report/html_table.h."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def times_in_words(times):
    keys = ("p50", "p90", "p99", "p99_9", "p99_99", "max")
    return [ms_in_words(times[key]) if times["max"] > 0 else "–" for key in keys]


def known(value):
    return value if value else None  # on a log axis nothing is a gap


class Page(unittest.TestCase):
    browser = url = report = detail = screenshots = None

    def setUp(self):
        self.look("desk")

    def look(self, name):
        self.browser.look(**LOOKS[name])
        self.browser.events.clear()
        self.browser.open(self.url)

    def expected(self):
        """{chart: {series: a value per interval}} for every chart that report.json has data for."""
        intervals, seconds = self.report["intervals"], self.report["interval_sec"] or 1

        def values(of):
            return [of(interval) for interval in intervals]

        charts = {"rates": {key: values(lambda i: i[key] / seconds) for key in ("planned", "offered", "sent", "completed")}}
        charts["response"] = {"p" + name: values(lambda i: known(i.get(f"response_p{name.replace('.', '_')}_ms")))
                              for name in ("50", "90", "99", "99.9")}
        charts["lag"] = {f"{name} lag p99": values(lambda i: known(i.get(f"{name}_lag_p99_ms")))
                         for name in ("send", "dispatch")}
        kinds = {kind for i in intervals for kind, n in i.get("outcomes", {}).items() if n and kind != "ok"}
        charts["errors"] = {kind.replace("_", " "): values(lambda i: i.get("outcomes", {}).get(kind, 0) / seconds)
                            for kind in kinds}
        if not kinds and any(i["errors"] for i in intervals):
            charts["errors"] = {"errors": values(lambda i: i["errors"] / seconds)}
        if any("users" in i for i in intervals):
            charts["users"] = {state.replace("_", " "): values(lambda i: i.get("users", {}).get(state, 0))
                               for state in ("joining", "waiting", "ready", "buying", "told_sold_out", "done")}
        else:
            charts["users"] = {"active": values(lambda i: i["active_users"])}
        charts["position"] = {key: values(lambda i: i["position"][key] if i.get("position", {}).get("count") else None)
                              for key in ("p10", "p50", "p90")}
        if any(i.get("admitted") for i in intervals):
            charts["admission"] = {"told to enter": values(lambda i: i.get("admitted", 0) / seconds)}
        by_time = {each["t_sec"]: {use["name"]: use for use in each["components"]}
                   for each in self.report.get("component_intervals", [])}

        def share_of(name):
            def share(interval):
                value = by_time.get(interval["t_sec"], {}).get(name, {}).get("utilisation")
                return None if value is None else value * 100
            return share
        charts["components"] = {part["name"]: values(share_of(part["name"]))
                                for part in self.report.get("components", []) if "peak_utilisation" in part}
        return {name: series for name, series in charts.items()
                if any(value is not None for each in series.values() for value in each)}

    def drawn_charts(self):
        names = set(self.expected())
        if self.detail.get("percentiles", {}).get("at"):
            names.add("percentiles")
        if any(each["cells"] for each in self.detail.get("heatmap", {}).values()):
            names.add("heatmap")
        return names

    # ---- how it looks

    def test_every_look_is_drawn_whole_and_without_complaint(self):
        for name in LOOKS:
            with self.subTest(look=name):
                self.look(name)
                self.assertEqual(self.browser.complaints(), [])
                figures = self.browser.run("[...document.querySelectorAll('[data-chart]')].map(figure => "
                                           "[figure.dataset.chart, figure.dataset.drawn, figure.dataset.empty || ''])")
                self.assertEqual({figure[0]: figure[1] for figure in figures}, {figure[0]: "true" for figure in figures})
                self.assertEqual({figure[0] for figure in figures if not figure[2]}, self.drawn_charts())
                for chart in self.drawn_charts():
                    self.assertGreater(call(COLOURFUL, chart), 50, f"{chart} has a canvas with next to nothing on it")
                self.assert_nothing_sticks_out()
                if self.screenshots:
                    self.browser.screenshot(self.screenshots / f"{name}.png")

    def assert_nothing_sticks_out(self):
        wide = self.browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertLessEqual(wide, 0, "the page scrolls sideways")
        out = self.browser.run("""[...document.querySelectorAll('figure:not([hidden])')].filter(figure => {
          const box = figure.getBoundingClientRect();
          return [...figure.querySelectorAll('canvas, label, select, .dygraph-axis-label')].some(part => {
            const inner = part.getBoundingClientRect();
            return inner.width > 0 && (inner.left < box.left - 1 || inner.right > box.right + 13);
          });
        }).map(figure => figure.dataset.chart)""")
        self.assertEqual(out, [], "parts of these charts stick out of them")

    def test_no_errors_are_said_in_words(self):
        if "errors" in self.expected():
            self.skipTest("this run had errors")
        text = self.browser.run("document.querySelector('[data-chart=errors] .plot').textContent")
        self.assertEqual(text, f"no errors in {count_in_words(self.report['rate']['scheduled'])} requests")

    def test_paper_is_light_and_the_screen_comes_back(self):
        self.look("dark")
        colour = "tacosReport.charts.rates.getPropertiesForSeries('offered').color + getComputedStyle(document.body).backgroundColor"
        width = "document.querySelector('[data-chart=rates] canvas').style.width"
        before = [self.browser.run(colour), self.browser.run(width)]
        self.browser.run("dispatchEvent(new Event('beforeprint'))")
        self.assertIn("rgb(255, 255, 255)", self.browser.run(colour))
        self.assertNotEqual(self.browser.run(colour), before[0])
        for chart in self.drawn_charts():
            self.assertGreater(call(COLOURFUL, chart), 50, chart)
        self.browser.run("dispatchEvent(new Event('afterprint'))")
        self.browser.settle()
        self.assertEqual([self.browser.run(colour), self.browser.run(width)], before)
        paper = self.browser.pdf()
        self.assertTrue(paper.startswith(b"%PDF"))
        if self.screenshots:
            (self.screenshots / "paper.pdf").write_bytes(paper)
        self.assertEqual(self.browser.complaints(), [])

    # ---- what it does

    def box_of(self, selector):
        return self.browser.run(f"""(() => {{
          const part = document.querySelector({json.dumps(selector)});
          part.scrollIntoView({{ block: 'center' }});
          const box = part.getBoundingClientRect();
          return [box.left, box.top, box.width, box.height];
        }})()""")

    def ranges(self):
        return self.browser.run("""Object.entries(tacosReport.charts).filter(([name]) => name !== 'percentiles').map(
          ([name, chart]) => [name, chart.xAxisRange ? chart.xAxisRange() : chart.group.shown()])""")

    def assert_shown(self, low, high):
        ranges = self.ranges()
        self.assertEqual({name for name, _ in ranges}, self.drawn_charts() & set(TIME_CHARTS))
        for name, (from_sec, to_sec) in ranges:
            self.assertAlmostEqual(from_sec, low, msg=name)
            self.assertAlmostEqual(to_sec, high, msg=name)

    def resets_shown(self):
        return self.browser.run("[...document.querySelectorAll('.reset')].filter(button => button.offsetWidth > 0).length")

    def whole(self):
        intervals = self.report["intervals"]
        return intervals[0]["t_sec"], intervals[-1]["t_sec"] + self.report["interval_sec"]

    def test_a_series_leaves_and_returns_with_its_checkbox(self):
        box = "document.querySelector('[data-chart=response] input[data-series=p50]')"
        before = call(OF_SERIES, "response", "p50")
        self.assertGreater(before, 20)
        self.browser.run(f"{box}.focus()")
        for kind in ("keyDown", "keyUp"):  # by keyboard
            self.browser.command("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", text=" ",
                                 windowsVirtualKeyCode=32)
        self.assertFalse(self.browser.run(f"{box}.checked"))
        self.assertLess(call(OF_SERIES, "response", "p50"), before / 10)
        self.browser.run(f"{box}.click()")
        self.assertEqual(call(OF_SERIES, "response", "p50"), before)

    def test_zoom_of_one_chart_is_zoom_of_all(self):
        low, high = self.whole()
        a, b = low + (high - low) * 0.25, low + (high - low) * 0.75
        self.assert_shown(low, high)
        self.assertEqual(self.resets_shown(), 0)
        self.browser.run(f"tacosReport.charts.rates.updateOptions({{ dateWindow: [{a}, {b}] }})")
        self.assert_shown(a, b)
        self.assertEqual(self.resets_shown(), len(self.ranges()))
        self.browser.run("document.querySelector('[data-chart=lag] .reset').click()")
        self.assert_shown(low, high)
        self.assertEqual(self.resets_shown(), 0)
        self.browser.run(f"tacosReport.charts.lag.updateOptions({{ dateWindow: [{a}, {b}] }})")
        self.browser.run("tacosReport.charts.response.resetZoom()")
        self.assert_shown(low, high)

    def test_a_drag_zooms_and_a_double_click_shows_all_again(self):
        for chart in ("rates", "heatmap"):
            if chart not in self.drawn_charts():
                continue
            left, top, width, height = self.box_of(f"[data-chart={chart}] .glass")
            y = top + height / 2
            self.browser.mouse("mouseMoved", left + width * 0.4, y)
            self.browser.mouse("mousePressed", left + width * 0.4, y, "left", 1)
            self.browser.mouse("mouseMoved", left + width * 0.6, y, "left")
            self.browser.mouse("mouseReleased", left + width * 0.6, y, "left", 1)
            low, high = self.whole()
            from_sec, to_sec = dict(self.ranges())[chart]
            self.assertLess(abs(to_sec - from_sec - (high - low) * 0.2), (high - low) * 0.1, chart)
            self.assert_shown(from_sec, to_sec)
            for clicks in (1, 2):
                self.browser.mouse("mousePressed", left + width * 0.5, y, "left", clicks)
                self.browser.mouse("mouseReleased", left + width * 0.5, y, "left", clicks)
            self.assert_shown(low, high)

    def test_two_fingers_zoom(self):
        self.look("phone")
        left, top, width, height = self.box_of("[data-chart=rates] .glass")

        def touch(kind, *places):
            self.browser.command("Input.dispatchTouchEvent", type=kind, touchPoints=[
                dict(x=left + width * x, y=top + height / 2, id=i) for i, x in enumerate(places)])

        touch("touchStart", 0.5, 0.6)
        for step in range(1, 6):
            touch("touchMove", 0.5 - 0.04 * step, 0.6 + 0.04 * step)
        touch("touchEnd")
        low, high = self.whole()
        from_sec, to_sec = dict(self.ranges())["rates"]
        self.assertLess(to_sec - from_sec, (high - low) / 2)
        self.assert_shown(from_sec, to_sec)

    def test_pointing_shows_values_there_and_the_same_moment_everywhere(self):
        for chart in sorted(self.drawn_charts()):
            with self.subTest(chart=chart):
                left, top, width, height = self.box_of(f"[data-chart={chart}] .glass")
                self.browser.mouse("mouseMoved", left + width * 0.5, top + height * 0.6)
                tips = self.browser.run("[...document.querySelectorAll('.tip:not([hidden])')].map(tip => "
                                        "[tip.closest('figure').dataset.chart, tip.innerText])")
                self.assertEqual([tip[0] for tip in tips], [chart])
                self.assertRegex(tips[0][1], r"\d")
                crosses = self.browser.run("document.querySelectorAll('.cross:not([hidden])').length")
                self.assertEqual(crosses, 1 if chart == "percentiles" else len(self.ranges()))
                self.browser.mouse("mouseMoved", 1, 1)
                self.assertEqual(self.browser.run("document.querySelectorAll('.tip:not([hidden])').length"), 0)

    def test_arrows_read_the_values(self):
        first = self.report["intervals"][0]
        self.browser.run("document.querySelector('[data-chart=rates] .glass').focus()")
        for kind in ("keyDown", "keyUp"):
            self.browser.command("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight")
        text = self.browser.run("document.querySelector('[data-chart=rates] .tip').innerText")
        completed = first["completed"] / self.report["interval_sec"]
        self.assertIn(f"{count_in_words(math.floor(completed + 0.5))}/s", text)

    def test_each_step_can_be_chosen(self):
        for chart in ("percentiles", "heatmap", "response"):
            options = self.browser.run(f"[...document.querySelectorAll('[data-chart={chart}] option')].map(each => each.value)")
            for option in options:
                self.browser.run(f"""(() => {{ const select = document.querySelector('[data-chart={chart}] select');
                    select.value = {json.dumps(option)}; select.dispatchEvent(new Event('change')); }})()""")
                self.assertGreater(call(COLOURFUL, chart), 0, f"{chart} of {option}")
                if chart == "response" and option != "all":
                    shown = [i.get("steps", {}).get(option, {}).get("response_p99_ms") for i in self.report["intervals"]]
                    self.assertEqual(call(VALUES, chart)["p99"], [known(value) for value in shown], option)
        self.assertEqual(self.browser.complaints(), [])

    # ---- that its numbers are the report's

    def test_charts_hold_the_numbers_of_the_report(self):
        moments = [interval["t_sec"] for interval in self.report["intervals"]]
        for name, series in self.expected().items():
            values = call(VALUES, name)
            self.assertEqual(values["x"], moments, name)
            for label, expected in series.items():
                for got, want in zip(values[label], expected, strict=True):
                    self.assertEqual(got is None, want is None, f"{name}, {label}")
                    if want is not None:
                        self.assertAlmostEqual(got, want, msg=f"{name}, {label}")

    def test_percentile_curves_hold_the_numbers_of_the_page(self):
        if "percentiles" not in self.drawn_charts():
            self.skipTest("no percentiles in this report")
        values = call(VALUES, "percentiles")
        for label, key in (("response time", "response_ms"), ("service time", "service_ms")):
            curve = self.detail["percentiles"]["all"][key]
            drawn = [value for value in values[label] if value is not None]
            self.assertEqual(drawn, [value for value in curve if value > 0])

    def test_the_run_in_the_page_is_the_file(self):
        self.assertEqual(self.browser.run("JSON.parse(document.getElementById('run').textContent)"), self.report)

    def test_verdict_and_gates(self):
        self.assertEqual(self.browser.run("document.querySelector('.verdict strong').textContent").split()[-1],
                         self.report["verdict"])
        self.assertEqual(self.browser.run("[...document.querySelectorAll('.verdict li')].map(each => each.textContent)"),
                         self.report["verdict_reasons"])
        self.assertEqual(call(ROWS, ".verdict tbody tr"),
                         [["✓ holds" if gate["passed"] else "✗ broken", gate["expression"], gate["value"], gate["limit"]]
                          for gate in self.report["gates"]])

    def test_table_of_steps(self):
        self.browser.run("[...document.querySelectorAll('h2')].find(each => each.textContent === 'Steps')"
                         ".parentElement.id = 'the-steps'")
        rows = call(ROWS, "#the-steps tbody tr")
        expected = []
        for name, step in self.report["steps"].items():
            errors = sum(n for kind, n in step["outcomes"].items() if kind not in ("ok", "interrupted"))
            expected.append([name, count_in_words(step["count"]), count_in_words(errors), "response",
                             *times_in_words(step["response_time_ms"])])
            expected.append(["", "", "", "service", *times_in_words(step["service_time_ms"])])
        self.assertEqual(rows[:len(expected)], expected)
        if len(self.report["steps"]) != 1:
            self.assertEqual(rows[-2][:2], ["all", count_in_words(sum(self.report["outcomes"].values()))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report_dir", type=pathlib.Path, help="the directory with report.html and report.json")
    parser.add_argument("--screenshot-dir", type=pathlib.Path, help="where to put a screenshot of each look")
    options, rest = parser.parse_known_args()
    binary = chromium.find_binary()
    if binary is None:
        print("skipped: no chromium")
        sys.exit(77)
    Page.url = (options.report_dir.resolve() / "report.html").as_uri()
    Page.report = json.loads((options.report_dir / "report.json").read_text(encoding="utf-8"))
    Page.screenshots = options.screenshot_dir
    if Page.screenshots:
        Page.screenshots.mkdir(parents=True, exist_ok=True)
    with chromium.Browser(binary) as Page.browser:
        Page.browser.look(**LOOKS["desk"])
        Page.browser.open(Page.url)
        Page.detail = Page.browser.run("JSON.parse((document.getElementById('detail') || {}).textContent || '{}')")
        program = unittest.main(argv=[sys.argv[0], *rest], exit=False)
    sys.exit(0 if program.result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
