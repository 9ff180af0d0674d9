"""What would be lost with a container's writable layer, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.report.style import one_line, visible
from reconciler.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.planning.plan import Lost


def loss(lost: Lost, name: Callable[[str], str] = visible) -> str:
    """`loses 12 files: /etc/app.conf, /var/lib/app/data, …`.

    Args:
        lost: what would be.
        name: how a path is written.
    """
    if lost.unknown:
        return f"what it would lose is not known: {one_line(lost.unknown)}"
    more = ", …" if lost.count > len(lost.paths) else ""
    return f"loses {counted(lost.count, 'file')}: {', '.join(map(name, lost.paths))}{more}"
