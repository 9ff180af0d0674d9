"""Start-first: the new container serves before the old one goes.

An alias gives a container traffic at once, ready or not. So the new one starts without any, gets them once it has
proven itself, and only when it has its name does the old one lose them. The Engine can't change the aliases of a place
in a network: the container leaves the network and joins it again at once, and has the same address as before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.fields import network as network_rows
from reconciler.fields.table import ROW
from reconciler.planning.actions import ConnectNetwork, DisconnectNetwork, RemoveContainer
from reconciler.planning.gates import Drain
from reconciler.planning.steps import ContainerPlan, Step, stop
from reconciler.spec.model import State

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Instance
    from reconciler.state.snapshot import ContainerState

_BILLION = 10**9

_DRAIN = 2 * _BILLION
"""Nanoseconds that an old container drains: what was asked of it while it left a network comes again after a second."""


def starts_first(instance: Instance, old: ContainerState) -> bool:
    """Whether the new container starts before the old one stops: it is declared so, and there is one that serves.

    What both can't have at once (a fixed host port, an address) is an error of a spec that is read from a file.
    """
    container = instance.container
    alone = any(port.published.isdecimal() and port.published != "0" for port in container.ports) or any(
        place.ipv4_address or place.ipv6_address for place in container.joined.values()
    )
    declared = container.update.order == "start-first" and container.state is State.RUNNING
    return declared and old.is_up and old.status != "paused" and not alone


def give_aliases(part: ContainerPlan, instance: Instance, new: str, step: Step, proven: str) -> str:
    """Let the new container be found by the service's names; the action after which it is, in all its networks."""
    for network, place in sorted(ROW["networks"].wanted(instance)["joined"].items()):
        if place["aliases"]:
            proven = _change(part, new, network, place, step, "new", proven)
    return proven


def retire(
    part: ContainerPlan, instance: Instance, old: ContainerState, rejoined: Iterable[str], step: Step, *needs: str
) -> tuple[tuple[str, ...], str]:
    """Let a container get nothing new, finish what it has begun, stop and go.

    What starts while it is out of a network might be given its address, and with that what is under way there.

    Args:
        part: the actions are added here.
        instance: what takes its place.
        old: the container, under the name that it has by then.
        rejoined: networks that it has joined again since it was looked at, as the new one.
        step: what the actions share.
        needs: the actions before.

    Returns:
        The actions after which it is back in all its networks, and the ID of its removal.
    """
    update = instance.container.update
    joined = ROW["networks"].wanted(instance)["joined"]
    places: dict[str, Canonical] = {network: joined[network] for network in rejoined}
    places |= {network: network_rows.place_in(old.inspect, network) for network in old.networks}
    for network, place in sorted(places.items()):
        if place["aliases"]:
            needs = (_change(part, old.id, network, {**place, "aliases": ()}, step, "old", *needs),)
    back = needs
    drain = _DRAIN if update.drain is None else update.drain
    if drain:
        needs = (part.add(Drain(container=old.id, seconds=drain / _BILLION, **step("drain old", *needs))),)
    stopped = stop(part, old, step("stop old", *needs), instance.container.pre_stop)
    removal = RemoveContainer(container=old.id, expected_name=old.name, **step("remove old", *stopped))
    return back, part.add(removal)


def _change(
    part: ContainerPlan, container: str, network: str, place: Canonical, step: Step, which: str, *needs: str
) -> str:
    leave = step(f"disconnect {which} {network}", *needs)
    left = part.add(DisconnectNetwork(container=container, network=network, **leave))
    verb = f"connect {which} {network} {'with' if place['aliases'] else 'without'} aliases"
    endpoint = network_rows.endpoint(place)
    return part.add(ConnectNetwork(container=container, network=network, endpoint=endpoint, **step(verb, left)))
