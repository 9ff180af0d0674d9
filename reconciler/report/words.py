"""Words that several reports share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the value of `Operation`, without importing the planner: an error needs none of it, only `counted`.
PAST = {
    "pull": "pulled",
    "build": "built",
    "import": "imported",
    "load": "loaded",
    "create": "created",
    "replace": "replaced",
    "update": "updated",
    "start": "started",
    "restart": "restarted",
    "pause": "paused",
    "stop": "stopped",
    "remove": "removed",
    "hold": "held back",
    "drift": "drifted",
}

SIGN = {
    "pull": "+",
    "build": "+",
    "import": "+",
    "load": "+",
    "create": "+",
    "replace": "~",
    "update": "~",
    "start": "~",
    "restart": "~",
    "pause": "~",
    "stop": "~",
    "remove": "-",
    "hold": "=",
    "drift": "=",
}

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def counted(number: int, what: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def hidden_change(actual: object, wanted: object) -> str:
    """What is said of a difference whose values are not; None is nothing."""
    return "added" if actual is None else "removed" if wanted is None else "changed"


def to_do(summary: Mapping[str, int]) -> str:
    """`3 to create, 1 to replace`."""
    return ", ".join(
        f"{count} {PAST[operation]}" if operation in {"hold", "drift"} else f"{count} to {operation}"
        for operation, count in summary.items()
    )


def done(summary: Mapping[str, int]) -> str:
    """`3 created, 1 replaced`."""
    return ", ".join(f"{count} {PAST[operation]}" for operation, count in summary.items())


def duration(seconds: float) -> str:
    """`4.2 s`, `2 min 5 s`: how long something took."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def age(seconds: float) -> str:
    """`3 minutes`: how long something has been so; rounded down, in the largest unit."""
    for unit, size in _UNITS:
        if seconds >= size:
            return counted(int(seconds // size), unit)
    return "0 seconds"
