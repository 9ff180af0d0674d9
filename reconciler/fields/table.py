"""The table: one row for each attribute of a container that the Engine knows."""

from __future__ import annotations

from reconciler.fields import limits, network, runtime, security, storage

TABLE = (*runtime.ROWS, *security.ROWS, *limits.ROWS, *network.ROWS, *storage.ROWS)

ROW = {row.path: row for row in TABLE}

_PLANNED = "decides what is done, and when; a container that runs does not know of it"
_OF_IMAGE = "decides how its image comes here; the row `image` compares which one it is"

NOT_ON_THE_ENGINE = {
    "adopt": _PLANNED,
    "build": _OF_IMAGE,
    "configs": "",
    "depends_on": "orders the actions of a plan; a container that runs does not know of it",
    "drift": _PLANNED,
    "external_links": "",
    "links": "",
    "mac_address": "is part of the row `networks`",
    "network_mode": "is part of the row `networks`",
    "platform": _OF_IMAGE,
    "post_start": _PLANNED,
    "pre_stop": _PLANNED,
    "pull_policy": _OF_IMAGE,
    "pull_refresh_after": _OF_IMAGE,
    "replicas": "says how many containers there are",
    "secrets": "",
    "update": _PLANNED,
    "volumes_from": "",
    "was": _PLANNED,
}
"""Attributes without a row, and why."""
