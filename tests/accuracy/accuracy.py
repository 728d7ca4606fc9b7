#!/usr/bin/env python3
"""Load generators against a target about which everything is known: what each reports, beside what arithmetic says.

  python3 tests/accuracy/accuracy.py --bin build/release/bin --rounds 3

docs/accuracy.md says what is measured and how to read it. Exit codes: 0 tacos-load is within tolerance everywhere, 1 it is
not (the last lines say where), 2 the command line is wrong, 3 a program that is needed is missing or broke.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shlex
import signal
import statistics
import subprocess
import sys

import arithmetic
import cases
import page
import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEEDED = ("tacos-load", "known_target", "loopback_probe")


def listed(text, known, what, parser):
    chosen = text.split(",") if text else known
    for name in chosen:
        if name not in known:
            parser.error(f"there is no {what} '{name}'; there are {', '.join(known)}")
    return chosen


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    case_names = [case.name for case in cases.all_cases()]
    generator_names = [generator.name for generator in programs.all_generators(pathlib.Path())]
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="where the programs are")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "reports/accuracy", help="where the results go")
    parser.add_argument("--quick", action="store_true", help="short runs, for a look and for tests")
    parser.add_argument("--rounds", type=int, default=1, help="how often each case is run; the median counts (default 1)")
    parser.add_argument("--cases", help="only these, comma separated: " + ", ".join(case_names))
    parser.add_argument("--only", help="only these generators, comma separated: " + ", ".join(generator_names))
    parser.add_argument("--update-docs", action="store_true", help="also put the table into docs/accuracy.md")
    options = parser.parse_args()
    options.cases = listed(options.cases, case_names, "case", parser)
    options.only = listed(options.only, generator_names, "generator", parser)
    if options.rounds < 1:
        parser.error("--rounds starts at 1")
    return options


def machine(options, generators):
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True)
    about_cpus = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = [line.split(":")[1].strip() for line in about_cpus if line.startswith("model name")]
    command = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpus": os.cpu_count(), "cpu": model[0] if model else "unknown", "kernel": platform.release(),
        "load_average": os.getloadavg()[0], "command": shlex.join(command), "commit": commit.stdout.strip() or "unknown",
        "versions": {g.program: g.version() if g.installed() else "not installed" for g in generators},
    }


def cell_of(rows):
    """The rounds of one figure of one generator, as their medians."""
    first = rows[0]
    expected = statistics.median(row.expected for row in rows)
    cell = {"figure": first.figure, "unit": first.unit, "expected": expected, "judged": first.judged, "reported": None,
            "tolerance": statistics.median(row.tolerance for row in rows)}
    for key in ("seen", "formula"):
        values = [getattr(row, key) for row in rows if getattr(row, key) is not None]
        cell[key] = statistics.median(values) if values else None
    reported = [row for row in rows if row.reported is not None]
    if not reported:
        return cell | {"verdict": "does not report"}
    deviation = statistics.median(row.reported - row.expected for row in reported)
    cell["reported"] = expected + deviation
    cell["rounds"] = [[row.expected, row.reported] for row in reported]
    cell["within"] = abs(deviation) <= cell["tolerance"] + 1e-9
    return cell | {"verdict": "within" if cell["within"] else page.how_far_off(cell)}


def measure(options, generators):
    chosen = [case for case in cases.all_cases() if case.name in options.cases]
    rows, notes, commands = {}, {}, {}
    for turn in range(options.rounds):
        context = cases.Context(options.bin, options.quick)
        print(f"round {turn + 1} of {options.rounds}", flush=True)
        for case in chosen:
            for generator in generators:
                if not generator.installed():
                    continue
                outcome, found = case.run(generator, context)
                for row in found:
                    rows.setdefault((case.name, generator.name), {}).setdefault(row.figure, []).append(row)
                if outcome:
                    notes.setdefault(f"{case.name} {generator.name}", []).append(outcome.notes)
                    commands[case.name, generator.name] = outcome.shown
                print(f"  {case.name:<12} {generator.name:<11} " + "  ".join(page.brief(row) for row in found), flush=True)
        notes.setdefault("baseline_ms", []).append({
            str(connections): {"p50": arithmetic.quantile(times, 0.5), "p99": arithmetic.quantile(times, 0.99)}
            for connections, times in context.round_trips.items()})
    results = []
    for case in chosen:
        entry = {"case": case.name, "title": case.title, "asked": case.asked, "generators": {}}
        for generator in generators:
            found = rows.get((case.name, generator.name))
            entry["generators"][generator.name] = {
                "installed": generator.installed(), "command": commands.get((case.name, generator.name)),
                "cells": [cell_of(of_figure) for of_figure in found.values()] if found else []}
        results.append(entry)
    return results, notes


def failures(results):
    for entry in results:
        for name, generator in entry["generators"].items():
            for cell in generator["cells"] if name.startswith("tacos") else []:
                if cell["judged"] and not cell.get("within"):
                    seen = f"; by the target's log it was {page.number(cell, 'seen')}" if cell["seen"] is not None else ""
                    yield (f"{entry['case']} {name} {cell['figure']}: {page.number(cell, 'expected')} expected, "
                           f"{page.number(cell, 'reported')} reported{seen}")


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    missing = [name for name in NEEDED if not (options.bin / name).exists()]
    if missing:
        print(f"accuracy: no {', '.join(missing)} in {options.bin}; build them (make accuracy does), or say --bin",
              file=sys.stderr)
        return 3
    generators = [g for g in programs.all_generators(options.bin) if g.name in options.only]
    facts = machine(options, generators)
    try:
        results, notes = measure(options, generators)
    except (programs.Broken, OSError, subprocess.SubprocessError) as error:
        print(f"accuracy: {error}", file=sys.stderr)
        return 3
    off = list(failures(results))
    report = {"schema": "tacos.accuracy/1", "machine": facts, "rounds": options.rounds, "quick": options.quick,
              "tolerance": {"relative": arithmetic.RELATIVE_TOLERANCE, "absolute_ms": arithmetic.ABSOLUTE_TOLERANCE_MS},
              "cases": results, "notes": notes, "tacos_load_off": off}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "accuracy.json").write_text(json.dumps(report, indent=1) + "\n")
    (options.out / "accuracy.md").write_text(page.markdown(report))
    (options.out / "accuracy.html").write_text(page.html_page(report))
    if options.update_docs:
        page.update_docs(ROOT / "docs/accuracy.md", report)
    print(f"written: {options.out}/accuracy.html, accuracy.md, accuracy.json")
    for line in off:
        print("OFF  " + line)
    print("tacos-load is within tolerance everywhere" if not off else f"tacos-load is off in {len(off)} figures")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
