"""What becomes the project's although it bears no label of ours: Compose's, of any version, and what is adopted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ExitCode
from reconciler.planning.declared import declared_before
from reconciler.planning.failures import Failure, failed_jobs
from reconciler.planning.planner import plan, plan_down
from reconciler.planning.takeover import adoptable, can_be_adopted, take_over, with_adopted
from reconciler.state.images import ImageState
from reconciler.state.snapshot import ContainerState
from tests.support.simulated import NEW, OLD, Daemon, Killed, Scene, SimulatedEngine, changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.identity import EngineIdentity

COMPOSE = "com.docker.compose."


def labels(service: str, number: int = 1, **more: str) -> dict[str, str]:
    """What docker-compose 1.29.2 writes."""
    return {
        f"{COMPOSE}config-hash": "5a0e4b1d",
        f"{COMPOSE}container-number": str(number),
        f"{COMPOSE}oneoff": "False",
        f"{COMPOSE}project": "p",
        f"{COMPOSE}project.config_files": "docker-compose.yml",
        f"{COMPOSE}project.working_dir": "/srv/p",
        f"{COMPOSE}service": service,
        f"{COMPOSE}version": "1.29.2",
        **more,
    }


def create(scene: Scene, name: str, body: Mapping[str, Any], *, start: bool = True) -> str:
    """A container that is not ours; its ID."""
    network: dict[str, Any] = {"HostConfig": {"NetworkMode": "p_default"}}
    network |= {"NetworkingConfig": {"EndpointsConfig": {"p_default": {"Aliases": [name.split("_")[1]]}}}}
    made = scene.hand("POST", "/containers/create", {"name": name}, {"Image": "app:1", **network, **body})
    if start:
        scene.hand("POST", f"/containers/{made['Id']}/start")
    return str(made["Id"])


def networks_and_volumes(scene: Scene) -> None:
    network = {f"{COMPOSE}network": "default", f"{COMPOSE}project": "p", f"{COMPOSE}version": "1.29.2"}
    scene.hand("POST", "/networks/create", body={"Name": "p_default", "Labels": network})
    volume = {f"{COMPOSE}volume": "data", f"{COMPOSE}project": "p", f"{COMPOSE}version": "1.29.2"}
    scene.hand("POST", "/volumes/create", body={"Name": "p_data", "Labels": volume})


def of_version_1(scene: Scene) -> dict[str, str]:
    """A project as docker-compose 1.29.2 makes it: underscores, binds, and volumes asked for as an image does."""
    networks_and_volumes(scene)
    web: dict[str, Any] = {
        "Env": ["A=1", "http_proxy=http://proxy:3128"],
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/var/lib/data": {}, "/scratch": {}},
        "HostConfig": {
            "NetworkMode": "p_default",
            "Binds": ["p_data:/var/lib/data:rw"],
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]},
            "VolumesFrom": [],
            "LogConfig": {"Type": "", "Config": {}},
            "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
        },
        "NetworkingConfig": {"EndpointsConfig": {"p_default": {"Aliases": ["web"], "IPAMConfig": {}}}},
    }
    return {
        "p_web_1": create(scene, "p_web_1", {**web, "Labels": labels("web", 1, mine="1")}),
        "p_web_2": create(scene, "p_web_2", {**web, "Labels": labels("web", 2, mine="1")}),
        "p_db_1": create(scene, "p_db_1", {"Labels": labels("db")}),
    }


WEB = {
    "environment": {"A": "1"},
    "labels": {"mine": "1"},
    "ports": ["80"],
    "volumes": ["data:/var/lib/data", "/scratch"],
    "replicas": 2,
}
VOLUMES: dict[str, Any] = {"volumes": {"data": {}}}


@pytest.mark.parametrize("about", [OLD, NEW], ids=["20.10", "28.5"])
def test_a_project_of_version_1_is_renamed_in_place(about: EngineIdentity) -> None:
    scene = _scene(about)
    ids = of_version_1(scene)
    scene.declare({"web": WEB, "db": {}}, **VOLUMES)
    found = scene.plan()
    assert changes(found) == {name: ("update", ["container_name"]) for name in ("p-web-1", "p-web-2", "p-db-1")}
    assert (found.conflicts, found.notices) == ((), ())
    engine = SimulatedEngine(scene.daemon)
    scene.apply(engine)
    assert all(call.endswith("/rename") for call in engine.calls)
    scene.expect_in_sync()
    assert {row["Name"].replace("-", "_"): row["Id"] for row in scene.daemon.has.containers.values()} == {
        f"/{name}": found_id for name, found_id in ids.items()
    }


@pytest.mark.parametrize("about", [OLD, NEW], ids=["20.10", "28.5"])
def test_one_that_is_replaced_leaves_the_others_alone(about: EngineIdentity) -> None:
    scene = _scene(about)
    ids = of_version_1(scene)
    scene.declare({"web": WEB, "db": {"command": ["idle", "more"]}}, compose_labels=True, **VOLUMES)
    scene.converge()
    assert (scene.id("web"), scene.id("db") == ids["p_db_1"]) == (ids["p_web_1"], False)
    now = scene.inspect("db")["Config"]["Labels"]
    assert (now["io.reconciler.resource"], now[f"{COMPOSE}service"]) == ("db", "db")
    assert now["io.reconciler.replaces"] == ids["p_db_1"]


def test_more_replicas_than_wanted_go_and_more_wanted_come() -> None:
    for replicas, operation in ((1, "remove"), (3, "create")):
        scene = _scene()
        of_version_1(scene)
        scene.declare({"web": {**WEB, "replicas": replicas}, "db": {}}, **VOLUMES)
        assert operation in {what for what, _ in changes(scene.plan()).values()}
        scene.converge()
        assert len(scene.names()) == replicas + 1


def test_what_compose_has_besides_is_told_of_and_goes_only_on_request() -> None:
    scene = _scene()
    of_version_1(scene)
    create(scene, "p_web_run_1", {"Labels": {**labels("web"), f"{COMPOSE}oneoff": "True"}})
    scene.declare({"db": {"container_name": "p_db_1"}})
    found = scene.plan()
    assert found.in_sync
    [notice] = found.notices
    assert (
        notice.message
        == 'p_web_1, p_web_2 stay: Compose made them for service "web", and the spec has no place for them'
    )
    removed = plan(scene.spec, scene.snapshot(), remove_orphans=True)
    assert changes(removed) == {"p_web_1": ("remove", []), "p_web_2": ("remove", [])}
    assert removed.notices == ()


def test_down_takes_what_the_spec_has_and_without_one_what_is_ours() -> None:
    scene = _scene()
    of_version_1(scene)
    scene.declare({"web": WEB}, **VOLUMES)
    with_spec = plan_down("p", scene.snapshot(), scene.spec)
    assert set(changes(with_spec)) == {"p_web_1", "p_web_2"}
    assert [one.message for one in with_spec.notices][1:] == [
        "network p_default stays: p_db_1 is not ours, and is connected to it"
    ]
    assert with_spec.kept_volumes == ("p_data",)
    assert plan_down("p", scene.snapshot()).in_sync
    everything = plan_down("p", scene.snapshot(), remove_orphans=True)
    assert set(changes(everything)) == {"p_web_1", "p_web_2", "p_db_1", "p_default"}


def test_another_project_of_compose_is_none_of_ours() -> None:
    scene = _scene()
    networks_and_volumes(scene)
    create(scene, "q_web_1", {"Labels": {**labels("web"), f"{COMPOSE}project": "q"}})
    scene.declare({"web": {}})
    assert changes(scene.plan()) == {"p-web-1": ("create", [])}
    for kind, body in (("networks", {"Name": "p_back"}), ("volumes", {"Name": "p_more"})):
        scene.hand("POST", f"/{kind}/create", body={**body, "Labels": {f"{COMPOSE}project": "q"}})
    scene.declare(
        {"web": {"networks": ["back"], "volumes": ["more:/more"]}}, networks={"back": {}}, volumes={"more": {}}
    )
    hints = [conflict.hint for conflict in scene.plan().conflicts]
    assert len(hints) == 2
    assert all("`external: true`" in hint and "another `name`" in hint for hint in hints)


def test_of_two_in_one_place_the_named_one_is_taken() -> None:
    """A `docker compose up` that was cut off leaves two."""
    scene = _scene()
    networks_and_volumes(scene)
    create(scene, "0a1b2c_p_web_1", {"Labels": labels("web")})
    named = create(scene, "p_web_1", {"Labels": labels("web")})
    scene.declare({"web": {"container_name": "p_web_1"}})
    assert take_over(scene.snapshot(), "p", scene.spec).containers[0].id == named
    found = scene.plan()
    assert found.in_sync
    assert [notice.resource.name for notice in found.notices] == ["0a1b2c_p_web_1"]


def test_a_job_that_failed_under_compose_is_not_run_again_by_itself() -> None:
    scene = _scene()
    networks_and_volumes(scene)
    create(scene, "p_job_1", {"Labels": labels("job"), "Cmd": ["exit", "1"]})
    scene.declare({"job": {"state": "completed", "command": ["exit", "1"], "container_name": "p_job_1"}})
    assert changes(scene.plan()) == {"p_job_1": ("start", ["state"])}
    failed = failed_jobs(scene.spec, scene.snapshot())
    assert {(one.container, bool(one.digest)) for one in failed if isinstance(one, Failure)} == {("job", True)}
    assert changes(scene.plan(failed)) == {"p_job_1": ("hold", ["state"])}


# --- adopted by name --------------------------------------------------------------------------------------------------


def test_a_conflict_names_its_ways_out() -> None:
    scene = _scene()
    networks_and_volumes(scene)
    create(scene, "p_web_1", {})
    scene.declare({"web": {"container_name": "p_web_1"}})
    [conflict] = scene.plan().conflicts
    assert conflict.message == 'container "p_web_1" exists and is not ours'
    assert "`adopt: true`" in conflict.hint
    assert adoptable(scene.spec, scene.snapshot()) == {"web": ["p_web_1"]}
    assert plan(with_adopted(scene.spec, ["web"]), scene.snapshot()).in_sync


@pytest.mark.parametrize("more", [{"io.reconciler.project": "q"}, {f"{COMPOSE}oneoff": "True"}])
def test_what_is_not_to_be_adopted(more: dict[str, str]) -> None:
    scene = _scene()
    networks_and_volumes(scene)
    create(scene, "p_web_1", {"Labels": {"io.reconciler.resource": "web", **more}})
    scene.declare({"web": {"container_name": "p_web_1", "adopt": True}})
    [conflict] = scene.plan().conflicts
    assert "adopt" not in conflict.hint
    assert not any(can_be_adopted(one) for one in scene.snapshot().candidates)
    assert adoptable(scene.spec, scene.snapshot()) == {}


def test_one_that_is_adopted_is_left_alone_without_its_line() -> None:
    scene = _scene()
    networks_and_volumes(scene)
    create(scene, "p_web_1", {})
    scene.declare({"web": {"container_name": "p_web_1", "adopt": True}})
    scene.expect_in_sync()
    scene.declare({"other": {}})
    assert changes(scene.plan()) == {"p-other-1": ("create", [])}
    scene.declare({"web": {"container_name": "p_web_1", "adopt": True, "state": "absent"}})
    assert changes(scene.plan()) == {"p_web_1": ("remove", [])}


@pytest.mark.parametrize("made_by", ["hand", "compose"])
@pytest.mark.parametrize("after", [False, True])
def test_a_replacement_that_is_cut_off_anywhere_is_finished(made_by: str, after: bool) -> None:
    """Nobody's labels tell that the old one is to go: the new one says whose place it takes."""
    for number in range(1, 30):
        scene = _scene()
        networks_and_volumes(scene)
        create(scene, "p_web_1", {"Labels": labels("web") if made_by == "compose" else {}})
        create(scene, "p_web_1.old.of-mine", {})
        scene.declare({"web": {"container_name": "p_web_1", "adopt": made_by == "hand", "command": ["idle", "2"]}})
        engine = SimulatedEngine(scene.daemon)
        engine.kill_at(number, after=after)
        try:
            scene.apply(engine)
        except Killed:
            scene.converge()
            assert scene.names() == ["p_web_1", "p_web_1.old.of-mine"]
            assert scene.inspect("web")["Config"]["Cmd"] == ["idle", "2"]
        else:
            assert number > 5
            return
    pytest.fail("it never came to its end")


def test_a_replacement_that_fails_goes_back_to_the_adopted_one() -> None:
    scene = _scene()
    networks_and_volumes(scene)
    before = create(scene, "p_web_1", {})
    scene.declare({"web": {"container_name": "p_web_1", "adopt": True, "command": ["exit", "1"]}})
    assert scene.apply().exit_code is ExitCode.PARTLY_FAILED
    assert (scene.names(), scene.id("web"), scene.status("web")) == (["p_web_1"], before, "running")


# --- what was declared before ---------------------------------------------------------------------------------------


def test_what_one_that_was_taken_over_had_declared() -> None:
    made = {
        **labels("web"),
        "mine": "1",
        "of.image": "1",
        "other.than.image": "2",
        "desktop.docker.io/binds/0/Source": "/srv",
    }
    env = ["A=1", "PATH=/bin", "LANG=de", "HTTPS_PROXY=http://proxy", "no_proxy=localhost", "WITH.DOT=1"]
    container = ContainerState({"Id": "1", "Name": "/web", "Config": {"Labels": made, "Env": env}})
    of_image = {"Labels": {"of.image": "1", "other.than.image": "1"}, "Env": ["PATH=/bin", "LANG=C"]}
    image = ImageState("sha256:1", frozenset(), {}, of_image)
    assert declared_before(container, image) == {
        *("environment.A", "environment.LANG", "environment.WITH.DOT", "labels.mine", "labels.other.than.image")
    }
    assert declared_before(container, None) == frozenset()
    ours = {**made, "io.reconciler.declared": '["command"]'}
    said = ContainerState({"Id": "1", "Name": "/web", "Config": {"Labels": ours, "Env": env}})
    assert declared_before(said, image) == {"command"}


def _scene(about: EngineIdentity = NEW) -> Scene:
    daemon = Daemon(about)
    daemon.add_image("app:1", Cmd=["idle"], Env=["PATH=/bin"], Volumes={"/of-image": {}})
    return Scene(daemon)
