"""What a person has asked to be left alone for a while: a project, or something of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.planning.left_alone import Hold


@dataclass(frozen=True, slots=True)
class Rest:
    """A project that is paused, or something of it that is held.

    Attributes:
        name: what is held, as `Hold` has it; empty for all of the project.
        until: RFC 3339 in UTC; empty for until it is taken back.
        since: likewise, when that was asked for.
        user: who asked.
    """

    name: str = ""
    until: str = ""
    since: str = ""
    user: str = ""

    def lasts(self, moment: datetime) -> bool:
        """Whether it is in force at a moment, which has a time zone."""
        return not self.until or datetime.fromisoformat(self.until) > moment

    def seconds_left(self, moment: datetime) -> float | None:
        """How long it still lasts; None for until it is taken back."""
        return (datetime.fromisoformat(self.until) - moment).total_seconds() if self.until else None


@dataclass(frozen=True, slots=True)
class Rests:
    """What is to be left alone of a project.

    Attributes:
        pause: of all of it; None where it is not paused.
        held: what of it is held.
    """

    pause: Rest | None = None
    held: tuple[Rest, ...] = ()

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What is held, as a plan needs it."""
        return tuple(Hold(one.name, one.until) for one in self.held)

    def is_paused(self, moment: datetime) -> bool:
        """Whether all of it is to be left alone at a moment."""
        return bool(self.pause and self.pause.lasts(moment))

    def next_end(self, moment: datetime) -> float | None:
        """The seconds until something of it is over; None where nothing is by itself."""
        lasting = [one for one in (self.pause, *self.held) if one and one.until and one.lasts(moment)]
        return min((one.seconds_left(moment) or 0.0 for one in lasting), default=None)
