"""Containers that others live in: whose namespaces, or volumes, they use. Who uses one is replaced with it, as one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.fields.peers import is_foreign, named_in, shares, words
from reconciler.planning.actions import CreateContainer
from reconciler.planning.plan import Conflict
from reconciler.spec.model import State
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.planning.waiting import Replica
    from reconciler.spec.model import Container, Spec
    from reconciler.state.snapshot import Snapshot

_ENDS = {State.STOPPED: "stopped", State.COMPLETED: "completed"}
_WITHOUT_LINKS = {"host", "none"}


@dataclass(frozen=True, slots=True)
class Peers:
    """The containers that one names.

    Attributes:
        ids: by the spec's word, the ID; of one that is created, that of the action that does.
        created: the actions that create some of them.
        replaced: whether one of them is replaced.
    """

    ids: Mapping[str, str]
    created: tuple[str, ...] = ()
    replaced: bool = False


_NONE = Peers({})


def find_peers(container: Container, planned: Mapping[str, Sequence[Replica]], snapshot: Snapshot) -> Peers:
    """Whom a container names, as they will be.

    Args:
        container: as it is wanted.
        planned: what becomes of those of the project, by their names in the spec.
        snapshot: who else is there.
    """
    named = words(container)
    if not named:
        return _NONE
    ids: dict[str, str] = {}
    created: list[str] = []
    replaced = False
    for word in named:
        kind, _, name = word.partition(":")
        if is_foreign(word) and (other := snapshot.other(name)):
            ids[word] = other.id
        elif kind == "service" and planned.get(name):
            # Of several replicas it is the first that counts, as for Compose.
            peer = planned[name][0]
            ids[word] = peer.container
            if ":" in peer.container:  # an action, which no name of a container can be taken for
                created.append(peer.container)
                replaced = replaced or peer.current is not None
    return Peers(ids, tuple(created), replaced)


def peer_conflicts(spec: Spec, key: str, name: str, snapshot: Snapshot) -> Iterator[Conflict]:
    """Why a container, of this name on the Engine, can't have what it names of others."""
    container = spec.containers[key]
    named = words(container)
    if not (named or container.links or container.external_links):
        return
    resource = ResourceKey(Kind.CONTAINER, name)
    own: dict[str, str] = {}
    if any(map(is_foreign, named)):
        own = {
            spec.container_name(other, number): other
            for other, one in spec.containers.items()
            for number in range(1, one.replicas + 1)
        }
    for word in named:
        kind, _, name = word.partition(":")
        if kind == "container" and (other := own.get(name) or _of_project(name, snapshot)) in spec.containers:
            message, hint = f'"{word}" is of this project', f'write "{_as_own(word, other, container)}"'
        elif kind == "container" and other:
            message, hint = f'"{word}" is of this project, which no longer has it', "name another one"
        elif kind == "container" and not snapshot.other(name):
            message, hint = f'it needs container "{name}", which does not exist', "create it first, or name another one"
        elif kind == "container" or name not in spec.containers:
            continue
        elif not spec.containers[name].replicas:
            message, hint = f'it needs "{name}", of which there are to be 0 replicas', "let one of them run"
        elif word in shares(container) and spec.containers[name].state in _ENDS and container.state not in _ENDS:
            ends = _ENDS[spec.containers[name].state]
            message = f'it lives in the namespaces of "{name}", which is to be {ends}'
            hint = f'let "{name}" run, or this one be stopped'
        else:
            continue
        yield Conflict(resource, f'{resource.kind} "{resource.name}": {message}', hint)
    yield from _links(container, resource)


def _of_project(name: str, snapshot: Snapshot) -> str:
    """What the project calls the container of this name, or ID; empty where it is not the project's."""
    found = snapshot.own(name)
    return found.resource if found else ""


def _as_own(word: str, key: str, container: Container) -> str:
    return f"service:{key}" if word in shares(container) else key


def _links(container: Container, resource: ResourceKey) -> Iterator[Conflict]:
    mode = container.network_mode or ""
    found = f"`links` mean nothing with network_mode: {mode}"
    if mode == "bridge" and container.links:
        found = "`links` are not carried out with network_mode: bridge"
        hint = "leave network_mode out: in a network of the project containers find each other"
    elif mode in _WITHOUT_LINKS and (container.links or container.external_links):
        hint = "leave them out, or network_mode"
    else:
        return
    yield Conflict(resource, f'{resource.kind} "{resource.name}": {found}', hint)


# --- replaced together ----------------------------------------------------------------------------------------------


def replace_together(draft: Draft) -> None:
    """Make one group of each container that is replaced, and those that are replaced because they use it.

    The users stop before their owner and start after it; none of them takes its place before all are proven, and no
    old one goes before all new ones have their places. So whatever fails, all old ones can be had back.
    """
    creations = {
        action.id: action for action in draft.actions.values() if isinstance(action, CreateContainer) and action.group
    }
    # Replicas that are replaced at once are one group already.
    together = {action.group: {action.group} for action in creations.values()}
    merged: set[str] = set()
    for user, action in creations.items():
        for owner in dict.fromkeys(named_in(action.payload)):
            if owner in creations:
                joined = together[action.group] | together[creations[owner].group]
                together |= dict.fromkeys(joined, joined)
                merged |= joined
                _stop_before(draft, user, owner)
    for groups in {min(together[group]): together[group] for group in sorted(merged)}.values():
        _one_group(draft, [one for one, action in creations.items() if action.group in groups], groups)


def _step(creation: str, verb: str) -> str:
    """The ID of another step of the replacement that this action belongs to."""
    return f"{creation.removesuffix('create')}{verb}"


def _stop_before(draft: Draft, user: str, owner: str) -> None:
    """Let the old user stop before its old owner: it was to go on until the new owner is up, but then it can't."""
    stop, stop_owner = _step(user, "stop old"), _step(owner, "stop old")
    if stop not in draft.actions or stop_owner not in draft.actions:
        return  # one of them does not run
    _free(draft, stop, stop_owner)
    if not draft.leads_to(stop_owner, _step(owner, "rename new")):
        _wait(draft, stop, draft.actions[stop_owner].needs)
    _wait(draft, stop_owner, [stop])


def _free(draft: Draft, action: str, goal: str) -> None:
    """Let an action, and what comes before it for the same container, not wait for what leads to the goal."""
    found = draft.actions[action]
    for need in (*found.needs, *found.after):
        if draft.actions[need].resource == found.resource:
            _free(draft, need, goal)
    needs, after = (tuple(one for one in some if not draft.leads_to(one, goal)) for some in (found.needs, found.after))
    draft.actions[action] = replace(found, needs=needs, after=after)


def _one_group(draft: Draft, members: list[str], groups: Collection[str]) -> None:
    group = min(groups)
    for action in list(draft.actions.values()):
        if action.group in groups:
            draft.actions[action.id] = replace(action, group=group)
    renames = [_step(member, "rename old") for member in members]
    proven = [need for rename in renames for need in draft.actions[rename].needs]
    ended = [need for rename in renames for need in draft.actions[rename].after]
    renamed = [_step(member, "rename new") for member in members]
    for rename in renames:
        _wait(draft, rename, proven)
        after = [one for one in ended if not draft.leads_to(one, rename)]
        draft.actions[rename] = replace(draft.actions[rename], after=tuple(dict.fromkeys(after)))
    for member in members:
        _wait(draft, _step(member, "remove old"), renamed)


def _wait(draft: Draft, action: str, needs: Sequence[str]) -> None:
    """Let it wait for more, but for what waits for it."""
    for need in needs:
        if need not in draft.actions[action].needs and not draft.leads_to(need, action):
            draft.add_needs(action, [need])
