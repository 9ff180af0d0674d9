"""Commands in containers: what is run after a start, before a stop, and before a replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.planning.actions import RunCommand, StopContainer

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.spec.model import Hook


def run(
    hook: Hook, what: str, number: int, container: str, common: dict[str, Any], *, expected_name: str = ""
) -> RunCommand:
    """One command of `post_start` or `pre_stop`, as an action.

    Args:
        hook: the command.
        what: the attribute that it stands in.
        number: its place there, from 1.
        container: where it is run.
        common: the arguments that it shares with the start or the stop that it belongs to.
        expected_name: the name that the container must have by then.
    """
    payload = _payload(hook.command)
    if hook.user:
        payload["User"] = hook.user
    if hook.privileged:
        payload["Privileged"] = True
    if hook.working_dir:
        payload["WorkingDir"] = hook.working_dir
    if hook.environment:
        payload["Env"] = [f"{name}={value}" for name, value in sorted(hook.environment.items())]
    action_id = f"{common['id'].rpartition(':')[0]}:{what} {number}"
    return RunCommand(
        container=container, what=what, payload=payload, expected_name=expected_name, **{**common, "id": action_id}
    )


def run_before(command: tuple[str, ...], container: str, name: str, common: dict[str, Any]) -> RunCommand:
    """The command of `update.before`, in the old container."""
    return RunCommand(
        container=container, what="update.before", payload=_payload(command), expected_name=name, **common
    )


def begin_of_stop(draft: Draft, stop: str) -> str:
    """The first action of a stop: of its `pre_stop` commands, or where there are none, the stop itself."""
    container = _container(draft, stop)
    while hooks := [
        need
        for need in draft.actions[stop].needs
        if isinstance(action := draft.actions[need], RunCommand)
        and (action.container, action.what) == (container, "pre_stop")
    ]:
        [stop] = hooks
    return stop


def _container(draft: Draft, stop: str) -> str:
    action = draft.actions[stop]
    if not isinstance(action, StopContainer):
        raise TypeError(f"{stop} is no stop")
    return action.container


def _payload(command: tuple[str, ...]) -> dict[str, Any]:
    return {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
