"""Making containers and networks where a call of before may still be under way.

The Engine goes on with a call whose caller was killed: what it makes can appear after the next apply has looked.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.engine.replies import CALL_SECONDS, inspected, look_at, rows
from reconciler.errors import Conflict, EngineError, NotFound
from reconciler.fields.peers import settled

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.planning.actions import CreateContainer, CreateNetwork

_ATTEMPTS = 50
_PAUSE = 0.1
"""Seconds between them: a name is taken for some 100 ms before and after its container can be seen."""


def create_container(client: Client, action: CreateContainer, created: Mapping[str, str]) -> str:
    """Create a container; what an apply that was cut off has just left under its name, and never started, goes.

    Args:
        client: the Engine.
        action: what to create.
        created: the IDs of the containers that earlier actions created, by those actions' IDs.

    Returns:
        Its ID.

    Raises:
        Conflict: the name is another's.
        EngineError: the call failed.
    """
    params = {"name": action.name, "platform": action.platform or None}
    payload = settled(dict(action.payload), created)
    left = _ATTEMPTS
    while True:
        try:
            made = client.post("/containers/create", payload, params=params, deadline=CALL_SECONDS)
            return str(inspected(made, "new container", "Id")["Id"])
        except Conflict:
            left -= 1
            if not left or not _is_free(client, action):
                raise


def _is_free(client: Client, action: CreateContainer) -> bool:
    """Whether the name is free by now, or may be soon; a leftover of ours is removed."""
    try:
        found = look_at(client, action.name)
        ours = found.name == action.name and found.labels.items() >= (action.payload.get("Labels") or {}).items()
        if not ours or found.status != "created":
            return False
        client.delete(f"/containers/{found.id}", params={"force": "1", "v": "0"}, deadline=CALL_SECONDS)
    except (NotFound, Conflict):
        time.sleep(_PAUSE)  # it is being made, or removed
    return True


def create_network(client: Client, action: CreateNetwork) -> None:
    """Create a network, unless there is one; of several of its name that are ours, the oldest stays.

    Raises:
        EngineError: the call failed.
    """
    # The Engine may make two of one name: look before, since somebody may have been faster than the plan, and after.
    if _named(client, action):
        return
    client.post("/networks/create", dict(action.payload), deadline=CALL_SECONDS)
    for row in _named(client, action)[1:]:
        if (row.get("Labels") or {}) == (action.payload.get("Labels") or {}):
            with contextlib.suppress(EngineError):  # gone by now, or somebody is in it: a plan shows both
                client.delete(f"/networks/{row['Id']}", deadline=CALL_SECONDS)


def _named(client: Client, action: CreateNetwork) -> list[Mapping[str, object]]:
    """The networks of that name, the oldest first."""
    name = action.payload["Name"]
    listed = rows(client.get("/networks", params={"filters": {"name": [name]}}), "networks", "Id", "Name")
    return sorted((row for row in listed if row["Name"] == name), key=lambda row: (row.get("Created") or "", row["Id"]))
