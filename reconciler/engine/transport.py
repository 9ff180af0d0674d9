"""How a request reaches an Engine and its reply comes back, by whatever way the Engine is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


Body = bytes | IO[bytes] | Iterable[bytes]
"""What is sent as it is: JSON, or a tar."""


class Reply(Protocol):
    """A reply whose head is there. Its body is read by one thread; any thread may shut it down.

    Attributes:
        method: of the request.
        status: of the reply.
        headers: of the reply, by name in any case.
    """

    method: str
    status: int
    headers: Mapping[str, str]

    def read1(self, size: int) -> bytes:
        """What has come, at most so many bytes; waits where nothing has. Empty at the end of a whole body.

        Raises:
            OSError, HTTPException: and what else `translation.transport_errors` names; also where it broke off.
        """

    def shutdown(self) -> None:
        """Wake the thread that reads: it gets nothing more."""

    def close(self) -> None:
        """Have done with it. A connection whose reply was read to its end serves the next request."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Session(Protocol):
    """The connections of one thread to one Engine."""

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        body: Body | None,
        wait: float,
    ) -> Reply:
        """Send a request and wait for the head of its reply.

        Args:
            method: of the call.
            path: with the API version, quoted.
            query: names and values; a list stands for several.
            headers: besides those of every request.
            body: what is sent.
            wait: seconds for each step on the wire, later reads of the body included.

        Raises:
            OSError, HTTPException: and what else `translation.transport_errors` names.
        """

    def close(self) -> None:
        """Close its connections."""
