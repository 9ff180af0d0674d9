"""The action types: one effect on the Engine each, or one gate, as frozen data that is finished before it is sent.

An action names a container that exists by its ID, and one that the same plan creates by the ID of the action that
does. Actions that stop or remove look at their object again before they act, and do nothing where it is no longer
what the plan saw: `expected_name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from reconciler.state.images import ArchivedImage
from reconciler.state.resource import ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What all actions have.

    Attributes:
        id: unique in its plan, and the same for the same plan.
        resource: the resource that it is for.
        reason: why, in a few words.
        needs: the IDs of the actions that must be done before.
        after: the IDs of the actions that must have ended before, whatever became of them.
        group: the replacement that it is a step of, or empty. When a step fails, the steps done are taken back.
    """

    kind: ClassVar[str]

    id: str
    resource: ResourceKey
    reason: str
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullImage(Action):
    """Pull an image from its registry.

    Attributes:
        platform: which of a multi-platform image's; empty for the Engine's own.
        digest: what the registry must have; empty where anything will do.
        pinned: whether the digest decides what is pulled, wherever the tag is by now.
    """

    kind: ClassVar[str] = "pull"
    reference: str
    platform: str = ""
    digest: str = ""
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportImage(Action):
    """Make an image of a folder or a tar.

    Attributes:
        source: the absolute path.
        digest: of the content that the plan saw; it becomes a label of the image.
    """

    kind: ClassVar[str] = "import"
    reference: str
    source: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSecret:
    """A secret that a build may read.

    Attributes:
        id: by which the Dockerfile asks for it.
        value: what nobody is to see.
    """

    id: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildImage(Action):
    """Build an image.

    Attributes:
        context: the absolute path of a folder, or a URL.
        dockerfile: its path, as in the spec.
        inline: the text of the Dockerfile, instead of a file; None for a file.
        content: the digest of what the plan saw; empty for a URL.
        digest: of the definition and the content; it becomes a label of the image.
        params: the query of the call to the Engine's own builder; empty where BuildKit builds.
        options: of `docker buildx build`; empty where the Engine's own builder builds.
        secrets: that BuildKit is given.
        contexts: the additional folders that are sent, whose content is in `content`, too.
    """

    kind: ClassVar[str] = "build"
    reference: str
    context: str
    dockerfile: str
    inline: str | None
    content: str
    digest: str
    params: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    secrets: tuple[BuildSecret, ...] = ()
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadImage(Action):
    """Load an archive that `docker save` wrote.

    Attributes:
        source: the absolute path.
        digest: of the file that the plan saw.
        image: what the reference must name afterwards.
    """

    kind: ClassVar[str] = "load"
    reference: str
    source: str
    digest: str
    image: ArchivedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class TagImage(Action):
    """Give an image one more reference.

    Attributes:
        image: its ID, or a reference that names it by then.
        tag: the reference that it gets.
    """

    kind: ClassVar[str] = "tag"
    image: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveImage(Action):
    """Remove a reference, and the image where that was its last; never by force.

    Attributes:
        image: the ID of the image that the plan saw it name.
    """

    kind: ClassVar[str] = "remove-image"
    reference: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetwork(Action):
    """Create a network."""

    kind: ClassVar[str] = "create-network"
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNetwork(Action):
    """Remove a network, by its ID.

    Attributes:
        back: what makes it again, where the removal has to be taken back.
    """

    kind: ClassVar[str] = "remove-network"
    network: str
    back: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVolume(Action):
    """Create a volume."""

    kind: ClassVar[str] = "create-volume"
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVolume(Action):
    """Remove a volume with its data; never by force.

    Attributes:
        volume: its name.
        created_at: when the one was made that the plan saw, as the Engine tells it.
        labels: that it had.
    """

    kind: ClassVar[str] = "remove-volume"
    volume: str
    created_at: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContainer(Action):
    """Create a container; it does not run yet.

    Attributes:
        name: its name for now: in a replacement not yet the final one.
        payload: the body of the call.
        platform: which of a multi-platform image's; empty for the Engine's own.
    """

    kind: ClassVar[str] = "create"
    name: str
    payload: Mapping[str, Any]
    platform: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerAction(Action):
    """An action on a container: by its ID, or by the action that creates it."""

    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectNetwork(ContainerAction):
    """Connect a container to a network, by the network's name."""

    kind: ClassVar[str] = "connect"
    network: str
    endpoint: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectNetwork(ContainerAction):
    """Disconnect a container from a network.

    Attributes:
        network: its name; its ID where the network itself goes.
        back: what connects it again, where this has to be taken back.
    """

    kind: ClassVar[str] = "disconnect"
    network: str
    back: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateContainer(ContainerAction):
    """Change settings of a container in place."""

    kind: ClassVar[str] = "update"
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameContainer(ContainerAction):
    """Give a container another name."""

    kind: ClassVar[str] = "rename"
    old_name: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContainer(ContainerAction):
    """Start a container."""

    kind: ClassVar[str] = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseContainer(ContainerAction):
    """Freeze all processes of a container."""

    kind: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseContainer(ContainerAction):
    """Let a paused container go on."""

    kind: ClassVar[str] = "unpause"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContainer(ContainerAction):
    """Stop a container.

    Attributes:
        expected_name: the name under which the plan saw it.
        seconds: how long it may take before it is killed.
    """

    kind: ClassVar[str] = "stop"
    expected_name: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContainer(ContainerAction):
    """Remove a container; its volumes stay, anonymous ones too.

    Attributes:
        expected_name: the name that it must have by then.
    """

    kind: ClassVar[str] = "remove"
    expected_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFile:
    """A config or secret as a file.

    Attributes:
        path: absolute.
        data: the content; never printed.
        uid: its owner.
        gid: its group.
        mode: its permissions.
    """

    path: str
    data: bytes = field(repr=False)
    uid: int
    gid: int
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteContents(Action):
    """Write configs and secrets to files of this host, which containers are given by binds."""

    kind: ClassVar[str] = "write-contents"
    files: tuple[ContentFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContents(Action):
    """Remove such files.

    Attributes:
        paths: absolute.
    """

    kind: ClassVar[str] = "remove-contents"
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyContents(ContainerAction):
    """Copy configs and secrets into a container that was not started yet: the paths are in it."""

    kind: ClassVar[str] = "copy-contents"
    files: tuple[ContentFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommand(ContainerAction):
    """Run a command in a container, and wait for its end; any other exit code than 0 is a failure.

    Attributes:
        what: the attribute that declares it: `post_start`, `pre_stop`, `update.before`.
        payload: the body of the call that makes it.
        expected_name: the name that the container must have by then, and only while it runs is there anything to do;
            empty where it is one that has just been started.
    """

    kind: ClassVar[str] = "exec"
    what: str
    payload: Mapping[str, Any]
    expected_name: str = ""
