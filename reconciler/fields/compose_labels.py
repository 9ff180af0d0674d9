"""Compose's own labels, by which `docker compose ps` and other tools group what belongs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.fields.base import Instance
    from reconciler.spec.model import Spec

_PREFIX = "com.docker.compose."


def of_container(instance: Instance) -> dict[str, str]:
    """The labels of a container; none where the spec does not ask for them."""
    if not instance.spec.compose_labels:
        return {}
    return {
        f"{_PREFIX}project": instance.spec.name,
        f"{_PREFIX}service": instance.key,
        f"{_PREFIX}container-number": str(instance.replica),
        f"{_PREFIX}oneoff": "False",
    }


def of_network(spec: Spec, key: str) -> dict[str, str]:
    """The labels of a network; none where the spec does not ask for them."""
    return {f"{_PREFIX}project": spec.name, f"{_PREFIX}network": key} if spec.compose_labels else {}


def of_volume(spec: Spec, key: str) -> dict[str, str]:
    """The labels of a volume; none where the spec does not ask for them."""
    return {f"{_PREFIX}project": spec.name, f"{_PREFIX}volume": key} if spec.compose_labels else {}
