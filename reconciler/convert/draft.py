"""A container that is being read from a command line, flag by flag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Draft:
    """What has been read so far.

    Attributes:
        container: its attributes.
        networks: the spec's networks.
        volumes: the spec's volumes.
        notes: what could not be carried over.
        flag: the flag that is being read.
        flags: the flag that gave an attribute.
        joins: each network, as the attributes of the container's place in it, under its name; the first is special.
        place: what flags of their own say of the place in the first network.
        health: what is said of the health check.
        more: further values that are only understood together: `rm`, `publish-all`, `name`.
    """

    container: dict[str, Any] = field(default_factory=dict)
    networks: dict[str, Any] = field(default_factory=dict)
    volumes: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    flag: str = ""
    flags: dict[str, str] = field(default_factory=dict)
    joins: dict[str, dict[str, Any]] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)
    health: dict[str, Any] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)

    def set(self, attribute: str, value: Any) -> None:
        """Gives the container an attribute; the last word on it counts."""
        self.container[attribute] = value
        self.flags[attribute] = self.flag

    def add(self, attribute: str, value: Any) -> None:
        """Adds to a list."""
        self.set(attribute, [*self.container.get(attribute, []), value])

    def put(self, attribute: str, key: str, value: Any) -> None:
        """Adds to a mapping."""
        self.set(attribute, {**self.container.get(attribute, {}), key: value})

    def note(self, text: str) -> None:
        """Says what the flag comes to, once."""
        self._say(f"{self.flag}: {text}")

    def drop(self, why: str, what: str = "") -> None:
        """Says that the flag is dropped, or one value of it."""
        self._say(f"{self.flag} {what}".strip() + f" is dropped: {why}")

    def _say(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)
