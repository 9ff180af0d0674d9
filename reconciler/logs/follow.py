"""The lines of several containers in one stream: those of before by time, then as they come.

A follow outlives what it follows. Each container is read until it ends, and again when it starts again; one that
starts, as another's replacement does, is read from its first line. Where the Engine goes away, it is waited for.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from reconciler.errors import EngineError, NotFound, ReconcilerError
from reconciler.fields import compose_labels, ownership
from reconciler.logs.reader import Line, Reader

if TYPE_CHECKING:
    from reconciler.ports import Clock, Outputs
    from reconciler.spec.model import Spec
    from reconciler.state.output import Event
    from reconciler.state.snapshot import ContainerState

_PAUSE = 1.0
"""Seconds between attempts to reach an Engine that is away."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose output is asked for, and from when to when.

    Attributes:
        project: whose containers.
        wants: which of them.
        since: seconds since 1970, with nine digits after the point; empty for the start.
        until: likewise; empty for no end.
        tail: how many lines of each that are there already, or `all`.
        spec: what is wanted, by which taken-over containers are known; None where nothing is known to be.
    """

    project: str
    wants: Callable[[ContainerState], bool] = lambda _: True
    since: str = ""
    until: str = ""
    tail: str = "all"
    spec: Spec | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A container whose output can't be read, or an Engine that is away.

    Attributes:
        source: whose, `web-1`; empty for the Engine itself.
        error: why.
    """

    source: str
    error: ReconcilerError


@dataclass(frozen=True, slots=True)
class _Here:
    containers: tuple[ContainerState, ...]


@dataclass(frozen=True, slots=True)
class _Ended:
    id: str


_Message = Line | Trouble | _Here | _Ended


def read(engine: Outputs, asked: Asked, containers: list[ContainerState]) -> Iterator[Line | Trouble]:
    """What the containers have written, in the order of time."""
    return _merged([_reader(engine, asked, container) for container in containers])


def _merged(readers: list[Reader]) -> Iterator[Line | Trouble]:
    troubles: list[Trouble] = []
    streams = [_until_trouble(reader, troubles) for reader in readers]
    yield from heapq.merge(*streams, key=lambda line: line.moment)
    yield from troubles


def _until_trouble(reader: Reader, troubles: list[Trouble]) -> Iterator[Line]:
    try:
        yield from reader.lines()
    except NotFound:
        return  # it went between the list and now
    except EngineError as error:
        troubles.append(Trouble(reader.source, error))


def _reader(engine: Outputs, asked: Asked, container: ContainerState) -> Reader:
    return Reader(engine, container, asked.since, asked.until, asked.tail)


@dataclass(slots=True)
class Follow:
    """Follows what a project's containers write.

    Attributes:
        engine: where they are.
        asked: which of them, and from when to when.
        clock: for pauses, and for the end.
        seconds: after how long it ends; None for never.
    """

    engine: Outputs
    asked: Asked
    clock: Clock
    seconds: float | None = None
    _readers: dict[str, Reader] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _again: set[str] = field(default_factory=set)
    _queue: SimpleQueue[_Message] = field(default_factory=SimpleQueue)

    def lines(self) -> Iterator[Line | Trouble | None]:
        """The lines, and None each time that there is none yet: then what was told should be seen."""
        end = None if self.seconds is None else self.clock.monotonic() + self.seconds
        here = self._here()
        self._readers = {one.id: _reader(self.engine, self.asked, one) for one in here}
        yield from _merged(list(self._readers.values()))
        # Threads of no use to anybody once the program ends: it does not wait for them.
        threading.Thread(target=self._listen, name="events", daemon=True).start()
        while message := self._next(end):
            if isinstance(message, _Here):
                for container in message.containers:
                    self._take(container)
            elif isinstance(message, _Ended):
                self._read.discard(message.id)
                if message.id in self._again:
                    self._again.discard(message.id)
                    self._start(message.id)
            else:
                yield message
            if self._queue.empty():
                yield None

    def _next(self, end: float | None) -> _Message | None:
        with suppress(Empty):
            return self._queue.get(timeout=None if end is None else max(0.0, end - self.clock.monotonic()))
        return None

    def _take(self, container: ContainerState) -> None:
        if container.id not in self._readers:
            # It is new: all that it writes is.
            self._readers[container.id] = Reader(self.engine, container, until=self.asked.until)
        if container.id in self._read:
            self._again.add(container.id)  # its output of before has not been read to its end yet
        else:
            self._start(container.id)

    def _start(self, container: str) -> None:
        self._read.add(container)
        reader = self._readers[container]
        threading.Thread(target=self._read_on, args=(reader,), name=reader.source, daemon=True).start()

    def _read_on(self, reader: Reader) -> None:
        try:
            for line in reader.lines(follow=True):
                self._queue.put(line)
        except NotFound:
            pass  # it was removed: what it wrote has been read
        except EngineError as error:
            if error.status is not None:  # else the Engine is away, which the events tell
                self._queue.put(Trouble(reader.source, error))
        finally:
            self._queue.put(_Ended(reader.container.id))

    def _listen(self) -> None:
        filters = {"type": ["container"], "event": ["start"]}
        away = False
        while True:
            try:
                with self.engine.events(filters) as events:
                    # What has started before is here now; what starts from now on is an event.
                    self._queue.put(_Here(self._running()))
                    away = False
                    for event in events:
                        with suppress(NotFound):
                            container = self._started(event)
                            if container and self.asked.wants(container):
                                self._queue.put(_Here((container,)))
            except EngineError as error:
                if not away:
                    self._queue.put(Trouble("", error))
                away = True
            self.clock.sleep(_PAUSE)

    def _started(self, event: Event) -> ContainerState | None:
        """The container that started, if it is the project's; raises `NotFound` where it is gone again."""
        if event.attributes.get(ownership.PROJECT):
            ours = event.attributes[ownership.PROJECT] == self.asked.project
            return self.engine.inspect(event.id) if ours else None
        if event.id in self._readers:
            return self._readers[event.id].container  # taken over: its place stands nowhere on it
        place = compose_labels.place(event.attributes, self.asked.project)
        if place and (self.asked.spec is None or place[0] in self.asked.spec.containers):
            return replace(self.engine.inspect(event.id), place=place)
        return None

    def _running(self) -> tuple[ContainerState, ...]:
        return tuple(one for one in self._here() if one.is_up)

    def _here(self) -> list[ContainerState]:
        here = self.engine.containers(self.asked.project, self.asked.spec)
        return [one for one in here if self.asked.wants(one)]
