"""What a container waits for: the start, the health, or the end of others; and what becomes of it when they fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.errors import ExitCode
from reconciler.execution.outcome import ActionOutcome, Result
from reconciler.planning.gates import Gate
from tests.integration.world import changes, failures, kinds
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from typing import Any

    from reconciler import Outcome
    from tests.integration.world import World

HEALTHY, COMPLETED = "service_healthy", "service_completed_successfully"


def checked(test: str, **more: Any) -> dict[str, Any]:
    return {"healthcheck": {"test": ["CMD-SHELL", test], "interval": "300ms", "retries": 20}, **more}


def ready_after(seconds: int, **more: Any) -> dict[str, Any]:
    """A container that is healthy some seconds after its start."""
    command = ["sh", "-c", f"trap 'exit 0' TERM; rm -f /tmp/ok; sleep {seconds}; touch /tmp/ok; sleep 99999 & wait"]
    return checked("test -e /tmp/ok", command=command, **more)


def on(condition: str, name: str = "db", **more: Any) -> dict[str, Any]:
    return {"depends_on": {name: {"condition": condition, **more}}}


def gates(outcome: Outcome) -> list[str]:
    return [one.action.kind for one in outcome.actions if isinstance(one.action, Gate)]


def said(one: ActionOutcome) -> str:
    return one.error.message if one.error else ""


def skipped(outcome: Outcome) -> dict[str, str]:
    return {one.action.id: said(one) for one in outcome.having(Result.SKIPPED)}


def test_one_that_becomes_healthy_after_two_seconds_is_waited_for(world: World) -> None:
    world.declare({"db": ready_after(2), "web": on(HEALTHY), "other": {}})
    outcome = world.converge()
    assert gates(outcome) == ["await-healthy"]
    assert world.started("other") < world.started("web"), "what does not depend on it does not wait"
    healthy = world.inspect("db")["State"]["Health"]
    assert healthy["Status"] == "healthy"
    began, went_on = (datetime.fromisoformat(world.started(key)) for key in ("db", "web"))
    assert went_on - began > timedelta(seconds=2), "not before it could be"

    # What is healthy is not waited for, what starts anew is.
    world.declare({"db": ready_after(2), "web": on(HEALTHY), "other": {}, "more": on(HEALTHY)})
    assert kinds(world.converge()) == ["create", "start"]
    world.docker("stop", world.name("db"), world.name("web"))
    assert gates(world.converge()) == ["await-healthy"]
    assert world.inspect("db")["State"]["Health"]["Status"] == "healthy"
    world.docker("stop", world.name("db"))
    assert gates(world.converge()) == [], "nobody waits"


def test_all_replicas_are_waited_for(world: World) -> None:
    world.declare({"db": ready_after(1, replicas=2), "web": on(HEALTHY)})
    assert gates(world.converge()) == ["await-healthy", "await-healthy"]


def test_one_that_is_not_healthy_holds_those_up_that_need_it(world: World) -> None:
    unhealthy = checked("false") | {"healthcheck": {"test": "false", "interval": "200ms", "retries": 2}}
    world.declare({"db": unhealthy, "web": on(HEALTHY), "next": {"depends_on": ["web"]}, "other": {}})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert [(one.action.id, said(one)) for one in outcome.failed] == [
        (f"container/{world.name('db')}:healthy", "is unhealthy")
    ]
    because = f"it needs container {world.name('db')}, which failed"
    assert skipped(outcome) == {f"container/{world.name(key)}:start": because for key in ("web", "next")}
    assert world.status("other") == "running"

    world.declare({"db": {}, "web": on(HEALTHY), "other": {}})
    outcome = world.apply()
    [failed] = failures(outcome)
    assert "has no healthcheck, and others wait until it is healthy" in failed

    world.declare({"db": ready_after(0), "web": on(HEALTHY), "other": {}})
    world.converge()


def test_a_job_that_ends_well_is_waited_for(world: World) -> None:
    job = {"state": "completed", "command": ["sleep", "1"]}
    world.declare({"job": job, "web": on(COMPLETED, "job"), "later": {"depends_on": ["web"]}})
    outcome = world.converge()
    assert gates(outcome) == ["await-completed"]
    assert world.started("web") > world.inspect("job")["State"]["FinishedAt"]
    world.docker("stop", world.name("web"))
    assert kinds(world.converge()) == ["start"], "it has completed: nothing to wait for"

    # A job that changes runs again; who is up goes on, and who starts anew waits.
    web = world.id("web")
    world.declare({"job": {**job, "command": ["sleep", "2"]}, "web": on(COMPLETED, "job"), "new": on(COMPLETED, "job")})
    outcome = world.converge()
    assert gates(outcome) == ["await-completed"]
    assert world.id("web") == web
    assert world.started("new") > world.inspect("job")["State"]["FinishedAt"]


def test_a_job_that_fails_holds_those_up_that_need_it(world: World) -> None:
    job = {"state": "completed", "command": ["sh", "-c", "echo last words; exit 3"]}
    world.declare({"job": job, "web": on(COMPLETED, "job"), "free": on(COMPLETED, "job", required=False)})
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    [failed] = outcome.failed
    assert failed.log == ("last words",)
    assert said(failed) == "exited with code 3"
    assert skipped(outcome) == {
        f"container/{world.name('web')}:start": f"it needs container {world.name('job')}, which failed"
    }
    assert (world.status("free"), world.status("web")) == ("running", "created")
    world.declare({"job": {**job, "command": ["true"]}, "web": on(COMPLETED, "job"), "free": {}})
    world.converge()


def test_what_is_not_required_may_fail_or_be_absent(world: World) -> None:
    unhealthy = {"healthcheck": {"test": "false", "interval": "200ms", "retries": 2}}
    world.declare({"db": unhealthy, "web": on(HEALTHY, required=False)})
    outcome = world.converge()
    assert outcome.exit_code is ExitCode.OK
    [warned] = [one for one in outcome.actions if one.error]
    assert (warned.result, said(warned)) == (Result.DONE, "is unhealthy")

    world.declare({"db": {"command": ["no-such-command"]}, "web": on("service_started", required=False)})
    world.docker("rm", "-f", world.name("db"), world.name("web"))
    outcome = world.apply()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert world.status("web") == "running"

    world.declare({"db": {"state": "absent"}, "web": on(HEALTHY, required=False)})
    world.converge()
    world.declare({"web": on(HEALTHY, "nothing", required=False)})
    world.converge()


def test_one_is_restarted_after_what_it_depends_on(world: World) -> None:
    dependents = {"web": on("service_started", restart=True), "calm": {"depends_on": ["db"]}}
    world.declare({"db": {}, **dependents})
    world.converge()
    world.expect_in_sync()
    web, calm, started = world.id("web"), world.started("calm"), world.started("web")

    world.declare({"db": {"user": "nobody"}, **dependents})
    assert changes(world.plan()) == {world.name("db"): ("replace", ["user"]), world.name("web"): ("restart", [])}
    world.converge()
    assert world.id("web") == web
    assert world.started("web") > max(started, world.started("db"))
    assert world.started("calm") == calm

    started = world.started("web")
    world.docker("stop", world.name("db"))
    world.converge()
    assert world.started("web") > max(started, world.started("db"))

    # The Engine's own restarts are none of the spec's business.
    started = world.started("web")
    world.docker("restart", world.name("db"))
    world.expect_in_sync()
    # A replacement whose apply was cut off before the restart is.
    world.declare({"db": {"user": "root"}, "calm": {"depends_on": ["db"]}, "web": {"depends_on": ["db"]}})
    world.converge()
    assert world.started("web") == started
    world.declare({"db": {"user": "root"}, **dependents})
    assert changes(world.plan()) == {world.name("web"): ("restart", [])}
    world.converge()


def test_a_running_job_is_waited_for_by_who_comes_later(world: World) -> None:
    job = {"state": "completed", "command": ["sh", "-c", "until test -e /end; do sleep 0.1; done"]}
    world.declare({"job": job})
    world.converge()
    world.declare({"job": job, "web": on(COMPLETED, "job")})
    with ThreadPoolExecutor(1) as pool:
        converging = pool.submit(world.converge)
        wait_for(lambda: world.name("web") in world.names() or converging.done(), "it has begun")
        world.exec("job", "touch", "/end")
    assert gates(converging.result()) == ["await-completed"]
    assert world.started("web") > world.inspect("job")["State"]["FinishedAt"]
