"""Fields of a container in odd and in several values: made, changed with the mend that they promise, taken out again.

Each case is a container of one spec, so that an apply serves them all. They are never started: a container that was
only created shows its fields as well as one that runs, and what happens to running ones is told in the other files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from reconciler.errors import ExitCode
from tests.integration.world import IDLE, changes, failures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.planning.plan import Change
    from tests.integration.world import World


class Case(NamedTuple):
    """One field: two values, what the plan must say at each step, and the mend."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changed: tuple[str, ...]
    """The paths that differ when `after` takes the place of `before`."""
    removed: tuple[str, ...]
    """The paths that differ when nothing is declared any more."""
    operation: str = "replace"
    removal: str = "replace"


def case(attribute: str, before: Any, after: Any, *, operation: str = "replace", removal: str | None = None) -> Case:
    """A field that is compared as a whole."""
    path = (attribute,)
    return Case({attribute: before}, {attribute: after}, path, path, operation, removal or operation)


CASES = {
    "command": case("command", ["sleep", "1"], ["sleep", "2"]),
    "command-words": case("command", "sleep '1 2'", "sleep 1 2"),
    "command-odd": case("command", ["echo", "$$HOME \"'\\", ""], ["echo", "ünïcödé\n\t", "  "]),
    "command-alone": Case({}, {"command": ["true"]}, ("command",), ("command",)),
    "entrypoint": case("entrypoint", ["/bin/sh", "-c"], ["/bin/sh"]),
    "entrypoint-none": Case(  # it takes the image's command away too: without one of its own the Engine refuses it
        {"entrypoint": ["/bin/sh"], "command": ["true"]},
        {"entrypoint": [], "command": ["true"]},
        ("entrypoint",),
        ("command",),
    ),
    "environment": Case(
        {"environment": {"TZ": "UTC", "SAME": "1"}},
        {"environment": {"TZ": "Europe/Berlin", "SAME": "1", "MORE": ""}},
        ("environment.MORE", "environment.TZ"),
        ("environment.MORE", "environment.SAME", "environment.TZ"),
    ),
    "environment-list": Case(
        {"environment": ["A=1=2", "B="]},
        {"environment": ["A=1=3", "B="]},
        ("environment.A",),
        ("environment.A", "environment.B"),
    ),
    "environment-of-image": Case(
        {"environment": {"FROM_IMAGE": "image"}},
        {"environment": {"FROM_IMAGE": "spec"}},
        ("environment.FROM_IMAGE",),
        ("environment.FROM_IMAGE",),
    ),
    "environment-key-gone": Case(
        {"environment": {"OLD": "1", "KEPT": "x"}},
        {"environment": {"KEPT": "x"}},
        ("environment.OLD",),
        ("environment.KEPT",),
    ),
    "environment-types": Case(
        {"environment": {"NUMBER": 1.10, "SWITCH": True, "BIG": 123456789012345678901234567890}},
        {"environment": {"NUMBER": "1.10", "SWITCH": "on", "BIG": 123456789012345678901234567890}},
        ("environment.NUMBER", "environment.SWITCH"),
        ("environment.BIG", "environment.NUMBER", "environment.SWITCH"),
    ),
    "labels": Case(
        {"labels": {"a.b/c": "1"}},
        {"labels": {"a.b/c": "2", "d": ""}},
        ("labels.a.b/c", "labels.d"),
        ("labels.a.b/c", "labels.d"),
    ),
    "labels-of-image": Case(
        {"labels": {"from.image": "image"}},
        {"labels": {"from.image": "spec"}},
        ("labels.from.image",),
        ("labels.from.image",),
    ),
    "user": case("user", "nobody", "1000:1000"),
    "user-number": case("user", 0, 65534),
    "working_dir": case("working_dir", "/tmp", "/bin"),
    "hostname": case("hostname", "one", "two.example.org"),
    "ports": case("ports", ["28080:80"], ["28081:80"]),
    "ports-several": case("ports", ["28082:80", "28082:80/udp"], ["28082:80"]),
    "ports-address": case("ports", ["127.0.0.1:28083:80"], ["28083:80"]),
    "ports-address6": case("ports", ["[::1]:28084:80"], ["[0:0::0:2]:28084:80"]),
    "ports-any": case("ports", ["80"], ["80", "81"]),
    "ports-range": case("ports", ["28090-28092:80"], ["28090-28093:80"]),
    "ports-ranges": case("ports", ["28094-28095:80-81"], ["28094-28095:81-82"]),
    "ports-two-of-one": case("ports", ["28096:80", "28097:80"], ["28097:80", "28098:80"]),
    "ports-long": case(
        "ports",
        [{"target": 80, "published": 28099}],
        [{"target": 80, "published": "28099", "host_ip": "127.0.0.1", "protocol": "udp"}],
    ),
    "volumes": case("volumes", ["pages:/pages"], ["pages:/pages:ro"]),
    "volumes-moved": case("volumes", ["pages:/a//b/"], ["pages:/a/c"]),
    "volumes-other": case("volumes", ["pages:/pages"], ["more:/pages"]),
    "volumes-anonymous": case("volumes", ["/cache"], ["/cache", "/cache2"]),
    "volumes-bind": case("volumes", ["./bind:/bind"], ["./bind:/bind:ro"]),
    "volumes-long": case(
        "volumes",
        [{"type": "volume", "source": "pages", "target": "/p"}, {"type": "bind", "source": ".", "target": "/b"}],
        [{"type": "volume", "source": "pages", "target": "/p", "read_only": True}],
    ),
    "volumes-over-image": case("volumes", ["pages:/data"], ["more:/data"]),
    "networks-first": case("networks", ["front"], ["back"]),
    "networks-second": case(
        "networks", ["default"], ["default", "back"], operation="update", removal="update"
    ),
    "networks-fewer": case(
        "networks", ["default", "front", "back"], {"default": {}, "back": {}}, operation="update"
    ),
    "networks-alias": case(
        "networks", {"default": {"aliases": ["x"]}}, {"default": {"aliases": ["y", "x"]}}, operation="update"
    ),
    "networks-alias-is-hostname": Case(  # an older Engine adds it in the other network by itself: no difference
        {"hostname": "h", "networks": {"default": {"aliases": ["h"]}, "back": {}}},
        {"hostname": "h", "networks": {"default": {"aliases": ["h"]}, "back": {}}},
        (),
        ("hostname", "networks"),
    ),
    "networks-named": case("networks", ["default"], ["default", "named"], operation="update"),
    "networks-external": case("networks", ["default"], ["default", "outside"], operation="update"),
    "restart": case("restart", "always", "unless-stopped", operation="update"),
    "restart-count": case("restart", "on-failure:3", "on-failure", operation="update"),
    "restart-no": Case({"restart": "no"}, {"restart": "always"}, ("restart",), ("restart",), "update", "update"),
    "container_name": case("container_name", "PROJECT.one", "PROJECT-two", operation="update"),
    "image": Case({"image": "test-idle:1"}, {"image": "test-idle:2"}, ("image",), ("image",)),
    "image-spelt-otherwise": Case({"image": "test-idle:1"}, {"image": "docker.io/library/test-idle:1"}, (), ()),
    "depends_on": Case({"depends_on": ["user"]}, {"depends_on": ["user", "ports"]}, (), ()),
    "state": Case({"state": "stopped"}, {"state": "running"}, ("state",), ("state",), "start", "stop"),
    "same-spelt-otherwise": Case(
        {
            "environment": {"A": "1"}, "ports": ["28070-28071:80-81"], "volumes": ["pages:/p:rw"],
            "networks": {"default": {"aliases": ["b", "a"]}}, "command": "sleep 1", "restart": "no",
        },
        {
            "environment": ["A=1"],
            "ports": [{"target": "81", "published": 28071}, "28070:80/tcp"],
            "volumes": [{"type": "volume", "source": "pages", "target": "/p/"}],
            "networks": {"default": {"aliases": ["a", "b", "a"]}}, "command": ["sleep", "1"],
        },
        (),
        ("command", "environment.A", "networks", "ports", "volumes"),
    ),
    "together": Case(
        {
            "command": ["sleep", "1"], "entrypoint": ["/bin/sh"], "environment": {"A": "1"}, "labels": {"b": "1"},
            "user": "nobody", "working_dir": "/tmp", "hostname": "one", "ports": ["28060:80"],
            "volumes": ["pages:/pages", "/cache"], "networks": {"default": {"aliases": ["x"]}, "back": {}},
            "restart": "always", "container_name": "PROJECT-a",
        },
        {
            "command": ["sleep", "2"], "entrypoint": ["/bin/busybox"], "environment": {"A": "2"}, "labels": {"b": "2"},
            "user": "root", "working_dir": "/bin", "hostname": "two", "ports": ["28061:80"],
            "volumes": ["pages:/pages:ro", "/cache"], "networks": {"front": {"aliases": ["x"]}, "back": {}},
            "restart": "no", "container_name": "PROJECT-b", "image": "test-idle:2",
        },
        (
            "command", "container_name", "entrypoint", "environment.A", "hostname", "image", "labels.b", "networks",
            "ports", "restart", "user", "volumes", "working_dir",
        ),
        (
            "command", "container_name", "entrypoint", "environment.A", "hostname", "image", "labels.b", "networks",
            "ports", "user", "volumes", "working_dir",
        ),
    ),
}  # fmt: skip

IN_PLACE = {"update", "start", "stop", ""}


@dataclass
class Step:
    """One apply of the spec that holds all cases."""

    planned: dict[str, Change]
    """What the plan said, by the container's key."""
    ids: dict[str, str]
    """The containers afterwards."""
    failed: list[str]
    left: dict[str, tuple[str, list[str]]]
    """What a second plan says."""
    inspected: dict[str, Any] = field(default_factory=dict)


@dataclass
class Story:
    """What became of all cases: made, changed, and no longer declared."""

    made: Step
    changed: Step
    removed: Step


@pytest.fixture(scope="module")
def story(module_world: World) -> Story:
    world = module_world
    world.engine.import_image("test-idle:2", {"/two": "2"}, changes=[f"CMD {json.dumps(IDLE)}", "VOLUME /data"])
    world.docker("network", "create", f"{world.project}-outside")
    (world.folder / "bind").mkdir()
    return Story(
        run(world, {key: one.before for key, one in CASES.items()}),
        run(world, {key: one.after for key, one in CASES.items()}),
        run(world, {key: {} for key in CASES}),
    )


def run(world: World, declared: Mapping[str, Mapping[str, Any]]) -> Step:
    text = json.dumps({key: {"state": "stopped", **fields} for key, fields in declared.items()})
    world.declare(
        json.loads(text.replace("PROJECT", world.project)),
        volumes={"pages": {}, "more": {"name": f"{world.project}-more"}},
        networks={
            "front": {},
            "back": None,
            "named": {"name": f"{world.project}-named"},
            "outside": {"external": True, "name": f"{world.project}-outside"},
        },
    )
    planned = world.plan()
    outcome = world.apply()
    keys = {world.name(key): key for key in declared}
    keys |= {f"{world.project}{end}": key for end, key in ((".one", "container_name"), ("-two", "container_name"))}
    keys |= {f"{world.project}{end}": "together" for end in ("-a", "-b")}
    rows = {name: world.engine.inspect(name) for name in world.names()}
    return Step(
        planned={keys[one.resource.name]: one for one in planned.changes if one.resource.kind == "container"},
        ids={keys[name]: row["Id"] for name, row in rows.items()},
        failed=failures(outcome) + ([] if outcome.exit_code is ExitCode.OK else [repr(outcome.exit_code)]),
        left=changes(world.plan()),
        inspected={keys[name]: row for name, row in rows.items()},
    )


@pytest.mark.parametrize("step", ["made", "changed", "removed"])
def test_all_is_applied_and_a_second_plan_is_empty(story: Story, step: str) -> None:
    done: Step = getattr(story, step)
    assert done.failed == []
    assert done.left == {}
    assert sorted(done.ids) == sorted(CASES)


@pytest.mark.parametrize("key", CASES)
def test_a_change_is_seen_as_that_field_and_mended_as_promised(story: Story, key: str) -> None:
    expected = CASES[key]
    change = story.changed.planned.get(key)
    assert sorted(item.path for item in change.fields) == sorted(expected.changed) if change else not expected.changed
    if change:
        assert change.operation == expected.operation
    stays = not expected.changed or expected.operation in IN_PLACE
    assert (story.changed.ids[key] == story.made.ids[key]) is stays


@pytest.mark.parametrize("key", CASES)
def test_what_is_no_longer_declared_goes_back(story: Story, key: str) -> None:
    expected = CASES[key]
    change = story.removed.planned.get(key)
    assert sorted(item.path for item in change.fields) == sorted(expected.removed) if change else not expected.removed
    if change:
        assert change.operation == expected.removal
    stays = not expected.removed or expected.removal in IN_PLACE
    assert (story.removed.ids[key] == story.changed.ids[key]) is stays


def test_the_engine_was_told_what_was_declared(story: Story, module_world: World) -> None:
    """Payload and observation come from the same rows, so a wrong pair would agree: look with other eyes."""
    project = module_world.project
    one = story.made.inspected["together"]
    config, host = one["Config"], one["HostConfig"]
    assert (config["Cmd"], config["Entrypoint"]) == (["sleep", "1"], ["/bin/sh"])
    assert {"A=1", "FROM_IMAGE=image"} <= set(config["Env"])
    assert config["Labels"].items() >= {"b": "1", "from.image": "image", "io.reconciler.project": project}.items()
    assert (config["User"], config["WorkingDir"], config["Hostname"]) == ("nobody", "/tmp", "one")
    assert host["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": "28060"}]}
    mounts = {mount["Destination"]: mount for mount in one["Mounts"]}
    assert set(mounts) == {"/pages", "/cache", "/data"}
    assert mounts["/pages"]["Name"] == f"{project}_pages"
    assert host["NetworkMode"] == f"{project}_default"
    networks = one["NetworkSettings"]["Networks"]
    assert set(networks) == {f"{project}_default", f"{project}_back"}
    assert {"x", "together"} <= set(networks[f"{project}_default"]["Aliases"])
    assert host["RestartPolicy"] == {"Name": "always", "MaximumRetryCount": 0}

    entrypoint = story.changed.inspected["entrypoint-none"]["Config"]["Entrypoint"]
    assert entrypoint in (None, [], [""])
    types = story.made.inspected["environment-types"]["Config"]["Env"]
    assert {"NUMBER=1.1", "SWITCH=true", "BIG=123456789012345678901234567890"} <= set(types)
    assert story.made.inspected["command-words"]["Config"]["Cmd"] == ["sleep", "1 2"]
    assert story.made.inspected["command-odd"]["Config"]["Cmd"] == ["echo", "$HOME \"'\\", ""]
    binds = {mount["Source"]: mount["RW"] for mount in story.changed.inspected["volumes-bind"]["Mounts"]}
    assert binds[str(module_world.folder / "bind")] is False
    assert story.made.inspected["ports-address6"]["HostConfig"]["PortBindings"]["80/tcp"][0]["HostIp"] == "::1"


def test_what_was_removed_is_the_images_again(story: Story) -> None:
    config = story.removed.inspected["together"]["Config"]
    assert config["Cmd"] == IDLE
    assert "FROM_IMAGE=image" in config["Env"]
    assert not any(entry.startswith("A=") for entry in config["Env"])
    assert (config["User"], config["WorkingDir"]) == ("root", "/www")
    assert "b" not in config["Labels"]
    assert "FROM_IMAGE=image" in story.removed.inspected["environment-of-image"]["Config"]["Env"]
    assert story.removed.inspected["labels-of-image"]["Config"]["Labels"]["from.image"] == "image"
