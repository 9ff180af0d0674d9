"""Parts of a container's spec: what it waits for, how it is updated, and what happens when it drifts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid
from reconciler.spec.model.values import Boolean, Duration, Integer, Text, Texts, Value, Words, one_of, pairs

_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def _condition(value: Any) -> Any:
    if isinstance(value, str) and value not in _CONDITIONS:
        guess = closest(value, _CONDITIONS)
        hint = f'did you mean "{guess}"?' if guess else f"write {', '.join(_CONDITIONS[:-1])} or {_CONDITIONS[-1]}"
        raise Invalid(f'"{value}" is not a condition', hint)
    return value


class Dependency(Value):
    """What a container waits for.

    Attributes:
        condition: when it goes on: once the other one is started, healthy, or has ended well.
        required: whether it is an error when the other one is not wanted, or fails.
        restart: whether it is restarted after the other one was replaced or restarted.
    """

    condition: Annotated[
        Literal["service_started", "service_healthy", "service_completed_successfully"], BeforeValidator(_condition)
    ] = "service_started"
    required: Boolean = True
    restart: Boolean = False


class Update(Value):
    """How a container is replaced by its new definition.

    Attributes:
        order: `stop-first`: the old one stops before the new one starts; `start-first`: it stops once the new one has
            proven itself.
        monitor: how long a new container without a healthcheck must run to prove itself; 2s without it.
        parallelism: how many replicas are replaced at once; 0 for all.
        failure_action: when the new one fails: `rollback` to the old one, `pause` the update, or `continue` with it.
        drain: how long the old one still serves what it has begun, after it gets nothing new (start-first); 2s without
            it.
        before: a command in the old container that must succeed before it is replaced, such as a backup.
    """

    order: Annotated[Literal["stop-first", "start-first"], one_of("stop-first", "start-first")] = "stop-first"
    monitor: Duration | None = None
    parallelism: Annotated[Integer, Field(ge=0)] = 1
    failure_action: Annotated[Literal["rollback", "pause", "continue"], one_of("rollback", "pause", "continue")] = (
        "rollback"
    )
    drain: Duration | None = None
    before: Words | None = None

    @field_validator("before", mode="after")
    @classmethod
    def _before(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value == ():
            raise Invalid("the command is empty", "leave it out where nothing is to be done before")
        return value


class Drift(Value):
    """What happens when a container is no longer as declared.

    Attributes:
        mode: `mend` it, `report` it and leave it alone, or `ignore` it.
        ignore: fields whose differences mean nothing, by path: `labels.build`, `environment.TZ`, `mem_limit`.
    """

    mode: Annotated[Literal["mend", "report", "ignore"], one_of("mend", "report", "ignore")] = "mend"
    ignore: Texts = ()


class Hook(Value):
    """A command that is run in a container.

    Attributes:
        command: the command.
        user: as whom; the container's user without it.
        privileged: whether it may do all that the host's root may.
        working_dir: where; the container's own without it.
        environment: more variables.
    """

    command: Words
    user: Text = ""
    privileged: Boolean = False
    working_dir: Text = ""
    environment: Annotated[dict[str, Text], pairs("variable")] = {}

    @field_validator("command", mode="after")
    @classmethod
    def _command(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise Invalid("the command is empty", 'write one: command: ["/bin/setup"]')
        return value
