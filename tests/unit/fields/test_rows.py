"""Each row of the field table: declared, changed, no longer declared, and spelt otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from reconciler.fields import ownership
from reconciler.fields.base import Instance
from reconciler.fields.ownership import Anonymous
from reconciler.fields.payload import create_payload, declared, digest
from reconciler.fields.table import NOT_ON_THE_ENGINE, ROW, TABLE
from reconciler.spec.model import Container, Spec
from reconciler.version import __version__
from tests.support.simulated import IDLE, NEW, OLD, Daemon, Scene, changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.identity import EngineIdentity


class Case(NamedTuple):
    """One attribute: two values, and what the plan says of each step."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changed: tuple[str, list[str]]
    """The operation and the paths when `after` takes the place of `before`."""
    removed: tuple[str, list[str]]
    """The same when nothing is declared any more."""


def case(attribute: str, before: Any, after: Any, operation: str = "replace") -> Case:
    said = (operation, [attribute])
    return Case({attribute: before}, {attribute: after}, said, said)


CASES = {
    "image": case("image", "app:2", "app:3"),
    "container_name": case("container_name", "one", "two", "update"),
    "command": case("command", [*IDLE, "1"], [*IDLE, "2"]),
    "entrypoint": case("entrypoint", IDLE, [*IDLE, "2"]),
    "entrypoint-none": Case(
        {"entrypoint": IDLE, "command": [*IDLE, "1"]},
        {"entrypoint": [], "command": [*IDLE, "1"]},
        ("replace", ["entrypoint"]),
        ("replace", ["command"]),
    ),
    "environment": Case(
        {"environment": {"A": "1", "SAME": ""}},
        {"environment": {"A": "2", "SAME": "", "B": "=x"}},
        ("replace", ["environment.A", "environment.B"]),
        ("replace", ["environment.A", "environment.B", "environment.SAME"]),
    ),
    "environment-of-image": case("environment", {"OF_IMAGE": "1"}, {"OF_IMAGE": "2"})._replace(
        changed=("replace", ["environment.OF_IMAGE"]), removed=("replace", ["environment.OF_IMAGE"])
    ),
    "labels": Case(
        {"labels": {"a.b": "1", "of.image": "mine"}},
        {"labels": {"a.b": "2"}},
        ("replace", ["labels.a.b", "labels.of.image"]),
        ("replace", ["labels.a.b"]),
    ),
    "user": case("user", "nobody", "1000:1000"),
    "working_dir": case("working_dir", "/one", "/two"),
    "hostname": case("hostname", "one", "two"),
    "restart": case("restart", "on-failure:3", "always", "update"),
    "state": Case({"state": "running"}, {"state": "stopped"}, ("stop", ["state"]), ("start", ["state"])),
    "ports": case("ports", ["8080:80", "80/udp"], ["127.0.0.1:8080:80"]),
    "ports-range": case("ports", ["8080-8081:80"], ["8080-8082:80"]),
    "networks": case("networks", ["default", "back"], {"default": {"aliases": ["x"]}}, "update")._replace(
        removed=("update", ["networks"])
    ),
    "networks-first": case("networks", ["front"], ["back"]),
    "volumes": case("volumes", ["pages:/p", "/srv:/s:ro", "/cache"], ["pages:/p:ro", "/srv:/s:ro", "/cache"]),
    "volumes-odd-bind": case("volumes", [{"type": "bind", "source": "/a:b", "target": "/c"}], ["/srv:/s"]),
}

SAME = {
    "command": ({"command": "idle 'a b'"}, {"command": ["idle", "a b"]}),
    "environment": ({"environment": {"A": 1, "B": True}}, {"environment": ["B=true", "A=1"]}),
    "labels": ({"labels": {"a": "1", "b": ""}}, {"labels": ["b=", "a=1"]}),
    "ports": (
        {"ports": ["8080-8081:80-81", "[0:0::1]:53:53/UDP"]},
        {"ports": [{"target": 81, "published": 8081}, "[::1]:53:53/udp", "8080:80/tcp"]},
    ),
    "ports-zeros": ({"ports": ["8080:80"]}, {"ports": [{"target": 80, "published": "08080"}]}),
    "ports-range-of-one": ({"ports": ["8080:80"]}, {"ports": [{"target": 80, "published": "8080-8080"}]}),
    "volumes": (
        {"volumes": ["pages:/p", "./x:/x:ro"]},
        {"volumes": [{"type": "bind", "source": "/spec/x/", "target": "/x//", "read_only": "true"}, "pages:/./p/:rw"]},
    ),
    "networks": (
        {"networks": {"default": {"aliases": ["a", "b"]}}},
        {"networks": {"default": {"aliases": ["b", "web", "a", "b"]}}},
    ),
    "networks-default": ({}, {"networks": ["default"]}),
    "restart": ({"restart": "no"}, {"restart": {"name": "no", "retries": 3}}),
    "image": ({"image": "app"}, {"image": "docker.io/library/app:latest"}),
    "image-other-tag": ({"image": "app:1"}, {"image": "app:same"}),
    "state": ({}, {"state": "running"}),
    "container_name": ({}, {"container_name": "p-web-1"}),
    "depends_on": ({}, {"depends_on": ["other"]}),
}


@pytest.fixture(params=[NEW, OLD], ids=["28.5", "20.10"])
def scene(request: pytest.FixtureRequest) -> Scene:
    about: EngineIdentity = request.param
    daemon = Daemon(about)
    daemon.add_image("app:1", **OF_IMAGE)
    for image in daemon.has.images.values():
        image["RepoTags"] += ["app:same", "app:latest"]
    daemon.add_image("app:2", Cmd=IDLE)
    daemon.add_image("app:3", Cmd=IDLE)
    return Scene(daemon, folder=Path("/spec"))


OF_IMAGE = {
    "Cmd": IDLE,
    "Env": ["PATH=/bin", "OF_IMAGE=image"],
    "Labels": {"of.image": "image"},
    "User": "app",
    "WorkingDir": "/app",
    "Volumes": {"/data": {}},
    "ExposedPorts": {"80/tcp": {}},
}


def declare(scene: Scene, container: Mapping[str, Any]) -> None:
    scene.declare({"web": container, "other": {}}, volumes={"pages": {}}, networks={"front": {}, "back": {}})


def test_every_attribute_has_a_row_or_a_reason() -> None:
    assert set(ROW) | set(NOT_ON_THE_ENGINE) == set(Container.model_fields)
    assert not set(ROW) & set(NOT_ON_THE_ENGINE)
    assert len(ROW) == len(TABLE), "no row stands twice"


@pytest.mark.parametrize("one", CASES.values(), ids=list(CASES))
def test_a_row_declared_changed_and_taken_out_again(scene: Scene, one: Case) -> None:
    declare(scene, one.before)
    scene.converge()
    for container, said in ((one.after, one.changed), ({}, one.removed)):
        before = scene.daemon.copy()
        declare(scene, container)
        operation, paths = said
        [found] = changes(scene.plan()).values()
        assert (found[0], sorted(found[1])) == (operation, paths)
        scene.converge()
        stays = scene.id("web") in before.has.containers
        assert stays is (operation != "replace")


@pytest.mark.parametrize("one", SAME.values(), ids=list(SAME))
def test_another_spelling_is_no_difference(scene: Scene, one: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
    for before, after in (one, one[::-1]):
        declare(scene, before)
        scene.converge()
        declare(scene, after)
        scene.expect_in_sync()


@pytest.mark.parametrize("one", SAME.values(), ids=list(SAME))
def test_another_spelling_has_the_same_digest(one: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
    first, second = (digest(instance(container)) for container in one)
    assert first == second


def test_the_digest_is_of_what_only_a_replacement_changes() -> None:
    plain = digest(instance({}))
    for in_place in ({"restart": "always"}, {"container_name": "xx"}, {"state": "stopped"}, {"networks": ["back"]}):
        assert digest(instance(in_place)) == plain
    for name, one in CASES.items():
        if one.changed[0] == "replace" and name not in {"image", "networks-first"}:
            assert digest(instance(one.before)) != digest(instance(one.after)), name


def instance(container: Mapping[str, Any]) -> Instance:
    data = {
        "name": "p",
        "containers": {"web": {"image": "app:1", **container}},
        "networks": {"front": {}, "back": {}},
        "volumes": {"pages": {}},
    }
    return Instance(Spec.model_validate(data, context={"folder": Path("/spec")}), "web", image_id="sha256:1")


def test_what_the_image_and_the_engine_add_is_no_difference(scene: Scene) -> None:
    declare(scene, {})
    scene.converge()
    config = scene.inspect("web")["Config"]
    assert (config["User"], config["WorkingDir"], config["Labels"]["of.image"]) == ("app", "/app", "image")
    inspect = scene.daemon.container(scene.id("web"))
    inspect["HostConfig"]["LogConfig"] = {"Type": "journald", "Config": {"tag": "x"}}
    inspect["Config"]["Env"].append("ADDED=by the daemon")
    inspect["Config"]["Labels"]["added.by"] = "a plugin"
    scene.expect_in_sync()


@pytest.mark.parametrize(
    "container",
    [{"user": "app"}, {"working_dir": "/app"}, {"environment": {"OF_IMAGE": "image"}}, {"command": IDLE}],
    ids=lambda container: next(iter(container)),
)
def test_what_is_declared_as_the_image_has_it_is_no_difference(scene: Scene, container: Mapping[str, Any]) -> None:
    for first, second in ((container, {}), ({}, container)):
        declare(scene, first)
        scene.converge()
        declare(scene, second)
        scene.expect_in_sync()


def test_the_payload_by_other_eyes() -> None:
    """Payload and observation come from the same rows: a wrong pair of them would agree."""
    full = instance(
        {
            "command": ["run"],
            "entrypoint": ["/bin/sh"],
            "environment": {"B": "2", "A": "1=1"},
            "labels": {"l": "x"},
            "user": "nobody",
            "working_dir": "/w",
            "hostname": "h",
            "ports": ["127.0.0.1:8080:80", "53/udp"],
            "volumes": ["pages:/p:ro", "/srv:/s", "/cache"],
            "networks": {"front": {"aliases": ["x"]}, "back": {}},
            "restart": "on-failure:3",
        }
    )
    payload = create_payload(full, Anonymous({"/cache": "def"}, {"/data": "abc"}))
    labels = payload.pop("Labels")
    assert payload == {
        "Image": "app:1",
        "Cmd": ["run"],
        "Entrypoint": ["/bin/sh"],
        "Env": ["A=1=1", "B=2"],
        "User": "nobody",
        "WorkingDir": "/w",
        "Hostname": "h",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "HostConfig": {
            "PortBindings": {
                "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}],
                "53/udp": [{"HostIp": "", "HostPort": ""}],
            },
            "Binds": ["/srv:/s:rw"],
            "Mounts": [
                {"Type": "volume", "Source": "def", "Target": "/cache", "ReadOnly": False},
                {
                    "Type": "volume",
                    "Source": "p_pages",
                    "Target": "/p",
                    "ReadOnly": True,
                    # Where it is gone by then, the Engine makes it.
                    "VolumeOptions": {
                        "Labels": {
                            "io.reconciler.project": "p",
                            "io.reconciler.resource": "pages",
                            "io.reconciler.version": __version__,
                        }
                    },
                },
                {"Type": "volume", "Source": "abc", "Target": "/data"},
            ],
            "NetworkMode": "p_back",
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "CpusetCpus": "",
            "PidsLimit": -1,
        },
        "NetworkingConfig": {"EndpointsConfig": {"p_front": {"Aliases": ["web", "x"]}, "p_back": {"Aliases": ["web"]}}},
    }
    assert (
        labels.items() >= {"l": "x", ownership.PROJECT: "p", ownership.RESOURCE: "web", ownership.REPLICA: "1"}.items()
    )
    assert ownership.anonymous(labels) == Anonymous({"/cache": "def"}, {"/data": "abc"})
    assert ownership.declared(labels) == frozenset(declared(full))


def test_the_declared_label_has_names_and_no_values() -> None:
    found = declared(instance({"environment": {"TOKEN": "s3cret"}, "labels": {"a.b": "s3cret"}, "command": ["s3cret"]}))
    assert found == ["command", "environment.TOKEN", "image", "labels.a.b"]


@pytest.mark.parametrize("text", ["", "{", "null", "[1", '"x"', "{}"])
def test_a_declared_label_that_somebody_wrote_says_nothing(text: str) -> None:
    assert ownership.declared({ownership.DECLARED: text}) == frozenset()
    assert ownership.anonymous({ownership.ANONYMOUS: text if text != "{}" else "[]"}) == Anonymous()


@pytest.mark.parametrize("container", [{"volumes": ["/cache"]}, {}], ids=["declared", "of the image"])
def test_an_anonymous_volume_moves_along(scene: Scene, container: Mapping[str, Any]) -> None:
    path = "/cache" if container else "/data"

    def volume() -> str:
        return next(str(mount["Name"]) for mount in scene.inspect("web")["Mounts"] if mount["Destination"] == path)

    declare(scene, container)
    scene.converge()
    first = volume()
    for value in ("1", "2", "3"):
        declare(scene, {**container, "environment": {"A": value}})
        scene.converge()
        assert volume() == first


def test_a_read_only_anonymous_volume_stays_read_only_when_it_moves_along(scene: Scene) -> None:
    mount = {"type": "volume", "target": "/cache", "read_only": True}
    declare(scene, {"volumes": [mount]})
    scene.converge()
    declare(scene, {"volumes": [mount], "user": "nobody"})
    scene.converge()
    mounts = {one["Target"]: one for one in scene.inspect("web")["HostConfig"]["Mounts"]}
    assert mounts["/cache"]["ReadOnly"] is True


def test_a_volume_of_the_image_moves_along_also_when_the_new_image_does_not_ask_for_it(scene: Scene) -> None:
    declare(scene, {})
    scene.converge()
    [first] = scene.inspect("web")["Mounts"]
    for container in ({"image": "app:2"}, {"image": "app:2", "user": "nobody"}):
        declare(scene, container)
        scene.converge()
        assert [mount["Name"] for mount in scene.inspect("web")["Mounts"]] == [first["Name"]]
