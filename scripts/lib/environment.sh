# What the scripts need, made where it is missing. To be sourced by bash, from any folder:
#
#     source "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
#     ensure_venv            # .venv with the program, exactly as requirements.lock says; `ensure_venv dev`: and its tools
#     ensure_engine_tools    # what `scripts/engine` needs
#     ensure_packages PKG…   # Debian or Ubuntu packages
#
# Each does nothing, and fast, where there is nothing to do; each says in two lines what to do where it can't do it.
# Sourcing changes nothing but PATH: the folders where a system keeps its daemons.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
VENV="$ROOT/.venv"
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH

say() { printf '%s\n' "$*" >&2; }

# give_up WHAT-IS-WRONG WHAT-TO-DO
give_up() {
  say "error: $1"
  say "  $2"
  exit 1
}

# run COMMAND…: says what it runs, then runs it.
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# --- Debian packages ---------------------------------------------------------------------------------------------------

can_apt() { [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null && grep -qiE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release; }

# ensure_packages PKG…: installs those that are missing; removes nothing in return.
ensure_packages() {
  local package missing=()
  for package in "$@"; do
    [[ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" == "install ok installed" ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  can_apt || give_up "missing here: ${missing[*]} (Debian's names)." \
    "Install them and run this again; as root on Debian or Ubuntu it is done for you."
  say "Installing ${missing[*]} …"
  local log
  log="$(mktemp)"
  # The first try saves an update where the lists are fresh; it fails at once where there are none.
  if ! _apt_install "${missing[@]}" >"$log" 2>&1 && ! { apt-get update && _apt_install "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    give_up "apt could not install ${missing[*]}: see above." \
      "Try 'apt-get update && apt-get install ${missing[*]}' by hand, then run this again."
  fi
  rm -f "$log"
}

_apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-remove --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# ensure_commands COMMAND=PACKAGE…: installs the packages of the commands that are missing, so that one that came from
# elsewhere (Docker's own packages, say) is left as it is.
ensure_commands() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
  done
  [[ ${#packages[@]} -eq 0 ]] || ensure_packages "${packages[@]}"
}

# ensure_engine_tools: what a private Engine needs, and a busybox that runs in an otherwise empty image.
ensure_engine_tools() {
  [[ "$(uname -s)" == Linux ]] || give_up "a private Engine can only be started on Linux." \
    "Run this on a Linux machine, or in a virtual one."
  ensure_commands dockerd=docker.io containerd=containerd runc=runc docker-init=tini iptables=iptables ip=iproute2 \
    nsenter=util-linux ps=procps
  # Debian 13 and later have the command in a package of its own.
  command -v docker >/dev/null || ensure_packages docker-cli
  _static_busybox || ensure_packages busybox-static
}

_static_busybox() { command -v busybox >/dev/null && ldd "$(command -v busybox)" 2>&1 | grep -qE 'not a dynamic|statically'; }

# --- Python ------------------------------------------------------------------------------------------------------------

# find_python: prints the first Python that is new enough.
find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  give_up "Python 3.11 or later is needed; found: $(python3 --version 2>&1 | head -n 1)." \
    "Install it (Debian 12, Ubuntu 24.04 and later: apt-get install python3 python3-venv) and run this again."
}

# ensure_venv [dev]: .venv in the checkout, from the lock files and from nothing else. One that is complete is left
# alone; one that was interrupted, or belongs to other lock files or another folder, is made anew.
ensure_venv() {
  local kind="${1:-run}"
  _venv_ready "$kind" && return
  # Two scripts at once: the second waits, then finds it done. The lock is on a file that is there anyway.
  (
    if command -v flock >/dev/null; then flock 9; fi
    _venv_ready "$kind" || _make_venv "$kind"
  ) 9<"$ROOT/pyproject.toml" || exit
}

# The stamp is written last: KIND LOCKS PROJECT. The development tools come on top of the program, so that who has
# them (`dev`) has the program (`run`) too.
_venv_ready() {
  local kind locks project
  [[ -x "$VENV/bin/python" && -f "$VENV/stamp" ]] || return
  read -r kind locks project <"$VENV/stamp" || return
  [[ "$locks" == "$(_venv_locks)" && "$project" == "$(_venv_project)" && ("$kind" == "$1" || "$kind" == dev) ]]
}

# What a virtual environment is made from: the lock files, and where it stands (it holds its own path).
_venv_locks() { (cd "$ROOT" && { cat requirements.lock requirements-dev.lock requirements-build.lock; pwd; } | cksum | tr ' ' -); }

# What the installed project is made from; its code is used where it lies.
_venv_project() { cksum <"$ROOT/pyproject.toml" | tr ' ' -; }

_make_venv() {
  local lock=requirements.lock python kind='' locks='' project=''
  [[ "$1" == dev ]] && lock=requirements-dev.lock
  if [[ -x "$VENV/bin/python" && -f "$VENV/stamp" ]]; then read -r kind locks project <"$VENV/stamp" || true; fi
  rm -f "$VENV/stamp"
  if [[ "$locks" != "$(_venv_locks)" ]]; then
    kind=''
    python="$(find_python)" || exit
    say "Making .venv with $("$python" --version) from $lock …"
    _ensure_venv_module "$python"
    "$python" -m venv --clear "$VENV" >&2 ||
      give_up "$python could not make a virtual environment in $VENV: see above." "Remove that folder and run this again."
  fi
  # Only what the lock files name, by hash.
  if [[ "$kind" != "$1" && "$kind" != dev ]]; then
    [[ -z "$kind" ]] || say "Adding the development tools to .venv …"
    kind="$1"
    _pip --require-hashes -r "$ROOT/$lock" -r "$ROOT/requirements-build.lock"
  fi
  # The project itself is built with the locked hatchling, not with one from the network: hence no isolation.
  _pip --no-build-isolation --no-deps --editable "$ROOT"
  echo "$kind $(_venv_locks) $(_venv_project)" >"$VENV/stamp"
}

_pip() {
  local log
  log="$(mktemp)"
  if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input "$@" >"$log" 2>&1; then
    grep -v '^WARNING' "$log" | tail -n 20 >&2
    rm -f "$log"
    give_up "pip could not install what the lock files name: see above." "Is the package index reachable? Then run this again."
  fi
  rm -f "$log"
}

_ensure_venv_module() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  local version
  version="$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
  ensure_packages "python$version-venv"
}
