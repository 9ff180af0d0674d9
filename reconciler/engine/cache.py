"""The Engine's replies, held and kept current: lists and inspects, each asked for again once an event says so.

Who observes reads them as from a client (`reconciler.engine.reading.Reading`), and makes no call where nothing changed.
Two looks at one object may overtake each other: each remembers when it began, and never replaces a later one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.engine.held import EVERYBODY, IMAGES, NETWORKS, NOBODY, Difference, Holdings, Key, Tells
from reconciler.engine.held_rows import (
    Json,
    brief_of_row,
    container_row,
    image_row,
    inspect_of,
    network_row,
)
from reconciler.engine.lists import LISTS
from reconciler.engine.replies import CONTAINER, inspected, rows, volume_rows
from reconciler.errors import EngineError, EngineTimeout, EngineUnreachable, NotFound
from reconciler.fields import ownership

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.engine.endpoint import Endpoint
    from reconciler.state.identity import EngineIdentity

_LOOK_SECONDS = 10.0
"""For a look that an event led to: an Engine answers it in a millisecond."""

_CONCURRENCY = 4
_LISTS = {"/networks": NETWORKS, "/images/json": IMAGES}


class Cache:
    """See the module; a `Reading`. It is empty until `relist`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._held = Holdings()

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
                held = self._held.containers.get(_container_in(path))
                return held is not None and held.inspect is not None
            return self._list(path, params) is not None or _question(path, params) in self._held.answers

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
            return [held.row for held in self._held.containers.values()]
        if params:
            return None
        if path == "/volumes":
            return {"Volumes": [held.row for held in self._held.volumes.values()]}
        return list(self._held.lists[_LISTS[path]].rows) if path in _LISTS else None

    def _inspect(self, container: str) -> Json:
        with self._lock:
            held = self._held.containers.get(container)
            if held is not None:
                if held.inspect is not None:
                    return held.inspect
                held.wanted = True  # an event that comes while we ask is not lost on it
            began = self._held.tick()
        path = f"/containers/{container}/json"
        reply = inspected(self._client.get(path), "container", *CONTAINER)
        with self._lock:
            self._held.hold_container(container, reply, began)
            held = self._held.containers.get(container)
            # The same one for all: 1,000 of them that nobody shares are what a process never gives back.
            return held.inspect if held is not None and held.inspect is not None else inspect_of(reply)

    def _answer(self, question: str, ask: Callable[[], Any]) -> Any:
        with self._lock:
            known, answer, forgotten = (
                question in self._held.answers,
                self._held.answers.get(question),
                self._held.forgotten,
            )
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
                if forgotten == self._held.forgotten:
                    self._held.answers[question] = error
            raise
        with self._lock:
            if forgotten == self._held.forgotten:
                self._held.answers[question] = (
                    self._held.sharing.of(answer) if not isinstance(answer, bytes) else answer
                )
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
            began = self._held.tick()
        try:
            if kind == "container":
                try:
                    reply = self._client.get(f"/containers/{name}/json", deadline=_LOOK_SECONDS)
                    reply = inspected(reply, "container", *CONTAINER)
                except NotFound:
                    reply = None
                with self._lock:
                    id_ = str(reply["Id"]) if reply else name
                    return self._held.told(
                        self._held.hold_container(id_, reply, began), ("container", id_), reply, own=own
                    )
            if kind == "volume":
                try:
                    reply = inspected(self._client.get(f"/volumes/{name}", deadline=_LOOK_SECONDS), "volume", "Name")
                except NotFound:
                    reply = None
                if reply and ownership.LOCK in (reply.get("Labels") or {}):
                    reply = None  # as in the list: no plan is about it
                with self._lock:
                    return self._held.told(self._held.hold_volume(name, reply, began), key, reply, own=own)
            listed = self._client.get("/networks" if key == NETWORKS else "/images/json")
            with self._lock:
                found = self._held.hold_list(key, _listed(key, listed), began)
                return self._held.told(EVERYBODY if found else NOBODY, key, None, own=own)
        except EngineTimeout:
            if kind == "container":
                self.forget(name)
            raise

    def forget(self, container: str) -> None:
        """Hold no inspect of a container: who asks for it next, asks the Engine."""
        with self._lock:
            if held := self._held.containers.get(container):
                held.inspect = None
                held.began = self._held.tick()

    def ask_again(self) -> None:
        """Ask registries again at the next look."""
        with self._lock:
            self._held.forget_about("/distribution/")

    def owner(self, key: Key) -> str:
        """The project of a container; empty for none."""
        with self._lock:
            held = self._held.containers.get(key[1]) if key[0] == "container" else None
            return ownership.project(held.row["Labels"]) if held else ""

    def relist(self, *, anew: bool = False) -> dict[Key, Difference]:
        """List everything again.

        Args:
            anew: whether nobody knows for how long no event was heard: then every container is inspected again.

        Returns:
            What was not as held, and is not being acted on.

        Raises:
            EngineError: a list could not be had.
        """
        with self._lock:
            began = self._held.tick()
            self._held.forget_about("/", but="/images/")
        with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="list") as pool:
            calls = [pool.submit(self._client.get, path, params) for path, params in LISTS]
            containers, networks, volumes, images = (call.result() for call in calls)
            listed = {
                row["Id"]: (container_row(row), brief_of_row(row)) for row in rows(containers, "containers", "Id")
            }
            del calls, containers  # the largest of all replies
            with self._lock:
                found = self._held.hold_containers(listed, began)
                closer = self._held.doubtful(listed, every=anew)
            for id_, tells in zip(closer, pool.map(self._look_closer, closer), strict=True):
                if tells:
                    found["container", id_] = found.get(("container", id_), NOBODY) | tells
        with self._lock:
            names = {row["Name"]: row for row in volume_rows(volumes)}
            for name in {*names, *self._held.volumes}:
                tells = self._held.hold_volume(name, names.get(name), began)
                found["volume", name] = self._held.told(tells, ("volume", name), None, own=False)
            differences = {key: Difference(1, tells) for key, tells in found.items() if tells}
            for key, reply in ((NETWORKS, networks), (IMAGES, images)):
                count = self._held.hold_list(key, _listed(key, reply), began)
                if count and not self._held.in_flight[key]:
                    differences[key] = Difference(count, EVERYBODY)
            self._held.tidy(began)
        return differences

    @contextmanager
    def acting(self, *keys: Key) -> Iterator[None]:
        """While an action is in flight: what happens to these is not told.

        Args:
            keys: as for `look`; also `("name", NAME)` for a container that is being created.
        """
        with self._lock:
            self._held.in_flight.update(keys)
        try:
            yield
        finally:
            with self._lock:
                self._held.in_flight.subtract(keys)
                self._held.in_flight = +self._held.in_flight

    def _look_closer(self, container: str) -> Tells:
        try:
            return self.look(("container", container))
        except EngineTimeout:
            return EVERYBODY  # one that hangs keeps nobody from the rest


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
