"""The simulated Engine, which also tells of what happens on it; and the real port on it, with each call counted."""

from __future__ import annotations

import contextlib
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self, cast

from reconciler.engine.endpoint import Endpoint
from reconciler.engine.engine import DockerEngine
from reconciler.engine.held_rows import container_row, image_row, inspect_of, network_row, volume_row
from reconciler.errors import EngineUnreachable, NotFound
from tests.support.simulated import HERE, Daemon, SimulatedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.engine.client import Client
    from reconciler.engine.reading import Reading
    from reconciler.state.snapshot import Snapshot

Json = dict[str, Any]

_WORDS = {"create": "create", "update": "update", "rename": "rename", "pause": "pause", "unpause": "unpause"}


class TellingDaemon(Daemon):
    """Emits the events that a real Engine would.

    Attributes:
        is_mute: whether events are lost.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.is_mute = False
        self._listeners: list[SimpleQueue[Json | None]] = []

    def call(self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        if method == "GET":
            return super().call(method, path, params, body)
        words = path.strip("/").split("/")
        named = self._id_of(words, body)
        volumes, images = set(self.has.volumes), len(self.has.images)
        try:
            reply = super().call(method, path, params, body)
        finally:
            for volume in volumes ^ set(self.has.volumes):
                self.tell("volume", "create" if volume in self.has.volumes else "destroy", volume)
            if words[0] in {"images", "build"} or len(self.has.images) != images:
                self.tell("image", "tag", "sha256:some")
        match method, *words:
            case "POST", "containers", "create":
                self.tell("container", "create", reply["Id"])
            case "POST", "containers", _, "start":
                self.tell("container", "start", named)
            case "POST", "containers", _, "stop":
                self.tell("container", "die", named)
                self.tell("container", "stop", named)
            case "POST", "containers", _, word if word in _WORDS:
                self.tell("container", word, named)
            case "DELETE", "containers", _:
                self.tell("container", "destroy", named)
            case "POST", "networks", "create":
                self.tell("network", "create", reply["Id"])
            case "POST", "networks", network, word:
                self.tell("network", word, network, container=named)
            case "DELETE", "networks", network:
                self.tell("network", "destroy", network)
        return reply

    def _id_of(self, words: list[str], body: Any) -> str:
        name = words[1] if words[0] == "containers" else (body or {}).get("Container") if words[0] == "networks" else ""
        row = next((row for row in self.has.containers.values() if name in {row["Id"], row["Name"][1:]}), None)
        return row["Id"] if row else ""

    def tell(self, kind: str, action: str, id_: str, **attributes: str) -> None:
        """Emit an event."""
        event = {"Type": kind, "Action": action, "timeNano": 1, "Actor": {"ID": id_, "Attributes": attributes}}
        if not self.is_mute:
            for one in list(self._listeners):
                one.put(event)

    def hang_up(self) -> None:
        """End all subscriptions."""
        for one in list(self._listeners):
            one.put(None)


class Subscription:
    """The events of one subscription, until somebody closes it or the Engine hangs up."""

    def __init__(self, daemon: TellingDaemon) -> None:
        self._daemon = daemon
        self._queue: SimpleQueue[Json | None] = SimpleQueue()
        daemon._listeners.append(self._queue)

    def __iter__(self) -> Iterator[Json]:
        return self

    def __next__(self) -> Json:
        event = self._queue.get()
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        self._queue.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._queue in self._daemon._listeners:
            self._daemon._listeners.remove(self._queue)


class TellingClient(SimulatedEngine):
    """What the production code takes for its client.

    Attributes:
        asked: the paths of all GETs, in order.
        is_away: whether nothing answers.
        before_get: called with the path before each GET.
    """

    daemon: TellingDaemon

    def __init__(self, daemon: TellingDaemon) -> None:
        super().__init__(daemon)
        self.asked: list[str] = []
        self.is_away = False
        self.before_get: Callable[[str], None] = lambda _path: None
        self.socket = "/simulated"

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"unix://{self.socket}", None, "a test")

    def get(self, path: str, params: Mapping[str, Any] | None = None, **_more: object) -> Any:
        self.asked.append(path)
        self.before_get(path)
        self._expect()
        return super().get(path, params)

    def introduce(self) -> None:
        self._expect()

    def stream(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, **_more: object) -> Any:
        if path != "/events":
            return super().stream(method, path, params=params)
        self._expect()
        return Subscription(self.daemon)

    def _expect(self) -> None:
        if self.is_away:
            raise EngineUnreachable("the Engine is away")

    def close(self) -> None:
        self.daemon.hang_up()

    def engine(self) -> DockerEngine:
        """The real port on it."""
        return DockerEngine(cast("Client", self), HERE)


class QuickClock:
    """Time that passes a hundred times as fast as it should."""

    def monotonic(self) -> float:
        return time.monotonic() * 100

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 100)


class Heard:
    """What a feed said, in order: projects, None for all, `back`, and errors' messages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[str | None] = []

    def __call__(self, word: str | None) -> None:
        with self._lock:
            self._all.append(word)

    def all(self) -> list[str | None]:
        with self._lock:
            return list(self._all)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()


def held(reading: Reading) -> Json:
    """All that can be read of an Engine, as far as it is held: to compare what a cache has with what there is."""
    containers = {row["Id"]: container_row(row) for row in reading.get("/containers/json", {"all": "1"})}
    inspects = {}
    for one in containers:
        with contextlib.suppress(NotFound):  # it went between the list and now
            inspects[one] = inspect_of(reading.get(f"/containers/{one}/json"))
    return {
        "containers": containers,
        "inspects": inspects,
        "networks": {row["Id"]: network_row(row) for row in reading.get("/networks")},
        "volumes": {row["Name"]: volume_row(row) for row in reading.get("/volumes")["Volumes"] or ()},
        "images": {row["Id"]: image_row(row) for row in reading.get("/images/json")},
    }


def seen(snapshot: Snapshot) -> Json:
    """A snapshot, without what depends on when it was taken and on the order of what has none."""
    return {
        "containers": {one.id: inspect_of(dict(one.inspect)) for one in snapshot.containers},
        "candidates": {one.id: inspect_of(dict(one.inspect)) for one in snapshot.candidates},
        "others": {one.id: one for one in snapshot.others},
        "networks": {one.id: network_row(dict(one.report)) for one in snapshot.networks},
        "volumes": {one.name: volume_row(dict(one.report)) for one in snapshot.volumes},
        "images": {one.id: (one.references, one.labels, one.config) for one in snapshot.images},
        "offers": snapshot.offers,
    }
