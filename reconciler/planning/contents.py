"""How configs and secrets get into containers: files of this host that are bound, or copies put in before the start."""

from __future__ import annotations

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
        target: its path in the container.
        source: the path on the Engine's host of what is bound; empty where it is copied.
        file: what is written here before, or copied; None where a file of the user's is bound.
    """

    what: str
    target: str
    source: str
    file: ContentFile | None


def content_conflicts(instance: Instance, snapshot: Snapshot) -> Iterator[Conflict]:
    """What keeps a container's configs and secrets from getting there."""
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    container = instance.container
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
    created = next((action for action in part.actions if isinstance(action, CreateContainer)), None)
    if created:
        deliveries = list(_deliveries(instance, snapshot))
        return _into_new(part, created, deliveries, snapshot) if deliveries else part
    if current and (current.is_up or part.starts) and current.bound_files:
        _refill(part, instance, current, snapshot)
    return part


def remove_unused(draft: Draft, project: str, snapshot: Snapshot) -> None:
    """Remove the files that no container uses any more, each once those that did are gone."""
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
    if "mode" not in wanted and (there := view.there(str(content.file))):
        return _Delivery(what, wanted["target"], there, None)
    owner = {
        "uid": int(wanted.get("uid", 0)),
        "gid": int(wanted.get("gid", 0)),
        "mode": int(wanted.get("mode", "444"), 8),
    }
    held = snapshot.contents.get(f"{section}.{name}")
    data = held.data if held else b""
    if view.folder and (view.user == 0 or _anybody_reads(owner)):
        key = ownership.write_json([wanted["digest"], owner])
        path = posixpath.join(view.folder, f"{section}.{name}.{hashlib.sha256(key.encode()).hexdigest()[:16]}")
        file = ContentFile(path=path, data=data, **owner)
        return _Delivery(what, wanted["target"], view.there(path), file)
    return _Delivery(what, wanted["target"], "", ContentFile(path=wanted["target"], data=data, **owner))


def _anybody_reads(owner: dict[str, int]) -> bool:
    """Whether it does not matter whose file it is: who is not root can't give files away."""
    return owner["uid"] == owner["gid"] == 0 and bool(owner["mode"] & _READABLE_BY_ALL)


def _into_new(
    part: ContainerPlan, created: CreateContainer, deliveries: list[_Delivery], snapshot: Snapshot
) -> ContainerPlan:
    mounts = [
        {"Type": "bind", "Source": one.source, "Target": one.target, "ReadOnly": True}
        for one in deliveries
        if one.source
    ]
    missing = {
        one.file.path: one.file
        for one in deliveries
        if one.source and one.file and posixpath.basename(one.file.path) not in snapshot.view.files
    }
    copied = tuple(one.file for one in deliveries if not one.source and one.file)
    host = created.payload["HostConfig"]
    payload = {**created.payload, "HostConfig": {**host, "Mounts": [*host.get("Mounts", ()), *mounts]}}
    actions: dict[str, Action] = {action.id: action for action in part.actions}
    if missing:
        write = WriteContents(files=tuple(missing.values()), **Step(created.resource, created.reason)("write contents"))
        actions[write.id] = write
        created = replace(created, needs=(*created.needs, write.id))
    actions[created.id] = replace(created, payload=payload)
    if copied:
        step = Step(created.resource, created.reason, created.group)
        copy = CopyContents(container=created.id, files=copied, **step("copy contents", created.id))
        for action in part.actions:
            # Also who stops the old one: not before the new one has all that it needs.
            if created.id in action.needs:
                actions[action.id] = replace(action, needs=(*action.needs, copy.id))
        actions[copy.id] = copy
    part.actions = list(actions.values())
    return part


def _refill(part: ContainerPlan, instance: Instance, current: ContainerState, snapshot: Snapshot) -> None:
    """Write missing files again, where the container expects them: a restart of the host empties a tmpfs."""
    view = snapshot.view
    found: dict[str, ContentFile] = {}
    for one in _deliveries(instance, snapshot):
        name = view.name_of(current.bound_files.get(one.target, ""))
        if name and name not in view.files and one.file:
            found[name] = replace(one.file, path=posixpath.join(view.folder, name))
    if not found:
        return
    resource = ResourceKey(Kind.CONTAINER, instance.name)
    if not part.changes:
        part.changes.append(Change(resource, Operation.UPDATE, "its configs and secrets are missing on the host"))
    write = WriteContents(files=tuple(found.values()), **Step(resource, "missing on the host")("write contents"))
    part.actions = [
        replace(action, needs=(*action.needs, write.id)) if _needs_them(action, current) else action
        for action in part.actions
    ]
    part.actions.append(write)


def _needs_them(action: Any, current: ContainerState) -> bool:
    return isinstance(action, StartContainer | UnpauseContainer) and action.container == current.id
