"""What a call of before, whose caller was killed, leaves in the way."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.client import Client
from reconciler.engine.create import create_container, create_network
from reconciler.engine.endpoint import Endpoint
from reconciler.errors import Conflict
from reconciler.planning.actions import CreateContainer, CreateNetwork
from reconciler.state.resource import Kind, ResourceKey
from tests.unit.engine.fake import FakeEngine, Wire, reply

LABELS = {"io.reconciler.project": "p", "io.reconciler.resource": "web"}
CONTAINER = CreateContainer(
    id="c", resource=ResourceKey(Kind.CONTAINER, "p-web-1"), reason="", name="p-web-1", payload={"Labels": LABELS}
)
NETWORK = CreateNetwork(
    id="n", resource=ResourceKey(Kind.NETWORK, "p_back"), reason="", payload={"Name": "p_back", "Labels": LABELS}
)
GONE = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def there(status: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"Id": "old", "Name": "/p-web-1", "State": {"Status": status}, "Config": {"Labels": labels}}


def engine(*looks: bytes) -> FakeEngine:
    """The name is taken until each of these looks at its container has been answered."""
    left = list(looks)

    def create(wire: Wire) -> None:
        taken = reply({"message": "Conflict. The container name is already in use by container old"}, "409 Conflict")
        wire.send(taken if left else reply({"Id": "new"}, "201 Created"))

    def look(wire: Wire) -> None:
        wire.send(left.pop(0))

    return FakeEngine(
        {"POST /containers/create": create, "GET /containers/p-web-1/json": look, "DELETE /containers/old": GONE}
    )


def sent(fake: FakeEngine) -> list[str]:
    return [f"{one.method} {one.path}" for one in fake.requests if one.method != "GET"]


def test_a_leftover_that_never_ran_is_made_anew() -> None:
    missing = reply({"message": "No such container"}, "404 Not Found")
    with engine(missing, reply(there("created", LABELS))) as fake:
        with Client.connect(Endpoint(fake.host, None, "test")) as client:
            assert create_container(client, CONTAINER, {}) == "new"
        create = "POST /containers/create"
        assert sent(fake) == [create, create, "DELETE /containers/old", create]


@pytest.mark.parametrize(
    "found", [there("running", LABELS), there("created", {}), {**there("created", LABELS), "Name": "/another"}]
)
def test_what_is_anothers_or_runs_is_left_alone(found: dict[str, Any]) -> None:
    with engine(*[reply(found)] * 9) as fake, Client.connect(Endpoint(fake.host, None, "test")) as client:
        with pytest.raises(Conflict):
            create_container(client, CONTAINER, {})
        assert sent(fake) == ["POST /containers/create"]


def row(id_: str, created: str, **labels: str) -> dict[str, Any]:
    return {"Id": id_, "Name": "p_back", "Created": created, "Labels": labels or LABELS}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [row("1", "b")], ["POST /networks/create"]),
        ([row("1", "a")], [], []),
        ([], [row("2", "b"), row("1", "a")], ["POST /networks/create", "DELETE /networks/2"]),
        ([], [row("1", "a"), row("2", "b", of="another")], ["POST /networks/create"]),
    ],
)
def test_of_two_networks_of_a_name_the_older_stays(
    before: list[dict[str, Any]], after: list[dict[str, Any]], expected: list[str]
) -> None:
    lists = [before, after]

    def listed(wire: Wire) -> None:
        wire.send(reply(lists.pop(0)))

    answers: dict[str, Any] = {"POST /networks/create": reply({"Id": "1"}), "DELETE /networks/2": GONE}
    with FakeEngine({**answers, "GET /networks": listed}) as fake:
        with Client.connect(Endpoint(fake.host, None, "test")) as client:
            create_network(client, NETWORK)
        assert sent(fake) == expected
