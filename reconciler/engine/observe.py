"""The Engine → a Snapshot: one list of each kind, and one inspect of each of the project's containers."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.engine.observe_images import ImagesObserver, by_reference
from reconciler.errors import EngineError, NotFound
from reconciler.fields import ownership
from reconciler.fields.base import at
from reconciler.spec.reference import full_reference
from reconciler.state.images import ImageState
from reconciler.state.snapshot import (
    ContainerState,
    NetworkState,
    OtherContainer,
    Snapshot,
    VolumeState,
)

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.spec.model import Spec

_CONCURRENCY = 8
"""Inspects at once: 2,000 a second at 4 to 8, fewer beyond."""

_COMPOSE_PROJECT = "com.docker.compose.project"


def observe(client: Client, project: str, spec: Spec | None) -> Snapshot:
    """What is there now.

    Args:
        client: the Engine.
        project: whose containers are inspected.
        spec: whose sources of images are read, and registries asked; None where only what is there matters.

    Raises:
        EngineError: a call failed, or a reply is not what it should be.
    """
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="observe") as pool:
        listed = [
            pool.submit(client.get, path, params)
            for path, params in (
                ("/containers/json", {"all": "1"}),
                ("/networks", None),
                ("/volumes", None),
                ("/images/json", None),
            )
        ]
        observer = ImagesObserver(client, spec, pool)
        containers, networks, volumes, images = (future.result() for future in listed)
        ours, others = _sort_out(_rows(containers, "containers"), project)
        inspected = pool.map(lambda row: _inspect(client, row["Id"]), ours)
        states = [state for state in inspected if state is not None]
        used = {state.image_id for state in states}
        configs = dict(zip(sorted(used), pool.map(lambda key: _image_config(client, key), sorted(used)), strict=True))
        here = _images(_rows(images, "images"), configs)
        of_images = observer.finish(by_reference(here), taken_at)
        return Snapshot(
            taken_at=taken_at,
            engine=client.about,
            containers=tuple(sorted(states, key=lambda state: (state.name, state.id))),
            others=tuple(sorted(map(_other, others), key=lambda other: other.id)),
            networks=tuple(
                NetworkState(row["Id"], row["Name"], row.get("Driver") or "", row.get("Labels") or {}, row)
                for row in _rows(networks, "networks")
            ),
            volumes=tuple(
                VolumeState(row["Name"], row.get("Driver") or "", row.get("Labels") or {}, row)
                for row in _rows(volumes.get("Volumes") or [] if isinstance(volumes, dict) else volumes, "volumes")
            ),
            images=_looked_at(here, of_images.inspects),
            sources=of_images.sources,
            contexts=of_images.contexts,
            archives=of_images.archives,
            offers=of_images.offers,
        )


def observe_containers(client: Client, project: str) -> list[ContainerState]:
    """A project's containers alone, by name.

    Raises:
        EngineError: a call failed, or a reply is not what it should be.
    """
    params = {"all": "1", "filters": {"label": [f"{ownership.PROJECT}={project}", ownership.RESOURCE]}}
    rows = _rows(client.get("/containers/json", params), "containers")
    states = [state for row in rows if (state := _inspect(client, row["Id"]))]
    return sorted(states, key=lambda state: (state.name, state.id))


def _rows(reply: Any, what: str) -> list[dict[str, Any]]:
    # A reply that can't be read must never look like "nothing there".
    if not isinstance(reply, list) or not all(isinstance(row, dict) for row in reply):
        raise EngineError(f"the Engine's list of {what} can't be read", "is something else listening at its address?")
    return reply


def _sort_out(rows: list[dict[str, Any]], project: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    ours: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for row in rows:
        labels = row.get("Labels") or {}
        mine = labels.get(ownership.PROJECT) == project and labels.get(ownership.RESOURCE)
        (ours if mine else others).append(row)
    return ours, others


def _inspect(client: Client, container: str) -> ContainerState | None:
    try:
        return ContainerState(client.get(f"/containers/{container}/json"))
    except NotFound:
        return None  # it went between the list and now: that is how it is now


def _image_config(client: Client, image: str) -> dict[str, Any]:
    try:
        return client.get(f"/images/{image}/json").get("Config") or {}
    except NotFound:
        return {}  # an image can be removed by force under a container


def _other(row: dict[str, Any]) -> OtherContainer:
    labels = row.get("Labels") or {}
    return OtherContainer(
        id=row["Id"],
        names=tuple(name.removeprefix("/") for name in row.get("Names") or ()),
        host_ports=frozenset(
            f"{port['PublicPort']}/{port.get('Type', 'tcp')}"
            for port in row.get("Ports") or ()
            if port.get("PublicPort")
        ),
        project=labels.get(ownership.PROJECT) or labels.get(_COMPOSE_PROJECT) or "",
        image_id=row.get("ImageID") or "",
        networks={
            name: (endpoint or {}).get("NetworkID") or ""
            for name, endpoint in (at("NetworkSettings.Networks", row) or {}).items()
        },
    )


def _images(rows: list[dict[str, Any]], configs: dict[str, dict[str, Any]]) -> tuple[ImageState, ...]:
    images = {
        row["Id"]: ImageState(
            id=row["Id"],
            references=frozenset(
                full_reference(text)
                for text in (*(row.get("RepoTags") or ()), *(row.get("RepoDigests") or ()))
                if not text.startswith("<none>") and not text.endswith("<none>")
            ),
            labels=row.get("Labels") or {},
            config=configs.get(row["Id"], {}),
        )
        for row in rows
    }
    # A container may run an image that lists no longer show.
    for image_id, config in configs.items():
        images.setdefault(image_id, ImageState(image_id, frozenset(), {}, config))
    return tuple(images[image_id] for image_id in sorted(images))


def _looked_at(images: tuple[ImageState, ...], inspects: dict[str, dict[str, Any]]) -> tuple[ImageState, ...]:
    """The images, with what a closer look told of some: by the reference that was looked at."""
    return tuple(
        replace(image, inspect=inspects[found]) if (found := _first(image.references & inspects.keys())) else image
        for image in images
    )


def _first(names: Collection[str]) -> str:
    return min(names, default="")
