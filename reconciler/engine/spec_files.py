"""What the files are that a spec's images are made from: read side by side with what else is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import EngineError
from reconciler.spec.buildkit import is_for_buildkit
from reconciler.state.images import Archive, Content

if TYPE_CHECKING:
    from reconciler.spec.model.build import Build
    from reconciler.spec.wanted_images import WantedImage


class SpecFiles:
    """The files of wanted images; reading them begins at once."""

    def __init__(self, wanted: Iterable[WantedImage], pool: Executor) -> None:
        images = [one for one in wanted if not one.is_absent]
        self._sources = {str(path): pool.submit(_digest, path) for one in images if (path := one.image.import_)}
        self._archives = {str(path): pool.submit(_archive, path) for one in images if (path := one.image.load)}
        self._contexts: dict[str, Future[Content]] = {
            build.source: pool.submit(_content, build) for one in images if (build := one.build) and not build.is_remote
        }

    def sources(self) -> dict[str, str]:
        """As in `Snapshot`; raises `EngineError` where an import source can't be read."""
        return {path: future.result() for path, future in self._sources.items()}

    def contexts(self) -> dict[str, Content]:
        """As in `Snapshot`."""
        return {source: future.result() for source, future in self._contexts.items()}

    def archives(self) -> dict[str, Archive]:
        """As in `Snapshot`."""
        return {path: future.result() for path, future in self._archives.items()}


# Most specs have none of these: what reads them is imported where there is one.


def _digest(path: Path) -> str:
    from reconciler.engine.archive import source_digest

    return source_digest(path)


def _archive(path: Path) -> Archive:
    from reconciler.engine.saved import read_archive

    return read_archive(path)


def _content(build: Build) -> Content:
    from reconciler.engine.build_context import BuildContext

    try:
        dockerfile = build.dockerfile or "Dockerfile"
        context = BuildContext(Path(build.context), dockerfile, build.dockerfile_inline, build.local_contexts)
        return Content(context.digest(), is_for_buildkit=is_for_buildkit(context.dockerfile_text()))
    except EngineError as error:
        return Content(None, error.message)
