"""HTTP over the network and over a Windows pipe: the SDK, as the transport only.

Its own methods drop fields, ignore errors in streams and wait forever; its `APIClient` is a `requests.Session` that
knows Docker's TLS and its pipes, and that is what is used of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import urllib3
from docker import APIClient
from docker.tls import TLSConfig

from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    import requests

    from reconciler.engine.endpoint import Endpoint
    from reconciler.engine.transport import Body


class SdkSession:
    """The connections of one thread; see `reconciler.engine.transport.Session`."""

    def __init__(self, endpoint: Endpoint, version: str, timeout: float) -> None:
        tls: TLSConfig | bool = False
        if endpoint.tls:
            files = (endpoint.tls.cert, endpoint.tls.key)
            ca = endpoint.tls.ca
            tls = TLSConfig(
                client_cert=(str(files[0]), str(files[1])) if files[0] and files[1] else None,
                ca_cert=str(ca) if ca else None,
                verify=endpoint.tls.verify,
            )
            if not endpoint.tls.verify:
                # Whoever asked for it knows; urllib3 would say so again with each call.
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._client = APIClient(
            base_url=endpoint.host,
            version=version,
            timeout=timeout,  # type: ignore[arg-type]  # a float does as well
            tls=tls,
            user_agent=f"reconciler/{__version__}",
        )
        if endpoint.host.startswith("npipe://"):
            # No proxy and no .netrc stands between us and a pipe; looking for them costs more than the call.
            self._client.trust_env = False

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        body: Body | None,
        wait: float,
    ) -> SdkReply:
        """Send a request and wait for the head of its reply."""
        response = self._client.request(
            method,
            f"{self._client.base_url}{path}",
            params=query,
            data=body,
            headers=headers,
            timeout=wait,
            stream=True,
            allow_redirects=False,
            # Said for each call: otherwise REQUESTS_CA_BUNDLE would outdo the endpoint's own certificates.
            verify=self._client.verify,
        )
        return SdkReply(method, response)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


class SdkReply:
    """The reply to one request; see `reconciler.engine.transport.Reply`."""

    def __init__(self, method: str, response: requests.Response) -> None:
        self.method = method
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response

    def read1(self, size: int) -> bytes:
        """What has come; empty at the end."""
        chunk: bytes = self._response.raw.read1(size)
        return chunk

    def shutdown(self) -> None:
        """Wake the thread that reads."""
        self._response.raw.shutdown()

    def close(self) -> None:
        """Have done with it."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
