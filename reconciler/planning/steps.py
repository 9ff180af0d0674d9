"""What becomes of one container, and the steps that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.planning.actions import Action, PauseContainer, StartContainer, StopContainer
from reconciler.planning.hooks import run
from reconciler.planning.plan import Change, Conflict, Notice
from reconciler.spec.model import Hook, State
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.fields.base import Instance
    from reconciler.planning.waiting import Before
    from reconciler.state.snapshot import ContainerState


@dataclass(slots=True)
class ContainerPlan:
    """What becomes of one container.

    Attributes:
        up: the action after which it is up; None where it is already, or is not to be.
        starts: whether it is started, rather than goes on.
        replaced: the actions after which its replacement is behind it, and the next replica's turn has come; none
            where it is not replaced.
        failed: whether it is a job that failed before, and is left as it is.
    """

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    up: str | None = None
    starts: bool = False
    replaced: tuple[str, ...] = ()
    failed: bool = False

    def add(self, action: Action) -> str:
        """Append an action; its ID."""
        self.actions.append(action)
        return action.id


@dataclass(frozen=True, slots=True)
class Step:
    """What the actions of one container share, so that each is said in a line."""

    resource: ResourceKey
    reason: str
    group: str = ""

    def __call__(self, verb: str, *needs: str, after: tuple[str, ...] = ()) -> dict[str, Any]:
        """The arguments of an action.

        Args:
            verb: what it does, unique among the container's.
            needs: the actions that must be done before.
            after: those that must have ended before, whatever became of them.
        """
        return {
            "id": f"{Kind.CONTAINER}/{self.resource.name}:{verb}",
            "resource": self.resource,
            "reason": self.reason,
            "needs": needs,
            "after": after,
            "group": self.group,
        }


def stop(
    part: ContainerPlan, container: ContainerState, common: dict[str, Any], hooks: tuple[Hook, ...] = ()
) -> tuple[str, ...]:
    """Stop it, once its `pre_stop` commands have ended well; the action's ID, as what others need."""
    if container.status == "running":  # in one that is paused or about to restart no command can be run
        for number, hook in enumerate(hooks, 1):
            command = run(hook, "pre_stop", number, container.id, common, expected_name=container.name)
            common = {**common, "needs": (part.add(command),), "after": ()}
    action = StopContainer(
        container=container.id,
        expected_name=container.name,
        seconds=container.stop_seconds,
        **common,
    )
    return (part.add(action),)


def start(
    part: ContainerPlan,
    container: str,
    step: Step,
    needs: tuple[str, ...],
    to_start: Before,
    hooks: tuple[Hook, ...] = (),
) -> str:
    """Start it, after these and what it depends on, and run its `post_start` commands; the last action's ID."""
    common = step("start", *needs, *to_start.needs, after=to_start.after)
    part.up = part.add(StartContainer(container=container, **common))
    part.starts = True
    for number, hook in enumerate(hooks, 1):
        part.up = part.add(run(hook, "post_start", number, container, step("start", part.up)))
    return part.up


def pause(part: ContainerPlan, instance: Instance, container: str, step: Step, *needs: str) -> None:
    """Pause it, if it is to be paused."""
    if instance.container.state is State.PAUSED:
        part.add(PauseContainer(container=container, **step("pause", *needs)))
