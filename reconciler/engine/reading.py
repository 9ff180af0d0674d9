"""What it takes to observe an Engine: a client that asks it, or a cache that knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reconciler.engine.endpoint import Endpoint
    from reconciler.state.identity import EngineIdentity


class Reading(Protocol):
    """Replies of an Engine to what changes nothing. Nobody may change a reply: others may hold the same one.

    Every method may be called from any thread, and raises `EngineError`s only.
    """

    @property
    def endpoint(self) -> Endpoint:
        """Where the Engine is."""
        ...

    @property
    def about(self) -> EngineIdentity:
        """What it says it is."""
        ...

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Any:
        """The reply's JSON; see `reconciler.engine.client.Client.get`."""
        ...

    def download(self, path: str, params: Mapping[str, Any] | None, *, limit: int) -> bytes:
        """A tar, such as a file of a container; at most so many bytes of it."""
        ...

    def knows(self, path: str, params: Mapping[str, Any] | None = None) -> bool:
        """Whether `get` would answer without a call."""
        ...
