"""The table: one row for each attribute of a container that the Engine knows."""

from __future__ import annotations

from reconciler.fields import limits, network, runtime, security, storage

TABLE = (*runtime.ROWS, *security.ROWS, *limits.ROWS, *network.ROWS, *storage.ROWS)

ROW = {row.path: row for row in TABLE}

NOT_ON_THE_ENGINE = {
    "depends_on": "orders the actions of a plan; a container that runs does not know of it",
    "network_mode": "is part of the row `networks`",
}
"""Attributes without a row, and why."""
