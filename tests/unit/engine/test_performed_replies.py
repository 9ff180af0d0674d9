"""What an Engine may answer to calls that change something: what can't be read is a failure, and never a defect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.engine.perform import perform
from reconciler.errors import EngineError
from reconciler.planning.actions import (
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    RemoveContainer,
    RemoveImage,
    RemoveVolume,
    RenameContainer,
    RunCommand,
    StopContainer,
)
from reconciler.state.resource import Kind, ResourceKey
from tests.unit.engine.fake import FakeEngine, reply

if TYPE_CHECKING:
    from reconciler.planning.actions import Action

COMMON: dict[str, Any] = {"id": "x", "resource": ResourceKey(Kind.CONTAINER, "web"), "reason": "a test"}
EXEC = RunCommand(container="f00", what="post_start", payload={"Cmd": ["true"]}, expected_name="", **COMMON)

ASKED: dict[str, tuple[str, Action]] = {
    "create": ("POST /containers/create", CreateContainer(name="web", payload={}, platform="", **COMMON)),
    "networks": ("GET /networks", CreateNetwork(payload={"Name": "n"}, **COMMON)),
    "create volume": ("POST /volumes/create", CreateVolume(payload={"Name": "v"}, **COMMON)),
    "remove volume": ("GET /volumes/v", RemoveVolume(volume="v", created_at="", labels={}, **COMMON)),
    "stop": ("GET /containers/f00/json", StopContainer(container="f00", expected_name="web", seconds=1, **COMMON)),
    "remove": ("GET /containers/f00/json", RemoveContainer(container="f00", expected_name="web", **COMMON)),
    "rename": ("GET /containers/f00/json", RenameContainer(container="f00", old_name="a", name="b", **COMMON)),
    "exec": ("POST /containers/f00/exec", EXEC),
    "remove image": ("GET /images/app:1/json", RemoveImage(reference="app:1", image="sha256:1", **COMMON)),
}

ODD = {
    "null": reply(b"null"),
    "a list": reply([]),
    "a list of lists": reply([[]]),
    "a number": reply(17),
    "a text": reply("done"),
    "an empty object": reply({}),
    "no ID": reply({"Id": None, "Name": None}),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "HTML": reply(b"<html>", kind="text/html"),
}


# An empty list of networks is none that is odd.
@pytest.mark.parametrize(
    ("asked", "odd"), [(asked, odd) for asked in ASKED for odd in ODD if (asked, odd) != ("networks", "a list")]
)
def test_an_odd_reply_is_a_failure(asked: str, odd: str) -> None:
    call, action = ASKED[asked]
    with (
        FakeEngine({call: ODD[odd]}) as fake,
        Client.connect(Endpoint(fake.host, None, "test")) as client,
        pytest.raises(EngineError, match="can't be read"),
    ):
        perform(client, action, {})


def test_an_exec_that_tells_nothing_of_itself() -> None:
    answers = {
        "POST /containers/f00/exec": reply({"Id": "e"}),
        "POST /exec/e/start": reply(b"", kind="application/vnd.docker.raw-stream"),
        "GET /exec/e/json": reply({}),
    }
    with (
        FakeEngine(answers) as fake,
        Client.connect(Endpoint(fake.host, None, "test")) as client,
        pytest.raises(EngineError, match="what the Engine tells of a running exec can't be read"),
    ):
        perform(client, EXEC, {})
