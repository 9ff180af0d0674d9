"""What a removal or a replacement would lose, as a real Engine tells it: files of the writable layer, and no mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler import connect, load, observe, plan
from reconciler.execution.lost import with_lost
from reconciler.planning.planner import plan_down

if TYPE_CHECKING:
    from reconciler.planning.plan import Lost
    from tests.integration.world import World

MOUNTS: dict[str, Any] = {
    "volumes": [
        "pages:/srv/pages",
        "/anonymous",
        {"type": "tmpfs", "target": "/deep/below/memory"},
        {"type": "bind", "source": "./file", "target": "/etc/one.conf"},
        {"type": "bind", "source": ".", "target": "/bound/here", "read_only": True},
    ],
    "tmpfs": ["/run/scratch"],
}
PLACES: dict[str, Any] = {"volumes": {"pages": {}}}


def lost(world: World) -> dict[str, Lost]:
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        snapshot = observe(engine, spec)
        return {one.resource.name: one for one in with_lost(plan(spec, snapshot), snapshot, engine).lost}


def lost_when_down(world: World) -> list[Lost]:
    with connect(world.proxy.host) as engine:
        snapshot = engine.observe(world.project)
        return [*with_lost(plan_down(world.project, snapshot), snapshot, engine).lost]


def test_mounts_and_what_is_written_there_are_no_loss(world: World) -> None:
    (world.folder / "file").write_text("x")
    world.declare({"web": MOUNTS}, **PLACES)
    world.converge()
    folders = "/srv/pages /anonymous /data /deep/below/memory /run/scratch"
    written = f"echo x >/etc/one.conf; for folder in {folders}; do echo x >$folder/a || exit; done"
    world.exec("web", "sh", "-c", written)
    world.declare({"web": {**MOUNTS, "environment": {"A": "1"}}}, **PLACES)
    assert lost(world) == {}
    world.docker("stop", world.name("web"))
    assert lost(world) == {}
    assert lost_when_down(world) == []


def test_files_that_were_written_changed_and_removed(world: World) -> None:
    world.declare({"web": {}, "other": {}, "stays": {}})
    world.converge()
    commands = (
        "mkdir -p /new/dir /empty; echo x >/new/dir/b; echo x >/new/dir/a; rm /bin/awk",
        "echo x >>/new/dir/a; touch /bin/busybox; mv /bin/cat /bin/dog; touch /gone; rm /gone",
    )
    for command in commands:
        world.exec("web", "sh", "-c", command)
    for key in ("other", "stays"):
        world.exec(key, "sh", "-c", "echo x >/only")
    world.declare({"web": {"environment": {"A": "1"}}, "stays": {}})
    found = lost(world)
    web = found[world.name("web")]
    assert (web.count, web.paths, web.unknown) == (5, ("/bin/busybox", "/bin/dog", "/empty"), "")
    other = found[world.name("other")]
    assert (other.count, other.paths) == (1, ("/only",))
    assert found.keys() == {world.name("web"), world.name("other")}
    assert [(one.resource.name, one.count) for one in lost_when_down(world)] == [
        (world.name("other"), 1),
        (world.name("stays"), 1),
        (world.name("web"), 5),
    ]


def test_an_engine_that_does_not_say_it_in_time(world: World) -> None:
    world.declare({"web": {}})
    world.converge()
    with connect(world.proxy.host) as engine:
        snapshot = engine.observe(world.project)
        [one] = with_lost(plan_down(world.project, snapshot), snapshot, engine, seconds=0.000001).lost
    assert one.unknown
    assert one.resource.name == world.name("web")
