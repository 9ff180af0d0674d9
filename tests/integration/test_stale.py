"""What a plan saw may have changed by the time it is carried out: then it is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import apply, connect
from reconciler.errors import ExitCode, Stale

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler import Outcome, Plan
    from tests.integration.world import World


def carry_out(world: World, plan: Plan) -> Outcome:
    with connect(world.proxy.host) as engine:
        return apply(plan, engine)


def test_a_container_that_was_renamed_meanwhile_is_neither_stopped_nor_removed(world: World) -> None:
    world.declare({"web": {}, "spare": {}})
    world.converge()
    kept = world.id("spare")
    world.declare({"web": {}})
    plan = world.plan()
    world.docker("rename", world.name("spare"), f"{world.project}-precious")
    outcome = carry_out(world, plan)
    [failed] = outcome.failed
    assert isinstance(failed.error, Stale)
    assert "precious" in failed.error.message
    there = world.engine.inspect(f"{world.project}-precious")
    assert (there["Id"], there["State"]["Status"]) == (kept, "running")


def test_a_container_that_is_gone_meanwhile_is_removed_enough(world: World) -> None:
    world.declare({"web": {}, "spare": {"state": "stopped"}})
    world.converge()
    world.declare({"web": {}})
    plan = world.plan()
    world.docker("rm", "-f", world.name("spare"))
    assert carry_out(world, plan).exit_code is ExitCode.OK


def test_a_source_that_changed_meanwhile_is_not_imported(world: World, tmp_path: Path) -> None:
    source = tmp_path / "root"
    source.mkdir()
    (source / "file").write_text("as planned")
    world.declare({}, images={f"{world.project}:1": {"import": str(source)}})
    plan = world.plan()
    (source / "file").write_text("changed since")
    [failed] = carry_out(world, plan).failed
    assert isinstance(failed.error, Stale)
    assert f"{world.project}:1" not in world.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}")
