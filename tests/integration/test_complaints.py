"""What people complain of in Terraform's Docker provider and in Compose: a difference where there is none.

The numbers are issues of kreuzwerker/terraform-provider-docker, hashicorp/terraform-provider-docker and docker/compose.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.world import IDLE, World, a_world, changes, only_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.engine import Engine

FULL_IMAGE = "test-complaints:1"


@pytest.fixture(scope="module")
def full_image(engine: Engine) -> str:
    """An image that says all that an image can say, and is not root's."""
    check = json.dumps(["CMD", "true"])
    return engine.import_image(
        FULL_IMAGE,
        changes=[
            f"CMD {json.dumps(IDLE)}",
            "ENV PATH=/bin A=image",
            "LABEL maintainer=somebody",
            "USER 1000:1000",
            "WORKDIR /srv",
            "VOLUME /data",
            "EXPOSE 8080",
            f"HEALTHCHECK --interval=1h CMD {check}",
        ],
    )


CONTAINERS: dict[str, dict[str, Any]] = {
    # kreuzwerker 14, hashicorp 269
    "working_dir": {},
    # kreuzwerker 28, 118
    "user": {},
    "env_of_a_non_root_image": {"environment": {"MINE": "1"}},
    # kreuzwerker 568
    "command": {"command": "sh -c 'trap \"exit 0\" TERM; sleep 99999 & wait'"},
    "entrypoint": {"entrypoint": ["/bin/sh", "-c"], "command": ["sleep 99999"], "stop_grace_period": "0s"},
    "devices_by_short_path": {"devices": ["/dev/null"]},
    # hashicorp 242, kreuzwerker 25
    "no_limits_no_dns_no_groups": {"restart": "on-failure", "volumes": ["/var/tmp:/host"]},
    "capabilities_with_and_without_prefix": {"cap_add": ["CAP_NET_ADMIN", "sys_time"], "cap_drop": ["ALL"]},
    "an_empty_variable": {"environment": {"EMPTY": ""}},
    "memory_without_swap": {"mem_limit": "64m"},
    "a_random_host_port": {"ports": ["8080"]},
    "an_image_with_a_healthcheck": {},
    "a_volume_of_the_image": {},
    "labels_of_the_image": {"labels": {"mine": "1"}},
    "extra_hosts": {"extra_hosts": ["a:192.0.2.1"]},
    "dns": {"dns": ["192.0.2.1"]},
    "expose_beside_ports": {"expose": ["9000"], "ports": ["9001"]},
    "tmpfs": {"tmpfs": ["/scratch"]},
    "ulimits": {"ulimits": {"nofile": 1024}},
    "security_opt": {"security_opt": ["no-new-privileges"]},
    "a_static_alias": {"networks": {"default": {"aliases": ["other"]}}},
}
"""Each by what is not to be a difference."""


@pytest.fixture(scope="module")
def applied(
    engine: Engine, idle_image: str, full_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with a_world(engine, idle_image, tmp_path_factory.mktemp("complaints")) as world:
        world.declare({key: {"image": full_image, **one} for key, one in CONTAINERS.items()})
        outcome = world.apply()
        assert outcome.exit_code == 0, outcome
        yield world


@pytest.mark.parametrize("key", CONTAINERS)
def test_no_difference(applied: World, key: str) -> None:
    found = changes(applied.plan())
    assert applied.name(key) not in found
    assert not applied.plan().conflicts


def test_and_none_beside_them(applied: World) -> None:
    applied.expect_in_sync()


def test_log_options_from_the_daemons_configuration(private_engine: Callable[..., Engine], tmp_path: Path) -> None:
    """kreuzwerker 473."""
    config = {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}
    engine = private_engine("--config", json.dumps(config))
    image = engine.import_image("test-idle:1", changes=[f"CMD {json.dumps(IDLE)}"])
    with a_world(engine, image, tmp_path) as world:
        world.declare({"plain": {}, "own": {"logging": {"driver": "json-file", "options": {"max-size": "1m"}}}})
        world.converge()
        assert world.inspect("plain")["HostConfig"]["LogConfig"]["Config"] == {"max-file": "3", "max-size": "10m"}


def test_must_run(world: World) -> None:
    """hashicorp 242 and 211: one that should not run, and does not, is as declared; its ports are no difference."""
    world.declare({"stopped": {"state": "stopped", "ports": ["28850:80"], "restart": "on-failure:3"}})
    world.converge()
    world.docker("start", world.name("stopped"))
    assert [item.path for item in only_change(world.plan()).fields] == ["state"]
    world.docker("kill", world.name("stopped"))
    world.expect_in_sync()


def test_image_by_tag_or_id(world: World) -> None:
    """kreuzwerker 522: another reference to the same image is no difference."""
    world.docker("tag", world.image, "test-complaints-same:1")
    image_id = world.docker("image", "inspect", "--format", "{{.Id}}", world.image).strip()
    world.declare({"web": {}})
    world.converge()
    before = world.id("web")
    for image in ("test-complaints-same:1", f"docker.io/library/{world.image}", image_id):
        world.declare({"web": {"image": image}})
        world.expect_in_sync()
    assert world.id("web") == before


def test_an_exited_one_shot_container_is_not_started_again_by_an_unrelated_change(world: World) -> None:
    job = {"command": ["true"], "state": "completed"}
    web = {"depends_on": {"job": {"condition": "service_completed_successfully"}}}
    world.declare({"job": job, "web": web})
    world.converge()
    before = world.started("job")
    world.declare({"job": job, "web": {**web, "environment": {"A": "1"}}})
    assert only_change(world.plan()).resource.name == world.name("web")
    world.converge()
    assert world.started("job") == before


def test_what_depends_on_it_does_not_replace_it(world: World) -> None:
    """compose 10068, 10259: an `api` that was made anew each day, with nothing changed but who uses it."""
    db: dict[str, Any] = {"db": {}, "api": {"depends_on": ["db"]}}
    world.declare(db)
    world.converge()
    before = world.id("db"), world.id("api")
    world.declare({**db, "tools": {"depends_on": ["api"]}})
    world.converge()
    assert (world.id("db"), world.id("api")) == before


def test_pulling_or_having_the_image_is_the_same(world: World) -> None:
    """compose 9897: what was made right after a pull was made again by the next `up`."""
    world.docker("tag", world.image, "test-complaints-later:1")
    world.declare({"web": {"image": "test-complaints-later:1"}})
    world.converge()
    world.docker("rmi", "test-complaints-later:1")
    world.docker("tag", world.image, "test-complaints-later:1")
    world.expect_in_sync()


def test_the_order_in_which_things_are_written_says_nothing(world: World) -> None:
    """compose 9600: the same file, read twice, had two hashes."""
    one: dict[str, Any] = {
        "environment": {"A": "1", "B": "2"},
        "labels": {"a": "1", "b": "2"},
        "cap_add": ["NET_ADMIN", "SYS_TIME"],
        "ports": ["28851:80", "28852:81"],
        "volumes": ["/var/tmp:/a", "/var/tmp:/b"],
    }
    world.declare({"web": one})
    world.converge()
    world.declare({"web": {key: dict(reversed(value.items())) if isinstance(value, dict) else value[::-1]
                           for key, value in reversed(one.items())}})  # fmt: skip
    world.expect_in_sync()


def test_an_inline_config_changed_without_any_other_change(world: World) -> None:
    """compose 11900, 13045: `up` left a container with the old content of a config as it was."""

    def declare(content: str) -> None:
        containers: dict[str, Any] = {"web": {"configs": [{"source": "site", "target": "/etc/site"}]}, "other": {}}
        world.declare(containers, configs={"site": {"content": content}})

    declare("one")
    world.converge()
    other = world.id("other")
    declare("two")
    change = only_change(world.plan())
    assert (change.resource.name, [field.path for field in change.fields]) == (world.name("web"), ["configs.site"])
    world.converge()
    assert world.docker("exec", world.name("web"), "cat", "/etc/site") == "two"
    assert world.id("other") == other
