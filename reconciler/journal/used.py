"""Which images a project used, as the journal tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.planning.pruning import UsedImage
from reconciler.state.resource import Kind

if TYPE_CHECKING:
    from reconciler.journal.run import Run


def used_images(runs: Iterable[Run], engine: str) -> tuple[UsedImage, ...]:
    """The images of a project's runs on one Engine, the latest first; each once.

    A run remembers what a reference named as it began. Where it then brought another image, what was there before was
    only the project's if an earlier run had that reference already: else somebody else had brought it.

    Args:
        runs: of one project, the newest first.
        engine: the Engine's ID.
    """
    found: list[UsedImage] = []
    named: set[str] = set()
    for run in reversed([*runs]):
        if run.engine != engine:
            continue
        brought = {done.name for done in run.changes if done.kind == Kind.IMAGE}
        for reference, known_as in sorted(run.images.items(), reverse=True):
            if reference in named or reference not in brought:
                found.append(UsedImage(reference, known_as))
        named |= run.images.keys() | brought
    return tuple(dict.fromkeys(reversed(found)))
