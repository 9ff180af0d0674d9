"""A network that changes is made anew under its containers, which stay; what stands in the way is said before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ExitCode
from reconciler.report.outcome_text import outcome_text
from reconciler.report.style import Style
from tests.support.simulated import IDLE, NEW, OLD, Daemon, Killed, Scene, SimulatedEngine, changes

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = {"com.docker.network.bridge.enable_icc": "maybe"}
"""Driver options with which an Engine refuses to make a network."""


def made(containers: Mapping[str, Any], networks: Mapping[str, Any] | None = None, about: Any = NEW) -> Scene:
    """A project that is in sync."""
    daemon = Daemon(about)
    daemon.add_image("app:1", Cmd=IDLE)
    daemon.add_image("app:2", Cmd=IDLE)
    scene = Scene(daemon)
    scene.declare(containers, networks=networks or {})
    scene.converge()
    return scene


def members(scene: Scene, network: str) -> set[str]:
    """The names of the running containers that are in the one network of that name."""
    [found] = [row for row in scene.daemon.has.networks.values() if row["Name"] == network]
    return {
        row["Name"].removeprefix("/")
        for row in scene.daemon.has.containers.values()
        if row["State"]["Status"] == "running"
        and (row["NetworkSettings"]["Networks"].get(network) or {}).get("NetworkID") == found["Id"]
    }


def by_hand(scene: Scene, name: str, network: str, *, start: bool = True) -> None:
    """A container that is not ours, in a network."""
    endpoints: dict[str, Any] = {"EndpointsConfig": {network: {}}}
    body = {"Image": "app:1", "NetworkingConfig": endpoints, "HostConfig": {"NetworkMode": network}}
    scene.hand("POST", "/containers/create", {"name": name}, body)
    if start:
        scene.hand("POST", f"/containers/{name}/start")


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_the_steps(about: Any) -> None:
    scene = made({"a": {}, "b": {"networks": {"default": {"aliases": ["x"]}, "back": {}}}}, {"back": {}}, about)
    ids = {key: scene.id(key) for key in "ab"}
    [old] = [row["Id"] for row in scene.daemon.has.networks.values() if row["Name"] == "p_default"]
    scene.declare({"a": {}, "b": {"networks": {"default": {"aliases": ["x"]}, "back": {}}}},
                  networks={"back": {}, "default": {"internal": True}})  # fmt: skip
    assert changes(scene.plan()) == {
        "p_default": ("replace", ["internal"]),
        "p-a-1": ("update", ["networks"]),
        "p-b-1": ("update", ["networks"]),
    }
    engine = SimulatedEngine(scene.daemon)
    assert scene.apply(engine).exit_code is ExitCode.OK
    leave, join = f"POST /networks/{old}/disconnect", "POST /networks/p_default/connect"
    assert engine.calls == [leave, leave, f"DELETE /networks/{old}", "POST /networks/create", join, join]
    scene.expect_in_sync()
    assert {key: scene.id(key) for key in "ab"} == ids
    assert members(scene, "p_default") == {"p-a-1", "p-b-1"}
    aliases = scene.inspect("b")["NetworkSettings"]["Networks"]["p_default"]["Aliases"]
    assert {"b", "x"} <= set(aliases)


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
@pytest.mark.parametrize("state", ["paused", "exited", "created"])
def test_a_member_that_does_not_run(about: Any, state: str) -> None:
    wanted = {"a": {"state": "stopped"} if state != "paused" else {}}
    scene = made(wanted, about=about)
    if state == "exited":
        for verb in ("start", "stop"):
            scene.hand("POST", f"/containers/{scene.id('a')}/{verb}")
    elif state == "paused":
        scene.hand("POST", f"/containers/{scene.id('a')}/pause")
    container = scene.id("a")
    scene.declare(wanted, networks={"default": {"internal": True}})
    engine = SimulatedEngine(scene.daemon)
    assert scene.apply(engine).exit_code is ExitCode.OK
    said = [call.rpartition("/")[2] for call in engine.calls if call.startswith("POST")]
    assert (
        said
        == {
            "paused": ["disconnect", "create", "connect", "unpause"],
            "exited": ["create", "connect"],
            "created": ["create"],
        }[state]
    )
    scene.expect_in_sync()
    assert scene.id("a") == container
    if state != "paused":
        scene.hand("POST", f"/containers/{container}/start")
    assert members(scene, "p_default") == {"p-a-1"}


@pytest.mark.parametrize("start", [True, False], ids=["runs", "has stopped"])
def test_containers_that_are_not_ours_stand_in_the_way(start: bool) -> None:
    scene = made({"a": {}})
    by_hand(scene, "foreign", "p_default")
    by_hand(scene, "never-started", "p_default", start=False)
    if not start:
        scene.hand("POST", "/containers/foreign/stop")
    scene.declare({"a": {}}, networks={"default": {"internal": True}})
    [conflict] = scene.plan().conflicts
    assert conflict.message == (
        'network "p_default" has to be made anew, and containers that are not ours are connected to it: foreign'
    )
    assert "docker network disconnect p_default foreign" in conflict.hint


def test_who_leaves_the_network_and_who_is_removed() -> None:
    both = {"networks": ["default", "back"]}
    scene = made({"leaves": both, "goes": both, "stays": both}, {"back": {}})
    ids = {key: scene.id(key) for key in ("leaves", "stays")}
    scene.declare({"leaves": {}, "stays": both}, networks={"back": {"labels": {"l": "1"}}})
    scene.converge()
    assert {key: scene.id(key) for key in ids} == ids
    assert members(scene, "p_back") == {"p-stays-1"}


def test_a_member_that_is_replaced_serves_until_then() -> None:
    scene = made({"a": {"image": "app:1"}})
    scene.declare({"a": {"image": "app:2"}}, networks={"default": {"internal": True}})
    plan = scene.plan()
    order = [action.id.partition("/")[2] for action in plan.actions]
    assert order.index("p_default:create") < order.index("p-a-1:connect old p_default") < order.index("p-a-1:stop old")
    scene.converge()
    assert members(scene, "p_default") == {"p-a-1"}


def test_a_member_whose_replacement_fails_is_in_the_new_network() -> None:
    scene = made({"a": {}})
    container = scene.id("a")
    scene.declare({"a": {"command": ["exit", "1"]}}, networks={"default": {"internal": True}})
    assert scene.apply().exit_code is ExitCode.PARTLY_FAILED
    assert scene.id("a") == container
    assert members(scene, "p_default") == {"p-a-1"}


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("call", range(1, 8))
@pytest.mark.parametrize("fault", ["kill_at", "fail_at"])
def test_cut_off_at_any_call(about: Any, call: int, after: bool, fault: str) -> None:
    containers: dict[str, Any] = {"a": {}, "b": {"networks": ["default", "back"]}, "c": {"state": "stopped"}}
    scene = made(containers, {"back": {}}, about)
    for verb in ("start", "stop"):
        scene.hand("POST", f"/containers/{scene.id('c')}/{verb}")
    ids = {key: scene.id(key) for key in containers}
    scene.declare(containers, networks={"back": {}, "default": {"internal": True}})
    engine = SimulatedEngine(scene.daemon)
    getattr(engine, fault)(call, after=after)
    if fault == "kill_at":
        with pytest.raises(Killed):
            scene.apply(engine)
    else:
        outcome = scene.apply(engine)
        assert outcome.failed
        if call <= 4:  # the network is not made anew, or its answer was lost
            assert members(scene, "p_default") == {"p-a-1", "p-b-1"}
    scene.converge()
    assert {key: scene.id(key) for key in containers} == ids
    assert members(scene, "p_default") == {"p-a-1", "p-b-1"}
    assert len(scene.daemon.has.networks) == 2


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_a_new_network_that_is_refused_leaves_everything_as_it_was(about: Any) -> None:
    networks = {"default": {"driver_opts": {"x": "1"}, "ipam": {"config": [{"subnet": "10.1.0.0/24"}]}}}
    scene = made({"a": {"networks": {"default": {"ipv4_address": "10.1.0.7"}}}, "b": {}}, networks, about)
    before = scene.daemon.copy()
    scene.declare({"a": {"networks": {"default": {"ipv4_address": "10.1.0.7"}}}, "b": {}},
                  networks={"default": {"driver_opts": REFUSED, "ipam": networks["default"]["ipam"]}})  # fmt: skip
    outcome = scene.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert outcome.rolled_back
    assert "network p_default: the old network serves again." in outcome_text(outcome, Style())
    [was], [now] = before.has.networks.values(), scene.daemon.has.networks.values()
    assert {**was, "Id": ""} == {**now, "Id": ""}
    assert members(scene, "p_default") == {"p-a-1", "p-b-1"}
    there = scene.inspect("a")["NetworkSettings"]["Networks"]["p_default"]
    assert there["IPAMConfig"] == {"IPv4Address": "10.1.0.7"}
    scene.declare({"a": {"networks": {"default": {"ipv4_address": "10.1.0.7"}}}, "b": {}}, networks=networks)
    scene.expect_in_sync()


@pytest.mark.parametrize("members_of_both", [True, False], ids=["members", "no members"])
def test_of_two_networks_of_one_name_one_goes(members_of_both: bool) -> None:
    scene = made({"a": {}, "b": {}, "c": {}}, about=OLD)
    [ours] = scene.daemon.has.networks.values()
    reply = scene.hand("POST", "/networks/create", None, {"Name": "p_default", "Labels": ours["Labels"]})
    if members_of_both:
        scene.hand("POST", f"/networks/{ours['Id']}/disconnect", None, {"Container": scene.id("c")})
        endpoint = {"Container": scene.id("c"), "EndpointConfig": {"Aliases": ["c"]}}
        scene.hand("POST", f"/networks/{reply['Id']}/connect", None, endpoint)
    ids = {key: scene.id(key) for key in "abc"}
    found = changes(scene.plan())
    assert found.pop("p_default") == ("remove", [])
    assert found == ({"p-c-1": ("update", ["networks"])} if members_of_both else {})
    scene.converge()
    assert list(scene.daemon.has.networks) == [ours["Id"]]
    assert members(scene, "p_default") == {"p-a-1", "p-b-1", "p-c-1"}
    assert {key: scene.id(key) for key in "abc"} == ids


# --- addresses -------------------------------------------------------------------------------------------------------


def subnet(text: str) -> dict[str, Any]:
    return {"ipam": {"config": [{"subnet": text}]}}


def test_two_networks_swap_their_addresses() -> None:
    joined = {"networks": ["one", "two"]}
    scene = made({"a": joined}, {"one": subnet("10.1.0.0/24"), "two": subnet("10.2.0.0/24")})
    container = scene.id("a")
    scene.declare({"a": joined}, networks={"one": subnet("10.2.0.0/24"), "two": subnet("10.1.0.0/24")})
    scene.converge()
    assert scene.id("a") == container


def test_a_new_network_waits_for_the_addresses_of_one_that_goes() -> None:
    scene = made({"a": {"networks": ["default", "front"]}}, {"front": subnet("10.1.0.0/24")})
    container = scene.id("a")
    scene.declare({"a": {"networks": ["default", "web"]}}, networks={"web": {**subnet("10.1.0.0/25"), "was": "front"}})
    plan = scene.plan()
    assert [change.note for change in plan.changes if change.resource.name == "p_web"] == ["takes the place of p_front"]
    scene.converge()
    assert scene.id("a") == container
    assert members(scene, "p_web") == {"p-a-1"}


def test_addresses_that_can_t_be_handed_over_are_a_conflict_with_a_way_out() -> None:
    scene = made({"a": {"networks": ["front"]}}, {"front": subnet("10.1.0.0/24")})
    container = scene.id("a")
    web = {**subnet("10.1.0.0/24"), "was": "front"}
    scene.declare({"a": {"networks": ["web"]}}, networks={"web": web})
    [conflict] = scene.plan().conflicts
    assert 'network "p_web" asks for addresses that "p_front" has' in conflict.message
    assert "`name: p_front`" in conflict.hint
    scene.declare({"a": {"networks": ["web"]}}, networks={"web": {**web, "name": "p_front"}})
    scene.expect_in_sync()
    assert scene.id("a") == container


def test_addresses_that_somebody_else_has() -> None:
    scene = made({"a": {}})
    scene.hand("POST", "/networks/create", None, {"Name": "theirs", "IPAM": {"Config": [{"Subnet": "10.1.0.0/16"}]}})
    scene.declare({"a": {}}, networks={"default": subnet("10.1.7.0/24")})
    [conflict] = scene.plan().conflicts
    assert conflict.message == 'network "p_default" asks for addresses that network "theirs" has: 10.1.0.0/16'


def test_what_an_older_engine_does_not_know_is_a_conflict() -> None:
    scene = made({}, about=OLD)
    scene.declare({}, networks={"x": {"enable_ipv4": False, "enable_ipv6": True, **subnet("fd00::/64")}})
    [conflict] = scene.plan().conflicts
    assert conflict.message == "`enable_ipv4` needs API version 1.48, and this Engine speaks 1.41"
    scene.declare({}, networks={"x": {"enable_ipv4": True}})
    scene.converge()


def test_a_network_with_another_name_takes_the_place_of_the_old_one() -> None:
    scene = made({"a": {"networks": ["default", "front"]}}, {"front": {}})
    container = scene.id("a")
    scene.declare({"a": {"networks": ["default", "web"]}}, networks={"web": {"was": "front"}})
    assert changes(scene.plan()) == {
        "p_web": ("create", []),
        "p-a-1": ("update", ["networks"]),
        "p_front": ("remove", []),
    }
    scene.converge()
    assert scene.id("a") == container
    assert members(scene, "p_web") == {"p-a-1"}
