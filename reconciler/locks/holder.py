"""Who holds a lock, as a lock file and the labels of a volume tell it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.fields.ownership import LOCK

_MACHINE_ID = Path("/etc/machine-id")
_MOUNT_INFO = Path("/proc/self/mountinfo")
_PASSING = frozenset({"broken", "broken_since"})
"""What changes while a lock is held: labels can't."""

_CONTAINER = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf) ")
"""What an Engine binds into each of its containers."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock.

    Attributes:
        host: the machine's name.
        pid: the process, as that machine counts.
        since: when it began, RFC 3339 in UTC.
        command: what it is, such as `watch`.
        files: the spec's files, absolute.
        options: with which options they are read, such as `--profile debug`.
        state: its state folder.
        machine: tells machines of one name apart, where that is possible.
        container: the ID of the container that it runs in; empty where it runs in none.
        on_engine: whether that container is one of the Engine that the lock is on.
        token: of this holder alone.
        broken: what is wrong with its spec by now, so that it keeps the last good one; empty while nothing is.
        broken_since: since when, RFC 3339 in UTC.
    """

    host: str = ""
    pid: int = 0
    since: str = ""
    command: str = ""
    files: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    state: str = ""
    machine: str = ""
    container: str = ""
    on_engine: bool = False
    token: str = ""
    broken: str = ""
    broken_since: str = ""

    @classmethod
    def here(cls, command: str, files: tuple[str, ...] = (), options: tuple[str, ...] = (), state: str = "") -> Holder:
        """This process; each call makes another holder of it."""
        return cls(
            host=socket.gethostname(),
            pid=os.getpid(),
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            command=command,
            files=files,
            options=options,
            state=state,
            machine=_machine(),
            container=_container(),
            token=os.urandom(16).hex(),
        )

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it runs: who runs at the same place sees the same lock files."""
        return self.host, self.machine, self.container

    def reads_the_same(self, other: Holder) -> bool:
        """Whether both keep the same spec: the same files at the same place, read with the same options."""
        mine, theirs = (sorted(one.files) for one in (self, other))
        return bool(mine) and self.place == other.place and mine == theirs and self.options == other.options

    def __str__(self) -> str:
        if not self.pid:
            return "another reconciler"
        of = f", of {', '.join(self.files)}" if self.files else ""
        since = f", since {self.since}" if self.since else ""
        return f"`reconciler {self.command}` (process {self.pid} on {self.host}{since}{of})"


def as_json(holder: Holder) -> bytes:
    """As a lock file tells it."""
    return json.dumps(asdict(holder)).encode()


def from_json(text: bytes) -> Holder:
    """Who is told of; what can't be read says nothing."""
    try:
        said = json.loads(text)
    except ValueError:
        return Holder()
    return _holder(said if isinstance(said, dict) else {})


def as_labels(project: str, holder: Holder) -> dict[str, str]:
    """As the labels of a lock on an Engine tell it; all of them are text."""
    told = {name: value for name, value in asdict(holder).items() if value and name not in _PASSING}
    words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
    return {LOCK: project, **{f"{LOCK}.{name}": text for name, text in words.items()}}


def from_labels(labels: Mapping[str, str]) -> Holder:
    """Who is told of; what can't be read says nothing."""
    said: dict[str, Any] = {}
    for one in fields(Holder):
        text = labels.get(f"{LOCK}.{one.name}", "")
        said[one.name] = text if isinstance(one.default, str) else _value(text or "null")
    return _holder(said)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _holder(said: Mapping[str, Any]) -> Holder:
    # Anybody may have written it: only what is as it should be counts.
    known: dict[str, Any] = {}
    for one in fields(Holder):
        value = said.get(one.name)
        if isinstance(one.default, tuple) and isinstance(value, list):
            known[one.name] = tuple(str(item) for item in value)
        elif type(value) is type(one.default):
            known[one.name] = value
    return Holder(**known)


def _machine() -> str:
    try:
        text = _MACHINE_ID.read_bytes().strip()
    except OSError:
        return ""
    # The ID itself is not for others to see: machine-id(5).
    return hashlib.sha256(b"docker-reconciler" + text).hexdigest()[:12] if text else ""


def _container() -> str:
    try:
        found = _CONTAINER.search(_MOUNT_INFO.read_text(errors="replace"))
    except OSError:
        return ""
    return found[1] if found else ""
