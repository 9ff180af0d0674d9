"""Equal parts of many replies, held once: the inspects of 1,000 containers differ in a few words each."""

from __future__ import annotations

import sys
from typing import Any

_MORE = 1024
"""Parts that are not worth looking for."""


class Sharing:
    """Replaces parts of JSON values by equal ones that it has met before. Nobody may change what it returns.

    What it has met it holds for as long as it lives.
    """

    def __init__(self) -> None:
        self._met: dict[tuple[Any, ...], Any] = {}
        self._settled = 0

    @property
    def has_grown(self) -> bool:
        """Whether it holds so much more than when it `settle`d that much of it may be of use to nobody."""
        return len(self._met) > 2 * self._settled + _MORE

    def settle(self) -> None:
        """All that it holds is of use now."""
        self._settled = len(self._met)

    def of(self, value: Any) -> Any:
        """An equal value, made of shared parts."""
        if isinstance(value, str):
            return sys.intern(value)
        if isinstance(value, dict):
            value = {sys.intern(name): self.of(item) for name, item in value.items()}
            # The parts are shared already, and held: by who they are, equal ones can be told at once.
            return self._met.setdefault((dict, *map(id, value), *map(id, value.values())), value)
        if isinstance(value, list):
            value = [self.of(item) for item in value]
            return self._met.setdefault((list, *map(id, value)), value)
        return self._met.setdefault((type(value), value), value)
