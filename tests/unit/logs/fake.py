"""Containers whose output is told beforehand, kept and handed out as an Engine does it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from reconciler.errors import EngineError, NotFound
from reconciler.fields import ownership
from reconciler.state.output import Event, Written, unix_time
from reconciler.state.snapshot import ContainerState

if TYPE_CHECKING:
    from reconciler.spec.model import Spec


def moment(seconds: float) -> str:
    return f"2026-03-01T10:00:{seconds:012.9f}Z"


def container(key: str, replica: int = 1, *, status: str = "running", id_: str = "") -> ContainerState:
    labels = {ownership.PROJECT: "p", ownership.RESOURCE: key, ownership.REPLICA: str(replica)}
    return ContainerState(
        {
            "Id": id_ or f"{key}-{replica}",
            "Name": f"/p-{key}-{replica}",
            "Image": "i",
            "State": {"Status": status},
            "Config": {"Labels": labels},
        }
    )


class FakeOutputs:
    """An Engine's outputs. What a container writes while it is followed comes when `run_on` says that its run ends."""

    def __init__(self, *containers: ContainerState) -> None:
        self.here = {one.id: one for one in containers}
        self.written: dict[str, list[Written]] = {one.id: [] for one in containers}
        self.started: SimpleQueue[str | None] = SimpleQueue()
        self.ends: dict[str, threading.Event] = {}
        self.calls: list[tuple[str, bool, str, str]] = []
        self.away = False

    def write(self, id_: str, seconds: float, text: bytes, stream: str = "stdout") -> None:
        self.written.setdefault(id_, []).append(Written(moment(seconds), text, stream))

    def containers(self, project: str, spec: Spec | None = None) -> Sequence[ContainerState]:
        return list(self.here.values())

    def inspect(self, container: str) -> ContainerState:
        if container not in self.here:
            raise NotFound("no such container", status=404)
        return self.here[container]

    def output(
        self, container: ContainerState, *, follow: bool = False, since: str = "", until: str = "", tail: str = "all"
    ) -> Iterator[Written]:
        self.calls.append((container.id, follow, since, tail))
        if container.id not in self.written:
            raise EngineError("configured logging driver does not support reading", status=501)
        if follow and (end := self.ends.get(container.id)):
            end.wait(10)
        kept = [one for one in self.written[container.id] if not since or unix_time(one.moment) >= since]
        yield from kept if tail == "all" else kept[len(kept) - min(int(tail), len(kept)) :]

    @contextmanager
    def events(
        self, filters: Mapping[str, Sequence[str]], *, since: str = "", until: str = ""
    ) -> Iterator[Iterator[Event]]:
        if self.away:
            raise EngineError("no Docker Engine")
        yield self._events()

    def _events(self) -> Iterator[Event]:
        while id_ := self.started.get():
            labels = self.here[id_].labels if id_ in self.here else {ownership.PROJECT: "p"}
            yield Event(0, "container", "start", id_, labels)
