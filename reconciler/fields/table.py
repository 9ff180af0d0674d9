"""The table: one row for each attribute of a container that the Engine knows."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from reconciler.fields import contents, hardware, limits, names, network, runtime, security, storage
from reconciler.fields.base import since_ever

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.fields.base import Field, Instance

TABLE = (
    *runtime.ROWS,
    *security.ROWS,
    *limits.ROWS,
    *names.ROWS,
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

_DEFINING = tuple(
    sorted((row for row in TABLE if not (row.always or row.declared or row.path == "image")), key=attrgetter("path"))
)
_OTHERWISE = tuple(row for row in TABLE if row.declared)

_OPEN = tuple(row for row in TABLE if row.always or row.drifts)
"""The rows, besides the image's, that an equal definition says nothing of."""

_SHAPES = 1024


class Shape(NamedTuple):
    """What follows from which attributes a container declares, whatever their values: the same for many containers.

    Attributes:
        defining: the rows of what only a replacement can change, and is declared, by path; but for those that say
            themselves whether they are.
        resting: where the rows rest that are always compared and not declared: keys of the Engine's HostConfig.
        open: the other rows, besides the image's, that an equal definition says nothing of.
    """

    defining: tuple[Field, ...]
    resting: tuple[str, ...]
    open: tuple[Field, ...]


@lru_cache(maxsize=_SHAPES)
def shape(declared: frozenset[str]) -> Shape:
    """The shape of all containers that declare these attributes."""
    # Of a row that goes along with a declared one the Engine reports what follows from that: swap, from memory.
    resting = {row.path: row.rests for row in _OPEN if row.rests and declared.isdisjoint({row.path, row.along})}
    return Shape(
        defining=tuple(row for row in _DEFINING if row.path in declared),
        resting=tuple(resting.values()),
        open=tuple(row for row in _OPEN if row.path not in resting),
    )


def defining_rows(instance: Instance) -> Sequence[Field]:
    """The rows that the spec gives a value, of those only a replacement can change, by path; without the image."""
    given = shape(instance.declared).defining
    others = [row for row in _OTHERWISE if row.is_declared(instance)]
    return sorted((*given, *others), key=attrgetter("path")) if others else given
