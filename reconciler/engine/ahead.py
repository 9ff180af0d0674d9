"""The lists of an Engine, asked for before anybody wants them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from reconciler.engine.lists import LISTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.engine.endpoint import Endpoint
    from reconciler.engine.reading import Reading
    from reconciler.state.identity import EngineIdentity


class ReadingAhead:
    """Answers each of the lists once with what the Engine said some moments ago, and all else with what it says now.

    See `reconciler.engine.reading.Reading`.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lists: dict[str, Future[Any]] = {path: Future() for path, _ in LISTS}
        self._unanswered = [*self._lists.values()]

    def ask(self) -> None:
        """Ask for the lists, one after the other; nothing is raised, but to those who want them."""
        for (path, params), answer in zip(LISTS, self._unanswered, strict=True):
            try:
                answer.set_result(self._reading.get(path, params))
            except BaseException as error:
                answer.set_exception(error)

    @property
    def endpoint(self) -> Endpoint:
        """Where the Engine is."""
        return self._reading.endpoint

    @property
    def about(self) -> EngineIdentity:
        """What it says it is."""
        return self._reading.about

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Any:
        """The reply's JSON."""
        if (path, params) in LISTS and (answer := self._lists.pop(path, None)):
            return answer.result()
        return self._reading.get(path, params, headers=headers, deadline=deadline)

    def download(self, path: str, params: Mapping[str, Any] | None, *, limit: int) -> bytes:
        """A tar, such as a file of a container."""
        return self._reading.download(path, params, limit=limit)

    def knows(self, path: str, params: Mapping[str, Any] | None = None) -> bool:
        """Whether `get` would answer without a call: a list may still be on its way."""
        del path, params
        return False
