#!/bin/sh
# Writes docs/cli/*.md from what the programs' --help prints. Usage: scripts/write-cli-docs.sh [--check] [BIN_DIR]
# --check writes nothing: it compares, and exits 1 when a page is out of date.
set -eu
cd "$(dirname "$0")/.."

check=no
if [ "${1:-}" = --check ]; then check=yes; shift; fi
bin=${1:-build/release/bin}

# One section: a heading, and the help text of a program or a subcommand, as printed.
section() { # LEVEL PROGRAM [SUBCOMMAND]
  printf '\n%s %s\n\n```\n' "$1" "$2${3:+ $3}"
  # The one default that depends on the machine is written as it is on two cores and more.
  "$bin/$2" ${3:+"$3"} --help | sed 's/^\(  --threads .*\) \[1\]$/\1 [2]/'
  printf '```\n'
}

page() { # PROGRAM GUIDE SUBCOMMAND...
  program=$1 guide=$2
  shift 2
  printf '<!-- Written by scripts/write-cli-docs.sh from --help. Change the program, then run: make docs-cli -->\n'
  # shellcheck disable=SC2016  # the backticks are Markdown
  printf '# %s: every option\n\nThe text of `--help`. The guide is [%s](../%s).\n' "$program" "$guide" "$guide"
  section '##' "$program"
  for subcommand in "$@"; do section '##' "$program" "$subcommand"; done
}

# The subcommands are read from the help text, so that a new one can't be forgotten.
subcommands() { # PROGRAM
  "$bin/$1" --help | awk '/^Subcommands:/ {in_list = 1; next} in_list && !NF {exit} in_list {print $1}'
}

for program in tacos-load tacos-plan tacos-gateway; do
  if [ ! -x "$bin/$program" ]; then
    echo "write-cli-docs: no program '$bin/$program': build first (make build), or name the directory of binaries" >&2
    exit 2
  fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p docs/cli
stale=0
for entry in tacos-load:load.md tacos-plan:plan.md tacos-gateway:gateway.md; do
  program=${entry%%:*}
  # shellcheck disable=SC2046  # one word for each subcommand
  page "$program" "${entry#*:}" $(subcommands "$program") > "$scratch/$program.md"
  if [ $check = no ]; then
    cp "$scratch/$program.md" "docs/cli/$program.md"
  elif ! diff -u "docs/cli/$program.md" "$scratch/$program.md" >&2; then
    echo "docs/cli/$program.md is not what $program --help prints: run make docs-cli, and commit it" >&2
    stale=1
  fi
done
exit $stale
