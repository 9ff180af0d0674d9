"""Where the variables of a load come from: `.env` and its kin, below the process's own environment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.spec.env_file import parse_variables

if TYPE_CHECKING:
    from reconciler.spec.origin import Origin
    from reconciler.spec.reading import Reading


def variables_of(files: Sequence[tuple[Path, Origin | None]], reading: Reading) -> dict[str, str]:
    """The variables of these files, of which a later one is the stronger.

    Args:
        files: with the place that names each; None where that is no file.
        reading: what may be read.

    Raises:
        SpecError: a file can't be read, or is wrong.
    """
    found: dict[str, str] = {}
    for path, origin in files:
        if origin is None:
            from reconciler.spec.document import content as content_of

            reading.allow(path)
            content = content_of(path, reading.name(path))
        else:
            content = reading.content(path, origin)
        variables, warnings = parse_variables(content, reading.name(path), reading.variables, earlier=found)
        found |= variables
        for warning in warnings:
            reading.warn(warning)
    return found
