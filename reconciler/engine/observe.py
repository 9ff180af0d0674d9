"""The Engine → a Snapshot: one list of each kind, and one inspect of each of the project's containers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.engine.contents import ContentsObserver
from reconciler.engine.lists import LISTS
from reconciler.engine.observe_images import ImagesObserver, by_reference
from reconciler.engine.own_container import own_container
from reconciler.engine.replies import CONTAINER, inspected, rows, volume_rows
from reconciler.errors import NotFound
from reconciler.fields import compose_labels, ownership
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
from reconciler.threads import threads

if TYPE_CHECKING:
    from reconciler.engine.here import Here
    from reconciler.engine.reading import Reading
    from reconciler.spec.model import Spec

_CONCURRENCY = 8
"""Inspects at once: 2,000 a second at 4 to 8, fewer beyond."""

T = TypeVar("T")


def observe(reading: Reading, project: str, spec: Spec | None, here: Here, *, images: bool = True) -> Snapshot:
    """What is there now.

    Args:
        reading: of the Engine; what it knows is read here, what it has to ask for by several threads.
        project: whose containers are inspected.
        spec: what is wanted; None where only what is there matters.
        here: this machine.
        images: whether the spec's sources of images are read, and registries asked.

    Raises:
        EngineError: a call failed, or a reply is not what it should be.
    """
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    with threads(_CONCURRENCY, "observe") as pool:
        listed = [_asked(reading, path, params, pool) for path, params in LISTS]
        observer = ImagesObserver(reading, spec if images else None, pool)
        of_contents = ContentsObserver(reading, project, spec if images else None, here)
        containers, networks, volumes, tagged = (answer() for answer in listed)
        ours, others, candidates = _sort_out(rows(containers, "containers", "Id"), project, spec)
        paths = [f"/containers/{row['Id']}/json" for row in (*ours, *candidates)]
        looked_at = _each(reading, paths, lambda path: _inspect(reading, path), pool)
        states = sorted((state for state in looked_at if state), key=lambda state: (state.name, state.id))
        own = {row["Id"] for row in ours}
        used = sorted({state.image_id for state in states})
        paths = [f"/images/{image}/json" for image in used]
        configs = dict(zip(used, _each(reading, paths, lambda path: _image_config(reading, path), pool), strict=True))
        images_here = _images(rows(tagged, "images", "Id"), configs)
        of_images = observer.finish(by_reference(images_here), taken_at)
        itself = own_container([row["Id"] for row in (*ours, *others)])
        found = of_contents.finish(states, itself, pool)
        return Snapshot(
            taken_at=taken_at,
            engine=reading.about,
            containers=tuple(state for state in states if state.id in own),
            others=tuple(sorted(map(_other, others), key=lambda other: other.id)),
            candidates=tuple(state for state in states if state.id not in own),
            networks=tuple(
                NetworkState(row["Id"], row["Name"], row.get("Driver") or "", row.get("Labels") or {}, row)
                for row in rows(networks, "networks", "Id", "Name")
            ),
            volumes=tuple(
                VolumeState(row["Name"], row.get("Driver") or "", row.get("Labels") or {}, row)
                for row in volume_rows(volumes)
            ),
            images=_looked_at(images_here, of_images.inspects),
            sources=of_images.sources,
            contexts=of_images.contexts,
            buildx=of_images.buildx,
            archives=of_images.archives,
            offers=of_images.offers,
            contents=found.contents,
            revealed=found.revealed,
            unlabelled=found.unlabelled,
            view=found.view,
            own_container=itself,
        )


def _sort_out(rows: list[dict[str, Any]], project: str, spec: Spec | None) -> tuple[list[dict[str, Any]], ...]:
    """The project's containers, all others, and those of the others that may be taken over."""
    ours: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for row in rows:
        labels = row.get("Labels") or {}
        mine = labels.get(ownership.PROJECT) == project and labels.get(ownership.RESOURCE)
        (ours if mine else others).append(row)
    names = set(_wanted_names(spec)) if spec else set()
    replaced = {(row.get("Labels") or {}).get(ownership.REPLACES) for row in ours}
    candidates = [
        row
        for row in others
        if row["Id"] in replaced
        or compose_labels.place(row.get("Labels") or {}, project)
        or names.intersection(name.removeprefix("/") for name in row.get("Names") or ())
    ]
    return ours, others, candidates


def _wanted_names(spec: Spec) -> Iterator[str]:
    for key, container in spec.containers.items():
        for number in range(1, container.replicas + 1):
            yield spec.container_name(key, number)


def _asked(reading: Reading, path: str, params: Mapping[str, Any] | None, pool: Executor) -> Callable[[], Any]:
    """What will return a reply."""
    if not reading.knows(path, params):
        return pool.submit(reading.get, path, params).result
    known = reading.get(path, params)
    return lambda: known


def _each(reading: Reading, paths: Sequence[str], ask: Callable[[str], T], pool: Executor) -> list[T]:
    """What is asked for at each path; by a thread of the pool where it is not known."""
    asked = {path: pool.submit(ask, path) for path in paths if not reading.knows(path)}
    return [asked[path].result() if path in asked else ask(path) for path in paths]


def _inspect(reading: Reading, path: str) -> ContainerState | None:
    try:
        return ContainerState(inspected(reading.get(path), "container", *CONTAINER))
    except NotFound:
        return None  # it went between the list and now: that is how it is now


def _image_config(reading: Reading, path: str) -> dict[str, Any]:
    try:
        return inspected(reading.get(path), "image", "Id").get("Config") or {}
    except NotFound:
        return {}  # an image can be removed by force under a container


def _other(row: dict[str, Any]) -> OtherContainer:
    labels = row.get("Labels") or {}
    return OtherContainer(
        id=row["Id"],
        names=tuple(
            name.removeprefix("/")
            for name in row.get("Names") or ()
            if "/" not in name[1:]  # a link is no name that a container could have
        ),
        host_ports=frozenset(
            f"{port['PublicPort']}/{port.get('Type', 'tcp')}"
            for port in row.get("Ports") or ()
            if port.get("PublicPort")
        ),
        project=ownership.project(labels),
        image_id=row.get("ImageID") or "",
        networks={
            name: (endpoint or {}).get("NetworkID") or ""
            for name, endpoint in (at("NetworkSettings.Networks", row) or {}).items()
        },
        volumes=frozenset(
            mount["Name"] for mount in row.get("Mounts") or () if mount.get("Type") == "volume" and mount.get("Name")
        ),
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
