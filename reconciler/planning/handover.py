"""What one of our resources has and another one wants: names, host ports, addresses. Who wants it waits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.fields import ownership
from reconciler.planning.actions import (
    CreateContainer,
    CreateNetwork,
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    RenameContainer,
    StartContainer,
    StopContainer,
)
from reconciler.planning.networks import overlap, ranges, wanted_ranges
from reconciler.planning.plan import Conflict
from reconciler.planning.slots import key_of
from reconciler.state.snapshot import host_ports, is_in_range

if TYPE_CHECKING:
    from reconciler.planning.draft import Draft
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import NetworkState, Snapshot


def hand_over_names(draft: Draft, snapshot: Snapshot) -> None:
    """A name that another of our containers has now is free once that one is removed or renamed."""
    if not draft.actions:
        return
    freed: dict[str, str] = {}
    holders = {container.id: container.name for container in snapshot.containers}
    for action in draft.actions.values():
        if isinstance(action, RemoveContainer | RenameContainer) and action.container in holders:
            # Of a rename and a removal of the same container, the rename comes first.
            name = holders[action.container]
            if name not in freed or (
                isinstance(action, RenameContainer) and not isinstance(draft.actions[freed[name]], RenameContainer)
            ):
                freed[name] = action.id
    for action in list(draft.actions.values()):
        name = action.name if isinstance(action, CreateContainer | RenameContainer) else ""
        free = freed.get(name)
        if not free or free == action.id or free in action.needs:
            continue
        if draft.leads_to(free, action.id):
            draft.conflicts.append(
                Conflict(
                    action.resource,
                    f'the name "{name}" goes round: who has it now can\'t give it up before this container has it',
                    "give one of them a third name first, apply, then the name that you want",
                )
            )
        else:
            draft.add_needs(action.id, [free])


def hand_over_ports(draft: Draft, spec: Spec, snapshot: Snapshot) -> None:
    """A host port that another of our containers holds now is free once that one is stopped."""
    if not draft.actions:
        return
    freed: dict[str, list[str]] = defaultdict(list)
    holders = {container.id: container for container in snapshot.containers}
    whose: dict[str, str] = {}
    for action in draft.actions.values():
        if isinstance(action, StopContainer):
            whose[action.id] = key_of(spec, holders[action.container])
            for port in holders[action.container].held_ports:
                freed[port].append(action.id)
    if not freed:
        return
    created = {action.id: action for action in draft.actions.values() if isinstance(action, CreateContainer)}
    of_ranges: dict[str, list[str]] = {}
    for action in list(draft.actions.values()):
        if not isinstance(action, StartContainer):
            continue
        if action.container in created:
            payload = created[action.container].payload
            wanted, key = host_ports(payload), payload["Labels"][ownership.RESOURCE]
        else:
            wanted, key = holders[action.container].host_ports, key_of(spec, holders[action.container])
        needs = [stop for port in sorted(wanted) for stop in freed.get(port, ()) if stop not in action.needs]
        for stop in needs:
            if draft.leads_to(stop, action.id):
                # The holder would wait for this very container: it stops earlier, before what it depends on is up.
                begin = draft.begin_of_stop(stop)
                stopping = draft.actions[begin]
                draft.actions[begin] = replace(
                    stopping,
                    needs=tuple(n for n in stopping.needs if not (n == action.id or draft.leads_to(n, action.id))),
                    after=tuple(n for n in stopping.after if not (n == action.id or draft.leads_to(n, action.id))),
                )
        # Of a range another port does too, and replicas have one each: after those that give one back, if it can be.
        spans = [port for port in wanted if "-" in port]
        for range_ in spans:
            if range_ not in of_ranges:
                of_ranges[range_] = [port for port in freed if is_in_range(port, range_)]
        needs += [
            stop
            for port in sorted({port for range_ in spans for port in of_ranges[range_]})
            for stop in freed[port]
            if whose[stop] != key and not draft.leads_to(stop, action.id)
        ]
        draft.add_needs(action.id, [need for need in needs if need not in action.needs])


def hand_over_ranges(draft: Draft, snapshot: Snapshot) -> None:
    """The addresses of a network of ours are free once that one is removed."""
    networks = {network.id: network for network in snapshot.networks}
    removals = [action for action in draft.actions.values() if isinstance(action, RemoveNetwork)]
    creations = [action for action in draft.actions.values() if isinstance(action, CreateNetwork)]
    for creation in creations:
        asked = wanted_ranges(creation)
        for removal in removals:
            if removal.id in creation.needs or not overlap(asked, ranges(networks[removal.network])):
                continue
            # Who leaves the old network would rather wait until the new one is there: it can't.
            for leave in [need for need in removal.needs if isinstance(draft.actions[need], DisconnectNetwork)]:
                kept = [need for need in draft.actions[leave].needs if not draft.leads_to(need, creation.id)]
                draft.actions[leave] = replace(draft.actions[leave], needs=tuple(kept))
            if draft.leads_to(removal.id, creation.id):
                draft.conflicts.append(_taken_range(creation, networks[removal.network]))
            else:
                draft.add_needs(creation.id, [removal.id])


def _taken_range(creation: CreateNetwork, old: NetworkState) -> Conflict:
    name = creation.resource.name
    return Conflict(
        creation.resource,
        f'network "{name}" asks for addresses that "{old.name}" has until containers have moved from it to "{name}"',
        f"choose another `subnet`, or keep the network under its name: `name: {old.name}`",
    )
