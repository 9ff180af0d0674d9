"""Starting a container whose host port somebody has: what is tried again, and what is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.engine.perform import perform
from reconciler.errors import EngineError
from reconciler.planning.actions import StartContainer
from reconciler.state.resource import Kind, ResourceKey
from tests.unit.engine.fake import FakeEngine, Wire, reply

TAKEN = reply({"message": "Bind for 0.0.0.0:8000 failed: port is already allocated"}, "500 Internal Server Error")
ACTION = StartContainer(id="s", resource=ResourceKey(Kind.CONTAINER, "web"), reason="", container="f00")
START = "POST /containers/f00/start"
RANGE, FIXED = "8000-8009", "8000"


def engine(replies: Iterator[bytes], port: str) -> FakeEngine:
    """One that answers each start with the next of these."""

    def start(wire: Wire) -> None:
        wire.send(next(replies))

    bindings = {"80/tcp": [{"HostIp": "", "HostPort": port}]}
    return FakeEngine(
        {
            START: start,
            "GET /containers/f00/json": reply({"HostConfig": {"PortBindings": bindings}}),
            "GET /containers/json": reply([{"Names": ["/other"]}]),
        }
    )


def start(fake: FakeEngine) -> None:
    with Client.connect(Endpoint(fake.host, None, "test"), timeout=5) as client:
        perform(client, ACTION, {})


def starts(fake: FakeEngine) -> int:
    return sum(request.path.endswith("/start") for request in fake.requests)


def test_a_port_of_a_range_that_another_one_got_is_tried_again() -> None:
    with engine(iter([TAKEN, TAKEN, reply(None, "204 No Content")]), RANGE) as fake:
        start(fake)
        assert starts(fake) == 3


def test_a_range_that_is_full_is_said_to_be_taken_in_the_end() -> None:
    with engine(iter([TAKEN] * 9), RANGE) as fake:
        with pytest.raises(EngineError, match="host port 8000 is already in use by container other"):
            start(fake)
        assert 1 < starts(fake) < 9


def test_a_fixed_port_is_not_tried_again() -> None:
    with engine(iter([TAKEN] * 9), FIXED) as fake:
        with pytest.raises(EngineError, match="host port 8000 is already in use by container other"):
            start(fake)
        assert starts(fake) == 1
