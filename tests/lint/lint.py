#!/usr/bin/env python3
"""Holds the source tree to the house rules that a compiler does not check.

Includes point down only; libcurl stays in the curl files; headers say #pragma once; no file is called util and the like;
no file is too long to read; what CMake looks for is in the list of packages to install. Prints one line per fault and per
warning, exits 1 when there is a fault. With --self-test it first proves, on a
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
    "redis": {"net", "core"},
    "report": {"measure", "core"},
    "tacos-load": {"report", "measure", "redis", "net", "core"},
    "tacos-gateway": {"redis", "net", "core"},
    "tacos-plan": {"report", "measure", "core"},
}
# third-party header: the only files, by part of their name, that may include it
ONLY_IN = {"curl/": "curl", "hiredis/": "redis"}
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "types", "misc"}
FILES_IN = ("src", "tests")
LONGEST_FILE = 500
LONG_FILE = 400
LONGEST_TEST = 700  # a suite of many small cases is read case by case
# what CMake calls it: the Debian package that holds it
PACKAGE_OF = {
    "Threads": None,  # part of the C library
    "Boost": "libboost1.81-dev",
    "OpenSSL": "libssl-dev",
    "CURL": "libcurl4-openssl-dev",
    "ZLIB": "zlib1g-dev",
    "CLI11": "libcli11-dev",
    "nlohmann_json": "nlohmann-json3-dev",
    "fmt": "libfmt-dev",
    "spdlog": "libspdlog-dev",
    "prometheus-cpp": "prometheus-cpp-dev",
    "PkgConfig": "pkg-config",
    "simdjson": "libsimdjson-dev",
    "hiredis": "libhiredis-dev",
    "GTest": "libgtest-dev",
    "benchmark": "libbenchmark-dev",
}

FOUND_BY_CMAKE = re.compile(r"^\s*(?:find_package|pkg_check_modules)\(\s*([\w-]+)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def include_faults(root):
    src = root / "src"
    for path in sources(src):
        where = path.relative_to(root)
        room = path.relative_to(src).parts[0]
        if room not in MAY_INCLUDE:
            yield f"{where}: '{room}' is not a room; the rooms are {', '.join(sorted(MAY_INCLUDE))}"
            continue
        for quote, header in INCLUDE.findall(path.read_text(encoding="utf-8")):
            target = header.split("/")[0]
            if quote == '"' and target != room and target not in MAY_INCLUDE[room]:
                yield f"{where}: includes \"{header}\", but {room} may include only {', '.join(sorted(MAY_INCLUDE[room])) or 'itself'}"
            for prefix, part in ONLY_IN.items():
                if header.startswith(prefix) and part not in path.stem:
                    yield f"{where}: includes <{header}>, which belongs in files named *{part}* only"


def file_faults(root):
    for path in (path for folder in FILES_IN for path in sources(root / folder)):
        where = path.relative_to(root)
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".h" and "#pragma once" not in text:
            yield f"{where}: has no #pragma once"
        if path.stem in FORBIDDEN_NAMES:
            yield f"{where}: '{path.stem}' names no thing of the field; name the file for the type or task in it"
        lines = text.count("\n")
        longest = LONGEST_TEST if where.parts[0] == "tests" else LONGEST_FILE
        if lines > longest:
            yield f"{where}: has {lines} lines; split what is longer than {longest} by what changes together"
        elif lines > LONG_FILE and where.parts[0] == "src":
            yield f"warning: {where}: has {lines} lines; around {LONG_FILE} is a long file"


def package_faults(root):
    listing = root / "scripts" / "packages.txt"
    listed = set(listing.read_text(encoding="utf-8").split("\n")) if listing.exists() else set()
    for path in sorted((root / "cmake").glob("*.cmake")):
        for name in FOUND_BY_CMAKE.findall(path.read_text(encoding="utf-8")):
            if name not in PACKAGE_OF:
                yield f"{path.relative_to(root)}: looks for {name}; say in tests/lint/lint.py which package holds it"
            elif PACKAGE_OF[name] is not None and PACKAGE_OF[name] not in listed:
                yield f"{path.relative_to(root)}: looks for {name}, but {PACKAGE_OF[name]} is not in scripts/packages.txt"


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".cc"))


def faults_of(root):
    yield from include_faults(root)
    yield from file_faults(root)
    yield from package_faults(root)


def self_test():
    bad = {
        "src/core/a.h": '#include "measure/sample.h"\n#pragma once\n',
        "src/measure/b.cc": '#include <curl/curl.h>\n',
        "src/net/c.h": "int x;\n",
        "src/tacos-load/util.cc": "\n",
        "src/tacos-gateway/d.cc": '#include "tacos-load/main.h"\n',
        "src/report/long.cc": "\n" * (LONGEST_FILE + 1),
        "src/attic/e.cc": "\n",
        "src/tacos-gateway/store/redis_fine.cc": "#include <hiredis/hiredis.h>\n",
        "src/tacos-gateway/store/store_f.cc": "#include <hiredis/hiredis.h>\n",
        "tests/support/helpers.cc": "\n",
        "tests/unit/long_test.cc": "\n" * (LONGEST_TEST + 1),
        "cmake/a.cmake": "find_package(Unheard REQUIRED)\n",
        "cmake/b.cmake": "pkg_check_modules(simdjson REQUIRED simdjson)\n",
        "cmake/fine.cmake": "find_package(ZLIB REQUIRED)\nfind_package(Threads REQUIRED)\n",
        "scripts/packages.txt": "[build]\nzlib1g-dev\n",
        "src/tacos-load/curl_fine.cc": '#include <curl/curl.h>\n#include "net/url.h"\n',
    }
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in bad.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        found = list(faults_of(root))
    for name in bad:
        wanted = "fine" not in name and name != "scripts/packages.txt"
        if wanted != any(fault.startswith(name + ":") for fault in found):
            sys.exit(f"lint self-test: the rule for {name} does not work; found:\n" + "\n".join(found))


def main():
    if "--self-test" in sys.argv:
        self_test()
    roots = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    faults = list(faults_of(pathlib.Path(roots[0] if roots else ".")))
    for fault in faults:
        print(fault)
    sys.exit(1 if any(not fault.startswith("warning: ") for fault in faults) else 0)


main()
