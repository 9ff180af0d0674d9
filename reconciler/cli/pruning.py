"""What --prune-images goes by: the images that the history of a project has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.options import Options
    from reconciler.planning.pruning import UsedImage


def used_for(options: Options, project: str, engine: Callable[[], str]) -> tuple[UsedImage, ...] | None:
    """The images that a project used; None without --prune-images.

    Args:
        options: of the command.
        project: its name.
        engine: asks for the Engine's ID.

    Raises:
        JournalError: the history can't be read.
        UsageError: only a part of the project is looked at.
    """
    if not options.prune_images:
        return None
    if options.target:
        raise UsageError("--prune-images looks at the whole project", "leave --target out, or --prune-images")
    from reconciler.journal.journal import Journal
    from reconciler.journal.used import used_images
    from reconciler.state_folder import state_folder

    return used_images(Journal(state_folder(os.environ)).runs(project), engine())
