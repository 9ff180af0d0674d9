"""An action → its call. What is done already counts as done; what is no longer as planned is left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.engine.contents import copy_contents, remove_contents, write_contents
from reconciler.engine.create import create_container, create_network
from reconciler.engine.execute import run_command
from reconciler.engine.images import perform_on_image
from reconciler.engine.replies import CALL_SECONDS, inspected, look_at, rows
from reconciler.errors import Conflict, EngineError, NotFound, Stale
from reconciler.planning.actions import (
    Action,
    BuildImage,
    ConnectNetwork,
    ContainerAction,
    CopyContents,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    DisconnectNetwork,
    ImportImage,
    LoadImage,
    PauseContainer,
    PullImage,
    RemoveContainer,
    RemoveContents,
    RemoveImage,
    RemoveNetwork,
    RemoveVolume,
    RenameContainer,
    RunCommand,
    StartContainer,
    StopContainer,
    TagImage,
    UnpauseContainer,
    UpdateContainer,
    WriteContents,
)

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.ports import Tell
    from reconciler.state.snapshot import ContainerState

_VOLUME_SECONDS = 600.0
"""For a volume, all of whose files have to be removed."""

_PORT_TAKEN = re.compile(r"host port (\d+) is already in use")

_CONNECTED = re.compile(r"endpoint with name \S+ already exists in network")
_NOT_CONNECTED = re.compile(r"container \S+ is not connected to (?:the )?network")

_LEFT_BEHIND = re.compile(r"task \S+ already exists|AlreadyExists")
"""What containerd says of a container of whose start the Engine, which was killed, does not know."""

_NOT_FROZEN = "unable to freeze"
"""What runc says where the kernel did not stop all of a container's processes for as often as it looked."""
_PAUSE_TRIES = 5

_START_SECONDS = 120.0
_KILL_SECONDS = 20.0
"""What a stop may take beyond the container's own grace time."""


def perform(client: Client, action: Action, created: Mapping[str, str], tell: Tell | None = None) -> str | None:
    """Carry out one action.

    Args:
        client: the Engine.
        action: what to do.
        created: the IDs of the containers that earlier actions created, by those actions' IDs.
        tell: told how far it is, where the Engine says that.

    Returns:
        The ID of what was created, or None.

    Raises:
        Stale: its object is no longer what the plan saw.
        EngineError: the call failed.
    """
    match action:
        case PullImage() | BuildImage() | ImportImage() | LoadImage() | TagImage() | RemoveImage():
            perform_on_image(client, action, tell)
        case CreateNetwork():
            create_network(client, action)
        case RemoveNetwork():
            _remove_network(client, action)
        case CreateVolume():
            reply = client.post("/volumes/create", dict(action.payload), deadline=CALL_SECONDS)
            inspected(reply, "new volume", "Name")
        case RemoveVolume():
            _remove_volume(client, action)
        case WriteContents():
            write_contents(action)
        case RemoveContents():
            remove_contents(action)
        case ContainerAction():
            _perform_on_container(client, action, created.get(action.container, action.container))
        case CreateContainer():
            return create_container(client, action, created)
        case _:
            raise TypeError(f"no call for {action!r}")
    return None


def _perform_on_container(client: Client, action: ContainerAction, container: str) -> None:
    path = f"/containers/{container}"
    match action:
        case ConnectNetwork():
            _connect(client, action, container)
        case DisconnectNetwork():
            _disconnect(client, action, container)
        case CopyContents():
            copy_contents(client, container, action)
        case UpdateContainer():
            client.post(f"{path}/update", dict(action.payload), deadline=CALL_SECONDS)
        case RenameContainer():
            _rename(client, container, action)
        case StartContainer():
            _start(client, container)
        case RunCommand():
            if not action.expected_name or _as_expected(client, container, action.expected_name).status == "running":
                run_command(client, action, container)
        case PauseContainer():
            _pause(client, container)
        case UnpauseContainer():
            client.post(f"{path}/unpause", deadline=CALL_SECONDS)
        case StopContainer():
            if _as_expected(client, container, action.expected_name).is_up:
                deadline = action.seconds + _KILL_SECONDS
                client.post(f"{path}/stop", params={"t": str(action.seconds)}, deadline=deadline)
        case RemoveContainer():
            _remove(client, container, action)
        case _:
            raise TypeError(f"no call for {action!r}")


def _as_expected(client: Client, container: str, name: str) -> ContainerState:
    state = look_at(client, container)
    if state.name != name:
        raise Stale(
            f'container "{name}" is named "{state.name}" by now: left alone',
            "run the same command again to see why",
        )
    return state


def _start(client: Client, container: str) -> None:
    try:
        client.post(f"/containers/{container}/start", deadline=_START_SECONDS)
    except EngineError as error:
        if _LEFT_BEHIND.search(error.message):
            _clear(client, container)
        # The Engine does not say who has the port; a person's next question is just that.
        taken = _PORT_TAKEN.match(error.message)
        if taken is None:
            raise
        reply = client.get("/containers/json", {"filters": {"publish": [taken[1]]}})
        listed = rows(reply, "containers", "Names")
        # The filter also takes those that ask for a range with that port, and got another one.
        holders = [
            row for row in listed if any(one.get("PublicPort") == int(taken[1]) for one in row.get("Ports") or ())
        ]
        if not holders:
            raise
        names = ", ".join(sorted(holder["Names"][0].removeprefix("/") for holder in holders))
        message = f"host port {taken[1]} is already in use by container {names}"
        raise EngineError(message, "stop that one, or publish another port", status=error.status) from None


def _clear(client: Client, container: str) -> None:
    """Remove a container that was being started when the Engine was killed: no start of it succeeds ever again.

    Only one that never ran, so that nothing in it is lost; its volumes stay.
    """
    state = look_at(client, container)
    if state.status != "created":
        return
    client.delete(f"/containers/{container}", params={"force": "1", "v": "0"}, deadline=CALL_SECONDS)
    raise Stale(
        f'container "{state.name}" was half started when the Engine was killed; it is removed, to be made anew',
        "run the same command again",
    )


def _pause(client: Client, container: str) -> None:
    for left in reversed(range(_PAUSE_TRIES)):
        try:
            client.post(f"/containers/{container}/pause", deadline=CALL_SECONDS)
        except EngineError as error:
            if look_at(client, container).status == "paused":
                return
            # On a busy machine it only takes longer; nothing is left of a try that failed.
            if not left or _NOT_FROZEN not in error.message:
                raise
        else:
            return


def _connect(client: Client, action: ConnectNetwork, container: str) -> None:
    body = {"Container": container, "EndpointConfig": dict(action.endpoint)}
    try:
        client.post(f"/networks/{action.network}/connect", body, deadline=CALL_SECONDS)
    except EngineError as error:
        if not _CONNECTED.match(error.message):
            raise


def _disconnect(client: Client, action: DisconnectNetwork, container: str) -> None:
    try:
        client.post(f"/networks/{action.network}/disconnect", {"Container": container}, deadline=CALL_SECONDS)
    except NotFound:
        return
    except EngineError as error:
        if not _NOT_CONNECTED.match(error.message):
            raise


def _rename(client: Client, container: str, action: RenameContainer) -> None:
    if look_at(client, container).name != action.name:
        client.post(f"/containers/{container}/rename", params={"name": action.name}, deadline=CALL_SECONDS)


def _remove(client: Client, container: str, action: RemoveContainer) -> None:
    try:
        _as_expected(client, container, action.expected_name)
        # By force: it may have been started again, or never have stopped by itself. Its volumes stay.
        client.delete(f"/containers/{container}", params={"force": "1", "v": "0"}, deadline=CALL_SECONDS)
    except NotFound:
        return
    except Conflict as conflict:
        if "already in progress" not in conflict.message:
            raise


def _remove_network(client: Client, action: RemoveNetwork) -> None:
    try:
        client.delete(f"/networks/{action.network}", deadline=CALL_SECONDS)
    except NotFound:
        return


def _remove_volume(client: Client, action: RemoveVolume) -> None:
    path = f"/volumes/{action.volume}"
    try:
        found = inspected(client.get(path, deadline=CALL_SECONDS), "volume", "Name")
        if (found.get("CreatedAt") or "", found.get("Labels") or {}) != (action.created_at, dict(action.labels)):
            raise Stale(
                f'volume "{action.volume}" is another one by now: left alone', "run the same command again to see why"
            )
        client.delete(path, deadline=_VOLUME_SECONDS)
    except NotFound:
        return
