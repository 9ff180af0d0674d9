"""Plans networks: created, removed, or made anew, since an Engine has no call that changes one."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from reconciler.fields import ownership
from reconciler.fields.base import at
from reconciler.fields.network import endpoint, place_in
from reconciler.fields.place_payload import network_as_it_is, network_payload
from reconciler.fields.places import NETWORK
from reconciler.planning.actions import CreateNetwork, DisconnectNetwork, RemoveNetwork
from reconciler.planning.left_alone import LeftAlone
from reconciler.planning.place_diff import place_differences
from reconciler.planning.places import PlacesPlan, missing, not_ours
from reconciler.planning.plan import Change, Conflict, FieldChange, Notice, Operation
from reconciler.spec.model import DEFAULT_NETWORK, Network, Spec, State
from reconciler.state.resource import Kind, ResourceKey
from reconciler.state.snapshot import ContainerState, NetworkState, Snapshot

Range = ipaddress.IPv4Network | ipaddress.IPv6Network


def plan_networks(spec: Spec, snapshot: Snapshot, plan: PlacesPlan, left: LeftAlone) -> None:
    """Every network that the spec names, and ours that it does not, but for those that are left alone."""
    wanted = _wanted(spec)
    here: dict[str, list[NetworkState]] = defaultdict(list)
    for state in _sorted(snapshot):
        here[state.name].append(state)
    for key, network in sorted(wanted.items()):
        _plan(spec, key, network, here[spec.network_name(key)], snapshot, plan, left)
    names = {spec.network_name(key) for key in wanted}
    for state in _sorted(snapshot):
        if state.labels.get(ownership.PROJECT) == spec.name and state.name not in names:
            if why := left.network_stays(state) if spec.settings.prune else "":
                plan.changes.append(Change(ResourceKey(Kind.NETWORK, state.name), Operation.HOLD, why))
            else:
                plan.removals.append(state)
    _expect_free_ranges(spec, wanted, snapshot, plan)


def networks_going_down(
    project: str, snapshot: Snapshot, spec: Spec | None, notices: list[Notice], *, whole: bool
) -> list[NetworkState]:
    """The project's networks, to be removed: but for those that somebody else's containers are connected to.

    Args:
        project: its name.
        snapshot: what is there, taken over.
        spec: what was wanted: where Compose made that for a project of this name, it is the project's.
        notices: where to say what stays.
        whole: whether all that Compose made for a project of this name is.
    """
    wanted = {spec.network_name(key) for key, network in _wanted(spec).items() if not network.external} if spec else ()
    going = []
    for state in _sorted(snapshot):
        ours = state.labels.get(ownership.PROJECT) == project
        if not ours and (ownership.project(state.labels) != project or not (whole or state.name in wanted)):
            continue
        if strangers := _strangers(state, snapshot):
            message = f"network {state.name} stays: {', '.join(strangers)} is not ours, and is connected to it"
            notices.append(Notice(ResourceKey(Kind.NETWORK, state.name), message))
        else:
            going.append(state)
    return going


def lost_networks(container: ContainerState, snapshot: Snapshot, gone: Collection[str]) -> list[str]:
    """The names of the networks that a container is connected to, and that will not be there.

    One that has stopped keeps the ID of each network that it had. Where that network is no more, it can't start,
    although another one may have the name by now: it has to be connected again.

    Args:
        container: what is there.
        snapshot: the networks that are there.
        gone: the IDs of those of them that go.
    """
    here = snapshot.network_ids
    return [
        name
        for name, settings in container.networks.items()
        if settings and ((network := settings.get("NetworkID")) not in here or network in gone) and network
    ]


def without_networks(container: ContainerState, names: Collection[str]) -> ContainerState:
    """The container, as connected to all but these networks."""
    kept = {name: settings for name, settings in container.networks.items() if name not in names}
    settings = {**container.inspect["NetworkSettings"], "Networks": kept}
    return replace(container, inspect={**container.inspect, "NetworkSettings": settings})


def ranges(network: NetworkState) -> tuple[Range, ...]:
    """The ranges of addresses that a network has."""
    pools = at("IPAM.Config", network.report) or ()
    return tuple(ipaddress.ip_network(pool["Subnet"], strict=False) for pool in pools if pool.get("Subnet"))


def wanted_ranges(action: CreateNetwork) -> tuple[Range, ...]:
    """The ranges of addresses that a network to be asks for; none where the Engine is to choose."""
    pools = at("IPAM.Config", action.payload) or ()
    return tuple(ipaddress.ip_network(pool["Subnet"]) for pool in pools)


def overlap(some: Collection[Range], others: Collection[Range]) -> bool:
    """Whether an address may be in two of them."""
    return any(one.version == other.version and one.overlaps(other) for one in some for other in others)


def _wanted(spec: Spec) -> dict[str, Network]:
    """The networks that the spec names, and the one that is there without."""
    wanted = dict(spec.networks)
    if any(
        DEFAULT_NETWORK in container.joined and container.state is not State.ABSENT
        for container in spec.containers.values()
    ):
        wanted.setdefault(DEFAULT_NETWORK, Network())
    return wanted


def _strangers(network: NetworkState, snapshot: Snapshot) -> list[str]:
    """The names of those in a network that are not ours."""
    return sorted(name for other in snapshot.others if network.id in other.networks.values() for name in other.names)


def _sorted(snapshot: Snapshot) -> list[NetworkState]:
    return sorted(snapshot.networks, key=lambda state: (state.name, state.id))


def _plan(
    spec: Spec,
    key: str,
    network: Network,
    here: list[NetworkState],
    snapshot: Snapshot,
    plan: PlacesPlan,
    left: LeftAlone,
) -> None:
    resource = ResourceKey(Kind.NETWORK, spec.network_name(key))
    if network.external:
        if not here:
            plan.conflicts.append(missing(resource))
        return
    mine = [state for state in here if ownership.project(state.labels) == spec.name]
    strangers = [state for state in here if state not in mine]
    plan.conflicts += _too_new(resource, network, snapshot)
    if strangers and mine:
        plan.conflicts.append(_ambiguous(resource, strangers))
    elif strangers:
        plan.conflicts.append(not_ours(resource, strangers[0].labels))
    elif not mine and resource.name in left.networks:
        plan.changes.append(Change(resource, Operation.HOLD, left.networks[resource.name]))
    elif not mine:
        plan.changes.append(Change(resource, Operation.CREATE, _was(spec, network, snapshot)))
        _create(resource, "not here yet", spec, key, network, plan)
    else:
        _compare(resource, mine, spec, key, network, snapshot, plan, left)


def _compare(
    resource: ResourceKey,
    mine: list[NetworkState],
    spec: Spec,
    key: str,
    network: Network,
    snapshot: Snapshot,
    plan: PlacesPlan,
    left: LeftAlone,
) -> None:
    # Older Engines make two of one name: the one with the most of our containers stays.
    current, *doubles = mine
    if doubles:
        current, *doubles = sorted(mine, key=lambda state: (-len(snapshot.members.get(state.id, ())), state.id))
    removed: list[str] = []
    for double in doubles:
        why = "another network has its name"
        plan.changes.append(Change(resource, Operation.REMOVE, why))
        removed.append(_clear(resource, double, why, snapshot, plan))
    fields = place_differences(NETWORK, network, current.report, current.labels, spec.settings.sensitive)
    if fields and (why := left.network_stays(current)):
        plan.changes.append(Change(resource, Operation.HOLD, why, tuple(fields)))
        fields = []
    if fields:
        _make_anew(resource, current, fields, removed, spec, key, network, snapshot, plan)
    elif removed:
        plan.ready[resource] = tuple(removed)


def _make_anew(
    resource: ResourceKey,
    current: NetworkState,
    fields: list[FieldChange],
    needs: list[str],
    spec: Spec,
    key: str,
    network: Network,
    snapshot: Snapshot,
    plan: PlacesPlan,
) -> None:
    """The containers leave it, it goes, the new one comes; who joins it then is the containers' part of the plan.

    These steps are one group: where one fails, the network is made again as it was, and the containers are back in it.
    """
    reason = ", ".join(change.path for change in fields)
    plan.changes.append(Change(resource, Operation.REPLACE, "its containers stay", tuple(fields)))
    removed = _clear(resource, current, reason, snapshot, plan, group=f"{Kind.NETWORK}/{resource.name}")
    _create(resource, reason, spec, key, network, plan, (*needs, removed), group=f"{Kind.NETWORK}/{resource.name}")


def _clear(
    resource: ResourceKey, network: NetworkState, reason: str, snapshot: Snapshot, plan: PlacesPlan, group: str = ""
) -> str:
    """Remove a network from under our containers; the ID of the last action. Other containers stand in the way."""
    if strangers := _strangers(network, snapshot):
        plan.conflicts.append(_in_use(resource, strangers))
    left = []
    for container in _members(network, snapshot):
        if not container.is_up:
            continue  # it has no part in the network until it starts
        left.append(
            plan.add(
                DisconnectNetwork(
                    id=f"{Kind.NETWORK}/{resource.name}:disconnect {container.name} from {network.id[:12]}",
                    resource=resource,
                    reason=reason,
                    group=group,
                    container=container.id,
                    network=network.id,
                    back=endpoint(place_in(container.inspect, network.name)),
                )
            )
        )
    plan.gone.add(network.id)
    return plan.add(
        RemoveNetwork(
            id=f"{Kind.NETWORK}/{resource.name}:remove {network.id[:12]}",
            resource=resource,
            reason=reason,
            needs=tuple(left),
            group=group,
            network=network.id,
            back=network_as_it_is(network.report),
        )
    )


def _create(
    resource: ResourceKey,
    reason: str,
    spec: Spec,
    key: str,
    network: Network,
    plan: PlacesPlan,
    needs: tuple[str, ...] = (),
    group: str = "",
) -> None:
    action = CreateNetwork(
        id=f"{Kind.NETWORK}/{resource.name}:create",
        resource=resource,
        reason=reason,
        needs=needs,
        group=group,
        payload=network_payload(spec, key, network),
    )
    plan.ready[resource] = (plan.add(action),)


def _members(network: NetworkState, snapshot: Snapshot) -> list[ContainerState]:
    """Our containers that are connected to it, or were when they stopped."""
    return sorted(snapshot.members.get(network.id, ()), key=lambda container: (container.name, container.id))


def _was(spec: Spec, network: Network, snapshot: Snapshot) -> str:
    """Where it takes another one's place: which one."""
    if not network.was or network.was in spec.networks:
        return ""
    for state in _sorted(snapshot):
        labels = state.labels
        if labels.get(ownership.PROJECT) == spec.name and labels.get(ownership.RESOURCE) == network.was:
            return f"takes the place of {state.name}"
    return ""


# --- what stands in the way ----------------------------------------------------------------------------------------


def _too_new(resource: ResourceKey, network: Network, snapshot: Snapshot) -> Iterator[Conflict]:
    for row in NETWORK:
        for path, value in row.declared(network).items():
            if row.since(value) > snapshot.engine.api:
                needed = ".".join(map(str, row.since(value)))
                yield Conflict(
                    resource,
                    f"`{path}` needs API version {needed}, and this Engine speaks {snapshot.engine.api_version}",
                    "leave it out, or upgrade the Engine",
                )


def _ambiguous(resource: ResourceKey, strangers: list[NetworkState]) -> Conflict:
    ids = ", ".join(state.id[:12] for state in strangers)
    return Conflict(
        resource,
        f'network "{resource.name}" is there twice, and {ids} is not ours',
        f"remove that one (docker network rm {ids}), or give yours another `name`",
    )


def _in_use(resource: ResourceKey, strangers: list[str]) -> Conflict:
    names = ", ".join(strangers)
    return Conflict(
        resource,
        f'network "{resource.name}" has to be made anew, and containers that are not ours are connected to it: {names}',
        f"disconnect them first (docker network disconnect {resource.name} {strangers[0]}), or leave it as it is",
    )


def _expect_free_ranges(spec: Spec, wanted: Mapping[str, Network], snapshot: Snapshot, plan: PlacesPlan) -> None:
    """What an Engine refuses, after the old network is gone: better to say so before."""
    going = plan.gone | {state.id for state in plan.removals}
    staying = [state for state in _sorted(snapshot) if state.id not in going and state.report.get("Scope") != "swarm"]
    default = {spec.network_name(key) for key, network in wanted.items() if network.ipam.driver in {"", "default"}}
    for action in plan.actions:
        if not isinstance(action, CreateNetwork) or action.resource.name not in default:
            continue
        asked = wanted_ranges(action)
        for state in staying:
            if overlap(asked, ranges(state)):
                has = ", ".join(map(str, ranges(state)))
                plan.conflicts.append(
                    Conflict(
                        action.resource,
                        f'network "{action.resource.name}" asks for addresses that network "{state.name}" has: {has}',
                        "choose another `subnet`, or remove that network if nothing needs it",
                    )
                )
