"""The create payload of a container, made from the rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pydantic_core import to_json

from reconciler.fields import compose_labels, ownership, peers
from reconciler.fields.table import TABLE, defining_rows
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Field, Instance, Payload

_FORM = 1
"""The version of the canonical form: a digest made from another one says nothing."""

_SHORT = 12
"""Hexadecimal digits that tell the few values of one field apart."""


def declared(instance: Instance) -> list[str]:
    """The paths that the spec declares, with the names of map keys and never a value; sorted."""
    paths: list[str] = []
    for row in TABLE:
        if not row.is_declared(instance):
            continue
        paths.extend(f"{row.path}.{key}" for key in instance.canonical(row)) if row.by_key else paths.append(row.path)
    return sorted(paths)


def digest(instance: Instance) -> str:
    """The digest of the definition: of the canonical values of all that only a replacement could change.

    The image is known by its ID, and is no part of it.
    """
    values = {row.path: _in_order(instance.canonical(row)) for row in defining_rows(instance)}
    # As `ownership.write_json` has it, in a third of the time: half of planning were digests.
    text = to_json({"fields": values, "form": _FORM})
    return f"{_FORM}:{hashlib.sha256(text).hexdigest()}"


def _in_order(value: Canonical) -> Canonical:
    """A canonical value, with its keys sorted; what is in it has them so."""
    return {key: value[key] for key in sorted(value)} if value.__class__ is dict else value


def value_digest(row: Field, instance: Instance) -> str:
    """A short digest of what is wanted of one field."""
    text = ownership.write_json({"form": _FORM, "value": instance.canonical(row)})
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]


def _in_place(instance: Instance) -> dict[str, str]:
    return {row.path: value_digest(row, instance) for row in TABLE if row.always and instance.declares(row.path)}


def labels(project: str, resource: str) -> dict[str, str]:
    """The labels that make any resource ours."""
    return {ownership.PROJECT: project, ownership.RESOURCE: resource, ownership.VERSION: __version__}


def _mark_volumes(payload: Payload, instance: Instance) -> None:
    """Have the project's volumes ours also where the Engine has to make them itself.

    It makes what is missing when a container is created: a volume that somebody's prune took away since it was made, or
    since the plan was. Where the volume is there its labels stay as they are.
    """
    keys = {mount.target: mount.source for mount in instance.container.volumes if mount.type == "volume"}
    if not keys:
        return
    spec = instance.spec
    for mount in payload.get("HostConfig", {}).get("Mounts", ()):
        volume = spec.volumes.get(key := keys.get(mount["Target"], ""))
        if volume and not volume.external:
            options = mount.setdefault("VolumeOptions", {})
            options["Labels"] = {**options.get("Labels", {}), **labels(spec.name, key)}


def create_payload(instance: Instance, carried: ownership.Anonymous | None = None) -> Payload:
    """The body of the create call.

    Args:
        instance: the container to be.
        carried: anonymous volumes of its forerunner that move along.
    """
    payload: Payload = {"Image": instance.container.image}
    for row in TABLE:
        if row.always or row.is_declared(instance):
            row.write(payload, instance.canonical(row))
    _mark_volumes(payload, instance)
    own = compose_labels.of_container(instance) | labels(instance.spec.name, instance.key)
    own |= {
        ownership.REPLICA: str(instance.replica),
        ownership.DECLARED: ownership.write_json(declared(instance)),
        ownership.DIGEST: digest(instance),
    }
    if in_place := _in_place(instance):
        own[ownership.IN_PLACE] = ownership.write_json(in_place)
    if carried:
        own[ownership.ANONYMOUS] = str(carried)
        mounts = payload.setdefault("HostConfig", {}).setdefault("Mounts", [])
        for mount in mounts:
            mount["Source"] = carried.of_spec.get(mount["Target"], mount["Source"])
        of_image = sorted(carried.of_image.items())
        mounts.extend({"Type": "volume", "Source": name, "Target": path} for path, name in of_image)
    payload.setdefault("Labels", {}).update(own)
    return peers.resolved(payload, instance.peers)
