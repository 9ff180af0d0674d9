"""A container's inspect → a spec: what no row alone knows. The rows are tried on an Engine, in tests/integration."""

from __future__ import annotations

from typing import Any

from reconciler.convert.check import checked, tidied
from reconciler.convert.container import Existing, from_container, others
from reconciler.convert.result import Conversion

ID = "0123456789ab" + "c" * 52
OTHER = "d" * 64
IMAGE = "sha256:" + "e" * 64


def existing(
    *,
    config: dict[str, Any] | None = None,
    host: dict[str, Any] | None = None,
    image: dict[str, Any] | None = None,
    info: dict[str, Any] | None = None,
    **inspect: Any,
) -> Existing:
    """A container `web`, as it would be after `docker run -d --name web nginx:1.27`, but for what is given."""
    whole = {
        "Id": ID,
        "Name": "/web",
        "Image": IMAGE,
        "State": {"Status": "running", "ExitCode": 0},
        "Config": {
            "Hostname": ID[:12],
            "Image": "nginx:1.27",
            "Cmd": ["nginx"],
            "Env": ["PATH=/bin"],
            **(config or {}),
        },
        "HostConfig": {
            "NetworkMode": "default",
            "IpcMode": "private",
            "CgroupnsMode": "private",
            "Runtime": "runc",
            "LogConfig": {"Type": "json-file", "Config": {}},
            "ShmSize": 64 * 2**20,
            "RestartPolicy": {"Name": "no"},
            **(host or {}),
        },
        "NetworkSettings": {"Networks": {"bridge": {}}},
        **inspect,
    }
    found = {"RepoTags": ["nginx:1.27"], "Config": {"Cmd": ["nginx"], "Env": ["PATH=/bin"]}} if image is None else image
    return Existing(whole, found, {"CgroupVersion": "2", **(info or {})}, {OTHER: "db"})


def converted(found: Existing, project: str | None = None) -> Conversion:
    return tidied(checked(from_container(found, project), {}))


def web(found: Existing) -> dict[str, Any]:
    container: dict[str, Any] = converted(found).data["containers"]["web"]
    return container


def said(found: Existing) -> list[str]:
    return list(converted(found).notes)


PLAIN = {"image": "nginx:1.27", "adopt": True, "container_name": "web", "network_mode": "bridge"}


def test_what_image_and_engine_give_is_not_declared() -> None:
    found = converted(existing())
    assert found.data == {"name": "web", "containers": {"web": PLAIN}}
    assert found.notes == ()


def test_what_the_daemon_is_configured_to_give_is_not_declared() -> None:
    host = {"CgroupnsMode": "host", "Runtime": "crun", "LogConfig": {"Type": "local", "Config": {}}}
    info = {"CgroupVersion": "1", "DefaultRuntime": "crun", "LoggingDriver": "local"}
    assert web(existing(host=host, info=info)) == PLAIN
    assert web(existing(host=host)) == {**PLAIN, "cgroup": "host", "runtime": "crun", "logging": {"driver": "local"}}


def test_what_differs_from_the_image_is_declared() -> None:
    config = {"Cmd": ["nginx", "-g", "$x"], "Env": ["PATH=/bin", "A=$1"], "User": "33", "Labels": {"a": "b"}}
    assert web(existing(config=config)) == {
        **PLAIN,
        "command": ["nginx", "-g", "$$x"],
        "environment": {"A": "$$1"},
        "user": "33",
        "labels": {"a": "b"},
    }


def test_a_container_of_compose_keeps_its_names() -> None:
    labels = {f"com.docker.compose.{key}": value for key, value in {"project": "shop", "service": "api"}.items()}
    networks = {"Networks": {"shop_default": {"Aliases": ["api", ID[:12]]}}}
    host = {"NetworkMode": "shop_default", "Binds": ["shop_data:/data:rw", "elsewhere:/more:ro"]}
    found = converted(existing(config={"Labels": labels}, host=host, Name="/shop-api-1", NetworkSettings=networks))
    assert found.data == {
        "name": "shop",
        "containers": {
            "api": {"image": "nginx:1.27", "networks": {"default": {}}, "volumes": ["data:/data", "elsewhere:/more:ro"]}
        },
        "networks": {"default": {"name": "shop_default", "external": True}},
        "volumes": {"data": {"name": "shop_data", "external": True}, "elsewhere": {"external": True}},
        "compose_labels": True,
    }
    assert found.notes == ()


def test_the_projects_name_can_be_given() -> None:
    assert converted(existing(), "mine").data["name"] == "mine"


def test_a_network_in_which_it_has_another_name() -> None:
    networks: dict[str, Any] = {
        "Networks": {"front": {"Aliases": ["www"], "IPAMConfig": {"IPv4Address": "192.0.2.1"}}, "back": {}}
    }
    found = converted(existing(host={"NetworkMode": "front"}, NetworkSettings=networks))
    assert found.data["containers"]["web"]["networks"] == {
        "front": {"aliases": ["www"], "ipv4_address": "192.0.2.1", "priority": 1},
        "back": {},
    }
    assert [note for note in found.notes if "joins it anew" in note] == list(found.notes)
    assert len(found.notes) == 2


def test_networks_beside_a_mode_are_left_out_and_said() -> None:
    networks: dict[str, Any] = {"Networks": {"bridge": {}, "front": {}}}
    assert said(existing(NetworkSettings=networks)) == [
        "front: networks beside bridge are left out, a spec has one or the other"
    ]


def test_what_other_containers_share_has_their_names() -> None:
    host = {
        "NetworkMode": f"container:{OTHER}",
        "IpcMode": f"container:{OTHER}",
        "Links": ["/db:/web/database", "/cache:/web/cache"],
        "VolumesFrom": [f"{OTHER}:ro", "files"],
    }
    found = existing(host=host, NetworkSettings={"Networks": {}})
    assert others(found.inspect) == {OTHER, "files"}
    assert web(found) == {
        **PLAIN,
        "network_mode": "container:db",
        "ipc": "container:db",
        "external_links": ["db:database", "cache"],
        "volumes_from": ["container:db:ro", "container:files"],
    }


def test_anonymous_volumes_are_said() -> None:
    mounts = [{"Type": "volume", "Name": OTHER, "Destination": "/data"}]
    assert said(existing(Mounts=mounts)) == [
        f'/data is a volume without a name: declare "{OTHER}" as an external volume to keep its data'
    ]


def test_what_a_spec_has_no_word_for_is_said() -> None:
    notes = said(existing(host={"AutoRemove": True, "PublishAllPorts": True, "CpusetMems": "0"}))
    assert ["--rm" in notes[0], "--publish-all" in notes[1], "--cpuset-mems" in notes[2]] == [True, True, True]


def test_what_the_language_does_not_take_is_left_out_and_said() -> None:
    found = converted(existing(host={"UsernsMode": "private"}))
    assert found.data["containers"]["web"] == PLAIN
    assert found.notes == ('userns_mode is left out: "private" can\'t stand here',)


def test_a_stopped_container() -> None:
    assert web(existing(State={"Status": "exited", "ExitCode": 1})) == {**PLAIN, "state": "stopped"}
    assert web(existing(State={"Status": "paused"})) == {**PLAIN, "state": "paused"}
    assert web(existing(State={"Status": "dead"})) == {**PLAIN, "state": "stopped"}


def test_an_image_that_was_tagged_anew() -> None:
    found = existing(image={"RepoTags": ["nginx:old"], "Config": {"Cmd": ["nginx"], "Env": ["PATH=/bin"]}})
    assert web(found) == PLAIN
    assert said(found) == ['"nginx:1.27" is another image by now than the one that it runs, nginx:old']


def test_an_image_without_a_name() -> None:
    found = existing(image={"RepoTags": [], "Config": {"Cmd": ["nginx"], "Env": ["PATH=/bin"]}})
    assert web(found) == PLAIN
    assert said(found) == ["its image has no name any more: tag it, and write that name"]


def test_an_image_that_is_gone() -> None:
    found = existing(image={})
    assert web(found) == {**PLAIN, "command": ["nginx"], "environment": {"PATH": "/bin"}}
    assert said(found) == ['the image "nginx:1.27" is gone: what it gives by itself is declared too']


def test_an_image_by_its_id() -> None:
    assert web(existing(config={"Image": IMAGE}))["image"] == "nginx:1.27"
