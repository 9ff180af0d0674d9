"""The events of an Engine, followed: what is heard is in the cache, and whoever it concerns is told."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.engine.feed import FILTERS, Feed
from reconciler.errors import EngineError, EngineTimeout, EngineUnreachable
from reconciler.planning.actions import StartContainer
from reconciler.state.resource import Kind, ResourceKey
from tests.support.engine import wait_for
from tests.support.simulated import IDLE
from tests.support.telling import Heard, QuickClock, TellingClient, TellingDaemon, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.engine.engine import DockerEngine

LABELS = {"io.reconciler.project": "p", "io.reconciler.resource": "web"}
WEB = ResourceKey(Kind.CONTAINER, "web")


class World:
    """A simulated Engine, and a feed of it."""

    def __init__(self) -> None:
        self.daemon = TellingDaemon()
        self.daemon.add_image("app:1", Cmd=IDLE)
        self.client = TellingClient(self.daemon)
        self.heard = Heard()
        self.feed = Feed(
            self._connect,
            QuickClock(),
            changed=self.heard,
            away=lambda error: self.heard(f"away: {error.message}"),
            back=lambda: self.heard("back"),
        )

    def _connect(self) -> DockerEngine:
        if self.client.is_away:
            raise EngineUnreachable("nobody is there")
        return self.client.engine()

    def start(self) -> None:
        self.feed.start()
        wait_for(lambda: None in self.heard.all(), "the first connection")
        self.feed.engine.observe("p")
        self.heard.clear()

    def create(self, name: str, labels: dict[str, str] | None = None) -> str:
        body = {"Image": "app:1", "Labels": labels or {}, "HostConfig": {}, "NetworkingConfig": {"EndpointsConfig": {}}}
        return str(self.daemon.call("POST", "/containers/create", {"name": name}, body)["Id"])

    def call(self, path: str, method: str = "POST", body: Any = None, **params: Any) -> Any:
        return self.daemon.call(method, path, params, body)

    @property
    def statuses(self) -> dict[str, str]:
        return {one.name: one.status for one in self.feed.engine.observe("p").containers}

    def expect_current(self) -> None:
        """Sooner or later; events take a moment."""
        cache = self.feed._cache
        assert cache is not None
        wait_for(lambda: held(cache) == held(TellingClient(self.daemon)), "the cache to be as the Engine is")  # type: ignore[arg-type]


@pytest.fixture
def world() -> Iterator[World]:
    one = World()
    yield one
    one.feed.close()


def test_at_first_everything_is_listed_and_everybody_told(world: World) -> None:
    world.create("web", LABELS)
    assert isinstance(world.feed.engine.away, EngineUnreachable)
    world.feed.start()
    wait_for(lambda: None in world.heard.all(), "the first connection")
    assert world.heard.all() == ["back", None]
    assert world.statuses == {"web": "created"}


def test_an_event_leads_to_one_look_and_whom_it_concerns_is_told(world: World) -> None:
    web = world.create("web", LABELS)
    world.start()
    world.client.asked.clear()
    world.call(f"/containers/{web}/start")
    wait_for(lambda: world.heard.all() == ["p"], "the project to be told")
    assert world.statuses == {"web": "running"}
    assert world.client.asked == [f"/containers/{web}/json"]


def test_what_probes_emit_is_not_even_subscribed_to(world: World) -> None:
    assert not [name for name in FILTERS["event"] if name.startswith(("exec", "kill", "attach", "top"))]
    web = world.create("web", LABELS)
    world.start()
    world.client.asked.clear()
    for action in ("exec_create: true", "exec_start: true", "exec_die", "top", "kill"):
        world.daemon.tell("container", action, web)
    world.daemon.tell("container", "health_status: healthy", web)
    wait_for(lambda: world.client.asked, "the last one to be heard")
    assert world.client.asked == [f"/containers/{web}/json"]


def test_a_burst_leads_to_few_looks(world: World) -> None:
    web = world.create("web", LABELS)
    world.start()
    world.client.asked.clear()
    go = threading.Event()

    def wait(path: str) -> None:
        if web in path:
            go.wait(60)

    world.client.before_get = wait
    for _ in range(10_000):
        world.daemon.tell("container", "update", web)
    last = world.create("last")
    wait_for(lambda: ("container", last) in world.feed._waiting or last in str(world.client.asked), "all to be read")
    go.set()
    world.expect_current()
    assert len([path for path in world.client.asked if web in path]) < 20  # those that test it, too


def test_actions_of_ones_own_wake_nobody(world: World) -> None:
    web, other = world.create("web", LABELS), world.create("other")
    world.start()
    world.feed.engine.perform(StartContainer(id="1", resource=WEB, reason="", container=web), {})
    assert world.statuses == {"web": "running"}
    world.call(f"/containers/{other}/start")  # which takes nothing that anybody could want
    world.call(f"/containers/{other}/rename", name="another")
    wait_for(world.heard.all, "the other one's name to be told of")
    assert world.heard.all() == [None]
    world.call(f"/containers/{web}/stop")
    wait_for(lambda: "p" in world.heard.all(), "what somebody else does to be told")


def test_a_stream_that_ends_is_followed_by_a_full_list(world: World) -> None:
    web = world.create("web", LABELS)
    world.start()
    world.daemon.is_mute = True
    world.call(f"/containers/{web}/start")
    world.daemon.is_mute = False
    world.daemon.hang_up()
    wait_for(lambda: None in world.heard.all(), "the next connection")
    assert world.heard.all() == ["back", None], "it was never away"
    assert world.statuses == {"web": "running"}
    world.call(f"/containers/{web}/stop")
    wait_for(lambda: "p" in world.heard.all(), "events to come again")


def test_after_a_stream_that_ended_nothing_is_taken_for_known(world: World) -> None:
    containers = [world.create(f"web-{number}", LABELS) for number in range(120)]
    world.start()
    world.daemon.is_mute = True
    for container in containers:  # which no list shows
        world.call(f"/containers/{container}/update", body={"Memory": 1 << 30})
    world.daemon.is_mute = False
    world.daemon.hang_up()
    wait_for(lambda: None in world.heard.all(), "the next connection")
    assert {one.inspect["HostConfig"]["Memory"] for one in world.feed.engine.observe("p").containers} == {1 << 30}


def test_an_engine_that_is_away_is_told_of_once_and_when_it_is_back(world: World) -> None:
    web = world.create("web", LABELS)
    world.start()
    world.client.is_away = True
    world.daemon.hang_up()
    wait_for(world.heard.all, "it to be away")
    with pytest.raises(EngineError, match="is away"):
        world.feed.engine.observe("p")
    world.call(f"/containers/{web}/start")
    asked = len(world.client.asked)
    assert world.feed.resync() == 0
    assert len(world.client.asked) == asked
    world.client.is_away = False
    wait_for(lambda: None in world.heard.all(), "it to be back")
    assert world.heard.all() == ["away: the Engine is away", "back", None]
    assert world.statuses == {"web": "running"}


def test_an_engine_that_is_not_there_yet_is_waited_for(world: World) -> None:
    world.client.is_away = True
    world.feed.start()
    wait_for(world.heard.all, "it to be away")
    with pytest.raises(EngineUnreachable, match="nobody is there"):
        world.feed.engine.identity()
    world.client.is_away = False
    wait_for(lambda: None in world.heard.all(), "it to be there")
    assert world.heard.all() == ["away: nobody is there", "back", None]
    assert world.feed.engine.identity() == ""


def test_an_engine_whose_lists_can_not_be_had_is_away(world: World) -> None:
    failing = True

    def fail(path: str) -> None:
        if failing and path == "/volumes":
            raise EngineError("no list today")

    world.client.before_get = fail
    world.feed.start()
    wait_for(world.heard.all, "it to be away")
    failing = False
    wait_for(lambda: None in world.heard.all(), "it to be back")
    assert world.heard.all() == ["away: no list today", "back", None]


def test_a_socket_that_is_there_again_ends_the_pause(world: World, tmp_path: Path) -> None:
    socket = tmp_path / "sock"
    socket.touch()
    world.client.socket = str(socket)
    world.start()
    socket.unlink()
    slow = threading.Event()
    world.feed._clock = _Slow(slow)
    waiting = threading.Thread(target=world.feed._wait, args=(1e9,))
    waiting.start()
    assert slow.wait(60)
    socket.touch()
    waiting.join(60)
    assert not waiting.is_alive()


class _Slow:
    """Time of which there is no end."""

    def __init__(self, asked: threading.Event) -> None:
        self._asked = asked

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self._asked.set()
        threading.Event().wait(0.001)


def test_a_resync_counts_what_no_event_told_of(world: World) -> None:
    web, still = world.create("web", LABELS), world.create("still", LABELS)
    world.start()
    assert world.feed.resync() == 0
    world.daemon.is_mute = True
    world.call(f"/containers/{web}/start")
    world.call(f"/containers/{still}/update", body={"Memory": 1 << 30})
    world.call("/networks/create", body={"Name": "front"})
    world.daemon.is_mute = False
    assert world.feed.resync() == 3
    assert world.feed.misses == 3
    assert world.heard.all() == [None]
    world.expect_current()
    assert world.feed.resync() == 0
    assert world.feed.misses == 3


def test_an_event_that_comes_later_than_the_list_is_none_that_was_missed(world: World) -> None:
    web = world.create("web", LABELS)
    world.start()
    world.daemon.is_mute = True
    world.call(f"/containers/{web}/start")
    world.daemon.is_mute = False

    def late(path: str) -> None:
        if path == "/images/json":
            world.daemon.tell("container", "start", web)

    world.client.before_get = late
    world.feed._clock = _Patient()
    assert world.feed.resync() == 0
    assert world.statuses == {"web": "running"}


class _Patient:
    """Time that passes so slowly that whoever is to be heard within two seconds has a minute."""

    def monotonic(self) -> float:
        return time.monotonic() / 30

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 100)


def test_a_resync_that_fails_begins_anew(world: World) -> None:
    world.start()
    world.client.is_away = True
    assert world.feed.resync() == 0
    wait_for(world.heard.all, "it to be away")
    world.client.is_away = False
    wait_for(lambda: None in world.heard.all(), "it to be back")


def test_a_container_that_hangs_keeps_nobody_from_being_told(world: World) -> None:
    hanging, web = world.create("hanging", LABELS), world.create("web", LABELS)
    world.start()

    def hang(path: str) -> None:
        if hanging in path:
            raise EngineTimeout("no answer")

    world.client.before_get = hang
    world.call(f"/containers/{hanging}/start")
    wait_for(lambda: None in world.heard.all(), "that it could not be looked at")
    world.call(f"/containers/{web}/start")
    wait_for(lambda: "p" in world.heard.all(), "the other one")
    assert "back" not in world.heard.all()
    world.client.before_get = lambda _path: None
    world.expect_current()


def test_a_look_that_fails_leads_to_a_full_list(world: World) -> None:
    web = world.create("web", LABELS)
    world.start()
    broken = [True]

    def fail(path: str) -> None:
        if web in path and broken:
            broken.clear()
            raise EngineError("?")

    world.client.before_get = fail
    world.call(f"/containers/{web}/start")
    wait_for(lambda: None in world.heard.all(), "a full list")
    assert world.statuses == {"web": "running"}


def test_a_defect_ends_nothing(world: World) -> None:
    world.start()
    for listener in list(world.daemon._listeners):
        listener.put({"Type": "container", "Action": "start", "timeNano": "no number", "Actor": {}})
    wait_for(lambda: None in world.heard.all(), "the next connection")


def test_closed_it_is_quiet(world: World) -> None:
    world.start()
    world.feed.close()
    world.feed.close()
    assert not world.feed._thread.is_alive()
    world.create("web", LABELS)
    assert world.heard.all() == []
    assert world.feed.resync() == 0


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("create", "start", "stop", "pause", "unpause", "rename", "update", "remove", "network", "unnetwork"),
                *("connect", "disconnect", "volume", "unvolume", "image", "tag", "untag", "resync", "hang up", "mute"),
            ]
        ),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=25,
)


def _step(world: World, what: str, one: int, two: int) -> None:
    container, network = f"/containers/c{one}", f"/networks/n{two}"
    match what:
        case "create":
            world.daemon.call("POST", "/containers/create", {"name": f"c{one}"}, _body(one, two))
        case "start" | "stop" | "pause" | "unpause":
            world.call(f"{container}/{what}")
        case "rename":
            world.call(f"{container}/rename", name=f"c{two}")
        case "update":
            world.call(f"{container}/update", body={"Memory": two << 20})
        case "remove":
            world.call(container, "DELETE", force="1")
        case "network":
            world.call("/networks/create", body={"Name": f"n{two}"})
        case "connect" | "disconnect":
            world.call(f"{network}/{what}", body={"Container": f"c{one}"})
        case "unnetwork":
            world.call(f"/networks/{world.daemon._network(f'n{two}')['Id']}", "DELETE")
        case "volume":
            world.call("/volumes/create", body={"Name": f"v{one}"})
        case "unvolume":
            world.call(f"/volumes/v{one}", "DELETE")
        case "image":
            world.daemon.offer(f"new{one}:1", Cmd=["run", str(two)])
            world.call("/images/create", fromImage=f"new{one}", tag="1")
        case "tag":
            world.call("/images/app:1/tag", repo=f"also{one}", tag="1")
        case "untag":
            world.call(f"/images/also{one}:1", "DELETE")
        case "resync":
            world.feed.resync()
        case "hang up":
            world.daemon.hang_up()


def _body(one: int, two: int) -> dict[str, Any]:
    ports = {"80/tcp": [{"HostIp": "", "HostPort": str(8080 + two)}]}
    return {
        "Image": "app:1",
        "Labels": LABELS if one % 2 else {},
        "HostConfig": {"PortBindings": ports, "Binds": [f"v{two}:/data"]},
        "NetworkingConfig": {"EndpointsConfig": {}},
    }


@settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_STEPS, st.booleans())
def test_whatever_happens_the_cache_is_as_the_engine_is(
    steps: list[tuple[str, int, int]], are_events_lost: bool
) -> None:
    world = World()
    try:
        world.start()
        for what, one, two in steps:
            if what == "mute":
                world.daemon.is_mute = are_events_lost
            with contextlib.suppress(EngineError):  # such as a container that is not there: that is that
                _step(world, what, one, two)
        world.daemon.is_mute = False
        world.feed.resync()
        world.expect_current()
    finally:
        world.feed.close()
