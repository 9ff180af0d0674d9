"""Replies that must be what was asked for: one that can't be read never looks like "nothing there"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import EngineError
from reconciler.fields import ownership
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from reconciler.engine.client import Client

_HINT = "is something else listening at its address?"

CONTAINER = ("Id", "Name", "Image", "State", "Config", "HostConfig", "NetworkSettings")
"""What every inspect of a container has."""


CALL_SECONDS = 60.0
"""The deadline of a call that the Engine answers at once, unless it hangs."""


def look_at(client: Client, container: str) -> ContainerState:
    """A container, as it is now.

    Raises:
        EngineError: it is gone, or what the Engine tells of it can't be read.
    """
    reply = client.get(f"/containers/{container}/json", deadline=CALL_SECONDS)
    return ContainerState(inspected(reply, "container", "Id", "Name", "State"))


def rows(reply: Any, what: str, *needed: str) -> list[dict[str, Any]]:
    """The rows of a list.

    Args:
        reply: what came.
        what: it should be, such as `containers`.
        needed: what every row has.

    Raises:
        EngineError: it is something else.
    """
    if not isinstance(reply, list) or not all(_has(row, needed) for row in reply):
        raise EngineError(f"the Engine's list of {what} can't be read", _HINT)
    return reply


def volume_rows(reply: Any) -> list[dict[str, Any]]:
    """The rows of the list of volumes, which is in an object, and null where there are none.

    Those that are locks are left out: no plan is about them.

    Raises:
        EngineError: it is something else.
    """
    known = isinstance(reply, dict) and "Volumes" in reply
    found = rows((reply["Volumes"] or []) if known else None, "volumes", "Name")
    return [row for row in found if ownership.LOCK not in (row.get("Labels") or {})]


def inspected(reply: Any, what: str, *needed: str) -> dict[str, Any]:
    """What an inspect tells.

    Args:
        reply: what came.
        what: it should be, such as `container`.
        needed: what it always has.

    Raises:
        EngineError: it is something else.
    """
    if not _has(reply, needed):
        raise EngineError(f"what the Engine tells of a {what} can't be read", _HINT)
    return dict(reply)


def _has(row: Any, needed: tuple[str, ...]) -> bool:
    return isinstance(row, dict) and all(row.get(name) not in (None, "") for name in needed)
