"""Who keeps a project, and what is left alone of it: what `status` says besides its resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.journal.rests import Rests
from reconciler.report.layout import paragraph
from reconciler.report.style import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.journal.rests import Rest
    from reconciler.locks.holder import Holder
    from reconciler.report.layout import Paint
    from reconciler.report.style import Style

_INDENT = 4


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """What is to be said of a project as a whole.

    Attributes:
        watcher: who watches it from this machine; None for nobody.
        rests: what of it is paused and held now.
        suspended: whether its spec suspends it.
    """

    watcher: Holder | None = None
    rests: Rests = field(default_factory=Rests)
    suspended: bool = False

    @property
    def needs_a_look(self) -> bool:
        """Whether the watcher keeps another spec than is written."""
        return bool(self.watcher and self.watcher.broken)


def project_lines(status: ProjectStatus, project: str, style: Style, width: int) -> list[str]:
    """What is to be said of it, a line for each thing; longer ones are broken.

    Args:
        status: what is known.
        project: its name.
        style: how to paint.
        width: columns of the terminal.
    """
    return [
        paint(line)
        for text, paint in _sentences(status, project, style)
        for line in paragraph(visible(text), width, indent=_INDENT)
    ]


def _sentences(status: ProjectStatus, project: str, style: Style) -> Iterator[tuple[str, Paint]]:
    if who := status.watcher:
        since = f" since {who.since}" if who.since else ""
        yield f"watched{since} by process {who.pid} on {who.host}", style.dim
        if who.broken:
            found = f"broken at {who.broken} since {who.broken_since}"
            yield f"its spec is {found}: the last good one is kept until mended", style.bad
    if pause := status.rests.pause:
        ends = f"`reconciler resume {project}` ends it"
        yield f"paused {_lasting(pause)}: watch leaves all of it alone; {ends}", style.changed
    if status.suspended:
        yield "suspended by settings.suspend: watch leaves all of it alone", style.changed
    for held in status.rests.held:
        yield f"{held.name} is held {_lasting(held)}; `reconciler unhold {held.name}` ends that", style.changed


def _lasting(rest: Rest) -> str:
    until = f"until {rest.until}" if rest.until else "until it is taken back"
    return f"{until} by {rest.user}" if rest.user else until


def project_dict(status: ProjectStatus) -> dict[str, Any]:
    """It as data for `-o json`."""
    who = status.watcher
    broken = {"at": who.broken, "since": who.broken_since} if who and who.broken else None
    return {
        "watch": {
            "host": who.host,
            "pid": who.pid,
            "since": who.since,
            "files": list(who.files),
            "options": list(who.options),
            "spec_broken": broken,
        }
        if who
        else None,
        "paused": _rest(status.rests.pause) if status.rests.pause else None,
        "suspended": status.suspended,
        "held": [{"name": one.name, **_rest(one)} for one in status.rests.held],
    }


def _rest(rest: Rest) -> dict[str, str | None]:
    return {"until": rest.until or None, "since": rest.since or None, "user": rest.user or None}
