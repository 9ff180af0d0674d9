"""What runs already: a project of the real Docker Compose, and containers made by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import apply, connect, load, observe, plan
from reconciler.errors import ExitCode, Refused
from reconciler.planning.planner import plan_down
from tests.integration.world import IDLE, World, changes, failures, only_change
from tests.support.compose import compose

if TYPE_CHECKING:
    from reconciler import Plan
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot


def services(world: World) -> dict[str, Any]:
    """A bit of everything that Compose writes in its own way."""
    image = world.image
    return {
        "db": {
            "image": image,
            "volumes": [
                *("data:/var/lib/data", "/srv:/srv:ro", "/scratch", {"type": "tmpfs", "target": "/t2"}),
                {"type": "volume", "source": "data", "target": "/again", "volume": {"nocopy": True}},
                {"type": "bind", "source": "/srv", "target": "/srv2"},
            ],
            "networks": {"back": {"aliases": ["database"]}},
            "healthcheck": {"test": ["CMD", "true"], "interval": "1s"},
            "environment": {"A": "1", "EMPTY": "", "UNSET_OUTSIDE": None},
            "labels": {"of.mine": "1"},
            "mem_limit": "64m",
            "cpus": 0.5,
            "ulimits": {"nofile": 1000},
            "tmpfs": ["/run"],
            "restart": "unless-stopped",
            "stop_grace_period": "3s",
            "logging": {"driver": "json-file", "options": {"max-size": "1m"}},
        },
        "web": {
            "image": image,
            "deploy": {"replicas": 2},
            "depends_on": {"db": {"condition": "service_healthy"}},
            "networks": ["front", "back"],
            "ports": ["80"],
            "hostname": "webby",
        },
        "tool": {
            "image": image,
            "container_name": f"{world.project}_tool",
            "network_mode": "none",
            "expose": ["90"],
            "cap_add": ["NET_ADMIN"],
            "init": True,
            "user": "1000",
            "working_dir": "/tmp",
            "read_only": True,
            "shm_size": "100m",
            "stop_signal": "SIGINT",
            "entrypoint": ["sh"],
            "command": ["-c", "trap 'exit 0' INT; sleep 99999 & wait"],
        },
        "plain": {"image": image, "depends_on": ["web"]},
    }


def bring_up(world: World, wanted: dict[str, Any]) -> None:
    """By Compose; the same file is the world's spec."""
    networks = {"front": {"labels": {"n": "1"}}, "back": {"driver": "bridge", "internal": True}}
    write(world, wanted, networks)
    compose(world.engine, world.folder, "up", "--detach", "--quiet-pull")


def write(world: World, wanted: dict[str, Any], networks: dict[str, Any] | None = None) -> None:
    """The Compose file."""
    named = {name for one in wanted.values() for name in one.get("networks", ())}
    data = {
        "name": world.project,
        "services": wanted,
        "networks": {name: (networks or {}).get(name) for name in sorted(named)},
        "volumes": {"data": {"labels": {"v": "1"}}},
    }
    (world.folder / "compose.yaml").write_text(json.dumps(data))


def ids(world: World) -> dict[str, str]:
    """All containers whose name begins as the project's: name → ID."""
    rows = world.docker("ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.ID}}", "--filter", f"name={world.project}")
    return dict(row.split() for row in rows.splitlines())


def seen(world: World) -> tuple[Spec, Snapshot]:
    """What is wanted, and what is there."""
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        return spec, observe(engine, spec)


def carry_out(world: World, todo: Plan) -> None:
    """All of it must succeed."""
    with connect(world.proxy.host) as engine:
        outcome = apply(todo, engine)
    assert outcome.exit_code is ExitCode.OK, failures(outcome)


def test_a_compose_project_is_taken_over_without_touching_it(world: World) -> None:
    wanted = services(world)
    bring_up(world, wanted)
    before = ids(world)
    assert len(before) == 5
    started = {name: world.engine.inspect(name)["State"]["StartedAt"] for name in before}

    outcome = world.apply()

    assert outcome.exit_code is ExitCode.OK
    assert outcome.actions == ()
    world.expect_in_sync()
    assert world.proxy.changing() == []
    assert world.plan().notices == ()
    assert ids(world) == before

    # One image changes: only that container is replaced.
    new = world.engine.import_image(f"test-idle:{world.project}", changes=[f"CMD {json.dumps(IDLE)}"])
    wanted["plain"]["image"] = new
    write(world, wanted, {"front": {"labels": {"n": "1"}}, "back": {"driver": "bridge", "internal": True}})
    assert changes(world.plan()) == {world.name("plain"): ("replace", ["image"])}
    world.converge()
    after = ids(world)
    replaced = world.name("plain")
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {replaced}
    assert {name: world.engine.inspect(name)["State"]["StartedAt"] for name in after if name != replaced} == {
        name: moment for name, moment in started.items() if name != replaced
    }
    labels = world.inspect("plain")["Config"]["Labels"]
    assert labels["io.reconciler.resource"] == labels["com.docker.compose.service"] == "plain"
    assert labels["io.reconciler.project"] == labels["com.docker.compose.project"] == world.project

    # What is changed by hand is mended in place, on a container that still is Compose's.
    world.docker("update", "--restart", "no", world.name("db"))
    world.docker("stop", world.name("web", 2))
    assert changes(world.plan()) == {
        world.name("db"): ("update", ["restart"]),
        world.name("web", 2): ("start", ["state"]),
    }
    world.converge()
    assert ids(world) == after

    spec, there = seen(world)
    carry_out(world, plan_down(spec.name, there, spec))
    assert ids(world) == {}
    assert f"{world.project}_" not in world.docker("network", "ls", "--format", "{{.Name}}")
    assert f"{world.project}_data" in world.docker("volume", "ls", "-q").split()


def test_a_migration_that_compose_has_run_is_not_run_again(world: World) -> None:
    wanted: dict[str, Any] = {
        "migration": {"image": world.image, "command": ["sh", "-c", "exit 0"]},
        "web": {"image": world.image, "depends_on": {"migration": {"condition": "service_completed_successfully"}}},
    }
    bring_up(world, wanted)
    world.expect_in_sync()
    compose(world.engine, world.folder, "down")

    world.converge()
    world.expect_in_sync()
    began = world.inspect("migration")["State"]["StartedAt"]
    wanted["web"]["environment"] = {"CHANGED": "1"}
    write(world, wanted)
    assert changes(world.plan()) == {world.name("web"): ("replace", ["environment.CHANGED"])}
    world.converge()
    assert world.inspect("migration")["State"]["StartedAt"] == began
    # What makes another job of it makes it run.
    wanted["migration"]["command"] = ["sh", "-c", "true; exit 0"]
    write(world, wanted)
    world.converge()
    assert world.inspect("migration")["State"]["StartedAt"] > began
    world.expect_in_sync()


def test_a_value_that_is_the_engines_default_is_no_difference(world: World) -> None:
    bring_up(
        world,
        {
            "web": {
                "image": world.image,
                "cpu_shares": 0,
                "mem_swappiness": -1,
                "memswap_limit": -1,
                "blkio_config": {"weight": 0},
                "healthcheck": {"test": [], "interval": "9s"},
            },
            "job": {"image": world.image, "healthcheck": {"test": ["CMD", "true"], "interval": "9s", "disable": True}},
        },
    )
    world.expect_in_sync()
    compose(world.engine, world.folder, "down")
    world.converge()


def test_links_and_ranges_of_ports_as_compose_writes_them(world: World) -> None:
    image = world.image
    bring_up(
        world,
        {
            "db": {"image": image, "container_name": f"{world.project}-my-db"},
            "api": {"image": image, "deploy": {"replicas": 2}},
            "web": {
                "image": image,
                "links": ["db:database", "db", "api:backend", "api"],
                "expose": ["9000", "9001/udp", "9100-9102", "9200-9201/udp"],
                "ports": ["80"],
            },
        },
    )
    world.expect_in_sync()
    wanted = json.loads((world.folder / "compose.yaml").read_text())["services"]
    wanted["web"]["links"] = ["db:database", "db", "api:backend"]
    write(world, wanted)
    assert changes(world.plan()) == {world.name("web"): ("update", ["networks"])}
    world.converge()
    compose(world.engine, world.folder, "down")
    world.converge()


def test_without_an_entrypoint_the_images_command_runs_by_itself(world: World) -> None:
    image = world.engine.import_image(
        f"test-entry:{world.project}", changes=['ENTRYPOINT ["false"]', f"CMD {json.dumps(IDLE)}"]
    )
    wanted: dict[str, dict[str, Any]] = {
        "list": {"image": image, "entrypoint": []},
        "text": {"image": image, "entrypoint": ""},
        "own": {"image": image, "entrypoint": [], "command": ["sleep", "999"]},
    }
    bring_up(world, wanted)
    world.expect_in_sync()
    before = {key: world.inspect(key)["Config"] for key in wanted}
    compose(world.engine, world.folder, "down", "--timeout", "0")
    world.converge()
    for key in wanted:
        made = world.inspect(key)["Config"]
        assert (made["Entrypoint"] or [], made["Cmd"]) == (before[key]["Entrypoint"] or [], before[key]["Cmd"])
    del wanted["own"]["command"]
    write(world, wanted)
    assert changes(world.plan()) == {world.name("own"): ("replace", ["command"])}
    world.converge()


def test_compose_finds_what_the_reconciler_made(world: World) -> None:
    write(world, {"web": {"image": world.image}, "db": {"image": world.image}})
    world.converge()
    listed = compose(world.engine, world.folder, "ps", "--format", "{{.Name}}")
    assert sorted(listed.split()) == [world.name("db"), world.name("web")]
    compose(world.engine, world.folder, "stop", "--timeout", "0", "web")
    assert world.status("web") == "exited"
    # Its `up` makes them anew; they are taken over again, and not touched.
    compose(world.engine, world.folder, "up", "--detach", "--timeout", "0")
    world.expect_in_sync()
    world.proxy.clear()
    world.converge()
    assert world.proxy.changing() == []
    assert "io.reconciler.project" not in world.inspect("web")["Config"]["Labels"]
    compose(world.engine, world.folder, "down", "--timeout", "0")
    assert ids(world) == {}


def test_configs_and_secrets_that_compose_gave_are_no_difference(world: World) -> None:
    """A file of the host is bound by both; a text or variable Compose copies, and what it copied is read."""
    file = world.folder / "cert.pem"
    file.write_text("one")
    (world.folder / ".env").write_text("TOKEN=hunter2\nCONF=a")
    granted = [{"source": "token", "target": "again", "mode": "0440"}, "token", "cert"]
    wanted = {
        "name": world.project,
        "services": {
            "web": {"image": world.image, "secrets": granted, "configs": ["conf", {"source": "text", "target": "/t"}]}
        },
        "secrets": {"token": {"environment": "TOKEN"}, "cert": {"file": "./cert.pem"}},
        "configs": {"conf": {"environment": "CONF"}, "text": {"content": "hello"}},
    }

    def expect(*paths: str) -> None:
        (world.folder / "compose.yaml").write_text(json.dumps(wanted))
        assert changes(world.plan()) == ({world.name("web"): ("replace", [*paths])} if paths else {})

    (world.folder / "compose.yaml").write_text(json.dumps(wanted))
    compose(world.engine, world.folder, "up", "--detach")
    world.expect_in_sync()
    (world.folder / ".env").write_text("TOKEN=hunter3\nCONF=b")
    expect("configs.conf", "secrets.token")
    (world.folder / ".env").write_text("TOKEN=hunter2\nCONF=a")
    expect()
    granted[0] = {"source": "token", "target": "again", "mode": "0400"}
    expect("secrets.token")
    granted[0] = {"source": "token", "target": "elsewhere", "mode": "0440"}
    expect("secrets.token")
    del granted[0]
    wanted["secrets"] = {"token": {"environment": "TOKEN"}, "cert": {"file": "./other.pem"}}
    (world.folder / "other.pem").write_text("one")
    expect("secrets.cert")


def test_a_service_that_compose_has_replaced_keeps_its_anonymous_volumes(world: World) -> None:
    """Compose then names them in the new container, those of the image too."""
    wanted = {"db": {"image": world.image, "volumes": ["/scratch"], "environment": {"A": "1"}}}
    bring_up(world, wanted)
    wanted["db"]["environment"] = {"A": "2"}
    bring_up(world, wanted)
    world.expect_in_sync()

    def mounted() -> dict[str, str]:
        return {mount["Destination"]: mount["Name"] for mount in world.inspect("db")["Mounts"]}

    volumes = mounted()
    assert volumes.keys() == {"/scratch", "/data"}
    wanted["db"]["environment"] = {}
    write(world, wanted)
    assert changes(world.plan()) == {world.name("db"): ("replace", ["environment.A"])}
    world.converge()
    assert mounted() == volumes


def test_what_compose_has_besides_stays_unless_it_is_asked_for(world: World) -> None:
    wanted: dict[str, Any] = {"web": {"image": world.image}, "old": {"image": world.image, "deploy": {"replicas": 2}}}
    bring_up(world, wanted)
    compose(world.engine, world.folder, "run", "--detach", "old")
    before = ids(world)
    del wanted["old"]
    write(world, wanted)

    found = world.plan()

    assert found.in_sync
    [notice] = found.notices
    assert notice.message.startswith(f"{world.name('old')}, {world.name('old', 2)} stay")
    assert "--remove-orphans" in notice.hint
    spec, there = seen(world)
    down = plan_down(spec.name, there, spec)
    assert [change.resource.name for change in down.changes] == [world.name("web")]
    assert [one.resource.name for one in down.notices] == [world.name("old"), f"{world.project}_default"]

    carry_out(world, plan(spec, there, remove_orphans=True))
    stay = {name: one for name, one in before.items() if name == world.name("web") or "-old-run-" in name}
    assert len(stay) == 2, "the one-off container stays too"
    assert ids(world) == stay
    world.expect_in_sync()


def test_a_container_made_by_hand_is_adopted_by_its_name(world: World) -> None:
    name, default = world.name("web"), f"{world.project}_default"
    world.declare({"other": {}})
    world.converge()
    world.docker("run", "-d", "--name", name, "--network", default, "--network-alias", "web", "-e", "A=1", world.image)
    before = world.id("web")
    world.declare({"other": {}, "web": {"environment": {"A": "1"}}})
    with pytest.raises(Refused) as refusal:
        world.apply()
    assert "`adopt: true`" in refusal.value.hint
    assert "`container_name`" in refusal.value.hint

    world.declare({"other": {}, "web": {"environment": {"A": "1"}, "adopt": True}})
    world.proxy.clear()
    world.apply()
    world.expect_in_sync()
    assert world.proxy.changing() == []

    # In place, in a later cycle; then what it has and the spec has not; then it is ours, with and without the line.
    world.declare({"other": {}, "web": {"environment": {"A": "1"}, "adopt": True, "mem_limit": "32m"}})
    world.converge()
    assert world.id("web") == before
    world.declare({"other": {}, "web": {"adopt": True, "mem_limit": "32m"}})
    [field] = only_change(world.plan()).fields
    assert (field.path, field.wanted, field.actual) == ("environment.A", None, "1")
    outcome = world.converge()
    assert not failures(outcome)
    assert world.id("web") != before
    assert world.inspect("web")["Config"]["Labels"]["io.reconciler.replaces"] == before
    world.declare({"other": {}, "web": {"mem_limit": "32m"}})
    world.expect_in_sync()
