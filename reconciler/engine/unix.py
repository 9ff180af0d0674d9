"""HTTP over a Unix socket, in the place of the SDK's own.

The SDK's takes each URL for a server of its own, so that no connection is ever used twice, and leaks a socket for each
attempt to reach an Engine that is not there. Imported only where an Engine is talked to: it costs what requests costs.
"""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest


class UnixConnection(HTTPConnection):
    """A connection to a socket instead of a host and a port."""

    def __init__(self, path: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # urllib3 has set the deadline of this attempt.
            connection.settimeout(self.timeout)
            connection.connect(self._path)
        except BaseException:
            connection.close()
            raise
        self.sock = connection


class UnixAdapter(HTTPAdapter):
    """Sends every request of a session to one socket."""

    def __init__(self, path: str, connections: int) -> None:
        super().__init__()
        self._pool = HTTPConnectionPool("localhost", maxsize=connections)
        self._pool.ConnectionCls = partial(UnixConnection, path)  # type: ignore[assignment]

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: Any,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        """Where requests takes its connections from: always the one pool."""
        del request, verify, proxies, cert  # nothing of it matters on a socket
        return self._pool

    def request_url(self, request: PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """What stands in the request's first line."""
        del proxies
        return request.path_url

    def close(self) -> None:
        """Close the connections that wait for their next request."""
        super().close()
        self._pool.close()
