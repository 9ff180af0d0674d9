"""Starting a container that can't be: whose host port somebody has, or that was half started when the Engine died."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.engine.perform import perform
from reconciler.errors import EngineError, Stale
from reconciler.planning.actions import StartContainer
from reconciler.state.resource import Kind, ResourceKey
from tests.unit.engine.fake import FakeEngine, reply

TAKEN = reply({"message": "Bind for 0.0.0.0:8000 failed: port is already allocated"}, "500 Internal Server Error")
ACTION = StartContainer(id="s", resource=ResourceKey(Kind.CONTAINER, "web"), reason="", container="f00")


def listed(name: str, port: int) -> dict[str, Any]:
    return {"Names": [f"/{name}"], "Ports": [{"PrivatePort": 80}, {"PrivatePort": 80, "PublicPort": port}]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([listed("other", 8000)], "container other"),
        ([listed("two", 8000), listed("one", 8000), listed("of-the-range", 8001)], "container one, two"),
        ([listed("of-the-range", 8001)], "another container"),
    ],
)
def test_who_has_the_port(rows: list[dict[str, Any]], said: str) -> None:
    """The list has those too that ask for a range with this port, and got another one."""
    answers = {"POST /containers/f00/start": TAKEN, "GET /containers/json": reply(rows)}
    with (
        FakeEngine(answers) as fake,
        Client.connect(Endpoint(fake.host, None, "test"), timeout=60) as client,
        pytest.raises(EngineError) as caught,
    ):
        perform(client, ACTION, {})
    assert "of-the-range" not in caught.value.message
    assert caught.value.message == f"host port 8000 is already in use by {said}"


HALF = reply({"message": "task f00: already exists: unknown"}, "500 Internal Server Error")


@pytest.mark.parametrize("status", ["created", "exited"])
def test_one_that_was_half_started_when_the_engine_died_is_removed_if_it_never_ran(status: str) -> None:
    state = {"Id": "f00", "Name": "/web", "State": {"Status": status}}
    answers = {
        "POST /containers/f00/start": HALF,
        "GET /containers/f00/json": reply(state),
        "DELETE /containers/f00": reply(None, "204 No Content"),
    }
    with (
        FakeEngine(answers) as fake,
        Client.connect(Endpoint(fake.host, None, "test"), timeout=60) as client,
        pytest.raises(EngineError) as caught,
    ):
        perform(client, ACTION, {})
    removed = any(one.method == "DELETE" for one in fake.requests)
    assert removed == (status == "created"), "what is in the layer of one that ran is nobody's to throw away"
    assert isinstance(caught.value, Stale) == removed
