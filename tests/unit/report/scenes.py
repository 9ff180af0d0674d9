"""Plans, outcomes and snapshots that the tests of the reports show."""

from __future__ import annotations

from typing import Any

from reconciler.errors import EngineError, ReconcilerError
from reconciler.execution.outcome import ActionOutcome, Outcome, Result
from reconciler.fields import ownership
from reconciler.planning.actions import (
    Action,
    BuildImage,
    CreateContainer,
    CreateNetwork,
    ImportImage,
    LoadImage,
    PullImage,
    RemoveContainer,
    RemoveImage,
    RenameContainer,
    StartContainer,
    StopContainer,
    TagImage,
)
from reconciler.planning.gates import AwaitProof
from reconciler.planning.plan import Change, Conflict, FieldChange, Operation, Plan
from reconciler.state.identity import EngineIdentity
from reconciler.state.images import ArchivedImage
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState

ENGINE = EngineIdentity("28.5.2", "1.51", "linux", "amd64")
TAKEN_AT = "2026-03-01T12:00:00+00:00"


def key(kind: str, name: str) -> ResourceKey:
    return ResourceKey(Kind(kind), name)


def field(path: str, actual: str, wanted: str, *, sensitive: bool = False) -> FieldChange:
    """A difference of texts; `not set` is None, as the planner has it."""
    return FieldChange(
        path,
        None if wanted == "not set" else wanted.strip('"'),
        None if actual == "not set" else actual.strip('"'),
        wanted,
        actual,
        sensitive,
    )


def change(kind: str, name: str, operation: str, note: str = "", *fields: FieldChange) -> Change:
    return Change(key(kind, name), Operation(operation), note, fields)


TZ = field("environment.TZ", '"UTC"', '"Europe/Berlin"')
STATE = field("state", "exited (0)", "running")
NOT_OURS = Conflict(
    key("container", "hello-api-1"),
    'container "hello-api-1" exists and belongs to project "other"',
    "remove or rename it, or give yours another `container_name`",
)


def plan(*changes: Change, **more: Any) -> Plan:
    return Plan(more.pop("project", "hello"), ENGINE, changes, **more)


def hello(**more: Any) -> Plan:
    """The plan that the README and the issue show."""
    return plan(
        change("image", "hello-web:1", "import", "from one"),
        change("container", "hello-web-1", "create", "hello-web:1, 8080→80"),
        change("container", "hello-db-1", "replace", "", TZ),
        change("container", "hello-job-1", "start", "", STATE),
        change("container", "hello-old-1", "remove", "no longer declared"),
        actions=(import_("hello-web:1"), *create("hello-web-1"), *replacement("hello-db-1"), start("hello-job-1")),
        **more,
    )


def every_operation() -> Plan:
    return plan(
        change("image", "nginx:1.27", "pull"),
        change("image", "hello-web:1", "import", "from one"),
        change("network", "hello_default", "create"),
        change("volume", "hello_pages", "create"),
        change("container", "hello-web-1", "create", "nginx:1.27, 8080→80"),
        change("container", "hello-db-1", "replace", "", TZ, field("user", "none", "postgres")),
        change("container", "hello-cache-1", "update", "", field("restart", "no", "unless-stopped")),
        change("container", "hello-job-1", "start", "", STATE),
        change("container", "hello-idle-1", "stop", "", field("state", "running", "stopped")),
        change("container", "hello-bad-1", "hold", "failed before, not tried again", TZ),
        change("container", "hello-old-1", "remove", "no longer declared"),
        change("network", "hello_back", "remove", "no longer declared"),
        kept_volumes=("hello_data", "hello_uploads"),
    )


# --- actions -----------------------------------------------------------------------------------------------


def named(kind: str, name: str, verb: str, *needs: str, group: str = "") -> dict[str, Any]:
    return {
        "id": f"{kind}/{name}:{verb}",
        "resource": key(kind, name),
        "reason": "not here yet",
        "needs": needs,
        "group": group,
    }


def create(name: str, secret: str = "", *needs: str) -> list[Action]:
    made = CreateContainer(name=name, payload={"Env": [f"KEY={secret}"]}, **named("container", name, "create", *needs))
    return [made, StartContainer(container=made.id, **named("container", name, "start", made.id))]


def start(name: str, *needs: str) -> Action:
    return StartContainer(container="f00", **named("container", name, "start", *needs))


def removal(name: str) -> list[Action]:
    stop = StopContainer(container="f00", expected_name=name, seconds=10, **named("container", name, "stop"))
    return [stop, RemoveContainer(container="f00", expected_name=name, **named("container", name, "remove", stop.id))]


def replacement(name: str) -> list[Action]:
    """The steps, with the IDs, names and group that the planner gives them."""

    def step(verb: str, *needs: str) -> dict[str, Any]:
        return named(
            "container", name, verb, *(f"container/{name}:{need}" for need in needs), group=f"container/{name}"
        )

    new = f"container/{name}:create"
    last = named("container", name, "remove old", f"container/{name}:rename new")
    return [
        CreateContainer(name=f"{name}.next", payload={"Env": ["KEY=hunter2"]}, **step("create")),
        StopContainer(container="f00", expected_name=name, seconds=10, **step("stop old", "create")),
        StartContainer(container=new, **step("start", "create", "stop old")),
        AwaitProof(container=new, monitor_seconds=2.0, deadline_seconds=120.0, **step("prove", "start")),
        RenameContainer(container="f00", old_name=name, name=f"{name}.old", **step("rename old", "prove")),
        RenameContainer(container=new, old_name=f"{name}.next", name=name, **step("rename new", "rename old")),
        RemoveContainer(container="f00", expected_name=f"{name}.old", **last),
    ]


def pull(reference: str) -> Action:
    return PullImage(reference=reference, **named("image", reference, "pull"))


def import_(reference: str) -> Action:
    return ImportImage(reference=reference, source="/one", digest="1:ab", **named("image", reference, "import"))


def of_images(reference: str) -> list[Action]:
    """What else can be done with an image."""
    build = BuildImage(
        reference=reference,
        context="/app",
        dockerfile="Dockerfile",
        inline=None,
        content="sha256:ab",
        digest="1:ab",
        params={},
        **named("image", reference, "build"),
    )
    archived = ArchivedImage(frozenset(["sha256:ab"]))
    load = LoadImage(
        reference=reference, source="/a.tar", digest="sha256:ab", image=archived, **named("image", reference, "load")
    )
    tag = TagImage(image="sha256:ab", tag="more:1", **named("image", reference, "tag"))
    return [
        build,
        load,
        tag,
        RemoveImage(reference=reference, image="sha256:ab", **named("image", reference, "remove")),
    ]


def network(name: str) -> Action:
    return CreateNetwork(payload={"Name": name}, **named("network", name, "create"))


def undo(step: Action) -> Action:
    """What takes a step back, as `planning.rollback` makes it."""
    common: dict[str, Any] = {
        "id": f"{step.id}:undo",
        "resource": step.resource,
        "reason": "failed",
        "group": step.group,
    }
    match step:
        case CreateContainer():
            return RemoveContainer(container=step.id, expected_name=step.name, **common)
        case StopContainer():
            return StartContainer(container=step.container, **common)
        case RenameContainer():
            return RenameContainer(container=step.container, old_name=step.name, name=step.old_name, **common)
    raise AssertionError(step)


# --- outcomes ----------------------------------------------------------------------------------------------


def done(action: Action, seconds: float = 0.4) -> ActionOutcome:
    return ActionOutcome(action, Result.DONE, seconds)


def undone(action: Action, seconds: float = 0.2) -> ActionOutcome:
    return ActionOutcome(action, Result.UNDONE, seconds)


def skipped(action: Action, why: str = "") -> ActionOutcome:
    return ActionOutcome(action, Result.SKIPPED, error=ReconcilerError(why) if why else None)


def failed(action: Action, message: str, hint: str = "", log: tuple[str, ...] = ()) -> ActionOutcome:
    return ActionOutcome(action, Result.FAILED, 0.1, EngineError(message, hint), log)


def outcome(plan: Plan, *actions: ActionOutcome, interrupted: bool = False) -> Outcome:
    """As the executor sums it up: of an action, what became of it at last."""
    return Outcome(plan, tuple({one.action.id: one for one in actions}.values()), interrupted)


def rolled_back(name: str = "hello-db-1") -> list[ActionOutcome]:
    """A replacement whose new container did not prove itself, in the order in which it is told."""
    made, stop, begin, prove, away, into, last = replacement(name)
    return [
        done(made),
        done(stop, 1.2),
        done(begin),
        failed(
            prove,
            "the new container exited with code 1",
            "see its last lines, and mend the spec or the image",
            ("\x1b[31mFATAL\x1b[0m:  data directory has wrong ownership", "", "exit\t1"),
        ),
        *(skipped(step, f"prove of container {name} failed") for step in (away, into, last)),
        undone(made),
        undone(stop, 0.5),
    ]


# --- what is there -----------------------------------------------------------------------------------------


def container(name: str, resource: str, status: str = "running", **more: Any) -> ContainerState:
    """One of the project's containers.

    `more`: ports, health, exit_code, restarts, started_at, finished_at, image, image_id, replica.
    """
    state: dict[str, Any] = {
        "Status": status,
        "ExitCode": more.get("exit_code", 0),
        "StartedAt": more.get("started_at", "2026-03-01T11:56:10.123456789Z"),
        "FinishedAt": more.get("finished_at", "0001-01-01T00:00:00Z"),
    }
    if "health" in more:
        state["Health"] = {"Status": more["health"]}
    labels = {ownership.PROJECT: "hello", ownership.RESOURCE: resource, ownership.REPLICA: more.get("replica", "1")}
    return ContainerState(
        {
            "Id": f"{name}-id",
            "Name": f"/{name}",
            "Image": more.get("image_id", "sha256:1"),
            "RestartCount": more.get("restarts", 0),
            "Config": {"Image": more.get("image", "hello-web:1"), "Labels": labels},
            "State": state,
            "NetworkSettings": {"Ports": more.get("ports", {})},
        }
    )


def published(*ports: tuple[str, str, str]) -> dict[str, Any]:
    """`NetworkSettings.Ports`, of (target, address, host port)."""
    found: dict[str, Any] = {"9000/tcp": None}
    for target, address, port in ports:
        found.setdefault(target, []).append({"HostIp": address, "HostPort": port})
    return found
