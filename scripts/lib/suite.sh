# Other Debian suites' Engines and Compose, unpacked beside the system, for the tests. To be sourced after environment.sh.
#
#     ensure_suite trixie    # .engine/trixie/usr/{sbin,bin}: docker.io, containerd, tini; kept until the folder is removed
#     ensure_buildx          # .engine/buildx/usr/libexec/docker/cli-plugins/docker-buildx: sid's
#     ensure_compose         # .engine/compose/usr/libexec/docker/cli-plugins/docker-compose: sid's, which runs by itself

# ensure_suite SUITE: unpacks that suite's Engine.
ensure_suite() { _ensure_unpacked "$1" "$1's Engine" "$1" docker.io docker-cli containerd tini; }

# ensure_compose: unpacks Docker Compose, the peer whose projects are taken over.
ensure_compose() { _ensure_unpacked compose "Docker Compose" sid docker-compose; }

# ensure_buildx: unpacks `docker buildx`, by which BuildKit builds.
ensure_buildx() { _ensure_unpacked buildx "docker buildx" sid docker-buildx; }

# _ensure_unpacked NAME WHAT SUITE PACKAGE…: unpacks packages into .engine/NAME, with an apt configuration of its own, so
# that the system's stays as it is.
_ensure_unpacked() {
  local name="$1" what="$2" suite="$3" target="$ROOT/.engine/$1" work mirror
  shift 3
  [[ -d "$target/usr" ]] && return
  can_apt && [[ -f /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
    give_up "$what can only be unpacked as root on Debian." "Run the tests there."
  # Whatever mirror this system uses.
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1)" || true
  [[ -n "$mirror" ]] || give_up "the system's apt sources name no Debian mirror." "Name one in /etc/apt, and run this again."
  say "Unpacking $what into .engine/$name …"
  mkdir -p "$ROOT/.engine"
  work="$(mktemp -d "$ROOT/.engine/.new-XXXXXX")"
  if ! _unpack "$suite" "$mirror" "$work" "$@" >"$work/log" 2>&1; then
    tail -n 15 "$work/log" >&2
    rm -rf "$work"
    give_up "$what could not be unpacked: see above." "Is the Debian mirror reachable? Then run this again."
  fi
  # All or nothing; of two at once, the first wins.
  mv -T "$work/tree" "$target" 2>/dev/null || [[ -d "$target/usr" ]]
  rm -rf "$work"
}

_unpack() (
  set -e
  suite="$1" mirror="$2" work="$3"
  shift 3
  mkdir -p "$work"/{lists/partial,cache/archives/partial,deb,tree}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
  options=(
    -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update
  cd "$work/deb"
  apt-get "${options[@]}" download "$@"
  for package in ./*.deb; do dpkg -x "$package" "$work/tree"; done
  # A newer suite's runc needs a newer libc; the system's serves.
  rm -f "$work/tree/usr/sbin/runc"
)
