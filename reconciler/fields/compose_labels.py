"""Compose's own labels, by which `docker compose ps` and other tools group what belongs together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.fields.base import Instance
    from reconciler.spec.model import Spec

PREFIX = "com.docker.compose."
PROJECT = f"{PREFIX}project"
SERVICE = f"{PREFIX}service"
NUMBER = f"{PREFIX}container-number"
ONE_OFF = f"{PREFIX}oneoff"
HASH = f"{PREFIX}config-hash"

_NUMBERED = re.compile(r".+-[0-9]+")

Labels = Mapping[str, str]


def is_one_off(labels: Labels) -> bool:
    """Whether `docker compose run` made the container: it is somebody's for the moment, and never touched."""
    return labels.get(ONE_OFF, "").lower() == "true"


def place(labels: Labels, project: str) -> tuple[str, int] | None:
    """The service and number of a container that Compose made for a project; None for any other, and for one-offs."""
    service = labels.get(SERVICE, "")
    if labels.get(PROJECT) != project or not service or is_one_off(labels):
        return None
    number = labels.get(NUMBER, "1")
    return service, int(number) if number.isdecimal() else 1


def names(labels: Labels) -> frozenset[str]:
    """The names that Compose gives a container: of this time, and of version 1. They are among its aliases."""
    if PROJECT not in labels:
        return frozenset()
    parts = [labels[PROJECT], labels.get(SERVICE, ""), labels.get(NUMBER, "")]
    return frozenset(separator.join(parts) for separator in "-_") if all(parts) else frozenset()


def links(labels: Labels, found: Collection[str] | None) -> Collection[str]:
    """A container's links as the spec writes them.

    For `db:database` Compose links to the container by its name, and that as `db-1` and `shop-db-1` besides: from the
    two it can be told whose container that is.
    """
    if not found or PROJECT not in labels:
        return found or ()
    aliases: dict[str, set[str]] = {}
    for name, _, alias in (link.partition(":") for link in found):
        aliases.setdefault(name, set()).add(alias)
    written = set()
    for name, own in aliases.items():
        added = {alias for alias in own if f"{labels[PROJECT]}-{alias}" in own and _NUMBERED.fullmatch(alias)}
        service = min(added).rpartition("-")[0] if added else name
        own -= {*added, *(f"{labels[PROJECT]}-{alias}" for alias in added)}
        written |= {f"{service}:{alias}" for alias in own}
    return written


def of_container(instance: Instance) -> dict[str, str]:
    """The labels of a container; none where the spec does not ask for them."""
    if not instance.spec.compose_labels:
        return {}
    return {
        PROJECT: instance.spec.name,
        SERVICE: instance.key,
        NUMBER: str(instance.replica),
        ONE_OFF: "False",
        # Compose passes over a container without one. None of its own: its `up` makes the container anew.
        HASH: "reconciler",
    }


def of_network(spec: Spec, key: str) -> dict[str, str]:
    """The labels of a network; none where the spec does not ask for them."""
    return {PROJECT: spec.name, f"{PREFIX}network": key} if spec.compose_labels else {}


def of_volume(spec: Spec, key: str) -> dict[str, str]:
    """The labels of a volume; none where the spec does not ask for them."""
    return {PROJECT: spec.name, f"{PREFIX}volume": key} if spec.compose_labels else {}
