"""What a container wrote, and what the Engine says that happened: values of one moment each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of a container's output: a line, or a part of a long one.

    Attributes:
        moment: when, as the Engine says it: RFC 3339 with nanoseconds, so that later ones are greater as texts too.
        text: as it was written, with the line's end where it has one.
        stream: `stdout` or `stderr`; always `stdout` on a terminal, which has only one.
    """

    moment: str
    text: bytes
    stream: str = "stdout"


RUN = "run"
"""The kind of what we did ourselves: an apply, a rollback, a cycle of watch."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on an Engine, or that we did there (`RUN`).

    Attributes:
        nanoseconds: when, since 1970.
        kind: of what it happened to: `container`, `image`, `network`, `volume`, `daemon`, …
        action: what happened: `start`, `die`, `health_status: healthy`, …
        id: what it happened to: an ID, or a name where that is the ID.
        attributes: what else is known of it: its name, its labels, an exit code, …
    """

    nanoseconds: int
    kind: str
    action: str
    id: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of what it happened to; its ID where it has none."""
        return self.attributes.get("name") or self.id


def unix_time(moment: str) -> str:
    """An RFC 3339 moment as the Engine takes it in a query: seconds since 1970, and nine digits after the point."""
    whole, point, rest = moment.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))] if point else ""
    zone = rest[len(digits) :] if point else ""
    seconds = int(datetime.fromisoformat(whole + zone).timestamp())
    return f"{seconds}.{digits[:9].ljust(9, '0')}"
