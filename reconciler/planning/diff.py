"""Field-level differences of one container: what is wanted against what is there, row by row of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.fields import ownership, peers
from reconciler.fields.base import Canonical, Field, Instance, Mend
from reconciler.fields.payload import digest
from reconciler.fields.table import TABLE, shape
from reconciler.planning.declared import declared_before
from reconciler.planning.digests import comparable
from reconciler.planning.plan import FieldChange
from reconciler.planning.sensitive import is_sensitive
from reconciler.spec.model import State
from reconciler.state.snapshot import ContainerState, Snapshot

_NOT_SETTLED = tuple(row for row in TABLE if row.always or row.drifts or row.path == "image")
"""The rows that an equal definition says nothing of."""

_NOTHING: frozenset[str] = frozenset()

Difference = tuple[FieldChange, Mend]

_SHORT_ID = 19
"""`sha256:` and 12 digits: as docker shows an ID."""


_ON_OTHERS = frozenset({"external_links", "ipc", "links", "network_mode", "pid", "volumes_from", "configs", "secrets"})
"""Attributes whose wanted values depend on more than the spec: on other containers, and on contents."""


def is_undrifted(instance: Instance, container: ContainerState) -> bool:
    """A short way past a container that is as wanted, and needs nothing: as nearly all are, in nearly every cycle.

    True where `differences` finds none; False where that is not known without a closer look.
    """
    if (
        instance.image_id != container.image_id
        or instance.container.state is not State.RUNNING
        or not _ON_OTHERS.isdisjoint(instance.declared)
        or container.labels.get(ownership.DIGEST) != digest(instance)
    ):
        return False
    inspect = container.inspect
    known = shape(instance.declared)
    if any(map((inspect.get("HostConfig") or {}).get, known.resting)):
        return False
    for row in known.open:
        if row.surely and row.surely(instance, inspect):
            continue
        if row.always and not row.same(row.wanted(instance), row.actual(inspect)):
            return False
        if row.drifts and row.is_declared(instance):
            return False
    return True


def differences(
    instance: Instance, container: ContainerState, snapshot: Snapshot, *, trust_digest: bool = True
) -> list[Difference]:
    """Every field of the container that is not as wanted, with what it takes to mend it.

    What only a replacement can change is compared where it is declared, or was when the container was made (then
    what the image or the Engine would give it is wanted); what can be changed in place always is.

    Args:
        instance: what is wanted.
        container: what is there.
        snapshot: its image, and what is known of its secrets.
        trust_digest: whether an equal definition settles all that only a replacement could change. That can't drift,
            since the Engine has no call that changes it; and what an Engine dropped because its kernel can't do it
            would otherwise be a difference for ever.
    """
    instance = comparable(instance, container, snapshot)
    settled = trust_digest and container.labels.get(ownership.DIGEST) == digest(instance)
    image = snapshot.image_by_id(container.image_id)
    before = _NOTHING if settled else declared_before(container, image)
    inspect = peers.named(container.inspect, instance.peers)
    if instance.container.state is State.COMPLETED and container.has_completed:
        inspect = peers.done_with(inspect, instance.container)
    if inspect is not container.inspect:
        container = replace(container, inspect=inspect)
    declared, host = instance.declared, inspect.get("HostConfig") or {}
    config: Mapping[str, Any] = image.config if image else {}
    found: list[Difference] = []
    for row in _NOT_SETTLED if settled else TABLE:
        if row.rests and not host.get(row.rests) and row.path not in declared:
            continue  # as most limits of most containers
        if row.surely and row.surely(instance, inspect):
            continue
        if row.path == "image":
            found += _image(instance, container)
        elif row.always:  # no part of the digest: nobody else asks for what is wanted
            wanted, actual = row.wanted(instance), row.actual(inspect)
            if not row.same(wanted, actual):
                found.append(_difference(row, instance, wanted, actual))
        elif before or row.is_declared(instance):
            compare = _by_key if row.by_key else _whole
            found += compare(row, instance, container, before, config)
    return found


def _image(instance: Instance, container: ContainerState) -> list[Difference]:
    # Another reference to the same image is no difference; the same reference to another image is.
    if instance.image_id == container.image_id:
        return []
    wanted, actual = instance.container.image, container.image
    if wanted == actual:
        new = instance.image_id[:_SHORT_ID] if instance.image_id else "the new one"
        wanted, actual = f"{wanted} ({new})", f"{actual} ({container.image_id[:_SHORT_ID]})"
    return [(FieldChange("image", instance.image_id, container.image_id, wanted, actual), Mend.REPLACE)]


def _whole(
    row: Field,
    instance: Instance,
    container: ContainerState,
    before: frozenset[str],
    config: Mapping[str, Any],
) -> list[Difference]:
    if row.is_declared(instance):
        wanted, actual = instance.canonical(row), row.actual(container.inspect)
        same = row.same(wanted, actual)
        if same and row.adds and row.path in before:
            same = set(actual) <= {*wanted, *row.undeclared(container.inspect, config)}
    elif row.path in before:
        wanted, actual = row.undeclared(container.inspect, config), row.actual(container.inspect)
        same = wanted == actual
    else:
        return []
    return [] if same else [_difference(row, instance, wanted, actual)]


def _difference(row: Field, instance: Instance, wanted: Canonical, actual: Canonical) -> Difference:
    sensitive = is_sensitive(instance.spec.settings.sensitive, "", wanted, actual)
    change = FieldChange(row.path, wanted, actual, row.show(wanted), row.show(actual), sensitive)
    return change, row.mend(wanted, actual)


def _by_key(
    row: Field,
    instance: Instance,
    container: ContainerState,
    before: frozenset[str],
    config: Mapping[str, Any],
) -> list[Difference]:
    wanted = dict(instance.canonical(row))
    undeclared = row.undeclared(container.inspect, config)
    taken_back = {key for path in before if (key := path.removeprefix(f"{row.path}.")) not in {path, *wanted}}
    wanted |= {key: undeclared.get(key) for key in taken_back}
    actual = row.actual(container.inspect)
    globs = instance.spec.settings.sensitive
    # What is no longer declared may have come from an `env_file`: nobody knows any more.
    hidden = taken_back if row.path == "environment" else set()
    return [
        (
            FieldChange(
                f"{row.path}.{key}",
                value,
                there,
                _shown(row, value),
                _shown(row, there),
                sensitive=row.sensitive or key in hidden or is_sensitive(globs, key, value, there),
            ),
            row.mend(value, there),
        )
        for key, value in sorted(wanted.items())
        if not row.same(value, there := actual.get(key))
    ]


def _shown(row: Field, value: object) -> str:
    return "not set" if value is None else row.show(value)
