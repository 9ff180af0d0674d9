"""Which of the ways an Engine is reached by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.engine.endpoint import Endpoint
    from reconciler.engine.transport import Session


def open_session(endpoint: Endpoint, version: str, timeout: float) -> Session:
    """A session for the calling thread.

    Args:
        endpoint: where the Engine is.
        version: of its API; only the SDK wants to know.
        timeout: seconds for what the SDK does of its own.

    Raises:
        OSError, ValueError: and what else `translation.transport_errors` names.
    """
    if endpoint.host.startswith("unix://"):
        from reconciler.engine.unix import UnixSession

        return UnixSession(endpoint.host.removeprefix("unix://"))
    from reconciler.engine.sdk import SdkSession  # 130 ms: only who connects in another way pays

    return SdkSession(endpoint, version, timeout)
