#!/usr/bin/env python3
"""A page of tacos-plan as its readers see it: opened in a headless Chromium, on a desk, on a phone, dark and on paper.

plan_page_test.py [--screenshot-dir DIR] [PAGE.html …]      checks these pages
plan_page_test.py [--screenshot-dir DIR] --from COMMAND …   checks what the command writes to its standard output

Other tests call check_page. Exits 77, which CTest can take for "skipped", when there is no Chromium.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import chromium  # noqa: E402

WIDTHS = (360, 400, 768, 1024, 1280, 1600)
PHONE_BELOW = 500
PAPER_WIDTH = 718  # A4 in CSS pixels, without its margins

# Tables, pictures and headings outside of folded parts that take no room, by what they are and say.
UNSEEN = """[...document.querySelectorAll('table, svg, h1, h2, figure, .gauge i, .mark, .sign')].filter(part => {
  const folded = part.closest('details:not([open])');
  if (folded && !part.closest('summary')) return false;
  const box = part.getBoundingClientRect(), style = getComputedStyle(part);
  return box.width < 1 || box.height < 1 || style.visibility !== 'visible' || style.opacity === '0';
}).map(part => part.tagName + ' ' + part.textContent.slice(0, 40))"""
# What reaches past the right edge although nothing around it scrolls.
OUTSIDE = """[...document.querySelectorAll('body *')].filter(part => {
  if (part.closest('.scroll') && !part.matches('.scroll')) return false;
  if (part.closest('svg') && part.tagName !== 'svg') return false;
  const box = part.getBoundingClientRect();
  return box.width > 0 && box.right > document.documentElement.clientWidth + 1;
}).map(part => part.tagName + '.' + part.className + ' ' + part.textContent.slice(0, 40))"""
# Words on a background that differ too little from it (WCAG 2.1, 1.4.3: 4.5 for text of usual size).
FAINT = """(() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = part => {
    for (let e = part; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('h1, h2, p, li, td, th, b, small, strong, code, a, .mark, .sign')].filter(part => {
    if (!part.textContent.trim()) return false;
    const [a, b] = [light(parse(getComputedStyle(part).color)), light(behind(part))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < 4.5;
  }).map(part => part.tagName + ' ' + part.textContent.slice(0, 40));
})()"""
REFERENCES = """[...document.querySelectorAll('script, link, img, iframe, object, embed, [src], base, form')].length"""
DEAD_LINKS = """[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))
  .filter(to => !to.startsWith('#') || !document.getElementById(to.slice(1)))"""
DOUBLE_IDS = """[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"""


def faults_of_look(browser, where):
    """Faults of the page as it is drawn now."""
    checks = {"does not show": UNSEEN, "sticks out": OUTSIDE, "can hardly be read": FAINT}
    found = [f"{where}: {what}: {part}" for what, script in checks.items() for part in browser.run(script)]
    wide = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([f"{where}: the page scrolls sideways by {wide} px"] if wide > 0 else [])


def faults_on_paper(browser, dark):
    """Printed, nothing is cut off, and it is black on white for those too who read in the dark."""
    where = f"paper, {'dark' if dark else 'light'}"
    browser.command("Emulation.setDeviceMetricsOverride", width=PAPER_WIDTH, height=1000, deviceScaleFactor=1, mobile=False)
    browser.command("Emulation.setEmulatedMedia", media="print",
                    features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    browser.settle()
    found = faults_of_look(browser, where)
    cut = browser.run("[...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)"
                      ".map(box => box.textContent.slice(0, 60))")
    found += [f"{where}: a table is cut off: {text}" for text in cut]
    ink = browser.run("getComputedStyle(document.body).color")
    if ink != "rgb(0, 0, 0)":
        found.append(f"{where}: the ink is {ink}")
    sheet = browser.pdf()
    if not sheet.startswith(b"%PDF") or len(sheet) < 2000:
        found.append(f"{where}: nothing was printed")
    browser.command("Emulation.setEmulatedMedia", media="")
    return found


def check_page(path, browser=None, screenshots=None):
    """What is wrong with the page, as a list of sentences; empty when it can be shown to anybody."""
    if browser is None:
        with chromium.Browser(chromium.find_binary()) as own:
            return check_page(path, own, screenshots)
    path = pathlib.Path(path).resolve()
    browser.command("Network.enable")
    browser.look(width=1280)
    browser.events.clear()
    browser.open(path.as_uri())
    found = ["it refers to other files"] if browser.run(REFERENCES) else []
    found += [f"a link leads nowhere: {to}" for to in browser.run(DEAD_LINKS)]
    found += [f"two elements have the id {name}" for name in browser.run(DOUBLE_IDS)]
    for dark in (False, True):
        for width in WIDTHS:
            where = f"{width} px, {'dark' if dark else 'light'}"
            browser.look(width=width, dark=dark, phone=width < PHONE_BELOW)
            found += faults_of_look(browser, where)
            if screenshots:
                browser.screenshot(pathlib.Path(screenshots) / f"{path.stem}-{width}-{'dark' if dark else 'light'}.png")
    browser.look(width=400, phone=True)
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    browser.settle()
    found += faults_of_look(browser, "400 px, unfolded")
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = false; })")
    found += faults_on_paper(browser, dark=False) + faults_on_paper(browser, dark=True)
    found += [f"the console says: {text}" for text in browser.complaints()]
    asked = {event["params"]["request"]["url"] for event in browser.events
             if event.get("method") == "Network.requestWillBeSent"}
    return found + [f"it asks for {url}" for url in sorted(asked - {path.as_uri()})]


def proves_itself(browser, directory):
    """The checks find what they are for: a page with each fault is not let through."""
    page = directory / "faulty.html"
    page.write_text("""<!DOCTYPE html><html lang="en"><title>x</title><body style="background:#fff">
      <p style="width:3000px">wide</p><p style="color:#eee">faint</p><table style="visibility:hidden"><tr><td>x</table>
      <a href="#nowhere">dead</a><p id="twice"></p><p id="twice"></p><img src="missing.png" alt="">
      <div class="scroll" style="width:90px;overflow:auto"><div style="width:900px">cut</div></div>""", encoding="utf-8")
    found = "\n".join(check_page(page, browser))
    expected = ("sideways", "sticks out: P", "hardly be read: P faint", "does not show: TABLE", "leads nowhere", "twice",
                "other files", "asks for", "console says", "cut off")
    return [f"the check itself overlooks '{fault}'" for fault in expected if fault not in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    parser.add_argument("--screenshot-dir", type=pathlib.Path, help="where to put a screenshot of each look")
    parser.add_argument("--from", dest="command", nargs=argparse.REMAINDER, help="a program that writes a page, and its options")
    options = parser.parse_args()
    binary = chromium.find_binary()
    if binary is None:
        print("skipped: no chromium")
        sys.exit(77)
    if options.screenshot_dir:
        options.screenshot_dir.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory() as directory, chromium.Browser(binary) as browser:
        pages = list(options.pages)
        if options.command:
            pages.append(pathlib.Path(directory) / "page.html")
            pages[-1].write_bytes(subprocess.run(options.command, check=True, stdout=subprocess.PIPE, timeout=60).stdout)
            faults += proves_itself(browser, pathlib.Path(directory))
        for page in pages:
            faults += [f"{page.name}: {fault}" for fault in check_page(page, browser, options.screenshot_dir)]
    for fault in faults:
        print(fault)
    print(f"{len(pages)} pages, {len(faults)} faults")
    sys.exit(1 if faults or not pages else 0)


if __name__ == "__main__":
    main()
