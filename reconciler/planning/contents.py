"""How configs and secrets get into containers: files of this host that are bound, or copies put in before the start."""

from __future__ import annotations

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.fields import ownership
from reconciler.fields.contents import files
from reconciler.planning.actions import (
    Action,
    ContentFile,
    CopyContents,
    CreateContainer,
    RemoveContainer,
    RemoveContents,
    StartContainer,
    UnpauseContainer,
    WriteContents,
)
from reconciler.planning.plan import Change, Conflict, Operation
from reconciler.planning.steps import ContainerPlan, Step
from reconciler.spec.contents import SECTIONS, Section
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, Snapshot

if TYPE_CHECKING:
    from reconciler.fields.base import Instance
    from reconciler.planning.draft import Draft

_READABLE_BY_ALL = 0o004


@dataclass(frozen=True, slots=True)
class _Delivery:
    """How one file gets into a container.

    Attributes:
        what: `config "site"`, for messages.
        file: as it is to be in the container.
        source: the path on the Engine's host of what is bound; empty where it is copied.
        path: of the file here that is bound, where it has to be written before; empty where it is the user's own.
    """

    what: str
    file: ContentFile
    source: str = ""
    path: str = ""

    @property
    def target(self) -> str:
        """Its path in the container."""
        return self.file.path


def content_conflicts(instance: Instance, snapshot: Snapshot) -> Iterator[Conflict]:
    """What keeps a container's configs and secrets from getting there."""
    container = instance.container
    if not (container.configs or container.secrets):
        return
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    for section in SECTIONS:
        for name in dict.fromkeys(grant.source for grant in getattr(container, section)):
            held = snapshot.contents.get(f"{section}.{name}")
            if held and held.problem:
                yield Conflict(resource, f'{section[:-1]} "{name}": {held.problem}', held.hint)
    in_memory = [*container.tmpfs, *(mount.target for mount in container.volumes if mount.type == "tmpfs")]
    for one in _deliveries(instance, snapshot):
        if one.source:
            continue
        if container.read_only:
            yield Conflict(
                resource,
                f"{one.what} can't be copied into a container that is `read_only`",
                "this Engine sees no files of this machine: run where it is, or leave `read_only` out",
            )
        elif any(one.target.startswith(f"{folder.rstrip('/')}/") for folder in in_memory):
            yield Conflict(
                resource,
                f"{one.what} can't be copied to {one.target}: that is in a tmpfs, which is empty once it is started",
                "this Engine sees no files of this machine: run where it is, or give it another `target`",
            )


def put_contents(
    part: ContainerPlan, instance: Instance, current: ContainerState | None, snapshot: Snapshot
) -> ContainerPlan:
    """Add what puts a container's configs and secrets in their places, before it is created or started."""
    if not (instance.container.configs or instance.container.secrets):
        return part
    deliveries = list(_deliveries(instance, snapshot))
    created = next((action for action in part.actions if isinstance(action, CreateContainer)), None)
    if created and deliveries:
        _into_new(part, created, deliveries, snapshot)
    elif current and not created and deliveries:
        if part.starts and current.status == "created":
            # Cut off between its creation and its first start: what was to be copied may not be there.
            lacking = [one for one in deliveries if one.target not in current.bound_files]
            _copy(part, current.id, lacking, Step(part.changes[0].resource, "before its first start"))
        if current.is_up or part.starts:
            _refill(part, instance, current, deliveries, snapshot)
    return part


def remove_unused(draft: Draft, project: str, snapshot: Snapshot) -> None:
    """Remove the files that no container uses any more, each once those that did are gone."""
    if not snapshot.view.files:
        return
    removals: dict[str, str] = {}
    created: set[str] = set()
    for action in draft.actions.values():
        if isinstance(action, RemoveContainer):
            removals[action.container] = action.id
        elif isinstance(action, CreateContainer):
            mounts = action.payload.get("HostConfig", {}).get("Mounts") or ()
            created |= {snapshot.view.name_of(mount["Source"]) for mount in mounts if mount["Type"] == "bind"}
    users: dict[str, list[ContainerState]] = defaultdict(list)
    for container in snapshot.containers:
        for source in container.bound_files.values():
            users[snapshot.view.name_of(source)].append(container)
    unused: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(snapshot.view.files - created):
        if all(container.id in removals for container in users[name]):
            unused[tuple(sorted({removals[container.id] for container in users[name]}))].append(name)
    for needs, names in unused.items():
        resource = draft.actions[needs[0]].resource if needs else ResourceKey(Kind.CONTAINER, project)
        step = Step(resource, "no container uses them any more")
        paths = tuple(posixpath.join(snapshot.view.folder, name) for name in names)
        action = RemoveContents(paths=paths, **step(f"remove contents {names[0]}", *needs))
        draft.actions[action.id] = action


def _deliveries(instance: Instance, snapshot: Snapshot) -> Iterator[_Delivery]:
    for section in SECTIONS:
        for name, wanted in files(instance, section).items():
            for one in wanted:
                yield _delivery(instance, section, name, one, snapshot)


def _delivery(instance: Instance, section: Section, name: str, wanted: dict[str, str], snapshot: Snapshot) -> _Delivery:
    view, what = snapshot.view, f'{section[:-1]} "{name}"'
    content = getattr(instance.spec, section)[name]
    held = snapshot.contents.get(f"{section}.{name}")
    file = ContentFile(
        path=wanted["target"],
        data=held.data if held else b"",
        uid=int(wanted.get("uid", 0)),
        gid=int(wanted.get("gid", 0)),
        mode=int(wanted.get("mode", "0444"), 8),
    )
    if "mode" not in wanted and (there := view.there(str(content.file))):
        return _Delivery(what, file, there)
    if view.folder and (view.user == 0 or _anybody_reads(file)):
        # Named by all that it is: the old container's is another file than the new one's. Of a secret the digest is
        # a keyed one.
        key = ownership.write_json([wanted["digest"], file.uid, file.gid, file.mode])
        path = posixpath.join(view.folder, f"{section}.{name}.{hashlib.sha256(key.encode()).hexdigest()[:16]}")
        return _Delivery(what, file, view.there(path), path)
    return _Delivery(what, file)


def _anybody_reads(file: ContentFile) -> bool:
    """Whether it does not matter whose file it is: who is not root can't give files away."""
    return file.uid == file.gid == 0 and bool(file.mode & _READABLE_BY_ALL)


def _into_new(part: ContainerPlan, created: CreateContainer, deliveries: list[_Delivery], snapshot: Snapshot) -> None:
    mounts = [
        {"Type": "bind", "Source": one.source, "Target": one.target, "ReadOnly": True}
        for one in deliveries
        if one.source
    ]
    missing = {
        one.path: replace(one.file, path=one.path)
        for one in deliveries
        if one.path and posixpath.basename(one.path) not in snapshot.view.files
    }
    host = created.payload["HostConfig"]
    payload = {**created.payload, "HostConfig": {**host, "Mounts": [*host.get("Mounts", ()), *mounts]}}
    filled = replace(created, payload=payload)
    if missing:
        write = _write(part, created.resource, created.reason, missing)
        filled = replace(filled, needs=(*filled.needs, write))
    part.actions = [filled if action is created else action for action in part.actions]
    step = Step(created.resource, created.reason, created.group)
    _copy(part, created.id, [one for one in deliveries if not one.source], step)


def _write(part: ContainerPlan, resource: ResourceKey, reason: str, found: Mapping[str, ContentFile]) -> str:
    """Write files here; the action's ID."""
    return part.add(WriteContents(files=tuple(found.values()), **Step(resource, reason)("write contents")))


def _copy(part: ContainerPlan, container: str, deliveries: list[_Delivery], step: Step) -> None:
    """Copy files into a container, before all that it is needed for: also before an old one is stopped for it."""
    if not deliveries:
        return
    needs = tuple(action.id for action in part.actions if action.id == container)
    copy = CopyContents(
        container=container, files=tuple(one.file for one in deliveries), **step("copy contents", *needs)
    )
    part.actions = [
        replace(action, needs=(*action.needs, copy.id))
        if container in action.needs or _starts(action, container)
        else action
        for action in part.actions
    ]
    part.add(copy)


def _refill(
    part: ContainerPlan,
    instance: Instance,
    current: ContainerState,
    deliveries: list[_Delivery],
    snapshot: Snapshot,
) -> None:
    """Write missing files again, where the container expects them: a restart of the host empties a tmpfs."""
    view = snapshot.view
    found: dict[str, ContentFile] = {}
    for one in deliveries:
        name = view.name_of(current.bound_files.get(one.target, ""))
        if name and name not in view.files:
            found[name] = replace(one.file, path=posixpath.join(view.folder, name))
    if not found:
        return
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    if not part.changes:
        part.changes.append(Change(resource, Operation.UPDATE, "its configs and secrets are missing on the host"))
    write = _write(part, resource, "missing on the host", found)
    part.actions = [
        replace(action, needs=(*action.needs, write)) if _starts(action, current.id) else action
        for action in part.actions
    ]


def _starts(action: Action, container: str) -> bool:
    return isinstance(action, StartContainer | UnpauseContainer) and action.container == container
