"""A site over a watch in which nothing has happened yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from reconciler.watch.observing import Observers
from reconciler.watch.overview import Overview
from reconciler.web.access import Access
from reconciler.web.metrics import Metrics
from reconciler.web.site import Site
from tests.support.simulated import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "0123456789abcdef"


def _raise(error: Exception) -> None:
    raise error


@dataclass
class Watched:
    """A watch, as its observers see it.

    Attributes:
        told: what a loop would tell.
        asked: the projects that a cycle was asked for; an empty name for all of them.
    """

    token: str | None = None
    asked: list[str] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    now: float = 1_700_000_000.0

    def __post_init__(self) -> None:
        overview = Overview(self.clock, lambda: self.now)
        metrics = Metrics(lambda: self.now, lambda: 7)
        self.told = Observers([overview, metrics], _raise)
        self.site = Site(overview, metrics, Access(self.token), self.asked.append)


@pytest.fixture
def watched() -> Watched:
    """Without a token."""
    return Watched()


@pytest.fixture
def guarded() -> Callable[[], Watched]:
    """With one."""
    return lambda: Watched(TOKEN)
