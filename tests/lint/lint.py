#!/usr/bin/env python3
"""Holds the source tree to the house rules that a compiler does not check.

Includes point down only; libcurl stays in the curl files; headers say #pragma once; no file is called util and the like;
no file is too long to read. Prints one line per fault, exits 1 when there is one. With --self-test it first proves, on a
tree of its own making, that each rule finds what it is for.
"""
import pathlib
import re
import sys
import tempfile

# room: rooms it may include, besides itself
MAY_INCLUDE = {
    "core": set(),
    "measure": {"core"},
    "net": {"core"},
    "report": {"measure", "core"},
    "tacos-load": {"report", "measure", "net", "core"},
    "tacos-gateway": {"net", "core"},
    "tacos-plan": {"measure", "core"},
}
# third-party header: the only files, by part of their name, that may include it
ONLY_IN = {"curl/": "curl", "hiredis/": "redis"}
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "types", "misc"}
LONGEST_FILE = 450

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def faults_of(root):
    src = root / "src"
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        where = path.relative_to(root)
        room = path.relative_to(src).parts[0]
        text = path.read_text(encoding="utf-8")
        if room not in MAY_INCLUDE:
            yield f"{where}: '{room}' is not a room; the rooms are {', '.join(sorted(MAY_INCLUDE))}"
            continue
        for quote, header in INCLUDE.findall(text):
            target = header.split("/")[0]
            if quote == '"' and target != room and target not in MAY_INCLUDE[room]:
                yield f"{where}: includes \"{header}\", but {room} may include only {', '.join(sorted(MAY_INCLUDE[room])) or 'itself'}"
            for prefix, part in ONLY_IN.items():
                if header.startswith(prefix) and part not in path.stem:
                    yield f"{where}: includes <{header}>, which belongs in files named *{part}* only"
        if path.suffix == ".h" and "#pragma once" not in text:
            yield f"{where}: has no #pragma once"
        if path.stem in FORBIDDEN_NAMES:
            yield f"{where}: '{path.stem}' names no thing of the field; name the file for the type or task in it"
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            yield f"{where}: has {lines} lines; split what is longer than {LONGEST_FILE} by what changes together"


def self_test():
    bad = {
        "src/core/a.h": '#include "measure/sample.h"\n#pragma once\n',
        "src/measure/b.cc": '#include <curl/curl.h>\n',
        "src/net/c.h": "int x;\n",
        "src/tacos-load/util.cc": "\n",
        "src/tacos-gateway/d.cc": '#include "tacos-load/main.h"\n',
        "src/report/long.cc": "\n" * (LONGEST_FILE + 1),
        "src/attic/e.cc": "\n",
        "src/tacos-load/curl_fine.cc": '#include <curl/curl.h>\n#include "net/url.h"\n',
    }
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in bad.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        found = "\n".join(faults_of(root))
    for name in bad:
        if ("fine" in name) == (name in found):
            sys.exit(f"lint self-test: the rule for {name} does not work; found:\n{found}")


def main():
    if "--self-test" in sys.argv:
        self_test()
    roots = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    faults = list(faults_of(pathlib.Path(roots[0] if roots else ".")))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
