#!/bin/sh
# Installs the Debian packages of the given sections of scripts/packages.txt (build and test when none is given). Does
# nothing, at once and without a network, when all are there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- build test

wanted=""
for section in "$@"; do
  # "PACKAGE unless-there-is COMMAND": a command from elsewhere will do.
  packages=$(awk -v section="[$section]" '$0 == section {inside = 1; next} /^\[/ {inside = 0}
    inside && NF && !/^#/ { if ($2 == "unless-there-is" && system("command -v " $3 " >/dev/null") == 0) next; print $1 }' "$here/packages.txt")
  if [ -z "$packages" ]; then
    echo "bootstrap: there is no section '$section' in scripts/packages.txt; it has: $(grep '^\[' "$here/packages.txt" | tr '\n' ' ')" >&2
    exit 2
  fi
  wanted="$wanted $packages"
done

if ! command -v dpkg-query >/dev/null; then
  echo "bootstrap: this is not Debian; install the equivalents of:$(echo " $wanted" | tr '\n' ' ')" >&2
  exit 1
fi
# One question for all: with one each, the answer "nothing to do" would take half a second of every make.
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' || true)
missing=""
for package in $wanted; do
  printf '%s\n' "$installed" | grep -qxF -- "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "bootstrap: missing packages:$missing" >&2
    echo "bootstrap: run as root, or ask whoever is to: apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  sudo="sudo"
fi

# redis-server and nginx would start a daemon on the standard port and at every boot; tests and benchmarks start their own.
# policy-rc.d is Debian's way of saying "not now": it is put there for the installation only, unless the machine has one.
policy=/usr/sbin/policy-rc.d
ours=""
forget_policy() { [ -z "$ours" ] || $sudo rm -f "$policy"; }
trap forget_policy EXIT
trap 'exit 130' INT TERM
if [ ! -e "$policy" ]; then
  ours=yes
  printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
  $sudo chmod 755 "$policy"
fi

echo "bootstrap: installing$missing"
if ! $sudo apt-get update -qq; then
  echo "bootstrap: can't refresh the package lists; is there a network, and does /etc/apt/sources.list name a mirror?" >&2
  exit 1
fi
# shellcheck disable=SC2086
if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
  echo "bootstrap: apt-get could not install all of:$missing" >&2
  exit 1
fi

# Not at the next boot either, where it was this script that brought them.
if [ -d /run/systemd/system ]; then
  case " $missing " in *" redis-server "*) $sudo systemctl disable --quiet redis-server || true ;; esac
  case " $missing " in *" nginx-light "*) $sudo systemctl disable --quiet nginx || true ;; esac
fi
