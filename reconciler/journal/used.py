"""Which images a project used, as the journal tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.planning.pruning import UsedImage

if TYPE_CHECKING:
    from reconciler.journal.run import Run


def used_images(runs: Iterable[Run], engine: str) -> tuple[UsedImage, ...]:
    """The images that a project's containers on one Engine were made from, the latest first; each once.

    Args:
        runs: of the project, the newest first.
        engine: the Engine's ID.
    """
    return tuple(dict.fromkeys(UsedImage(*used) for run in runs if run.engine == engine for used in run.used))
