"""What is held of an Engine's objects: rows, inspects and answers, none of which an older look ever replaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.held_rows import (
    Json,
    brief_of_inspect,
    frees,
    inspect_of,
    row_of_inspect,
    volume_row,
)
from reconciler.engine.sharing import Sharing
from reconciler.fields import ownership

Key = tuple[str, str]
"""What is looked at: a kind, and which: a container's ID, a volume's name. Networks and images are listed at once."""

NETWORKS: Key = ("networks", "")
IMAGES: Key = ("images", "")

Tells = frozenset[str | None]
"""The projects whose plans may depend on what changed; None for all of them."""

NOBODY: Tells = frozenset()
EVERYBODY: Tells = frozenset({None})

_INSPECTS = 50
"""Containers inspected with each full list, in turn, besides those whose row says that they changed."""

_BY_ID = "/images/sha256:"
"""What is asked of an image by its ID stays so for as long as it is there."""

ListedContainers = Mapping[str, tuple[Json, tuple[str, str]]]
"""Containers by their IDs: each one's row, its state and its health."""


@dataclass(slots=True)
class Held:
    """One object.

    Attributes:
        row: its row of the list.
        began: when the look began that this is of.
        inspect: of a container, where somebody asked for it.
        wanted: whether somebody did.
    """

    row: Json
    began: int
    inspect: Json | None = None
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a full list found that was not as held.

    Attributes:
        count: how many objects.
        tells: whose plans may depend on them.
    """

    count: int
    tells: Tells


@dataclass(slots=True)
class Listed:
    """All objects of a kind that is listed at once."""

    rows: list[Json] = field(default_factory=list)
    began: int = 0


class Holdings:
    """All that a cache holds. It has no lock: who calls it holds the cache's.

    Attributes:
        containers: by their IDs.
        volumes: by their names.
        lists: of networks and images.
        answers: to what is only asked for once, by the question.
        forgotten: how often answers were forgotten: what was asked before that is not to be held after it.
        in_flight: what actions are being carried out on.
        sharing: of all of these.
    """

    def __init__(self) -> None:
        self.containers: dict[str, Held] = {}
        self.volumes: dict[str, Held] = {}
        self.lists = {NETWORKS: Listed(), IMAGES: Listed()}
        self.answers: dict[str, Any] = {}
        self.forgotten = 0
        self.in_flight: Counter[Key] = Counter()
        self.sharing = Sharing()
        self._gone: dict[Key, int] = {}
        self._moment = 0
        self._turn = 0

    def tick(self) -> int:
        """A moment later than all before: when a look begins."""
        self._moment += 1
        return self._moment

    def told(self, tells: Tells, key: Key, reply: Json | None, *, own: bool) -> Tells:
        """Who is told of something; nobody while an action on it is in flight, but for who acts."""
        name = str((reply or {}).get("Name") or "").removeprefix("/")
        return tells if own or not (self.in_flight[key] or self.in_flight["name", name]) else NOBODY

    def hold_container(self, id_: str, reply: Json | None, began: int) -> Tells:
        """Hold an inspect, by a look that began then; None where it is gone. Whose plans may depend on that."""
        row = row_of_inspect(reply) if reply else None
        return self._hold_row(id_, row, reply, began)

    def _hold_row(self, id_: str, row: Json | None, reply: Json | None, began: int) -> Tells:
        held = self.containers.get(id_)
        if began < (held.began if held else self._gone.get(("container", id_), 0)):
            return NOBODY  # a later look was faster
        if row is None:
            self._gone["container", id_] = began
            return EVERYBODY if self.containers.pop(id_, None) else NOBODY
        owner = frozenset({ownership.project(row["Labels"]) or None})
        if held is None:
            inspect = self.sharing.of(inspect_of(reply)) if reply and ownership.RESOURCE in row["Labels"] else None
            self.containers[id_] = Held(self.sharing.of(row), began, inspect, wanted=inspect is not None)
            return owner
        held.began = began
        tells = NOBODY
        if reply and (held.wanted or ownership.RESOURCE in row["Labels"]):
            inspect = inspect_of(reply)
            if inspect != held.inspect:
                held.inspect = self.sharing.of(inspect)
                tells = owner
                self.forget_about(f"/containers/{id_}/")
            held.wanted = True
        if row != held.row:
            tells = EVERYBODY if frees(held.row, row) else owner
            held.row = self.sharing.of(row)
        return tells

    def hold_volume(self, name: str, reply: Json | None, began: int) -> Tells:
        """The same of a volume."""
        held = self.volumes.get(name)
        if began < (held.began if held else self._gone.get(("volume", name), 0)):
            return NOBODY
        if reply is None:
            self._gone["volume", name] = began
            return EVERYBODY if self.volumes.pop(name, None) else NOBODY
        row = volume_row(reply)
        if held is not None and row == held.row:
            held.began = began
            return NOBODY
        self.volumes[name] = Held(self.sharing.of(row), began)
        # An anonymous one comes with a container, and concerns nobody else.
        return NOBODY if ownership.is_anonymous(name) and held is None else EVERYBODY

    def hold_list(self, key: Key, found: list[Json], began: int) -> int:
        """Hold a list, by a look that began then; how many objects differ."""
        held = self.lists[key]
        if began < held.began:
            return 0
        held.began = began
        before = {row["Id"]: row for row in held.rows}
        after = {row["Id"]: row for row in found}
        different = sum(before.get(id_) != after.get(id_) for id_ in before.keys() | after.keys())
        if different:
            held.rows = self.sharing.of(found)
        if key == IMAGES:
            # Pulled again, an image is the same, but the moment of that stands in its inspect.
            self.forget_about("/images/", but="" if different else _BY_ID)
        return different

    def forget_about(self, paths: str, *, but: str = "") -> None:
        """Forget the answers to questions that begin so, but for those that begin otherwise."""
        for question in [one for one in self.answers if one.startswith(paths) and not (but and one.startswith(but))]:
            del self.answers[question]
        self.forgotten += 1

    def hold_containers(self, listed: ListedContainers, began: int) -> dict[Key, Tells]:
        """Hold the rows of a full list, of those that nobody wants an inspect of."""
        found: dict[Key, Tells] = {}
        for id_ in {*listed, *self.containers}:
            held = self.containers.get(id_)
            if held is not None and held.wanted and id_ in listed:
                continue
            row = listed[id_][0] if id_ in listed else None
            name = {"Name": row["Names"][0]} if row and row["Names"] else None
            key = ("container", id_)
            found[key] = self.told(self._hold_row(id_, row, None, began), key, name, own=False)
        return found

    def doubtful(self, listed: ListedContainers, *, every: bool) -> list[str]:
        """The containers to inspect again: whose row says that they changed, and some more in turn."""
        wanted = [id_ for id_, held in self.containers.items() if held.wanted and id_ in listed]
        if every:
            return wanted
        changed = {
            id_
            for id_ in wanted
            if (held := self.containers[id_]).inspect is None
            or listed[id_] != (held.row, brief_of_inspect(held.inspect))
        }
        start = self._turn % len(wanted) if wanted else 0
        self._turn = start + _INSPECTS
        turn = (wanted[start:] + wanted[:start])[:_INSPECTS]
        return sorted(changed.union(turn))

    def tidy(self, began: int) -> None:
        """Let go of what was shared by objects that are gone, and of those that were gone before a list began."""
        self._gone = {key: moment for key, moment in self._gone.items() if moment > began}
        if self.sharing.has_grown:
            self.sharing = Sharing()
            for held in (*self.containers.values(), *self.volumes.values()):
                held.row, held.inspect = self.sharing.of(held.row), self.sharing.of(held.inspect)
            for one in self.lists.values():
                one.rows = self.sharing.of(one.rows)
            self.sharing.settle()
