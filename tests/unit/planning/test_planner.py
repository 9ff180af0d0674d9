"""Changes → actions: what is planned for each situation, in which order, and what is left alone."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from difflib import unified_diff
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.fields import ownership
from reconciler.planning.actions import CreateContainer, RenameContainer
from reconciler.planning.failures import Failure
from reconciler.planning.planner import plan_down
from tests.support.simulated import IDLE, NEW, OLD, Daemon, Scene, SimulatedEngine, changes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.planning.plan import Plan


def verbs(plan: Plan) -> list[str]:
    """The actions in short: `p-web-1:start`."""
    return [action.id.partition("/")[2] for action in plan.actions]


def needs(plan: Plan, action_id: str) -> set[str]:
    """All that has to be done before an action, in short."""
    by_id = {action.id.partition("/")[2]: action for action in plan.actions}
    found: set[str] = set()
    todo = [action_id]
    while todo:
        for need in by_id[todo.pop()].needs:
            short = need.partition("/")[2]
            if short not in found:
                found.add(short)
                todo.append(short)
    return found


def expect_stays(scene: Scene, *keys: str) -> None:
    """Apply; those containers are not even restarted."""
    before = {key: scene.daemon.copy().container(scene.id(key)) for key in keys}
    scene.converge()
    for container in before.values():
        now = scene.daemon.container(container["Id"])
        assert now["State"]["StartedAt"] == container["State"]["StartedAt"]


# --- what is made, changed and removed -------------------------------------------------------------------------------


def test_from_nothing() -> None:
    scene = Scene()
    scene.declare({"web": {"volumes": ["pages:/p"]}}, volumes={"pages": {}})
    plan = scene.plan()
    assert changes(plan) == {
        "p_default": ("create", []),
        "p_pages": ("create", []),
        "p-web-1": ("create", []),
    }
    assert needs(plan, "p-web-1:start") == {"p-web-1:create", "p_default:create", "p_pages:create"}


def test_nothing_to_do() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    engine = SimulatedEngine(scene.daemon)
    assert scene.apply(engine).actions == ()
    assert engine.calls == []


@pytest.mark.parametrize(
    ("container", "calls"),
    [
        ({"restart": "always"}, ["update"]),
        ({"container_name": "web"}, ["rename"]),
        ({"networks": ["default", "back"]}, ["connect"]),
        ({"networks": {"default": {"aliases": ["x"]}}}, ["disconnect", "connect"]),
    ],
    ids=["restart", "name", "network", "alias"],
)
@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_what_changes_in_place_restarts_nothing(about: Any, container: Mapping[str, Any], calls: list[str]) -> None:
    daemon = Daemon(about)
    daemon.add_image("app:1", Cmd=IDLE)
    scene = Scene(daemon)
    scene.declare({"web": {}, "other": {"depends_on": ["web"]}}, networks={"back": {}})
    scene.converge()
    before = {key: dict(scene.inspect(key)["State"]) for key in ("web", "other")}
    scene.declare({"web": container, "other": {"depends_on": ["web"]}}, networks={"back": {}})
    engine = SimulatedEngine(daemon)
    scene.apply(engine)
    assert [call.rpartition("/")[2] for call in engine.calls] == calls
    assert {key: scene.inspect(key)["State"] for key in before} == before
    scene.expect_in_sync()


@pytest.mark.parametrize(
    ("before", "now", "operation", "after"),
    [
        ("running", "stopped", "stop", "exited"),
        ("stopped", "running", "start", "running"),
        ("running", "absent", "remove", None),
        ("stopped", "absent", "remove", None),
        ("absent", "running", "create", "running"),
        ("absent", "stopped", "create", "created"),
    ],
)
def test_states(before: str, now: str, operation: str, after: str | None) -> None:
    scene = Scene()
    scene.declare({"web": {"state": before}, "other": {}})
    scene.converge()
    scene.declare({"web": {"state": now}, "other": {}})
    assert {name: said[0] for name, said in changes(scene.plan()).items()} == {"p-web-1": operation}
    expect_stays(scene, "other")
    assert (scene.status("web") if after else None) == after


@pytest.mark.parametrize(
    ("status", "wanted", "verb"),
    [
        ("created", "running", ["start"]),
        ("exited", "running", ["start"]),
        ("paused", "running", ["unpause"]),
        ("restarting", "running", []),
        ("dead", "running", ["clear", "create", "start"]),
        ("removing", "stopped", ["clear", "create"]),
        ("created", "stopped", []),
        ("exited", "stopped", []),
        ("paused", "stopped", ["stop"]),
        ("restarting", "stopped", ["stop"]),
    ],
)
def test_every_status_that_the_engine_reports(status: str, wanted: str, verb: list[str]) -> None:
    scene = Scene()
    scene.declare({"web": {"state": wanted}})
    scene.converge()
    scene.inspect("web")["State"]["Status"] = status
    assert verbs(scene.plan()) == [f"p-web-1:{one}" for one in verb]
    scene.apply()


def test_what_is_no_longer_declared_goes_but_volumes_stay() -> None:
    scene = Scene()
    scene.declare(
        {"web": {"volumes": ["pages:/p"], "networks": ["back"]}}, volumes={"pages": {}}, networks={"back": {}}
    )
    scene.converge()
    scene.declare({"other": {}})
    plan = scene.plan()
    assert {name: said[0] for name, said in changes(plan).items()} == {
        "p_default": "create",
        "p-other-1": "create",
        "p-web-1": "remove",
        "p_back": "remove",
    }
    assert plan.kept_volumes == ("p_pages",)
    scene.converge()
    assert "p_pages" in scene.daemon.has.volumes
    assert scene.names() == ["p-other-1"]


def test_down_removes_containers_and_networks_in_order() -> None:
    scene = Scene()
    scene.declare({"db": {"volumes": ["data:/d"]}, "app": {"depends_on": ["db"]}}, volumes={"data": {}})
    scene.converge()
    plan = plan_down("p", scene.snapshot(), scene.spec)
    assert {name: said[0] for name, said in changes(plan).items()} == dict.fromkeys(
        ("p-app-1", "p-db-1", "p_default"), "remove"
    )
    assert plan.kept_volumes == ("p_data",)
    assert "p-app-1:stop" in needs(plan, "p-db-1:stop")
    assert needs(plan, verbs(plan)[-1]) >= {"p-app-1:remove", "p-db-1:remove"}


# --- replacement -----------------------------------------------------------------------------------------------------


def test_the_steps_of_a_replacement() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    scene.declare({"web": {"user": "nobody"}})
    plan = scene.plan()
    steps = ["create", "stop old", "start", "prove", "rename old", "rename new", "remove old"]
    assert verbs(plan) == [f"p-web-1:{step}" for step in steps]
    for earlier, later in pairwise(steps):
        assert f"p-web-1:{earlier}" in needs(plan, f"p-web-1:{later}")
    assert [action.group for action in plan.actions] == ["container/p-web-1"] * 6 + [""]
    assert [action.name for action in plan.actions if isinstance(action, CreateContainer | RenameContainer)] == [
        "p-web-1.next",
        "p-web-1.old",
        "p-web-1",
    ]


def test_on_an_old_engine_further_networks_are_connected_before_the_start() -> None:
    daemon = Daemon(OLD)
    daemon.add_image("app:1", Cmd=IDLE)
    scene = Scene(daemon)
    scene.declare({"web": {"networks": ["front", "back"]}}, networks={"front": {}, "back": {}})
    plan = scene.plan()
    # Of equal priority the first by name is the one that the container is created in.
    assert "p-web-1:connect p_front" in needs(plan, "p-web-1:start")
    scene.converge()


def test_what_failed_before_is_held_and_the_rest_is_mended() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    scene.declare({"web": {"user": "nobody", "restart": "always"}})
    [created] = [action for action in scene.plan().actions if isinstance(action, CreateContainer)]
    image = scene.inspect("web")["Image"]
    failure = Failure("web", created.payload["Labels"][ownership.DIGEST], image)
    plan = scene.plan(frozenset([failure]))
    assert [(one.operation, [field.path for field in one.fields]) for one in plan.changes] == [
        ("hold", ["user"]),
        ("update", ["restart"]),
    ]
    assert verbs(plan) == ["p-web-1:update"]
    scene.declare({"web": {"user": "root"}})
    assert changes(scene.plan(frozenset([failure]))) == {"p-web-1": ("replace", ["user"])}


def test_the_old_one_serves_until_what_the_new_one_needs_is_up() -> None:
    scene = Scene()
    scene.declare({"app": {}})
    scene.converge()
    scene.declare({"app": {"user": "nobody", "depends_on": ["db"]}, "db": {}})
    plan = scene.plan()
    assert {"p-db-1:start", "p-app-1:create"} <= needs(plan, "p-app-1:stop old")


# --- order -----------------------------------------------------------------------------------------------------------


def test_who_depends_on_another_starts_once_that_one_is_up() -> None:
    scene = Scene()
    scene.declare({"app": {"depends_on": ["db", "job"]}, "db": {}, "job": {"state": "stopped"}})
    plan = scene.plan()
    assert "p-db-1:start" in needs(plan, "p-app-1:start")
    assert "p-db-1:start" not in needs(plan, "p-app-1:create"), "created side by side"
    scene.converge()
    scene.declare({"app": {"depends_on": ["db", "job"]}, "db": {"user": "nobody"}, "job": {"state": "stopped"}})
    assert {action.resource.name for action in scene.plan().actions} == {"p-db-1"}, "the others are not touched"


def test_a_stopped_one_starts_after_what_it_depends_on_is_proven() -> None:
    scene = Scene()
    scene.declare({"app": {"depends_on": ["db"]}, "db": {}})
    scene.converge()
    scene.hand("POST", f"/containers/{scene.id('app')}/stop")
    scene.declare({"app": {"depends_on": ["db"]}, "db": {"user": "nobody"}})
    assert "p-db-1:prove" in needs(scene.plan(), "p-app-1:start")


def test_a_stopped_one_starts_after_its_network_is_made_anew() -> None:
    scene = Scene()
    scene.declare({"app": {}})
    scene.converge()
    scene.hand("POST", f"/containers/{scene.id('app')}/stop")
    scene.hand("DELETE", "/networks/p_default")
    plan = scene.plan()
    # It keeps the ID of the network that it had: it has to be connected to the new one.
    assert changes(plan) == {"p_default": ("create", []), "p-app-1": ("update", ["state", "networks"])}
    assert "p_default:create" in needs(plan, "p-app-1:start")


# --- names and ports move on -----------------------------------------------------------------------------------------


def test_a_name_moves_from_one_that_goes() -> None:
    scene = Scene()
    scene.declare({"a": {"container_name": "site"}})
    scene.converge()
    scene.declare({"b": {"container_name": "site"}})
    assert "site:remove" in needs(scene.plan(), "site:create")
    scene.converge()


@pytest.mark.parametrize("change", [{}, {"user": "nobody"}], ids=["in place", "replaced"])
def test_a_name_moves_from_one_that_gets_another(change: dict[str, Any]) -> None:
    scene = Scene()
    scene.declare({"a": {"container_name": "site"}, "b": {}})
    scene.converge()
    scene.declare({"a": {"container_name": "home", **change}, "b": {"container_name": "site"}})
    scene.converge()
    assert scene.names() == ["home", "site"]


@pytest.mark.parametrize("keys", ["ab", "abc"])
def test_names_that_go_round_are_refused_with_a_way_out(keys: str) -> None:
    scene = Scene()
    scene.declare({key: {"container_name": f"name-{key}"} for key in keys})
    scene.converge()
    turned = keys[1:] + keys[0]
    scene.declare({key: {"container_name": f"name-{name}"} for key, name in zip(keys, turned, strict=True)})
    [conflict] = scene.plan().conflicts
    assert "third name" in conflict.hint


@pytest.mark.parametrize("keys", ["ab", "abc"])
def test_names_that_go_round_where_all_are_replaced(keys: str) -> None:
    scene = Scene()
    scene.declare({key: {"container_name": f"name-{key}"} for key in keys})
    scene.converge()
    turned = keys[1:] + keys[0]
    scene.declare(
        {key: {"container_name": f"name-{name}", "user": "x"} for key, name in zip(keys, turned, strict=True)}
    )
    scene.converge()


def test_a_name_moves_to_one_that_its_holder_depends_on() -> None:
    """`web` gives its name to a new proxy, and is replaced by one that starts after it: a plan, or a way out."""
    scene = Scene()
    scene.declare({"web": {"container_name": "site"}})
    scene.converge()
    scene.declare(
        {"web": {"user": "nobody", "depends_on": ["proxy"]}, "proxy": {"container_name": "site"}},
    )
    if not scene.plan().conflicts:
        scene.converge()


def test_one_that_gets_its_name_back_and_is_stopped() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    scene.declare({"web": {"container_name": "site", "state": "stopped"}})
    scene.converge()
    assert scene.status("web") == "exited"


@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_a_port_moves_from_one_that_stops(state: str) -> None:
    scene = Scene()
    scene.declare({"a": {"ports": ["8080:80"]}, "b": {"state": "stopped", "ports": ["8080:80"]}})
    scene.converge()
    scene.declare({"a": {"ports": ["8080:80"], "state": state}, "b": {"ports": ["8080:80"]}})
    assert "p-a-1:stop" in needs(scene.plan(), "p-b-1:start")
    scene.converge()


@pytest.mark.parametrize("depends", [{}, {"b": ["a"]}, {"a": ["b"]}], ids=["neither", "b on a", "a on b"])
@pytest.mark.parametrize("back", [[], ["8081:80"]], ids=["moved", "swapped"])
def test_a_port_moves_between_two_that_are_replaced(depends: dict[str, list[str]], back: list[str]) -> None:
    """Also from one that starts after the other: its old container stops first, its new one still starts last."""

    def declare(a: list[str], b: list[str]) -> None:
        scene.declare({key: {"ports": one, "depends_on": depends.get(key, [])} for key, one in (("a", a), ("b", b))})

    scene = Scene()
    declare(["8080:80"], ["8081:80"])
    scene.converge()
    declare(back, ["8080:80"])
    for seed in range(5):
        trial = Scene(scene.daemon.copy())
        trial.spec = scene.spec
        trial.converge(order=random.Random(seed))


def test_a_port_moves_from_one_that_had_it_by_its_range() -> None:
    scene = Scene()
    scene.declare({"a": {"ports": ["8080-8081:80"]}, "b": {}})
    scene.converge()
    scene.declare({"a": {"user": "nobody"}, "b": {"ports": ["8080:80"]}})
    assert "p-a-1:stop old" in needs(scene.plan(), "p-b-1:start")


# --- not ours --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({}, 'container "p-web-1" exists and is not ours'),
        ({"com.docker.compose.project": "c"}, 'container "p-web-1" exists and belongs to project "c"'),
        ({ownership.PROJECT: "q", ownership.RESOURCE: "x"}, 'container "p-web-1" exists and belongs to project "q"'),
    ],
    ids=["nobody's", "Compose's", "another project's"],
)
def test_a_foreign_container_under_a_wanted_name(labels: dict[str, str], says: str) -> None:
    scene = Scene()
    foreign = {"Image": "app:1", "Labels": labels, "NetworkingConfig": {"EndpointsConfig": {}}}
    scene.hand("POST", "/containers/create", {"name": "p-web-1"}, foreign)
    scene.declare({"web": {}, "other": {}})
    plan = scene.plan()
    assert [conflict.message for conflict in plan.conflicts] == [says]
    assert plan.conflicts[0].hint
    assert not plan.in_sync
    assert not [action for action in plan.actions if action.resource.name == "p-web-1"]


@pytest.mark.parametrize("kind", ["network", "volume"])
@pytest.mark.parametrize(
    ("owner", "says"), [(None, "exists and is not ours"), ("q", 'belongs to project "q"')], ids=["nobody's", "theirs"]
)
def test_a_foreign_network_or_volume_under_a_wanted_name(kind: str, owner: str | None, says: str) -> None:
    scene = Scene()
    body = {"Name": "p_x", "Labels": {ownership.PROJECT: owner} if owner else None}
    scene.hand("POST", f"/{kind}s/create", None, body)
    scene.declare({"web": {}}, **{f"{kind}s": {"x": {}}})
    [conflict] = scene.plan().conflicts
    assert conflict.message == f'{kind} "p_x" {says}'
    assert "external: true" in conflict.hint


@pytest.mark.parametrize("kind", ["network", "volume"])
def test_an_external_network_or_volume_is_used_and_left_alone(kind: str) -> None:
    scene = Scene()
    use = {"networks": ["ext"]} if kind == "network" else {"volumes": ["ext:/x"]}
    scene.declare({"web": use}, **{f"{kind}s": {"ext": {"external": True, "name": "theirs"}}})
    [conflict] = scene.plan().conflicts
    assert conflict.message == f'{kind} "theirs" is declared external, but does not exist'

    scene.hand("POST", f"/{kind}s/create", None, {"Name": "theirs", "Labels": {}})
    before = scene.daemon.copy().has
    assert "theirs" not in changes(scene.plan())
    scene.converge()
    scene.declare({"other": {}})
    scene.converge()
    rows = getattr(scene.daemon.has, f"{kind}s")
    assert [row for row in rows.values() if row["Name"] == "theirs"] == [
        row for row in getattr(before, f"{kind}s").values() if row["Name"] == "theirs"
    ]


def test_a_second_network_of_our_name_that_is_not_ours_is_a_conflict_whatever_comes_first() -> None:
    """Engine 20.10 makes two of one name when asked for both at once."""
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    ours = next(iter(scene.daemon.has.networks.values()))
    foreign = {**ours, "Id": "f" * 64, "Labels": {}}
    said = []
    for rows in ([ours, foreign], [foreign, ours]):
        scene.daemon.has.networks = {row["Id"]: row for row in rows}
        said.append(scene.plan().conflicts)
    assert said[0] == said[1]
    assert [conflict.message for conflict in said[0]] == [
        'network "p_default" is there twice, and ffffffffffff is not ours'
    ]


# --- images ----------------------------------------------------------------------------------------------------------


def test_an_image_that_is_not_here_is_pulled_before_its_container_is_made() -> None:
    scene = Scene()
    scene.daemon.offer("other:1", Cmd=IDLE)
    scene.declare({"web": {"image": "docker.io/library/other:1"}, "gone": {"image": "no:1", "state": "absent"}})
    plan = scene.plan()
    assert {name: said[0] for name, said in changes(plan).items()} == {
        "docker.io/library/other:1": "pull",
        "p_default": "create",
        "p-web-1": "create",
    }
    assert "docker.io/library/other:1:pull" in needs(plan, "p-web-1:create")
    scene.converge()


def test_an_image_is_imported_and_imported_again_when_its_source_changed(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    page = tmp_path / "one" / "index.html"
    page.write_text("one")
    scene = Scene(folder=tmp_path)
    scene.declare({"web": {"image": "site:1"}, "other": {}}, images={"site:1": {"import": "./one"}})
    assert changes(scene.plan())["site:1"] == ("import", [])
    scene.converge()
    first = scene.id("web")

    page.touch()
    scene.expect_in_sync()
    page.write_text("two")
    plan = scene.plan()
    assert changes(plan) == {"site:1": ("import", ["import"]), "p-web-1": ("replace", ["image"])}
    assert "site:1:import" in needs(plan, "p-web-1:create")
    expect_stays(scene, "other")
    assert scene.id("web") != first


def test_a_tag_that_moved_replaces_its_containers() -> None:
    scene = Scene()
    scene.declare({"web": {}})
    scene.converge()
    new = scene.daemon.add_image("app:1", Cmd=IDLE)
    assert changes(scene.plan()) == {"p-web-1": ("replace", ["image"])}
    scene.converge()
    assert scene.inspect("web")["Image"] == new


def test_a_tag_that_is_gone_is_pulled_without_replacing_on_a_guess() -> None:
    scene = Scene()
    scene.daemon.offer("other:1", Cmd=IDLE)
    scene.declare({"web": {"image": "other:1"}})
    scene.converge()
    for image in scene.daemon.has.images.values():
        image["RepoTags"] = [tag for tag in image["RepoTags"] if tag != "other:1"]
    assert changes(scene.plan()) == {"other:1": ("pull", [])}
    assert scene.apply().exit_code == 0


# --- the same plan for the same things -------------------------------------------------------------------------------


def test_the_plan_is_the_same_byte_for_byte_whatever_the_order() -> None:
    scene = Scene()
    scene.daemon.add_image("app:2", Cmd=IDLE, Env=["A=1", "B=2"], Volumes={"/v": {}, "/w": {}})
    containers: dict[str, Any] = {
        key: {
            "image": "app:2",
            "environment": {"C": "1", "D": "2"},
            "volumes": ["pages:/p", "more:/m"],
            "networks": {"default": {"aliases": ["x", "y"]}, "back": {}, "front": {}},
            "ports": [f"80{index}0:80", f"80{index}1:81"],
        }
        for index, key in enumerate("abcdef")
    }
    places: dict[str, Any] = {"networks": {"front": {}, "back": {}}, "volumes": {"pages": {}, "more": {}, "unused": {}}}
    scene.declare(containers, **places)
    scene.converge()
    for image in ("new:1", "new:2", "new:3"):
        scene.daemon.offer(image, Cmd=IDLE)
    changed: dict[str, Any] = {
        "a": containers["a"],
        "b": {**containers["b"], "image": "new:1", "ports": containers["d"]["ports"], "depends_on": ["c", "a"]},
        "c": {**containers["c"], "image": "new:2", "volumes": ["new:/n", "newer:/o"]},
        "g": {"image": "new:3", "ports": containers["e"]["ports"], "networks": ["new", "newer"]},
        "h": {"container_name": "p-f-1", "volumes": ["new:/n", "newer:/o"]},
    }
    places = {
        "networks": {"new": {}, "newer": {}, "back": {}, "front": {}},
        "volumes": {"new": {}, "newer": {}, "pages": {}, "more": {}},
    }
    found = set()
    for seed in range(20):
        chance = random.Random(seed)
        scene.daemon.shuffle = chance
        scene.declare(_shuffled(changed, chance), **_shuffled(places, chance))
        # Mappings have no order of their own: what counts is what they print as.
        found.add(json.dumps(asdict(scene.plan()), sort_keys=True, indent=1))
    first, last = min(found).splitlines(), max(found).splitlines()
    assert len(found) == 1, "\n".join(unified_diff(first, last))


def _shuffled(value: Any, chance: random.Random, path: str = "") -> Any:
    """Mappings in another order, and the lists that are sets; not so the networks, of which the first is special."""
    if isinstance(value, dict):
        items = [(key, _shuffled(item, chance, key)) for key, item in value.items()]
        if path != "networks" or all(item == {} for item in value.values()):
            chance.shuffle(items)
        return dict(items)
    if isinstance(value, list) and path in {"volumes", "ports", "depends_on", "aliases"}:
        return chance.sample(value, len(value))
    return value
