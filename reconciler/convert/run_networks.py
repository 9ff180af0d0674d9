"""--network and its kin → the networks of a container."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.convert.draft import Draft

_LONG = re.compile(r"\w[\w-]*=")
_ONE = {"ip": "ipv4_address", "ip6": "ipv6_address", "mac-address": "mac_address", "gw-priority": "gw_priority"}
_SEVERAL = {"alias": "aliases", "link-local-ip": "link_local_ips"}
_PREDEFINED = {"default": "bridge", "bridge": "bridge", "host": "host", "none": "none"}
_OF_THE_FIRST = {
    "ipv4_address": "--ip",
    "ipv6_address": "--ip6",
    "aliases": "--network-alias",
    "link_local_ips": "--link-local-ip",
}

BRIDGE = (
    "network_mode: bridge is what docker does without --network; leave it out for a network of the project's own, "
    "in which containers find each other by name"
)


def network(draft: Draft, text: str) -> None:
    """`--network NAME`, or `--network name=NAME,alias=…,ip=…`."""
    place: dict[str, Any] = {}
    name = text
    if _LONG.match(text):
        name = ""
        for item in next(csv.reader([text]), []):
            key, _, value = (part.strip() for part in item.partition("="))
            if key == "name":
                name = value
            elif key in _ONE:
                place[_ONE[key]] = int(value) if key == "gw-priority" and value.lstrip("-").isdecimal() else value
            elif key in _SEVERAL:
                place.setdefault(_SEVERAL[key], []).append(value)
            elif key == "driver-opt" and value:
                option, _, setting = value.partition("=")
                place.setdefault("driver_opts", {})[option] = setting
            else:
                known = ", ".join(sorted(["name", "driver-opt", *_ONE, *_SEVERAL]))
                raise UsageError(f'{draft.flag}: there is no key "{key}"', f"there are {known}")
    if not name:
        raise UsageError(f"{draft.flag}: no network is named", "write --network NAME, or --network name=NAME,alias=…")
    if name in draft.joins:
        raise UsageError(f'{draft.flag}: network "{name}" is named twice', "name it once, with all that it is given")
    draft.joins[name] = place


def of_the_first(attribute: str, *, several: bool = False) -> Any:
    """A flag that is about the first network.

    Args:
        attribute: of the container's place in it.
        several: may be given again.
    """

    def take(draft: Draft, text: str) -> None:
        draft.place[attribute] = [*draft.place.get(attribute, []), text] if several else text

    return take


def settle(draft: Draft) -> None:
    """What all of that comes to, once all flags are read."""
    if not draft.joins:
        draft.joins["bridge"] = {}
        draft.notes.append(BRIDGE)
    first = next(iter(draft.joins))
    modes = [name for name in draft.joins if name in _PREDEFINED or name.startswith("container:")]
    if modes:
        _mode(draft, modes[0])
        return
    for attribute, value in draft.place.items():
        if attribute in draft.joins[first]:
            flag = _OF_THE_FIRST[attribute]
            raise UsageError(f'{flag} and --network say two things of "{first}"', "drop one of them")
        draft.joins[first][attribute] = value
    if len(draft.joins) > 1:
        draft.joins[first] = {**draft.joins[first], "priority": 1}
    plain = not any(draft.joins.values())
    draft.flag = "--network"
    draft.set("networks", list(draft.joins) if plain else draft.joins)
    draft.networks.update({name: {"external": True} for name in draft.joins})


def _mode(draft: Draft, name: str) -> None:
    if len(draft.joins) > 1:
        others = ", ".join(other for other in draft.joins if other != name)
        raise UsageError(f"--network {name} excludes other networks: {others}", "drop one or the other")
    draft.flag = "--network"
    draft.set("network_mode", _PREDEFINED.get(name, name))
    place = {**draft.joins[name], **draft.place}
    for attribute in list(place):
        if attribute in {"ipv4_address", "ipv6_address", "aliases"}:
            flag = _OF_THE_FIRST[attribute]
            where = f"the network {name}"
            raise UsageError(f"{flag} does not go with {where}", f"{flag} needs a network of your own: --network NAME")
        if attribute == "mac_address":
            draft.set("mac_address", place[attribute])
        else:
            draft.drop("it needs a network of your own", attribute)
