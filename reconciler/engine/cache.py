"""The Engine's replies, held and kept current: lists and inspects, each asked for again once an event says so.

Who observes reads them as from a client (`reconciler.engine.reading.Reading`), and makes no call where nothing changed.
Two looks at one object may overtake each other: each remembers when it began, and never replaces a later one.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.engine.held_rows import (
    Json,
    brief_of_inspect,
    brief_of_row,
    container_row,
    frees,
    image_row,
    inspect_of,
    network_row,
    row_of_inspect,
    volume_row,
)
from reconciler.engine.observe import LISTS
from reconciler.engine.replies import CONTAINER, inspected, rows, volume_rows
from reconciler.engine.sharing import Sharing
from reconciler.errors import EngineError, EngineTimeout, EngineUnreachable, NotFound
from reconciler.fields import ownership

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.engine.endpoint import Endpoint
    from reconciler.state.identity import EngineIdentity

Key = tuple[str, str]
"""What is looked at: a kind, and which: a container's ID, a volume's name. Networks and images are listed at once."""

NETWORKS: Key = ("networks", "")
IMAGES: Key = ("images", "")

Tells = frozenset[str | None]
"""The projects whose plans may depend on what changed; None for all of them."""

NOBODY: Tells = frozenset()
EVERYBODY: Tells = frozenset({None})

_LOOK_SECONDS = 10.0
"""For a look that an event led to: an Engine answers it in a millisecond."""

_CONCURRENCY = 4
_INSPECTS = 50
"""Containers inspected with each full list, in turn, besides those whose row says that they changed."""

_BY_ID = "/images/sha256:"
"""What is asked of an image by its ID stays so for as long as it is there."""

_LISTS = {"/networks": NETWORKS, "/images/json": IMAGES}


_Listed = Mapping[str, tuple[Json, tuple[str, str]]]
"""Containers by their IDs: each one's row, its state and its health."""


@dataclass(slots=True)
class _Held:
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
class _List:
    """All objects of a kind that is listed at once."""

    rows: list[Json] = field(default_factory=list)
    began: int = 0


class Cache:
    """See the module; a `Reading`. It is empty until `relist`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._moment = 0
        self._sharing = Sharing()
        self._containers: dict[str, _Held] = {}
        self._volumes: dict[str, _Held] = {}
        self._gone: dict[Key, int] = {}
        self._lists = {NETWORKS: _List(), IMAGES: _List()}
        self._answers: dict[str, Any] = {}
        self._forgotten = 0
        self._in_flight: Counter[Key] = Counter()
        self._turn = 0

    @property
    def client(self) -> Client:
        """Who is asked."""
        return self._client

    # --- reading ----------------------------------------------------------------------------------------------

    @property
    def endpoint(self) -> Endpoint:
        """Where the Engine is."""
        return self._client.endpoint

    @property
    def about(self) -> EngineIdentity:
        """What it says it is."""
        return self._client.about

    def knows(self, path: str, params: Mapping[str, Any] | None = None) -> bool:
        """Whether `get` would answer without a call."""
        with self._lock:
            if _container_in(path):
                held = self._containers.get(_container_in(path))
                return held is not None and held.inspect is not None
            return self._list(path, params) is not None or _question(path, params) in self._answers

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Any:
        """What is held; asked for where nothing is."""
        with self._lock:
            listed = self._list(path, params)
        if listed is not None:
            return listed
        if container := _container_in(path):
            return self._inspect(container)
        question = _question(path, params)
        if not question:
            return self._client.get(path, params, headers=headers, deadline=deadline)
        return self._answer(question, lambda: self._client.get(path, params, headers=headers, deadline=deadline))

    def download(self, path: str, params: Mapping[str, Any] | None, *, limit: int) -> bytes:
        """A tar; asked for once between two full lists."""
        question = _asked(path, params)
        found: bytes = self._answer(question, lambda: self._client.download(path, params, limit=limit))
        return found

    def _list(self, path: str, params: Mapping[str, Any] | None) -> Any:
        """With the lock held; None where it is no list."""
        if path == "/containers/json" and params == {"all": "1"}:
            return [held.row for held in self._containers.values()]
        if params:
            return None
        if path == "/volumes":
            return {"Volumes": [held.row for held in self._volumes.values()]}
        return list(self._lists[_LISTS[path]].rows) if path in _LISTS else None

    def _inspect(self, container: str) -> Json:
        with self._lock:
            held = self._containers.get(container)
            if held is not None:
                if held.inspect is not None:
                    return held.inspect
                held.wanted = True  # an event that comes while we ask is not lost on it
            began = self._tick()
        path = f"/containers/{container}/json"
        reply = inspected(self._client.get(path), "container", *CONTAINER)
        with self._lock:
            self._hold_container(container, reply, began)
            held = self._containers.get(container)
            # The same one for all: 1,000 of them that nobody shares are what a process never gives back.
            return held.inspect if held is not None and held.inspect is not None else inspect_of(reply)

    def _answer(self, question: str, ask: Callable[[], Any]) -> Any:
        with self._lock:
            known, answer, forgotten = question in self._answers, self._answers.get(question), self._forgotten
        if known:
            if isinstance(answer, EngineError):
                raise answer.with_traceback(None)
            return answer
        try:
            answer = ask()
        except EngineUnreachable:
            raise
        except EngineError as error:
            # A registry that does not answer is not asked by each cycle either.
            with self._lock:
                if forgotten == self._forgotten:
                    self._answers[question] = error
            raise
        with self._lock:
            if forgotten == self._forgotten:
                self._answers[question] = self._sharing.of(answer) if not isinstance(answer, bytes) else answer
        return answer

    # --- keeping current --------------------------------------------------------------------------------------

    def look(self, key: Key, *, own: bool = False) -> Tells:
        """Look at one object again.

        Args:
            key: which.
            own: whether to tell of what happens to it while an action on it is in flight: who acts, does.

        Returns:
            Whose plans may depend on what changed.

        Raises:
            EngineError: it could not be looked at; what is held of it may be old.
        """
        kind, name = key
        with self._lock:
            began = self._tick()
        try:
            if kind == "container":
                try:
                    reply = self._client.get(f"/containers/{name}/json", deadline=_LOOK_SECONDS)
                    reply = inspected(reply, "container", *CONTAINER)
                except NotFound:
                    reply = None
                with self._lock:
                    id_ = str(reply["Id"]) if reply else name
                    return self._told(self._hold_container(id_, reply, began), ("container", id_), reply, own=own)
            if kind == "volume":
                try:
                    reply = self._client.get(f"/volumes/{name}", deadline=_LOOK_SECONDS)
                except NotFound:
                    reply = None
                if reply and ownership.LOCK in (reply.get("Labels") or {}):
                    reply = None  # as in the list: no plan is about it
                with self._lock:
                    return self._told(self._hold_volume(name, reply, began), key, reply, own=own)
            listed = self._client.get("/networks" if key == NETWORKS else "/images/json")
            with self._lock:
                found = self._hold_list(key, _listed(key, listed), began)
                return self._told(EVERYBODY if found else NOBODY, key, None, own=own)
        except EngineTimeout:
            if kind == "container":
                self.forget(name)
            raise

    def forget(self, container: str) -> None:
        """Hold no inspect of a container: who asks for it next, asks the Engine."""
        with self._lock:
            if held := self._containers.get(container):
                held.inspect = None
                held.began = self._tick()

    def ask_again(self) -> None:
        """Ask registries again at the next look."""
        with self._lock:
            self._forget_about("/distribution/")

    def owner(self, key: Key) -> str:
        """The project of a container; empty for none."""
        with self._lock:
            held = self._containers.get(key[1]) if key[0] == "container" else None
            return ownership.project(held.row["Labels"]) if held else ""

    def relist(self) -> dict[Key, Difference]:
        """List everything again.

        Returns:
            What was not as held, and is not being acted on.

        Raises:
            EngineError: a list could not be had.
        """
        with self._lock:
            began = self._tick()
            self._forget_about("/", but="/images/")
        with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="list") as pool:
            calls = [pool.submit(self._client.get, path, params) for path, params in LISTS]
            containers, networks, volumes, images = (call.result() for call in calls)
            listed = {
                row["Id"]: (container_row(row), brief_of_row(row)) for row in rows(containers, "containers", "Id")
            }
            del calls, containers  # the largest of all replies
            found = self._hold_containers(listed, began)
            closer = self._doubtful(listed)
            for id_, tells in zip(closer, pool.map(self._look_closer, closer), strict=True):
                if tells:
                    found["container", id_] = found.get(("container", id_), NOBODY) | tells
        with self._lock:
            names = {row["Name"]: row for row in volume_rows(volumes)}
            for name in {*names, *self._volumes}:
                tells = self._hold_volume(name, names.get(name), began)
                found["volume", name] = self._told(tells, ("volume", name), None, own=False)
            differences = {key: Difference(1, tells) for key, tells in found.items() if tells}
            for key, reply in ((NETWORKS, networks), (IMAGES, images)):
                count = self._hold_list(key, _listed(key, reply), began)
                if count and not self._in_flight[key]:
                    differences[key] = Difference(count, EVERYBODY)
            self._gone = {key: moment for key, moment in self._gone.items() if moment > began}
            self._tidy()
        return differences

    @contextmanager
    def acting(self, *keys: Key) -> Iterator[None]:
        """While an action is in flight: what happens to these is not told.

        Args:
            keys: as for `look`; also `("name", NAME)` for a container that is being created.
        """
        with self._lock:
            self._in_flight.update(keys)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight.subtract(keys)
                self._in_flight = +self._in_flight

    # --- what is held; all of it with the lock held -----------------------------------------------------------

    def _tick(self) -> int:
        self._moment += 1
        return self._moment

    def _told(self, tells: Tells, key: Key, reply: Json | None, *, own: bool) -> Tells:
        name = str((reply or {}).get("Name") or "").removeprefix("/")
        return tells if own or not (self._in_flight[key] or self._in_flight["name", name]) else NOBODY

    def _hold_container(self, id_: str, reply: Json | None, began: int) -> Tells:
        row = row_of_inspect(reply) if reply else None
        return self._hold_row(id_, row, reply, began)

    def _hold_row(self, id_: str, row: Json | None, reply: Json | None, began: int) -> Tells:
        held = self._containers.get(id_)
        if began < (held.began if held else self._gone.get(("container", id_), 0)):
            return NOBODY  # a later look was faster
        if row is None:
            self._gone["container", id_] = began
            return EVERYBODY if self._containers.pop(id_, None) else NOBODY
        owner = frozenset({ownership.project(row["Labels"]) or None})
        if held is None:
            inspect = self._sharing.of(inspect_of(reply)) if reply and ownership.RESOURCE in row["Labels"] else None
            self._containers[id_] = _Held(self._sharing.of(row), began, inspect, wanted=inspect is not None)
            return owner
        held.began = began
        tells = NOBODY
        if reply and (held.wanted or ownership.RESOURCE in row["Labels"]):
            inspect = inspect_of(reply)
            if inspect != held.inspect:
                held.inspect = self._sharing.of(inspect)
                tells = owner
                self._forget_about(f"/containers/{id_}/")
            held.wanted = True
        if row != held.row:
            tells = EVERYBODY if frees(held.row, row) else owner
            held.row = self._sharing.of(row)
        return tells

    def _hold_volume(self, name: str, reply: Json | None, began: int) -> Tells:
        held = self._volumes.get(name)
        if began < (held.began if held else self._gone.get(("volume", name), 0)):
            return NOBODY
        if reply is None:
            self._gone["volume", name] = began
            return EVERYBODY if self._volumes.pop(name, None) else NOBODY
        row = volume_row(reply)
        if held is not None and row == held.row:
            held.began = began
            return NOBODY
        self._volumes[name] = _Held(self._sharing.of(row), began)
        # An anonymous one comes with a container, and concerns nobody else.
        return NOBODY if ownership.is_anonymous(name) and held is None else EVERYBODY

    def _hold_list(self, key: Key, found: list[Json], began: int) -> int:
        """How many objects differ."""
        held = self._lists[key]
        if began < held.began:
            return 0
        held.began = began
        before = {row["Id"]: row for row in held.rows}
        after = {row["Id"]: row for row in found}
        different = sum(before.get(id_) != after.get(id_) for id_ in before.keys() | after.keys())
        if different:
            held.rows = self._sharing.of(found)
        if key == IMAGES:
            # Pulled again, an image is the same, but the moment of that stands in its inspect.
            self._forget_about("/images/", but="" if different else _BY_ID)
        return different

    def _forget_about(self, paths: str, *, but: str = "") -> None:
        for question in [one for one in self._answers if one.startswith(paths) and not (but and one.startswith(but))]:
            del self._answers[question]
        self._forgotten += 1

    def _hold_containers(self, listed: _Listed, began: int) -> dict[Key, Tells]:
        """Hold the rows of a full list, of those that nobody wants an inspect of; takes the lock itself."""
        found: dict[Key, Tells] = {}
        with self._lock:
            for id_ in {*listed, *self._containers}:
                held = self._containers.get(id_)
                if held is not None and held.wanted and id_ in listed:
                    continue
                row = listed[id_][0] if id_ in listed else None
                name = {"Name": row["Names"][0]} if row and row["Names"] else None
                key = ("container", id_)
                found[key] = self._told(self._hold_row(id_, row, None, began), key, name, own=False)
        return found

    def _doubtful(self, listed: _Listed) -> list[str]:
        """The containers to inspect again: whose row says that they changed, and some more in turn; takes the lock."""
        with self._lock:
            wanted = [id_ for id_, held in self._containers.items() if held.wanted and id_ in listed]
            changed = {
                id_
                for id_ in wanted
                if (held := self._containers[id_]).inspect is None
                or listed[id_] != (held.row, brief_of_inspect(held.inspect))
            }
            start = self._turn % len(wanted) if wanted else 0
            self._turn = start + _INSPECTS
            turn = (wanted[start:] + wanted[:start])[:_INSPECTS]
        return sorted(changed.union(turn))

    def _look_closer(self, container: str) -> Tells:
        try:
            return self.look(("container", container))
        except EngineTimeout:
            return EVERYBODY  # one that hangs keeps nobody from the rest

    def _tidy(self) -> None:
        """Let go of what was shared by objects that are gone."""
        if self._sharing.has_grown:
            self._sharing = Sharing()
            for held in (*self._containers.values(), *self._volumes.values()):
                held.row, held.inspect = self._sharing.of(held.row), self._sharing.of(held.inspect)
            for one in self._lists.values():
                one.rows = self._sharing.of(one.rows)
            self._sharing.settle()


def _listed(key: Key, reply: Any) -> list[Json]:
    if key == NETWORKS:
        return [network_row(row) for row in rows(reply, "networks", "Id", "Name")]
    return [image_row(row) for row in rows(reply, "images", "Id")]


def _container_in(path: str) -> str:
    """The container that a path asks to inspect; empty for none."""
    words = path.strip("/").split("/")
    return words[1] if len(words) == 3 and (words[0], words[2]) == ("containers", "json") else ""


def _question(path: str, params: Mapping[str, Any] | None) -> str:
    """What is asked for only once, until something says that the answer changed; empty for all else."""
    once = path == "/info" or path.startswith(("/images/", "/distribution/"))
    return _asked(path, params) if once else ""


def _asked(path: str, params: Mapping[str, Any] | None) -> str:
    return f"{path}?{json.dumps(params, sort_keys=True)}" if params else path
