"""The table: one row for each attribute of a container that the Engine knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.fields import contents, hardware, limits, network, runtime, security, storage
from reconciler.fields.base import since_ever

if TYPE_CHECKING:
    from reconciler.fields.base import Field, Instance

TABLE = (
    *runtime.ROWS,
    *security.ROWS,
    *limits.ROWS,
    *network.ROWS,
    hardware.ROW,
    *storage.ROWS,
    *contents.ROWS,
)

ROW = {row.path: row for row in TABLE}

DATED = tuple(row for row in TABLE if row.since is not since_ever)
"""The rows that some API version does not know."""

_PLANNED = "decides what is done, and when; a container that runs does not know of it"
_HOOK = "is run at its next start or stop; a container that runs does not know of it"
_OF_IMAGE = "decides how its image comes here; the row `image` compares which one it is"

NOT_ON_THE_ENGINE = {
    "adopt": "says whose a container is that stands already",
    "build": _OF_IMAGE,
    "drift": _PLANNED,
    "depends_on": "orders the actions of a plan; a container that runs does not know of it",
    "external_links": "are part of the row `networks`",
    "links": "are part of the row `networks`",
    "network_mode": "is part of the row `networks`",
    "platform": _OF_IMAGE,
    "post_start": _HOOK,
    "pre_stop": _HOOK,
    "pull_policy": _OF_IMAGE,
    "pull_refresh_after": _OF_IMAGE,
    "replicas": "says how many containers there are",
    "update": _PLANNED,
    "was": _PLANNED,
}
"""Attributes without a row, and why."""

_DEFINING = {row.path: row for row in TABLE if not (row.always or row.declared or row.path == "image")}
_OTHERWISE = tuple(row for row in TABLE if row.declared)


def defining_rows(instance: Instance) -> list[Field]:
    """The rows that the spec gives a value, of those only a replacement can change; in no order, without the image."""
    given = [row for path in instance.declared if (row := _DEFINING.get(path))]
    given += [row for row in _OTHERWISE if row.is_declared(instance)]
    return given
