"""Commands in containers: what is run after a start, before a stop, and before a replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.planning.actions import RunCommand

if TYPE_CHECKING:
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


def _payload(command: tuple[str, ...]) -> dict[str, Any]:
    return {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
