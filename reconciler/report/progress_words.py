"""What is being done, and what has been done, in a word or a few."""

from __future__ import annotations

from reconciler.planning.actions import (
    Action,
    BuildImage,
    ConnectNetwork,
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
from reconciler.planning.gates import AwaitCompleted, AwaitHealthy, AwaitProof, Drain
from reconciler.planning.rollback import is_undo
from reconciler.planning.slots import NEXT, OLD
from reconciler.report.style import visible


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
        case RemoveNetwork() | RemoveContainer() | RemoveImage() | RemoveVolume():
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


def is_of_a_replacement(action: Action) -> bool:
    """Whether it is about the old container, once the new one has its place: what leads to its end, and that."""
    verb = action.id.rpartition(":")[2]
    match action:
        case RunCommand() | StopContainer() | RemoveContainer():
            return action.expected_name == f"{action.resource.name}{OLD}"
        case DisconnectNetwork():
            return verb.startswith("disconnect old ")
        case ConnectNetwork():
            return verb.endswith(" without aliases")
        case _:
            return isinstance(action, Drain)


def done_words(action: Action) -> str:
    """`pulled`: what has been done; empty for what is nobody's concern."""
    match action:
        case PullImage():
            return "pulled"
        case BuildImage():
            return "built"
        case ImportImage():
            return "imported"
        case LoadImage():
            return "loaded"
        case TagImage():
            return f"tagged {visible(action.tag)}"
        case CreateNetwork() | CreateVolume() | CreateContainer():
            return "created"
        case RemoveNetwork() | RemoveContainer() | RemoveImage() | RemoveVolume():
            return "removed"
        case WriteContents() | CopyContents():
            return "configs and secrets put in place"
        case RemoveContents():
            return ""  # of no concern to who reads what becomes of containers
        case StartContainer():
            return "started"
        case StopContainer():
            return "stopped"
        case RunCommand():
            return f"ran {action.what}"
        case PauseContainer():
            return "paused"
        case UnpauseContainer():
            return "unpaused"
        case UpdateContainer():
            return "updated"
        case RenameContainer():
            return f"renamed from {visible(action.old_name)}"
        case ConnectNetwork():
            return f"connected to {visible(action.network)}"
        case DisconnectNetwork():
            return f"disconnected from {visible(action.network)}"
        case AwaitProof():
            return "proved itself"
        case AwaitHealthy():
            return "healthy"
        case AwaitCompleted():
            return "completed"
        case _:
            return action.kind


def step_words(action: Action) -> str:
    """A step of a replacement; empty for one that is nobody's concern."""
    match action:
        case CreateContainer():
            return "new one created"
        case StopContainer():
            return "old one stopped"
        case StartContainer():
            return "new one started, to prove itself"
        case AwaitProof():
            return "new one proved itself"
        case RunCommand():
            return f"ran {action.what}"
        case RemoveNetwork():
            return "old one removed"
        case _:
            return ""


def awaited(action: AwaitHealthy | AwaitCompleted) -> str:
    """`is healthy`: what is waited for."""
    return "is healthy" if isinstance(action, AwaitHealthy) else "has completed"


def undone_words(action: Action) -> str:
    """A step of a replacement, taken back."""
    match action:
        case CreateContainer():
            return "new container removed again"
        case StopContainer():
            return "old container started again"
        case RenameContainer() if not action.old_name.endswith(NEXT):
            return "old container has its name again"
        case RemoveNetwork():
            return "made again as it was"
        case _:
            return ""


def failed_words(action: Action) -> str:
    """What failed, where the error alone would mislead."""
    if is_of_a_replacement(action):
        return "replaced, but the old container could not be removed: "
    if not is_undo(action):
        return ""
    match action:
        case CreateNetwork():
            return "it could not be made again as it was: "
        case StartContainer():
            return "the old container could not be started again: "
        case RemoveContainer():
            return "the new container could not be removed again: "
        case _:
            return "it could not be taken back: "


def skipped_words(action: Action) -> str:
    """What was not done: `started`."""
    if isinstance(action, RunCommand) and not action.group:
        return "stopped" if action.what == "pre_stop" else "started"
    return "replaced" if action.group else done_words(action)
