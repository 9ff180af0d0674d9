"""The files and folders that a spec names and that are read when it is carried out: not what it mounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.spec.places import Path_
from reconciler.spec.remote import is_remote

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.spec.model.build import Build


def named_files(spec: Spec) -> Iterator[tuple[Path_, Path]]:
    """Each with the place where it is named."""
    for reference, image in spec.images.items():
        if image.import_:
            yield ("images", reference, "import"), image.import_
        if image.load:
            yield ("images", reference, "load"), image.load
        yield from _of_build(("images", reference, "build"), image.build)
    for key, container in spec.containers.items():
        yield from _of_build(("containers", key, "build"), container.build)
    for section, contents in (("configs", spec.configs), ("secrets", spec.secrets)):
        for key, content in contents.items():
            if content.file:
                yield (section, key, "file"), content.file


def _of_build(place: Path_, build: Build | None) -> Iterator[tuple[Path_, Path]]:
    if not build:
        return
    if not build.is_remote:
        yield (*place, "context"), Path(build.context)
        if build.dockerfile:
            yield (*place, "dockerfile"), Path(build.context) / build.dockerfile
    for name, where in build.additional_contexts.items():
        if not is_remote(where):
            yield (*place, "additional_contexts", name), Path(where)
