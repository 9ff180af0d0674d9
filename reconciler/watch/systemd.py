"""Tells systemd what a `Type=notify` service tells: that it is ready, reloads, stops, is alive, and how it stands.

Source: sd_notify(3), systemd.service(5).
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.watch.observing import Cycle, CycleResult

_MOST_STATUS = 200


class Systemd:
    """An `Observer`. What it sends never waits; where nobody receives it, nothing happens."""

    def __init__(self, address: str, *, watchdog: bool) -> None:
        """Prepare to tell.

        Args:
            address: of the socket; one in the abstract namespace begins with `@`.
            watchdog: whether signs of life are expected.
        """
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog = watchdog
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        self._ready = False
        self._status = ""
        self._results: dict[str, CycleResult] = {}
        self._away = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Systemd | None:
        """As systemd started this process; None where it did not, or asks for nothing."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return None
        watched = environ.get("WATCHDOG_USEC", "").isdigit() and environ.get("WATCHDOG_PID") in {None, str(os.getpid())}
        return cls(address, watchdog=watched)

    def reloading(self) -> None:
        """Everything is read anew. May be called from a signal handler."""
        if self._ready:
            self._ready = False
            self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The end begins. May be called from a signal handler."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Nothing more is told."""
        self._socket.close()

    def began(self, project: str, reasons: Sequence[str]) -> None:
        """A cycle begins."""

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended."""
        self._results = {**self._results, cycle.project: cycle.result}
        self._say()

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:  # noqa: ARG002
        """A spec was read."""
        self._be_ready()

    def gone(self, project: str) -> None:
        """A project is watched no more."""
        self._results = {name: result for name, result in self._results.items() if name != project}
        self._say()

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""
        self._away = error.message if error else ""
        self._say()

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""

    def alive(self) -> None:
        """The loop goes round."""
        self._be_ready()
        if self._watchdog:
            self._send("WATCHDOG=1")

    def _be_ready(self) -> None:
        if not self._ready:
            self._ready = True
            self._send("READY=1")

    def _say(self) -> None:
        text = _status(self._results, self._away)[:_MOST_STATUS]
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def _send(self, text: str) -> None:
        with suppress(OSError):
            self._socket.sendto(text.encode(errors="replace"), self._address)


def _status(results: Mapping[str, CycleResult], away: str) -> str:
    if away:
        return f"The Engine is away: {' '.join(away.split())}"
    bad = [f"{name} {result.value.replace('_', ' ')}" for name, result in sorted(results.items()) if not result.is_well]
    well = len(results) - len(bad)
    said = [*bad, *([f"{well} as declared"] if well else [])]
    return f"Projects: {', '.join(said)}" if said else "No project yet"
