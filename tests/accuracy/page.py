"""The results as people read them: lines, Markdown, one HTML file."""
import html

BEGIN, END = "<!-- accuracy:begin -->", "<!-- accuracy:end -->"


def plain(value, unit):
    if value is None:
        return "–"
    if unit == "yes":
        return "yes" if value else "no"
    if unit == "":
        return f"{value:,.0f}"
    digits = 3 if abs(value) < 10 else 2 if abs(value) < 100 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{digits}f}" + (" %" if unit == "%" else "")


def number(cell, key):
    return plain(cell[key], cell["unit"])


def brief(row):
    return f"{row.figure} {plain(row.reported, row.unit)} ({plain(row.expected, row.unit)})"


def how_far_off(cell):
    if cell["unit"] == "yes":
        return "no"
    deviation = cell["reported"] - cell["expected"]
    text = f"off by {'+' if deviation > 0 else '−'}{plain(abs(deviation), cell['unit'])}"
    if cell["unit"] == "ms" and cell["expected"] > 0 and cell["reported"] > 0:
        factor = cell["reported"] / cell["expected"]
        text += f" (×{factor:.2f})" if factor >= 0.1 else f" (×{factor:.2g})"
    return text


def verdict_of(cell):
    """A word for people and a class for colour."""
    if cell["reported"] is None:
        return "does not report", "none"
    if not cell["judged"]:
        return "shown, not judged", "none"
    return cell["verdict"], "good" if cell["within"] else "bad"


def table(report):
    """Rows of (case entry, figure, {generator: (text, verdict, class)}), one for each figure of each case."""
    names = list(report["cases"][0]["generators"])
    for entry in report["cases"]:
        figures = []
        for generator in entry["generators"].values():
            figures += [cell["figure"] for cell in generator["cells"] if cell["figure"] not in figures]
        for figure in figures:
            cells = {}
            for name in names:
                generator = entry["generators"][name]
                cell = next((cell for cell in generator["cells"] if cell["figure"] == figure), None)
                if not generator["installed"]:
                    cells[name] = ("", "not installed", "none")
                elif cell is None or cell["reported"] is None:
                    can = entry["case"] != "ramp"
                    cells[name] = ("", "does not report" if can else "cannot ramp", "none")
                else:
                    word, kind = verdict_of(cell)
                    cells[name] = (f"{number(cell, 'reported')} for {number(cell, 'expected')}", word, kind)
            yield entry, figure, cells


def facts_lines(report):
    m = report["machine"]
    versions = ", ".join(dict.fromkeys(version if version != "not installed" else f"{name} not installed"
                                       for name, version in m["versions"].items()))
    base = report["notes"]["baseline_ms"]
    yield f"{m['date']}, commit {m['commit']}, `{m['command']}`"
    yield f"{m['cpus']} CPUs ({m['cpu']}), Linux {m['kernel']}, load average {m['load_average']:.2f} at the start"
    yield versions
    for connections in base[0]:
        yield (f"Loopback baseline over {int(connections):,} connections: "
               + ", ".join(f"p50 {b[connections]['p50']:.3f} ms and p99 {b[connections]['p99']:.3f} ms" for b in base))
    rounds = "1 round" if report["rounds"] == 1 else f"{report['rounds']} rounds, medians"
    yield f"{rounds}{', quick: shorter runs than it says' if report['quick'] else ''}; tolerance 2 % or 0.1 ms, whichever is more"


def markdown_table(report):
    names = list(report["cases"][0]["generators"])
    lines = ["| case | figure | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    last = None
    for entry, figure, cells in table(report):
        case = f"**{entry['case']}**: {entry['title']}" if entry is not last else ""
        last = entry
        shown = []
        for text, word, kind in cells.values():
            word = f"**{word}**" if kind == "bad" else word
            shown.append(f"{text}: {word}" if text else word)
        lines.append(f"| {case} | {figure} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def markdown_body(report):
    facts = "".join(f"- {line}\n" for line in facts_lines(report))
    off = report["tacos_load_off"]
    summary = "tacos-load is within tolerance in every judged figure.\n"
    if off:
        summary = "tacos-load is outside the tolerance here:\n\n" + "".join(f"- {line}\n" for line in off)
    how = "Each cell: reported for expected (milliseconds unless it says otherwise): verdict."
    return f"{facts}\n{how}\n\n{markdown_table(report)}\n{summary}"


def markdown(report):
    return "# Accuracy\n\n" + markdown_body(report)


def update_docs(path, report):
    text = path.read_text()
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    path.write_text(f"{head}{BEGIN}\n{markdown_body(report)}{END}{tail}")


STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --ink: #1d2326; --soft: #5d686e; --line: #dde2e4; --card: #ffffff;
  --good: #d9f2e0; --good-ink: #0b5a2a; --bad: #fde0dc; --bad-ink: #8f1d10; --none: #eef0f1; --none-ink: #566066; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181a; --ink: #e8ecee; --soft: #9aa6ac; --line: #2c3337; --card: #1b2023;
  --good: #12351f; --good-ink: #9be3b4; --bad: #45190f; --bad-ink: #ffb4a6; --none: #242a2d; --none-ink: #a3aeb3; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 76rem; margin: 0 auto; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; letter-spacing: -.01em; }
h2 { margin: 2.2rem 0 .2rem; font-size: 1.08rem; }
p { margin: .2rem 0 .7rem; max-width: 60rem; } .soft { color: var(--soft); }
.sum { display: inline-block; margin: .6rem 0; padding: .35rem .8rem; border-radius: .5rem; font-weight: 600; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
table { width: 100%; min-width: 46rem; table-layout: fixed; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child > * { border-bottom: 0; } thead th { color: var(--soft); font-weight: 500; font-size: .85rem; }
tbody th { font-weight: 500; }
td b { display: block; font-weight: 600; white-space: nowrap; } td span { font-size: .82rem; }
.good { background: var(--good); color: var(--good-ink); } .bad { background: var(--bad); color: var(--bad-ink); }
.none { background: var(--none); color: var(--none-ink); }
details { margin: .4rem 0; color: var(--soft); } code { font: .82rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
ul { padding-left: 1.1rem; color: var(--soft); }
"""


def html_page(report):
    names = list(report["cases"][0]["generators"])
    off = report["tacos_load_off"]
    out = ["<!doctype html><html lang='en'><head><meta charset='utf-8'>",
           "<meta name='viewport' content='width=device-width, initial-scale=1'>",
           f"<title>Accuracy of load generators</title><style>{STYLE}</style></head>",
           "<body><main><h1>Accuracy of load generators</h1>",
           "<p class='soft'>Each generator against a target about which everything is known. Expected is arithmetic on what the "
           "target really did; reported is what the generator says. Milliseconds unless a cell says otherwise.</p>"]
    if off:
        out.append(f"<p class='sum bad'>tacos-load is outside the tolerance in {len(off)} figures</p>")
    else:
        out.append("<p class='sum good'>tacos-load is within tolerance in every judged figure</p>")
    out.append("<ul>" + "".join(f"<li>{html.escape(line.replace('`', ''))}</li>" for line in facts_lines(report)) + "</ul>")
    rows = list(table(report))
    for entry in report["cases"]:
        out.append(f"<section><h2>{html.escape(entry['title'][0].upper() + entry['title'][1:])}</h2>"
                   f"<p class='soft'>{html.escape(entry['case'])}: {html.escape(entry['asked'])}</p>"
                   "<div class='scroll'><table><thead><tr>"
                   + "".join(f"<th scope='col'>{name}</th>" for name in ("figure", *names)) + "</tr></thead><tbody>")
        for of_entry, figure, cells in rows:
            if of_entry is not entry:
                continue
            out.append(f"<tr><th scope='row'>{html.escape(figure)}</th>")
            for text, word, kind in cells.values():
                out.append(f"<td class='{kind}'><b>{html.escape(text)}</b><span>{html.escape(word)}</span></td>")
            out.append("</tr>")
        commands = "".join(f"<p><code>{html.escape(generator['command'])}</code></p>"
                           for generator in entry["generators"].values() if generator["command"])
        out.append(f"</tbody></table></div><details><summary>commands</summary>{commands}</details></section>")
    out.append("</main></body></html>\n")
    return "\n".join(out)
