"""Whatever is declared, whatever was there, wherever it was cut off: applied again, the Engine is as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.errors import EngineError
from reconciler.fields import ownership
from reconciler.planning.actions import ContainerAction, CreateContainer, RemoveNetwork
from reconciler.planning.plan import Plan
from tests.support.simulated import IDLE, NEW, OLD, Daemon, Killed, Scene, SimulatedEngine, changes

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

Declared = dict[str, Any]
"""The arguments of `Scene.declare`."""

checked = settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

KEYS = ("a", "b", "c", "d")
PORTS = ("8080", "8081", "8082", "8083-8085")
NETWORKS = ("default", "front", "back")


JOB = ["exit", "0"]
"""What a job does: it has completed as soon as it is started."""


_YES_OR_NO = st.booleans()


@st.composite
def _dependency(draw: st.DrawFn, on: Declared) -> Declared:
    """One whose condition can be met: nobody waits for the health of what has no check, or the end of a server."""
    conditions = ["service_started"]
    if on["state"] == "running" and on["image"] == "app:2":
        conditions.append("service_healthy")
    if on["state"] == "completed":
        conditions.append("service_completed_successfully")
    return {
        "condition": draw(st.sampled_from(conditions)),
        "required": draw(_YES_OR_NO),
        "restart": draw(_YES_OR_NO),
    }


# Strategies are made once: making them takes longer than drawing from them.
_FOUR = st.integers(0, 3)
_OPTIONAL = {
    "environment": st.dictionaries(st.sampled_from(["A", "B", "OF_IMAGE"]), st.sampled_from(["", "1"]), max_size=2),
    "labels": st.dictionaries(st.sampled_from(["l", "of.image"]), st.sampled_from(["", "1"]), max_size=2),
    "volumes": st.lists(
        st.sampled_from(["pages:/pages", "more:/more:ro", "/srv:/srv", "/cache", "pages:/data"]), unique=True
    ),
    "restart": st.sampled_from(["no", "always", "on-failure:2"]),
    "command": st.just([*IDLE, "1"]),
    "user": st.just("nobody"),
    "hostname": st.just("x"),
    "post_start": st.just([{"command": ["up"]}, {"command": ["up", "again"]}]),
    "pre_stop": st.just([{"command": ["down"]}]),
    "pull_policy": st.sampled_from(["missing", "always", "daily"]),
}
_IMAGE = st.sampled_from(["app:1", "app:1", "app:2", "other:1"])
_JOINED = st.lists(st.sampled_from(NETWORKS), min_size=1, unique=True)
_ALIASES = st.sampled_from([[], ["x"], ["y", "x"]])
_STATE = st.sampled_from(["running", "running", "running", "paused", "completed", "stopped", "absent"])
_REPLICAS = st.sampled_from([1, 1, 2, 3, 0])
_UPDATE = {
    "parallelism": st.sampled_from([1, 1, 2, 0]),
    "order": st.sampled_from(["stop-first", "start-first"]),
    "failure_action": st.sampled_from(["rollback", "rollback", "pause", "continue"]),
    "drain": st.sampled_from([None, "3s"]),
    "before": st.sampled_from([None, None, ["backup"]]),
}


@st.composite
def _container(draw: st.DrawFn, before: Mapping[str, Declared], ports: list[str]) -> Declared:
    found: Declared = {
        "image": draw(_IMAGE),
        "networks": {name: {"aliases": draw(_ALIASES)} for name in draw(_JOINED)},
        "depends_on": {key: draw(_dependency(one)) for key, one in before.items() if draw(_YES_OR_NO)},
        "ports": [f"{port}:80{port[3]}" for port in ports],
        "state": draw(_STATE),
        "replicas": 1 if any("-" not in port for port in ports) else draw(_REPLICAS),
        "update": {name: draw(values) for name, values in _UPDATE.items()},
    }
    found |= {name: draw(values) for name, values in _OPTIONAL.items() if draw(_FOUR) == 3}
    if found["state"] == "completed":
        # Where nothing runs any more no command can be run: that is a failure, and said so.
        found |= {"command": draw(st.sampled_from([JOB, [*JOB, "again"]])), "restart": "no", "post_start": []}
    return found


_SUBNETS = {"default": "10.1.0.0/24", "front": "10.2.0.0/24", "back": "10.3.0.0/24"}
_OF_NETWORKS = {
    "driver_opts": st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["", "1"]), max_size=2),
    "internal": _YES_OR_NO,
    "labels": st.dictionaries(st.sampled_from(["l", "m"]), st.sampled_from(["", "1"]), max_size=2),
}


@st.composite
def _network(draw: st.DrawFn, name: str) -> Declared:
    found: Declared = {"name": "named"} if name == "back" else {}
    if draw(_FOUR) == 3:
        found["ipam"] = {"config": [{"subnet": _SUBNETS[name]}]}
    return found | {key: draw(values) for key, values in _OF_NETWORKS.items() if draw(_FOUR) == 3}


_SOME_KEYS = st.lists(st.sampled_from(KEYS), unique=True)
_OWNER = st.sampled_from([None, *KEYS])
_IMAGES = st.sampled_from([{}, {}, {"other:1": {"tags": ["more:1"]}}, {"app:3": {"state": "absent"}}])


@st.composite
def specs(draw: st.DrawFn) -> Declared:
    """A spec that is valid: each port is published once, and nobody depends on what is absent or comes later."""
    keys = draw(_SOME_KEYS)
    port_of = {port: draw(_OWNER) for port in PORTS}
    containers: dict[str, Declared] = {}
    there: dict[str, Declared] = {}
    for key in keys:
        mine = [port for port, owner in port_of.items() if owner == key]
        containers[key] = draw(_container(there, mine))
        if containers[key]["state"] != "absent":
            there[key] = containers[key]
    for key in there:
        if containers[key]["replicas"] == 1 and draw(_FOUR) == 3:
            containers[key]["container_name"] = f"the-{key}"
    return {
        "containers": containers,
        "images": draw(_IMAGES),
        "networks": {name: draw(_network(name)) for name in NETWORKS},
        "volumes": {name: {} for name in ("pages", "more")},
    }


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """An Engine with somebody else's things on it."""
    daemon = Daemon(draw(st.sampled_from([NEW, OLD])))
    daemon.add_image("app:1", Cmd=IDLE, Env=["OF_IMAGE=image", "PATH=/bin"], Volumes={"/data": {}}, User="app")
    daemon.add_image("app:2", Cmd=IDLE, Labels={"of.image": "image"}, Healthcheck={"Test": ["CMD", "true"]})
    daemon.add_image("app:3", Cmd=IDLE)
    daemon.offer("other:1", Cmd=IDLE, WorkingDir="/srv")
    foreign = {"NetworkingConfig": {"EndpointsConfig": {}}, "Image": "app:1"}
    for name, labels in (("foreign", {}), ("p-a-9", {"com.docker.compose.project": "p"}), ("p-a", {})):
        daemon.call("POST", "/containers/create", {"name": name}, {**foreign, "Labels": labels})
        daemon.call("POST", f"/containers/{name}/start")
    daemon.call("POST", "/networks/create", None, {"Name": "bridge"})
    daemon.call("POST", "/networks/create", None, {"Name": "p_foreign"})
    daemon.call("POST", "/volumes/create", None, {"Name": "p_foreign"})
    return Scene(daemon)


def foreign(daemon: Daemon) -> list[Any]:
    """All that bears no label of ours, as it is."""
    has = daemon.has
    return [
        *(row for row in has.containers.values() if ownership.PROJECT not in row["Config"]["Labels"]),
        *(row for row in has.networks.values() if ownership.PROJECT not in row["Labels"]),
        has.volumes["p_foreign"],
    ]


def named_volumes(daemon: Daemon) -> Mapping[str, Any]:
    return {name: row for name, row in daemon.has.volumes.items() if name.startswith("p_")}


def replicas(scene: Scene) -> dict[tuple[str, int], Any]:
    """The containers of ours, by name in the spec and number; each is there once."""
    ours = [row for row in scene.daemon.has.containers.values() if ownership.PROJECT in row["Config"]["Labels"]]
    found = {
        (row["Config"]["Labels"][ownership.RESOURCE], int(row["Config"]["Labels"][ownership.REPLICA])): row
        for row in ours
    }
    assert len(found) == len(ours)
    return found


ENOUGH = {
    "running": {"running"},
    "paused": {"paused"},
    "stopped": {"created", "exited"},
    "completed": {"exited"},
}


def expect_one_of_each(scene: Scene) -> None:
    """Each wanted container is there once, under its name, and as it should be; nothing else of ours is."""
    found = replicas(scene)
    wanted = {
        (key, number): one
        for key, one in scene.spec.containers.items()
        if one.state != "absent"
        for number in range(1, one.replicas + 1)
    }
    assert found.keys() == wanted.keys()
    for (key, number), row in found.items():
        assert row["Name"] == f"/{scene.spec.container_name(key, number)}"
        assert row["State"]["Status"] in ENOUGH[wanted[key, number].state.value]


def completed(scene: Scene) -> dict[str, str]:
    """The jobs that have completed, by ID: when they started."""
    return {
        row["Id"]: row["State"]["StartedAt"]
        for row in scene.daemon.has.containers.values()
        if row["Config"]["Cmd"][:2] == JOB and row["State"]["Status"] == "exited"
    }


def expect_not_run_again(scene: Scene, before: Mapping[str, str]) -> None:
    """A job that has completed is not started again, whatever else is done; only another one takes its place."""
    after = completed(scene)
    assert {container: after[container] for container in before if container in after}.items() <= before.items()


def expect_sound(plan: Plan, daemon: Daemon) -> None:
    """Actions come after what they need, and name nothing that is not ours."""
    seen: set[str] = set()
    strangers = {row["Id"] for row in foreign(daemon) if "Id" in row}
    for action in plan.actions:
        assert set(action.needs) <= seen, action
        seen.add(action.id)
        if isinstance(action, ContainerAction):
            assert action.container not in strangers
        if isinstance(action, RemoveNetwork):
            assert action.network not in strangers
        if isinstance(action, CreateContainer):
            assert action.payload["Labels"][ownership.PROJECT] == "p"


def anonymous_volumes(scene: Scene) -> dict[tuple[str, int, str], str]:
    """By container, number and path, the volume that nobody named."""
    return {
        (key, number, mount["Destination"]): mount["Name"]
        for (key, number), row in replicas(scene).items()
        for mount in row["Mounts"]
        if mount["Type"] == "volume" and not mount["Name"].startswith("p_")
    }


def expect_carried(scene: Scene, before: Mapping[tuple[str, int, str], str]) -> None:
    """What anonymous volumes hold moves along: those that an image asked for, and those that are still declared."""
    after, there = anonymous_volumes(scene), replicas(scene)
    for (key, number, path), volume in before.items():
        if (key, number) in there:
            declared = {mount.target: mount.source for mount in scene.spec.containers[key].volumes}
            of_image = path == "/data" and path not in declared
            if of_image or declared.get(path) == "":
                assert after.get((key, number, path)) == volume


@checked
@given(scenes(), specs(), specs(), st.randoms(use_true_random=False))
def test_applied_once_nothing_is_left_to_do(
    scene: Scene, first: Declared, second: Declared, order: random.Random
) -> None:
    before = foreign(scene.daemon.copy())
    for declared in (first, second):
        scene.declare(**declared)
        expect_sound(scene.plan(), scene.daemon)
        kept, carried, done = named_volumes(scene.daemon), anonymous_volumes(scene), completed(scene)
        scene.converge(order=order)
        expect_one_of_each(scene)
        expect_carried(scene, carried)
        expect_not_run_again(scene, done)
        assert named_volumes(scene.daemon).items() >= kept.items()
    assert foreign(scene.daemon) == before


@checked
@given(scenes(), specs(), specs(), st.data())
def test_killed_at_any_call_the_next_apply_finishes(
    scene: Scene, first: Declared, second: Declared, data: st.DataObject
) -> None:
    scene.declare(**first)
    scene.converge()
    volumes, done = dict(named_volumes(scene.daemon)), completed(scene)
    scene.declare(**second)
    counted = SimulatedEngine(scene.daemon.copy())
    scene.apply(counted)
    if not counted.calls:
        return
    engine = SimulatedEngine(scene.daemon)
    engine.kill_at(data.draw(st.integers(1, len(counted.calls)), "call"), after=data.draw(st.booleans(), "after"))
    try:
        scene.apply(engine)
    except Killed:
        expect_sound(scene.plan(), scene.daemon)
    else:
        raise AssertionError("it should have been killed")
    if data.draw(st.booleans(), "changed back"):
        scene.declare(**first)
    scene.converge()
    expect_one_of_each(scene)
    expect_not_run_again(scene, done)
    assert named_volumes(scene.daemon).items() >= volumes.items()


@checked
@given(scenes(), specs(), specs(), st.data())
def test_refused_at_any_call_the_next_apply_finishes(
    scene: Scene, first: Declared, second: Declared, data: st.DataObject
) -> None:
    scene.declare(**first)
    scene.converge()
    up = {place for place in replicas(scene) if scene.spec.containers[place[0]].state == "running"}
    scene.declare(**second)
    before = scene.daemon.copy()
    counted = SimulatedEngine(scene.daemon.copy())
    scene.apply(counted)
    if not counted.calls:
        return
    engine = SimulatedEngine(scene.daemon)
    engine.fail_at(data.draw(st.integers(1, len(counted.calls)), "call"), after=data.draw(st.booleans(), "after"))
    outcome = scene.apply(engine)
    assert outcome.exit_code in {0, 1, 3}
    if outcome.rolled_back:
        for action in {one.action.group: one.action for one in outcome.failed if one.action.group}.values():
            if action.resource.kind == "network":
                expect_still_joined(scene, before, action.resource.name)
                continue
            place = next(
                (key, number)
                for key, one in scene.spec.containers.items()
                for number in range(1, one.replicas + 1)
                if scene.spec.container_name(key, number) == action.resource.name
            )
            if place in up and scene.spec.containers[place[0]].state == "running":
                assert any(
                    row["Config"]["Labels"].get(ownership.RESOURCE) == place[0]
                    and row["Config"]["Labels"].get(ownership.REPLICA) == str(place[1])
                    and row["State"]["Status"] == "running"
                    for row in scene.daemon.has.containers.values()
                ), "a replacement that was taken back leaves the old one running"
    scene.converge()
    expect_one_of_each(scene)


def expect_still_joined(scene: Scene, before: Daemon, network: str) -> None:
    """A network that could not be made anew is there, and so are the containers in it that should be."""
    there = scene.daemon.call("GET", "/networks")
    [network_id] = [row["Id"] for row in there if row["Name"] == network]
    staying = {
        scene.spec.container_name(key, number)
        for key, one in scene.spec.containers.items()
        for number in range(1, one.replicas + 1)
        if network in map(scene.spec.network_name, one.joined)
    }
    for container_id, row in before.has.containers.items():
        now = scene.daemon.has.containers.get(container_id)
        is_member = network in row["NetworkSettings"]["Networks"] and row["Name"].removeprefix("/") in staying
        if is_member and now and now["State"]["Status"] == "running":
            assert now["NetworkSettings"]["Networks"][network]["NetworkID"] == network_id


def _do(scene: Scene, operation: str, name: str) -> None:
    path = f"/containers/{name}"
    match operation:
        case "remove":
            scene.hand("DELETE", path, {"force": "1"})
        case "rename":
            scene.hand("POST", f"{path}/rename", {"name": f"{name}-elsewhere"})
        case "update":
            scene.hand("POST", f"{path}/update", None, {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}})
        case "disconnect":
            for network in list(scene.daemon.container(name)["NetworkSettings"]["Networks"])[:1]:
                scene.hand("POST", f"/networks/{network}/disconnect", None, {"Container": name})
        case "connect":
            scene.hand("POST", "/networks/p_foreign/connect", None, {"Container": name})
        case "networks":
            for network in list(scene.daemon.container(name)["NetworkSettings"]["Networks"]):
                scene.hand("DELETE", f"/networks/{network}")
        case _:
            scene.hand("POST", f"{path}/{operation}")


DRIFTS = ("stop", "start", "pause", "rename", "update", "disconnect", "connect", "networks", "remove")


@checked
@given(
    scenes(),
    specs(),
    st.lists(st.tuples(st.sampled_from(DRIFTS), st.sampled_from(KEYS), st.integers(1, 2)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_drift_is_mended(
    scene: Scene, declared: Declared, drifts: list[tuple[str, str, int]], order: random.Random
) -> None:
    scene.declare(**declared)
    scene.converge()
    ours = {place: str(row["Id"]) for place, row in replicas(scene).items()}
    before = foreign(scene.daemon.copy())
    for operation, key, number in drifts:
        if (container := ours.get((key, number), "")) in scene.daemon.has.containers:
            name = scene.daemon.container(container)["Name"].removeprefix("/")
            try:
                _do(scene, operation, name)
            except EngineError:
                continue  # the Engine does not let one do that now
    plan = scene.plan()
    expect_sound(plan, scene.daemon)
    assert {operation for operation, _ in changes(plan).values()} <= {
        "create",
        "update",
        "start",
        "restart",
        "pause",
        "stop",
    }
    scene.converge(order=order)
    expect_one_of_each(scene)
    assert foreign(scene.daemon) == before
    there = {row["Id"] for row in scene.daemon.has.containers.values()}
    removed = {(key, number) for operation, key, number in drifts if operation == "remove"}
    assert {container for place, container in ours.items() if place not in removed} <= there, "mended in place"
