"""What happened, for a person and for a program."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.report.style import Style, one_line, visible
from reconciler.state.output import RUN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.report.layout import Paint
    from reconciler.state.output import Event

_SHORT_ID = 12
_DIGITS = 64
_GOOD = {"start", "unpause", "health_status: healthy"}
_BAD = {"oom", "health_status: unhealthy"}
_ADDED = {"create", "pull", "import", "load", "connect"}
_REMOVED = {"destroy", "remove", "delete", "untag", "disconnect"}


class EventText:
    """Writes events, a line each; a line with the day comes before the first of each day.

    Attributes:
        style: how to paint.
        zone: of the times; the machine's own where not given.
        names: of containers, by ID: a network says only the ID of who joins it.
    """

    def __init__(self, style: Style, zone: tzinfo | None = None, names: Mapping[str, str] | None = None) -> None:
        self._style = style
        self._zone = zone
        self._names = dict(names or {})
        self._day = ""

    def lines(self, event: Event) -> list[str]:
        """An event."""
        moment = datetime.fromtimestamp(event.nanoseconds // 10**9, UTC).astimezone(self._zone)
        if event.kind == "container":
            self._names[event.id] = event.name
        lines = []
        if (day := f"{moment:%Y-%m-%d}") != self._day:
            self._day = day
            lines.append(self._style.dim(day))
        time = self._style.dim(f"{moment:%H:%M:%S}")
        detail = self._detail(event)
        words = self._paint(event)(one_line(event.action)) + (f" {detail}" if detail else "")
        lines.append(f"{time}  {visible(event.kind):9}  {self._style.bold(visible(_name(event)))}  {words}")
        return lines

    def _detail(self, event: Event) -> str:
        said = event.attributes
        if event.kind == RUN:
            result = "" if said["result"] == "done" else f"; {said['result']}"
            by = self._style.dim(f"({said['by']})")
            return f"{visible(event.id)}: {said['summary']}{result} {by}"
        match event.action:
            case "die":
                return f"(exit code {visible(said.get('exitCode', '?'))})"
            case "kill":
                return f"(signal {visible(said.get('signal', '?'))})"
            case "rename":
                return f"(was {visible(said.get('oldName', '').removeprefix('/'))})"
            case "connect" | "disconnect":
                container = said.get("container", "")
                return visible(self._names.get(container, container[:_SHORT_ID]))
            case "create" if event.kind == "container":
                return self._style.dim(f"({visible(said.get('image', ''))})")
        return ""

    def _paint(self, event: Event) -> Paint:
        style = self._style
        if event.kind == RUN:
            return style.bad if "failed" in event.attributes["result"] else style.bold
        if event.action in _BAD or (event.action == "die" and event.attributes.get("exitCode") not in {"0", None}):
            return style.bad
        if event.action in _GOOD:
            return style.good
        if event.action in _ADDED:
            return style.added
        return style.removed if event.action in _REMOVED else style.changed


def _name(event: Event) -> str:
    # A pull says the whole reference as the ID, other events of images say it as the name.
    name = event.id if event.kind == "image" and not _is_digest(event.id) else event.name
    return name.removeprefix("sha256:")[:_SHORT_ID] if _is_digest(name) else name


def _is_digest(text: str) -> bool:
    return len(digest := text.removeprefix("sha256:")) == _DIGITS and digest.isalnum()


def event_dict(event: Event) -> dict[str, Any]:
    """An event as data for `-o json` and `-o ndjson`."""
    seconds, nanoseconds = divmod(event.nanoseconds, 10**9)
    labels = event.attributes
    return {
        "time": f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z",
        "kind": event.kind,
        "action": event.action,
        "id": event.id,
        "name": event.name,
        "project": labels.get(ownership.PROJECT),
        "resource": labels.get(ownership.RESOURCE),
        "exit_code": int(labels["exitCode"]) if labels.get("exitCode", "").isdecimal() else None,
        "signal": labels.get("signal"),
        "container": labels.get("container"),
        "image": labels.get("image"),
        "result": labels.get("result"),
        "summary": labels.get("summary"),
    }
