"""Paused containers, and jobs: what runs once a definition, and is not started again by anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler import apply, connect, load, observe, plan
from reconciler.errors import ExitCode
from reconciler.planning.failures import failed_jobs
from tests.integration.world import changes, kinds
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from reconciler import Plan
    from tests.integration.world import World


def job(script: str, **more: Any) -> dict[str, Any]:
    """A job that counts its runs in a volume, then does what the script says."""
    command = ["sh", "-c", f"echo x >>/runs/all; {script}"]
    return {"state": "completed", "command": command, "volumes": ["runs:/runs"], **more}


def declare(world: World, one: Mapping[str, Any] | None, **others: Mapping[str, Any]) -> None:
    jobs = {"job": one} if one else {}
    world.declare({"counter": {"volumes": ["runs:/runs"]}, **jobs, **others}, volumes={"runs": {}})


def runs(world: World) -> int:
    return len(world.exec("counter", "sh", "-c", "cat /runs/all 2>/dev/null || true").split())


def wait_for_the_end(world: World) -> None:
    wait_for(lambda: world.status("job") == "exited", "the job has ended")


def unattended(world: World) -> Plan:
    """What `watch` would do."""
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        snapshot = observe(engine, spec)
        return plan(spec, snapshot, failed_jobs(spec, snapshot))


# --- paused ---------------------------------------------------------------------------------------------------


def test_paused_from_the_start_and_in_place(world: World) -> None:
    world.declare({"web": {"state": "paused"}, "other": {}})
    outcome = world.converge()
    assert kinds(outcome).count("pause") == 1
    assert world.status("web") == "paused"
    web, other = world.id("web"), world.id("other")

    world.declare({"web": {}, "other": {"state": "paused"}})
    assert changes(world.plan()) == {world.name("web"): ("start", ["state"]), world.name("other"): ("pause", ["state"])}
    assert sorted(kinds(world.converge())) == ["pause", "unpause"]
    assert (world.status("web"), world.status("other")) == ("running", "paused")
    assert (world.id("web"), world.id("other")) == (web, other)

    # Updated, renamed and connected while it is paused; stopped and started from there.
    world.declare({"other": {"state": "paused", "mem_limit": "64m", "container_name": f"{world.project}.o"}, "web": {}})
    world.converge()
    assert world.engine.inspect(f"{world.project}.o")["Id"] == other
    world.declare({"other": {"state": "paused", "networks": ["default", "back"]}, "web": {}}, networks={"back": {}})
    world.converge()
    assert world.status("other") == "paused"
    world.declare({"other": {"state": "paused"}, "web": {}})
    world.converge()
    other = world.id("other")
    world.declare({"other": {"state": "stopped"}, "web": {}})
    world.converge()
    world.declare({"other": {"state": "paused"}, "web": {}})
    assert [one for one in kinds(world.converge()) if one in {"start", "pause"}] == ["start", "pause"]
    assert world.id("other") == other


def test_a_new_one_proves_itself_before_it_is_paused(world: World) -> None:
    world.declare({"web": {"state": "paused"}})
    world.converge()
    before = world.id("web")
    world.declare({"web": {"state": "paused", "user": "nobody"}})
    done = kinds(world.converge())
    assert done[:6] == ["create", "stop", "start", "prove", "rename", "rename"]
    assert sorted(done[6:]) == ["pause", "remove"]
    assert world.id("web") != before
    assert world.status("web") == "paused"

    world.declare({"web": {"state": "paused", "command": ["sh", "-c", "exit 9"], "update": {"monitor": "30s"}}})
    outcome = world.apply()
    assert outcome.rolled_back
    assert world.inspect("web")["Config"]["User"] == "nobody"
    world.declare({"web": {"state": "paused", "user": "nobody"}})
    world.converge()
    assert world.status("web") == "paused", "the one that was taken back runs, and is paused by the next apply"


# --- jobs -----------------------------------------------------------------------------------------------------


def test_a_job_runs_once_a_definition(world: World) -> None:
    script = "until test -e /runs/end; do sleep 0.1; done; exit 0"
    declare(world, job(script))
    world.converge()
    assert world.status("job") == "running", "in sync while it runs"
    world.exec("counter", "touch", "/runs/end")
    wait_for_the_end(world)
    world.expect_in_sync()
    first = world.id("job")

    # An exited one-shot container started again by an unrelated change: not here.
    declare(world, job(script), another={})
    world.converge()
    declare(world, job(script, restart="on-failure:2", mem_limit="64m"), another={"user": "nobody"})
    world.converge()
    assert (world.id("job"), world.status("job"), runs(world)) == (first, "exited", 1)

    declare(world, job("exit 0", restart="on-failure:2", mem_limit="64m"))
    assert changes(world.plan())[world.name("job")] == ("replace", ["command"])
    world.converge()
    wait_for_the_end(world)
    assert world.id("job") != first
    assert runs(world) == 2
    world.expect_in_sync()

    world.docker("rm", world.name("job"))
    assert changes(world.plan())[world.name("job")] == ("create", [])
    world.converge()
    wait_for_the_end(world)
    assert runs(world) == 3, "what was removed by hand runs again"


def test_a_job_that_fails_runs_again_only_when_a_person_asks_or_it_changes(world: World) -> None:
    declare(world, job("exit 3"))
    assert world.apply().exit_code is ExitCode.OK
    wait_for_the_end(world)
    held = unattended(world)
    assert changes(held) == {world.name("job"): ("hold", ["state"])}
    assert held.actions == ()

    assert changes(world.plan()) == {world.name("job"): ("start", ["state"])}
    first = world.id("job")
    world.apply()
    wait_for_the_end(world)
    assert (world.id("job"), runs(world)) == (first, 2)
    assert unattended(world).actions == ()

    declare(world, job("exit 0"))
    assert changes(unattended(world)) == {world.name("job"): ("replace", ["command", "state"])}
    world.apply()
    wait_for_the_end(world)
    world.expect_in_sync()
    assert unattended(world).in_sync
    assert runs(world) == 3


@pytest.mark.parametrize("done", range(1, 7))
def test_a_job_that_is_cut_off_while_it_is_replaced_runs_once(world: World, done: int) -> None:
    declare(world, job("exit 0"))
    world.converge()
    wait_for_the_end(world)
    declare(world, job("exit 0", environment={"A": "1"}))
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        todo = plan(spec, observe(engine, spec))
        assert [action.kind for action in todo.actions] == ["create", "rename", "rename", "start", "remove"]
        created: dict[str, str] = {}
        for action in todo.actions[:done]:
            created[action.id] = engine.perform(action, created) or ""
    if done >= 4:
        wait_for_the_end(world)
    world.converge()
    wait_for_the_end(world)
    assert runs(world) == 2
    assert world.names() == sorted([world.name("counter"), world.name("job")])


def test_what_is_running_with_another_definition_is_stopped_and_replaced(world: World) -> None:
    declare(world, job("trap 'exit 1' TERM; sleep 99999 & wait"))
    world.converge()
    declare(world, job("exit 0"))
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.OK
    wait_for_the_end(world)
    world.expect_in_sync()


def test_a_command_that_ends_well_is_started_again_where_it_is_to_run(world: World) -> None:
    world.declare({"once": {"command": ["true"], "restart": "no"}})
    world.apply()
    wait_for(lambda: world.status("once") == "exited", "it has ended")
    assert changes(world.plan()) == {world.name("once"): ("start", ["state"])}
    spec = load(world.folder)
    with connect(world.proxy.host) as engine:
        assert apply(plan(spec, observe(engine, spec)), engine).exit_code is ExitCode.OK
