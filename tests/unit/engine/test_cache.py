"""What is held of an Engine: read without a call, and brought up to date by looks that never replace a later one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler.engine.cache import Cache
from reconciler.engine.cached import CachedEngine
from reconciler.engine.held import EVERYBODY, IMAGES, NETWORKS, NOBODY
from reconciler.engine.observe import observe
from reconciler.engine.sharing import Sharing
from reconciler.errors import EngineTimeout, NotFound
from reconciler.planning.actions import CreateContainer, PullImage, RenameContainer, StartContainer, StopContainer
from reconciler.spec.model import Spec
from reconciler.state.resource import Kind, ResourceKey
from tests.support.simulated import HERE, IDLE
from tests.support.telling import TellingClient, TellingDaemon, held, seen

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.state.snapshot import Snapshot

LABELS = {"io.reconciler.project": "p", "io.reconciler.resource": "web"}


class World:
    """A simulated Engine, and a cache of it."""

    def __init__(self) -> None:
        self.daemon = TellingDaemon()
        self.daemon.add_image("app:1", Cmd=IDLE)
        self.client = TellingClient(self.daemon)
        self.cache = Cache(cast("Client", self.client))

    def create(self, name: str, labels: dict[str, str] | None = None, **host: Any) -> str:
        body = {
            "Image": "app:1",
            "Labels": labels or {},
            "HostConfig": host,
            "NetworkingConfig": {"EndpointsConfig": {}},
        }
        return str(self.daemon.call("POST", "/containers/create", {"name": name}, body)["Id"])

    def call(self, path: str, method: str = "POST", **params: Any) -> Any:
        return self.daemon.call(method, path, params)

    def observe(self, project: str = "p", spec: Spec | None = None) -> Snapshot:
        return observe(self.cache, project, spec, HERE)

    def expect_current(self) -> None:
        self.client.asked.clear()
        have = seen(self.observe())
        assert not self.client.asked, "a look made calls"
        assert have == seen(observe(cast("Client", TellingClient(self.daemon)), "p", None, HERE))


@pytest.fixture
def world() -> World:
    return World()


def test_a_look_at_what_stands_still_makes_no_call(world: World) -> None:
    for number in range(30):
        world.create(f"web-{number}", LABELS)
    world.create("another")
    world.cache.relist()
    world.observe()
    world.expect_current()


def test_what_only_a_plan_for_a_spec_needs_is_asked_once_between_two_lists(world: World) -> None:
    world.daemon.offer("app:1", Cmd=IDLE)
    spec = Spec.model_validate({"name": "p", "containers": {"web": {"image": "app:1", "pull_policy": "always"}}})
    world.cache.relist()
    first = world.observe(spec=spec)
    assert [offer.digest for offer in first.offers.values()] != [None]
    world.client.asked.clear()
    assert world.observe(spec=spec).offers == first.offers
    assert not world.client.asked
    world.cache.relist()
    world.daemon.offer("app:1", Cmd=["another"])
    assert world.observe(spec=spec).offers != first.offers


def test_a_registry_that_does_not_answer_is_not_asked_by_each_look(world: World) -> None:
    spec = Spec.model_validate({"name": "p", "containers": {"web": {"image": "gone:1", "pull_policy": "always"}}})
    world.cache.relist()
    first = world.observe(spec=spec)
    assert [offer.digest for offer in first.offers.values()] == [None]
    world.client.asked.clear()
    assert world.observe(spec=spec).offers == first.offers
    assert not world.client.asked


def test_the_row_of_a_container_follows_from_its_inspect(world: World) -> None:
    world.cache.relist()
    port = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    other = world.create("other", Binds=["data:/data"], PortBindings=port)
    assert world.cache.look(("container", other)) == EVERYBODY
    assert world.cache.look(("volume", "data")) == EVERYBODY
    world.expect_current()
    world.call(f"/containers/{other}/start")
    assert world.cache.look(("container", other)) == EVERYBODY  # nobody's project
    world.expect_current()


def test_who_is_told(world: World) -> None:
    port = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    web = ("container", world.create("web", LABELS, PortBindings=port))
    plain = ("container", world.create("plain", LABELS))
    world.cache.relist()
    world.observe()
    assert world.cache.look(web) == NOBODY
    world.call(f"/containers/{web[1]}/start")
    assert world.cache.look(web) == {"p"}
    world.call(f"/containers/{web[1]}/stop")
    assert world.cache.look(web) == EVERYBODY, "a host port is free again"
    world.call(f"/containers/{plain[1]}/start")
    assert world.cache.look(plain) == {"p"}
    world.call(f"/containers/{plain[1]}/rename", name="another")
    assert world.cache.look(plain) == EVERYBODY, "a name is free again"
    world.call(f"/containers/{plain[1]}", "DELETE", force="1")
    assert world.cache.look(plain) == EVERYBODY
    world.expect_current()


def test_an_anonymous_volume_concerns_nobody_but_its_container(world: World) -> None:
    world.cache.relist()
    world.daemon.call("POST", "/volumes/create", None, {"Name": "0" * 64})
    assert world.cache.look(("volume", "0" * 64)) == NOBODY
    world.expect_current()


def test_networks_and_images_are_listed_at_once(world: World) -> None:
    world.create("web", LABELS)
    world.cache.relist()
    world.observe()
    world.daemon.call("POST", "/networks/create", None, {"Name": "front"})
    world.daemon.add_image("app:2", Cmd=IDLE)
    assert world.cache.look(NETWORKS) == EVERYBODY
    assert world.cache.look(IMAGES) == EVERYBODY
    assert world.cache.look(NETWORKS) == world.cache.look(IMAGES) == NOBODY
    world.observe()
    world.expect_current()


def test_a_tag_that_moves_is_seen_by_who_looks_at_that_image(world: World) -> None:
    spec = Spec.model_validate({"name": "p", "containers": {"web": {"image": "app:1", "pull_policy": "daily"}}})
    world.daemon.offer("app:1", Cmd=IDLE)
    world.cache.relist()
    before = world.observe(spec=spec).image("app:1")
    new = world.daemon.add_image("app:1", Cmd=["another"])
    world.cache.look(IMAGES)
    after = world.observe(spec=spec).image("app:1")
    assert before
    assert after
    assert after.id == new
    assert after.inspect["Id"] == new


def test_a_look_that_was_overtaken_changes_nothing(world: World) -> None:
    web = ("container", world.create("web", LABELS))
    world.cache.relist()
    world.observe()
    slow, go = threading.Event(), threading.Event()
    original = world.client.get

    def get(path: str, *arguments: Any, **more: Any) -> Any:
        reply = original(path, *arguments, **more)
        if threading.current_thread().name == "slow":
            slow.set()
            assert go.wait(30)
        return reply

    world.client.get = get  # type: ignore[method-assign]
    thread = threading.Thread(target=world.cache.look, args=(web,), name="slow")
    thread.start()
    assert slow.wait(30)  # it has read the old state
    world.call(f"/containers/{web[1]}/start")
    assert world.cache.look(web) == {"p"}
    go.set()
    thread.join(30)
    assert world.observe().containers[0].status == "running"


def test_a_full_list_that_was_overtaken_brings_nothing_back(world: World) -> None:
    going, web = world.create("going", LABELS), world.create("web", LABELS)
    world.cache.relist()
    world.observe()
    original = world.client.get

    def get(path: str, *arguments: Any, **more: Any) -> Any:
        reply = original(path, *arguments, **more)
        if path == "/containers/json":  # the list is made: now things happen, and are looked at
            world.call(f"/containers/{going}", "DELETE", force="1")
            new.append(world.create("new", LABELS))
            world.call(f"/containers/{web}/start")
            for container in (going, web, *new):
                world.cache.look(("container", container))
        return reply

    new: list[str] = []
    world.client.get = get  # type: ignore[method-assign]
    assert world.cache.relist() == {}
    world.client.get = original  # type: ignore[method-assign]
    world.expect_current()
    assert {one.id for one in world.observe().containers} == {web, *new}


def test_a_full_list_finds_what_nobody_looked_at(world: World) -> None:
    going, web, still = (world.create(name, LABELS) for name in ("going", "web", "still"))
    world.daemon.call("POST", "/volumes/create", None, {"Name": "old"})
    world.cache.relist()
    world.observe()
    world.call(f"/containers/{going}", "DELETE", force="1")
    world.call(f"/containers/{web}/start")
    world.daemon.call("POST", f"/containers/{still}/update", None, {"Memory": 1 << 30})
    world.daemon.call("POST", "/networks/create", None, {"Name": "front"})
    world.call("/volumes/old", "DELETE")
    world.daemon.add_image("app:2", Cmd=IDLE)
    new = world.create("new")
    found = world.cache.relist()
    assert {key: one.count for key, one in found.items()} == {
        **{("container", one): 1 for one in (going, web, still, new)},
        NETWORKS: 1,
        IMAGES: 1,
        ("volume", "old"): 1,
    }
    world.observe()
    world.expect_current()
    assert world.cache.relist() == {}


def test_what_probes_and_commands_leave_behind_is_no_difference(world: World) -> None:
    web = world.create("web", LABELS)
    row = world.daemon.container(web)
    row["State"] |= {"Status": "running", "Health": {"Status": "healthy", "FailingStreak": 0, "Log": []}}
    world.cache.relist()
    world.observe()
    row["State"]["Health"] |= {"FailingStreak": 2, "Log": [{"Output": "?"}]}
    row["ExecIDs"] = ["1"]
    assert world.cache.relist() == {}
    assert world.cache.look(("container", web)) == NOBODY


def test_the_containers_that_are_inspected_again_take_turns(world: World) -> None:
    containers = [world.create(f"web-{number}", LABELS) for number in range(120)]
    world.cache.relist()
    world.observe()
    inspected: set[str] = set()
    for _ in range(3):
        world.client.asked.clear()
        world.cache.relist()
        now = {path.split("/")[2] for path in world.client.asked if path.endswith("/json") and path.count("/") == 3}
        assert len(now) <= 50
        inspected |= now
    assert inspected == set(containers)


def test_a_container_that_hangs_keeps_nobody_from_the_rest(world: World) -> None:
    hanging, web = world.create("hanging", LABELS), world.create("web", LABELS)
    world.cache.relist()
    world.observe()

    def hang(path: str) -> None:
        if hanging in path:
            raise EngineTimeout("no answer")

    world.client.before_get = hang
    world.call(f"/containers/{web}/start")
    assert set(world.cache.relist()) == {("container", hanging), ("container", web)}
    assert world.cache.get(f"/containers/{web}/json")["State"]["Status"] == "running"
    with pytest.raises(EngineTimeout):
        world.observe()
    world.client.before_get = lambda _path: None
    assert len(world.observe().containers) == 2


def test_what_is_gone_is_not_there(world: World) -> None:
    world.cache.relist()
    with pytest.raises(NotFound):
        world.cache.get("/containers/0123/json")
    assert world.cache.look(("container", "0123")) == NOBODY


# --- the port ----------------------------------------------------------------------------------------------------

WEB = ResourceKey(Kind.CONTAINER, "web")


@pytest.fixture
def port(world: World) -> CachedEngine:
    engine = CachedEngine(told.append)
    told.clear()
    world.create("base", LABELS)
    world.cache.relist()
    engine.use(world.client.engine(), world.cache)
    engine.away, engine.is_current = None, True
    engine.observe("p")
    return engine


told: list[str | None] = []


def _create(name: str) -> CreateContainer:
    payload = {"Image": "app:1", "Labels": LABELS, "HostConfig": {}, "NetworkingConfig": {"EndpointsConfig": {}}}
    return CreateContainer(id="1", resource=WEB, reason="", name=name, payload=payload)


def test_after_an_action_of_ones_own_the_next_look_is_current_without_a_call(world: World, port: CachedEngine) -> None:
    new = port.perform(_create("web"), {})
    assert new
    world.expect_current()
    port.perform(StartContainer(id="2", resource=WEB, reason="", container="1"), {"1": new})
    world.expect_current()
    port.perform(RenameContainer(id="3", resource=WEB, reason="", container=new, old_name="web", name="x"), {})
    world.expect_current()
    assert {one.name for one in port.observe("p").containers} == {"base", "x"}
    assert not told


def test_an_action_that_failed_is_seen_as_it_left_things(world: World, port: CachedEngine) -> None:
    new = port.perform(_create("web"), {})
    assert new
    world.client.fail_at(1, after=True)
    with pytest.raises(Exception, match="broke off"):
        port.perform(StartContainer(id="2", resource=WEB, reason="", container=new), {})
    world.expect_current()
    assert {one.status for one in port.observe("p").containers} == {"created", "running"}


def test_what_happens_while_an_action_is_in_flight_is_not_told(world: World, port: CachedEngine) -> None:
    new = port.perform(_create("web"), {})
    with world.cache.acting(("container", str(new)), ("name", "next")):
        world.call(f"/containers/{new}/start")
        assert world.cache.look(("container", str(new))) == NOBODY
        assert world.cache.look(("container", world.create("next", LABELS))) == NOBODY
        assert world.cache.relist() == {}
    world.call(f"/containers/{new}/stop")
    assert world.cache.look(("container", str(new))) == {"p"}


def test_other_projects_are_told_of_what_an_action_frees(world: World, port: CachedEngine) -> None:
    web = world.create("web", LABELS, PortBindings={"80/tcp": [{"HostIp": "", "HostPort": "8080"}]})
    world.call(f"/containers/{web}/start")
    world.cache.relist()
    for project in ("p", "q"):
        port.observe(project)
    port.perform(StopContainer(id="1", resource=WEB, reason="", container=web, expected_name="web", seconds=1), {})
    assert told == ["q"]


def test_a_pull_that_failed_has_the_registry_asked_again(world: World, port: CachedEngine) -> None:
    spec = Spec.model_validate({"name": "p", "containers": {"web": {"image": "app:9", "pull_policy": "always"}}})
    port.observe("p", spec)
    with pytest.raises(NotFound):
        port.perform(PullImage(id="1", resource=WEB, reason="", reference="app:9"), {})
    world.daemon.offer("app:9", Cmd=IDLE)
    assert [offer.digest for offer in port.observe("p", spec).offers.values()] != [None]


def test_while_nothing_is_current_the_engine_itself_is_asked(world: World, port: CachedEngine) -> None:
    port.is_current = False
    world.client.asked.clear()
    port.observe("p")
    assert "/containers/json" in world.client.asked


# --- what is shared ----------------------------------------------------------------------------------------------


def test_equal_parts_are_held_once_and_types_are_kept() -> None:
    sharing = Sharing()
    one = sharing.of({"a": [1, True, 1.0, None, "x"], "b": {"c": {}}})
    two = sharing.of({"z": {"c": {}}, "y": [1, True, 1.0, None, "x"]})
    assert two["z"] is one["b"]
    assert two["y"] is one["a"]
    assert [type(item) for item in one["a"]] == [int, bool, float, type(None), str]
    assert one == {"a": [1, True, 1.0, None, "x"], "b": {"c": {}}}


def test_what_is_gone_is_let_go_of(world: World) -> None:
    web = world.create("web", LABELS)
    world.cache.relist()
    world.observe()
    for number in range(6000):
        world.cache._held.sharing.of(f"{number}"), world.cache._held.sharing.of(number)
    world.cache.relist()
    assert len(world.cache._held.sharing._met) < 1000
    assert held(world.cache)["inspects"][web]["Id"] == web
    world.expect_current()
