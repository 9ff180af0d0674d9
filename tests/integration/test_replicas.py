"""Several containers of one name: how many, their ports and names, and how they take turns when they are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ExitCode
from tests.integration.world import IDLE, changes, failures

if TYPE_CHECKING:
    from typing import Any

    from tests.integration.world import World

FAILS = ["sh", "-c", "echo last words; exit 9"]


def web(replicas: int, **more: Any) -> dict[str, Any]:
    return {"web": {"replicas": replicas, **more}}


def ids(world: World, count: int) -> list[str]:
    return [world.id("web", number) for number in range(1, count + 1)]


def test_more_and_fewer(world: World) -> None:
    world.declare(web(3))
    assert changes(world.plan()).keys() >= {world.name("web", number) for number in (1, 2, 3)}
    world.converge()
    three = ids(world, 3)
    labels = [world.inspect("web", number)["Config"]["Labels"]["io.reconciler.replica"] for number in (1, 2, 3)]
    assert labels == ["1", "2", "3"]

    world.declare(web(5))
    assert changes(world.plan()) == {world.name("web", 4): ("create", []), world.name("web", 5): ("create", [])}
    world.converge()
    assert ids(world, 3) == three

    world.docker("rm", "-f", world.name("web", 2))
    assert changes(world.plan()) == {world.name("web", 2): ("create", [])}, "the missing number"
    world.converge()
    five = ids(world, 5)

    world.declare(web(2))
    assert changes(world.plan()) == {world.name("web", number): ("remove", []) for number in (3, 4, 5)}
    world.converge()
    assert ids(world, 2) == five[:2]
    assert world.names() == [world.name("web", 1), world.name("web", 2)]

    world.declare(web(0))
    world.converge()
    assert world.names() == []


def test_all_answer_to_the_name_of_the_service(world: World) -> None:
    world.declare({**web(3), "user": {}})
    world.converge()
    found = world.exec("user", "nslookup", "web")
    network = f"{world.project}_default"
    for number in (1, 2, 3):
        assert world.inspect("web", number)["NetworkSettings"]["Networks"][network]["IPAddress"] in found


def test_each_gets_a_port_of_a_range(world: World) -> None:
    """One more than there are ports for fails, and what is full is replaced all the same."""
    spec = web(3, ports=["28650-28652:80"], restart="always")
    world.declare(spec)
    world.converge()

    def bound() -> list[str]:
        ports = [world.inspect("web", number)["NetworkSettings"]["Ports"]["80/tcp"] for number in (1, 2, 3)]
        return sorted(entries[0]["HostPort"] for entries in ports)

    assert bound() == ["28650", "28651", "28652"]
    before = ids(world, 3)
    world.declare(web(3, ports=["28650-28652:80"], restart="always", user="nobody"))
    world.converge()
    assert not set(before) & set(ids(world, 3))
    assert bound() == ["28650", "28651", "28652"]

    world.declare(web(3, ports=["28650-28652:80"], user="nobody", update={"parallelism": 0}, environment={"A": "1"}))
    world.converge()
    assert bound() == ["28650", "28651", "28652"]

    # A port of the range goes to another container, and one replica fewer gives it back.
    world.declare(web(2, ports=["28650-28652:80"], user="nobody", environment={"A": "1"}))
    world.converge()


def test_they_are_replaced_in_turns(world: World) -> None:
    """The next one is not even created before the one before has proven itself; two at once take half the turns."""
    world.declare(web(4))
    world.converge()
    names = {world.id("web", number): number for number in (1, 2, 3, 4)}

    def order() -> list[tuple[str, int]]:
        """Which replicas were stopped and renamed, in order."""
        found = []
        for request in world.proxy.changing():
            _, container, verb = request.path.strip("/").split("/")[:3] if request.path.count("/") > 2 else ("", "", "")
            if container in names and verb in {"stop", "rename"}:
                found.append((verb, names[container]))
        return found

    world.declare(web(4, user="nobody"))
    world.proxy.clear()
    world.converge()
    assert order() == [(verb, number) for number in (1, 2, 3, 4) for verb in ("stop", "rename")]

    names = {world.id("web", number): number for number in (1, 2, 3, 4)}
    world.declare(web(4, user="root", update={"parallelism": 2}))
    world.proxy.clear()
    world.converge()
    done = order()
    assert sorted(done[:4]) == [("rename", 1), ("rename", 2), ("stop", 1), ("stop", 2)]
    assert sorted(done[4:]) == [("rename", 3), ("rename", 4), ("stop", 3), ("stop", 4)]


def test_the_first_that_fails_ends_the_update(world: World) -> None:
    world.declare(web(3))
    world.converge()
    before, started = ids(world, 3), [world.started("web", number) for number in (2, 3)]
    world.declare(web(3, command=FAILS, update={"monitor": "30s"}))
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert outcome.rolled_back
    assert [text for text in failures(outcome) if "exited with code 9" in text] == failures(outcome) != []
    assert ids(world, 3) == before
    assert [world.started("web", number) for number in (2, 3)] == started, "the others were not touched"
    assert world.names() == [world.name("web", number) for number in (1, 2, 3)]

    world.declare(web(3, command=[*IDLE[:2], f"{IDLE[2]} # new"]))
    world.converge()
    assert not set(before) & set(ids(world, 3))
