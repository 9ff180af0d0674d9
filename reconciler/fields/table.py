"""The table: one row for each attribute of a container that the Engine knows."""

from __future__ import annotations

from reconciler.fields import limits, network, runtime, security, storage
from reconciler.fields.base import since_ever

TABLE = (*runtime.ROWS, *security.ROWS, *limits.ROWS, *network.ROWS, *storage.ROWS)

ROW = {row.path: row for row in TABLE}

DATED = tuple(row for row in TABLE if row.since is not since_ever)
"""The rows that some API version does not know."""

_PLANNED = "decides what is done, and when; a container that runs does not know of it"
_OF_IMAGE = "decides how its image comes here; the row `image` compares which one it is"

NOT_YET = (
    *("adopt", "configs", "drift", "external_links", "links", "mac_address", "post_start", "pre_stop", "secrets"),
    "volumes_from",
)
"""Attributes that are read, and that no version carries out so far: a plan that would need to is a conflict."""

NOT_ON_THE_ENGINE = {
    **dict.fromkeys(NOT_YET, "is read, and not carried out yet"),
    "build": _OF_IMAGE,
    "depends_on": "orders the actions of a plan; a container that runs does not know of it",
    "network_mode": "is part of the row `networks`",
    "platform": _OF_IMAGE,
    "pull_policy": _OF_IMAGE,
    "pull_refresh_after": _OF_IMAGE,
    "replicas": "says how many containers there are",
    "update": _PLANNED,
    "was": _PLANNED,
}
"""Attributes without a row, and why."""
