"""The connection to an Engine: plain JSON both ways, deadlines of our own, every failure translated."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from reconciler.engine.negotiation import OTHER_ENGINE, UNKNOWN, negotiate
from reconciler.engine.sessions import open_session
from reconciler.engine.stream import JsonStream
from reconciler.engine.translation import gives_reason, refusal, translate, transport_errors
from reconciler.engine.transport import Body
from reconciler.engine.wire import decoded, demultiplexed, encoded
from reconciler.errors import EngineError, EngineTimeout, EngineUnreachable

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from reconciler.engine.endpoint import Endpoint
    from reconciler.engine.transport import Reply, Session
    from reconciler.state.identity import EngineIdentity

TIMEOUT = 60.0
"""Seconds for a call that the Engine answers at once, unless it hangs."""

CONNECT_TIMEOUT = 10.0
"""Seconds for the first call: an Engine that needs longer to say its name is not there."""

IDLE_TIMEOUT = 120.0
"""Seconds without a message on a stream of progress."""

_CHUNK = 1 << 16
_LONGEST_REFUSAL = 1 << 16


class Client:
    """A connection to one Engine. Every method may be called from any thread, and raises `EngineError`s only.

    Paths are those of the Engine's API without the version: `/containers/json`. In `params`, None is left
    out, and a mapping (`filters`) is sent as JSON.

    Attributes:
        endpoint: where the Engine is.
        about: what it says it is; `api_version` is the one spoken with it.
    """

    def __init__(self, endpoint: Endpoint, about: EngineIdentity, *, timeout: float = TIMEOUT) -> None:
        self.endpoint = endpoint
        self.about = about
        self._timeout = timeout
        self._lock = threading.Lock()
        # One a thread: a shared one is not promised to be thread-safe. Kept by thread and not in a
        # threading.local, so that those of threads that have ended can be closed: a daemon makes new
        # threads in each cycle.
        self._sessions: dict[threading.Thread, Session] = {}
        self._streams: set[JsonStream] = set()
        self._closed = False

    @classmethod
    def connect(cls, endpoint: Endpoint, *, timeout: float = TIMEOUT) -> Self:
        """Connect to an Engine and agree on an API version, with one GET /version.

        Args:
            endpoint: where it is.
            timeout: seconds for every call that is given no deadline of its own.

        Raises:
            EngineUnreachable: nothing answers there, or no Engine that we can talk to.
        """
        client = cls(endpoint, UNKNOWN, timeout=timeout)
        try:
            client.introduce()
        except BaseException:
            client.close()
            raise
        return client

    def introduce(self) -> None:
        """Agree on an API version, again where the Engine was away: it may be another version by now.

        Raises:
            EngineUnreachable: nothing answers there, or no Engine that we can talk to.
        """
        self.about = negotiate(self._introduction(), str(self.endpoint))

    # --- calls --------------------------------------------------------------------------------------------

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Any:
        """Ask for something.

        Args:
            path: what for.
            params: the query.
            headers: such as X-Registry-Auth.
            deadline: seconds for all of it; the client's timeout where not given.

        Returns:
            The reply's JSON. Never None for want of a reply: an empty one is an error.
        """
        return self._call("GET", path, params=params, headers=headers, deadline=deadline)

    def find(self, path: str) -> Any | None:
        """Ask for something that may not be there; None where the Engine says that it is not.

        As `get` with NotFound caught, without the words for it: to find them takes longer than the call.
        """
        return self._call("GET", path, may_be_missing=True)

    def knows(self, path: str, params: Mapping[str, Any] | None = None) -> bool:
        """Whether `get` would answer without a call: it never does; see `reconciler.engine.reading`."""
        del path, params
        return False

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Any:
        """Have something done; the reply's JSON, or None where there is nothing to say."""
        return self._call("POST", path, params=params, body=body, deadline=deadline)

    def put(
        self,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Any:
        """Put something in its place; the reply's JSON, or None where there is nothing to say."""
        return self._call("PUT", path, params=params, body=body, deadline=deadline)

    def delete(self, path: str, *, params: Mapping[str, Any] | None = None, deadline: float | None = None) -> Any:
        """Remove something; the reply's JSON, or None where there is nothing to say."""
        return self._call("DELETE", path, params=params, deadline=deadline)

    def upload(
        self,
        path: str,
        params: Mapping[str, Any] | None,
        stream: Body,
        *,
        deadline: float | None = None,
    ) -> Any:
        """PUT a tar, such as files for a container to /containers/ID/archive."""
        return self._call("PUT", path, params=params, raw=stream, deadline=deadline)

    def download(self, path: str, params: Mapping[str, Any] | None, *, limit: int) -> bytes:
        """GET a tar, such as a file of a container; at most so many bytes of it."""
        wait, call = self._timeout, f"GET {path}"
        with self._send("GET", path, params=params, wait=wait) as response:
            return self._read(response, time.monotonic() + wait, wait, call, limit=limit)

    def logs(self, container: str, lines: int, *, deadline: float | None = None) -> list[str]:
        """The last lines that a container wrote, to either stream."""
        params = {"stdout": True, "stderr": True, "tail": lines}
        chunks = self.chunks("GET", f"/containers/{container}/logs", params=params, deadline=deadline or self._timeout)
        said = demultiplexed(b"".join(chunks)).decode("utf-8", errors="replace").splitlines()
        return said[-lines:] if lines > 0 else []

    def chunks(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None, deadline: float
    ) -> Iterator[bytes]:
        """A reply that is no JSON, as it comes: what a container, or a command in one, writes."""
        end = time.monotonic() + deadline
        with self._send(method, path, params=params, body=body, wait=deadline) as response:
            yield from self._chunks(response, end, deadline, f"{method} {path}")

    def open(self, path: str, params: Mapping[str, Any] | None = None, *, wait: float) -> Reply:
        """The reply to GET while it comes, for the caller to read and close; `wait` is for its head."""
        return self._send("GET", path, params=params, wait=wait)

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | Mapping[str, Any] | None = None,
        deadline: float | None = None,
        idle: float | None = None,
    ) -> JsonStream:
        """Follow something that reports while it happens: a pull, an import, events.

        The call is made at once, not at the first `next`. Close the stream, or use it as a context manager,
        where it is not read to its end; any thread may do so, and the one that reads then sees it end.

        Args:
            method: of the call.
            path: of the call.
            params: the query.
            headers: such as X-Registry-Auth.
            body: a tar (bytes, a file, an iterable of bytes), or a mapping that is sent as JSON.
            deadline: seconds for all of it; no limit where not given, only `idle`.
            idle: seconds without any message, 120 where not given. For events this is how a dead Engine is
                noticed: after that long without one, subscribe again, with `since`.

        Returns:
            The messages. `next` raises EngineTimeout at either limit, and EngineError for a message that says
            `error` and for a stream that breaks off, as events do when the Engine is stopped or killed.
        """
        call = f"{method} {path}"
        idle = IDLE_TIMEOUT if idle is None else idle
        end = None if deadline is None else time.monotonic() + deadline
        wait = idle if deadline is None else min(idle, deadline)
        response = self._send(
            method,
            path,
            params=params,
            headers=headers,
            body=body if isinstance(body, Mapping) else None,
            raw=None if isinstance(body, Mapping) else body,
            wait=wait,
        )
        stream = JsonStream(
            response,
            call=call,
            address=str(self.endpoint),
            idle=wait,
            deadline=deadline,
            end=end,
            on_close=self._streams.discard,
        )
        self._streams.add(stream)
        if self._closed:
            stream.close()
        return stream

    # --- the connection -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Close all connections; streams that are being read end."""
        with self._lock:
            self._closed = True
            sessions, self._sessions = list(self._sessions.values()), {}
        for stream in list(self._streams):
            stream.close()
        for session in sessions:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _introduction(self) -> Any:
        """The reply to GET /version. Whatever goes wrong with this first call: there is no Engine to talk to."""
        wait = min(self._timeout, CONNECT_TIMEOUT)
        try:
            return self._call("GET", "/version", deadline=wait, versioned=False)
        except EngineUnreachable:
            raise
        except EngineTimeout as error:
            raise EngineUnreachable(
                f"the Docker Engine at {self.endpoint} does not answer within {wait:g} s",
                "it may hang: look at its log, restart it",
            ) from error
        except EngineError as error:
            raise EngineUnreachable(
                f"what answers at {self.endpoint} is no usable Docker Engine: {error.message}",
                error.hint or OTHER_ENGINE,
                status=error.status,
            ) from error

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        raw: Body | None = None,
        deadline: float | None = None,
        versioned: bool = True,
        may_be_missing: bool = False,
    ) -> Any:
        wait, call = self._timeout if deadline is None else deadline, f"{method} {path}"
        end = time.monotonic() + wait
        sending = self._send(
            method,
            path,
            params=params,
            headers=headers,
            body=body,
            raw=raw,
            wait=wait,
            versioned=versioned,
            may_be_missing=may_be_missing,
        )
        with sending as response:
            text = self._read(response, end, wait, call)
            if response.status != 404:
                return decoded(response, text, call)
            if gives_reason(text):
                return None
            raise refusal(response.status, text, call)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        raw: Body | None = None,
        wait: float,
        versioned: bool = True,
        may_be_missing: bool = False,
    ) -> Reply:
        """Make a call; the response's head is there, its body is not yet read. Refusals are raised.

        Where what is asked for may be missing, 404 is a reply like any other.
        """
        call = f"{method} {path}"
        sent: dict[str, str] = {"Accept-Encoding": "identity", **(headers or {})}
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        elif raw is not None:
            sent["Content-Type"] = "application/x-tar"
        version = f"/v{self.about.api_version}" if versioned else ""
        target = f"{version}{quote(path, safe='/:@%')}"
        try:
            response = self._session().request(method, target, encoded(params), headers=sent, body=data, wait=wait)
        except transport_errors() as error:
            self._raise(error, call, wait)
        # 304 is "already so": the Engine's way to say that there was nothing to do.
        if response.status < 300 or response.status == 304 or (may_be_missing and response.status == 404):
            return response
        with response:
            text = self._read(response, time.monotonic() + wait, wait, call, limit=_LONGEST_REFUSAL)
        raise refusal(response.status, text, call)

    def _read(
        self,
        response: Reply,
        end: float,
        wait: float,
        call: str,
        limit: int | None = None,
    ) -> bytes:
        """The body of a response, or as much of it as `limit` allows."""
        parts, size = [], 0
        for chunk in self._chunks(response, end, wait, call):
            parts.append(chunk)
            size += len(chunk)
            if limit is not None and size >= limit:
                break
        return b"".join(parts)

    def _chunks(self, response: Reply, end: float, wait: float, call: str) -> Iterator[bytes]:
        try:
            while chunk := response.read1(_CHUNK):
                yield chunk
                if time.monotonic() > end:  # each read is in time, but they are too many
                    raise TimeoutError
        except transport_errors() as error:
            self._raise(error, call, wait)

    def _raise(self, error: Exception, call: str, wait: float) -> NoReturn:
        raise translate(error, address=str(self.endpoint), call=call, seconds=wait) from error

    def _session(self) -> Session:
        session = self._sessions.get(threading.current_thread())
        return session if session is not None else self._new_session()

    def _new_session(self) -> Session:
        with self._lock:
            if self._closed:
                raise EngineUnreachable("the connection to the Docker Engine has been closed")
            for thread in [thread for thread in self._sessions if not thread.is_alive()]:
                self._sessions.pop(thread).close()
            session = open_session(self.endpoint, self.about.api_version, self._timeout)
            self._sessions[threading.current_thread()] = session
            return session
