#!/bin/sh
# Installs the Debian packages of the given sections of scripts/packages.txt (build and test when none is given). Does
# nothing, at once and without a network, when all are there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- build test

wanted=""
for section in "$@"; do
  packages=$(awk -v section="[$section]" '$0 == section {inside = 1; next} /^\[/ {inside = 0} inside && NF && !/^#/' "$here/packages.txt")
  if [ -z "$packages" ]; then
    echo "bootstrap: there is no section '$section' in scripts/packages.txt" >&2
    exit 2
  fi
  wanted="$wanted $packages"
done

missing=""
for package in $wanted; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "bootstrap: missing packages:$missing" >&2
    echo "bootstrap: run as root, or install them: apt-get install$missing" >&2
    exit 1
  fi
  sudo="sudo"
fi

echo "bootstrap: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# RUNLEVEL=1 makes the packages' scripts leave services alone (invoke-rc.d(8)): the benchmarks start their own nginx.
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing
