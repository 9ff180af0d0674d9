"""Pausing on a machine so busy that not all of a container's processes stop at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.engine.perform import perform
from reconciler.errors import EngineError
from reconciler.planning.actions import PauseContainer
from reconciler.state.resource import Kind, ResourceKey
from tests.unit.engine.fake import FakeEngine, reply

if TYPE_CHECKING:
    from tests.unit.engine.fake import Wire

ACTION = PauseContainer(id="p", resource=ResourceKey(Kind.CONTAINER, "web"), reason="", container="f00")
DONE = reply(None, "204 No Content")
BUSY = reply(
    {"message": "Cannot pause container f00: OCI runtime pause failed: unable to freeze: unknown"},
    "500 Internal Server Error",
)
OTHER = reply({"message": "Container f00 is not running"}, "409 Conflict")


def pauses(*replies: bytes) -> int:
    """How often it is asked for, where these are the answers."""
    left = list(replies)

    def pause(wire: Wire) -> None:
        wire.send(left.pop(0))

    state = {"Id": "f00", "Name": "/web", "State": {"Status": "running"}}
    with (
        FakeEngine({"POST /containers/f00/pause": pause, "GET /containers/f00/json": reply(state)}) as fake,
        Client.connect(Endpoint(fake.host, None, "test"), timeout=5) as client,
    ):
        perform(client, ACTION, {})
        return sum(one.method == "POST" for one in fake.requests)


def test_it_is_tried_again_where_not_all_processes_stopped_in_time() -> None:
    assert pauses(BUSY, BUSY, DONE) == 3
    with pytest.raises(EngineError, match="unable to freeze"):
        pauses(*[BUSY] * 5)
    with pytest.raises(EngineError, match="not running"):
        pauses(OTHER)
