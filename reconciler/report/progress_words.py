"""What is being done, in a word or a few, while it lasts."""

from __future__ import annotations

from reconciler.planning.actions import (
    Action,
    AwaitCompleted,
    AwaitHealthy,
    AwaitProof,
    BuildImage,
    ConnectNetwork,
    CopyContents,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    DisconnectNetwork,
    Drain,
    ImportImage,
    LoadImage,
    PauseContainer,
    PullImage,
    RemoveContainer,
    RemoveContents,
    RemoveImage,
    RemoveNetwork,
    RenameContainer,
    RunCommand,
    StartContainer,
    StopContainer,
    TagImage,
    UnpauseContainer,
    UpdateContainer,
    WriteContents,
)
from reconciler.planning.slots import OLD


def doing(action: Action) -> str:
    """`pulling`, `starting the new one`."""
    words = _doing(action)
    match action:
        case StopContainer() | RemoveContainer() if action.group or action.expected_name.endswith(OLD):
            return f"{words} the old one"
        case CreateContainer() | StartContainer() if action.group:
            return f"{words} the new one"
        case _:
            return words


def _doing(action: Action) -> str:
    match action:
        case PullImage():
            return "pulling"
        case BuildImage():
            return "building"
        case ImportImage():
            return "importing"
        case LoadImage():
            return "loading"
        case TagImage():
            return "tagging"
        case CreateNetwork() | CreateVolume() | CreateContainer():
            return "creating"
        case RemoveNetwork() | RemoveContainer() | RemoveImage():
            return "removing"
        case WriteContents() | CopyContents() | RemoveContents():
            return "putting configs and secrets in place"
        case StartContainer():
            return "starting"
        case StopContainer():
            return "stopping"
        case RunCommand():
            return f"running {action.what}"
        case PauseContainer():
            return "pausing"
        case UnpauseContainer():
            return "unpausing"
        case UpdateContainer():
            return "updating"
        case RenameContainer():
            return "renaming"
        case ConnectNetwork():
            return "connecting"
        case DisconnectNetwork():
            return "disconnecting"
        case AwaitProof():
            return "proving itself"
        case AwaitHealthy():
            return "becoming healthy"
        case AwaitCompleted():
            return "completing"
        case Drain():
            return "the old one finishes what it has begun"
        case _:
            return action.kind
