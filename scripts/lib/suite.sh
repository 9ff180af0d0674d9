# Other Debian suites' Engines, unpacked beside the system, for the tests. To be sourced after environment.sh.
#
#     ensure_suite trixie    # .engine/trixie/usr/{sbin,bin}: docker.io, containerd, tini; kept until the folder is removed

# ensure_suite SUITE: unpacks that suite's Engine, with an apt configuration of its own, so that the system's stays as it is.
ensure_suite() {
  local suite="$1" target="$ROOT/.engine/$1" work mirror
  [[ -d "$target/usr/sbin" ]] && return
  can_apt && [[ -f /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
    give_up "$suite's Engine can only be unpacked as root on Debian." "Run scripts/test without --engine."
  # Whatever mirror this system uses.
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1)" || true
  [[ -n "$mirror" ]] || give_up "the system's apt sources name no Debian mirror." "Run scripts/test without --engine."
  say "Unpacking $suite's Engine into .engine/$suite …"
  mkdir -p "$ROOT/.engine"
  work="$(mktemp -d "$ROOT/.engine/.new-XXXXXX")"
  if ! _unpack_suite "$suite" "$mirror" "$work" >"$work/log" 2>&1; then
    tail -n 15 "$work/log" >&2
    rm -rf "$work"
    give_up "$suite's Engine could not be unpacked: see above." "Is the Debian mirror reachable? Then run this again."
  fi
  # All or nothing; of two at once, the first wins.
  mv -T "$work/tree" "$target" 2>/dev/null || [[ -d "$target/usr/sbin" ]]
  rm -rf "$work"
}

_unpack_suite() (
  set -e
  suite="$1" mirror="$2" work="$3"
  mkdir -p "$work"/{lists/partial,cache/archives/partial,deb,tree}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
  options=(
    -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update
  cd "$work/deb"
  apt-get "${options[@]}" download docker.io docker-cli containerd tini
  for package in ./*.deb; do dpkg -x "$package" "$work/tree"; done
  # A newer suite's runc needs a newer libc; the system's serves.
  rm -f "$work/tree/usr/sbin/runc"
  test -x "$work/tree/usr/sbin/dockerd"
)
