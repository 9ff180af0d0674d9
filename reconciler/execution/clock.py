"""The real clock."""

from __future__ import annotations

import time


class SystemClock:
    """Time as the machine tells it."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
