"""The Engine's streams of JSON messages: progress and events, each with an end in sight."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from reconciler.engine.translation import broken_off, explain, translate, transport_errors, unreadable
from reconciler.errors import EngineError, EngineTimeout

if TYPE_CHECKING:
    from types import TracebackType

    from reconciler.engine.transport import Reply

_CHUNK = 1 << 16
_LONGEST_MESSAGE = 16 << 20


class JsonStream(Iterator[dict[str, Any]]):
    """The messages of one call, in the order they come. One thread reads; any thread may close."""

    def __init__(
        self,
        response: Reply,
        *,
        call: str,
        address: str,
        idle: float,
        deadline: float | None,
        end: float | None,
        on_close: Callable[[JsonStream], None],
    ) -> None:
        self._response = response
        self._call = call
        self._address = address
        self._idle = idle
        self._deadline = deadline
        self._on_close = on_close
        self._messages: deque[dict[str, Any]] = deque()
        self._rest = b""
        self._unbounded = not {"Transfer-Encoding", "Content-Length"} & {name.title() for name in response.headers}
        self._heard = False
        self._ended = False
        self._closed = False
        self._failure: EngineError | None = None
        self._reading = threading.Lock()
        self._alarm: threading.Timer | None = None
        if end is not None:
            # The connection waits for each read, not for all; and a read that waits can only be woken from outside.
            self._alarm = threading.Timer(max(0.0, end - time.monotonic()), self._expire)
            self._alarm.daemon = True
            self._alarm.start()

    def __next__(self) -> dict[str, Any]:
        while not (self._messages or self._ended):
            self._fill()
        if self._messages and not self._closed:
            message = self._messages.popleft()
            if failure := _failure_in(message):
                self._fail(failure)
                raise failure
            return message
        if self._failure and not self._closed:
            raise self._failure
        raise StopIteration

    def close(self) -> None:
        """End it. A thread that waits for a message gets StopIteration."""
        self._closed = True
        self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _expire(self) -> None:
        self._fail(
            EngineTimeout(
                f"the Engine was not done within {self._deadline:g} s: {self._call}",
                "it may still carry the call out; look at it with `docker info` and `docker ps`",
            )
        )

    def _fail(self, failure: EngineError) -> None:
        if not self._ended:
            self._failure = failure
        self._finish()

    def _finish(self) -> None:
        self._ended = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._on_close(self)
        # First wake who reads: a connection can't be closed while another thread waits on it.
        with contextlib.suppress(Exception):
            self._response.shutdown()
        with self._reading, contextlib.suppress(Exception):
            self._response.close()

    def _fill(self) -> None:
        try:
            with self._reading:
                chunk = b"" if self._ended else self._response.read1(_CHUNK)
        except Exception as error:
            if self._ended:
                return  # whoever ended it pulled the connection from under this read
            if not isinstance(error, transport_errors()):
                raise
            self._fail(translate(error, address=self._address, call=self._call, seconds=self._idle))
            return
        if self._ended:
            return
        if not chunk:
            self._parse(self._rest)
            if self._unbounded and not self._heard:
                # Where only the connection's end ends the reply, silence may be a reply that was lost.
                self._fail(broken_off(self._call))
            self._finish()
            return
        whole, newline, rest = (self._rest + chunk).rpartition(b"\n")
        self._rest = rest
        if newline:
            self._parse(whole)
        elif len(rest) > _LONGEST_MESSAGE:
            self._fail(unreadable(self._call, self._response.status, "a message does not end"))

    def _parse(self, lines: bytes) -> None:
        for line in lines.splitlines():
            text = line.decode("utf-8", errors="replace").strip()
            # Some Engines write several messages without a break between them.
            while text:
                try:
                    message, at = _DECODER.raw_decode(text)
                except ValueError:
                    message, at = None, 0
                if not isinstance(message, dict):
                    # What came before it is still delivered, then this is raised in its place.
                    self._fail(unreadable(self._call, self._response.status, "a message is not JSON"))
                    return
                self._messages.append(message)
                self._heard = True
                text = text[at:].lstrip()


def _failure_in(message: dict[str, Any]) -> EngineError | None:
    """A message may say that the call has failed: its status was sent long before."""
    detail = message.get("errorDetail")
    text = detail.get("message") if isinstance(detail, dict) else None
    text = text or message.get("error")
    if not text:
        return None
    what, hint = explain(str(text))
    return EngineError(what, hint)


_DECODER = json.JSONDecoder()
