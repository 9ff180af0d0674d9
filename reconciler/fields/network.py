"""Rows: how the container is reached, and what it can reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from reconciler.fields import compose_labels
from reconciler.fields.base import ApiVersion, Field, Mend, at
from reconciler.fields.peers import is_word
from reconciler.fields.peers import show as show_word
from reconciler.spec.addresses import exposed
from reconciler.spec.invalid import Invalid
from reconciler.spec.model import DEFAULT_NETWORK

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, ImageConfig, Inspect, Instance, Payload
    from reconciler.spec.model import Container, Endpoint

_SHORT_ID = 12


def _wanted_ports(instance: Instance) -> Canonical:
    ports = instance.container.ports
    return tuple(sorted({_binding(port.host_ip, port.published, f"{port.target}/{port.protocol}") for port in ports}))


def _actual_ports(inspect: Inspect) -> Canonical:
    bindings: dict[str, list[dict[str, str]] | None] = at("HostConfig.PortBindings", inspect) or {}
    return tuple(
        sorted(
            {
                _binding(entry.get("HostIp") or "", entry.get("HostPort") or "", target)
                for target, entries in bindings.items()
                for entry in entries or [{}]
            }
        )
    )


def _binding(host_ip: str, host_port: str, target: str) -> tuple[str, str, str]:
    # "0" and nothing both leave the choice of the host port to the Engine.
    return (target if "/" in target else f"{target}/tcp", host_ip, "" if host_port == "0" else host_port)


def _write_ports(payload: Payload, value: Canonical) -> None:
    exposed = payload.setdefault("ExposedPorts", {})
    bindings = payload.setdefault("HostConfig", {}).setdefault("PortBindings", {})
    for target, host_ip, host_port in value:
        exposed[target] = {}
        bindings.setdefault(target, []).append({"HostIp": host_ip, "HostPort": host_port})


def show_port(binding: tuple[str, str, str]) -> str:
    """`127.0.0.1:8080→80`, `53→53/udp`, `→80` where the Engine chooses the host port."""
    target, host_ip, host_port = binding
    address = f"[{host_ip}]:" if ":" in host_ip else f"{host_ip}:" if host_ip else ""
    return f"{address}{host_port}→{target.removesuffix('/tcp')}"


_INTERFACE = "com.docker.network.endpoint.ifname"
"""The driver's option that names an interface."""

_GATEWAY: ApiVersion = (1, 48)
"""Since this API version a container says which of its networks is its gateway, and what its interfaces are named."""

ADDRESS_OF_EACH: ApiVersion = (1, 44)
"""Since this API version each network of a container has a hardware address; before, only its first could be given."""

_PREDEFINED = {"host", "none", "bridge"}
"""Networks that the Engine itself has; they know no aliases."""


def _wanted_networks(instance: Instance) -> Canonical:
    spec, container = instance.spec, instance.container
    links = _wanted_links(container)
    if is_word(container.network_mode):
        return {"mode": container.network_mode, "joined": {}}
    if container.network_mode:
        place = _place((), links=links) | {"mac_address": container.mac_address or ""}
        return {"mode": container.network_mode, "joined": {container.network_mode: place}}
    joined = {
        spec.network_name(key): _wanted_place(instance.key, endpoint, links)
        for key, endpoint in _by_priority(container)
    }
    # The Engine's NetworkMode names one of them, which can't be left without a replacement: the first, whatever the
    # order of the keys, and the project's default rather than another.
    mode = next(iter(joined))
    if container.mac_address and not joined[mode]["mac_address"]:
        joined[mode]["mac_address"] = container.mac_address
    return {"mode": mode, "joined": joined}


def _wanted_place(name: str, endpoint: Endpoint, links: Collection[str]) -> dict[str, Any]:
    place = _place(
        {name, *endpoint.aliases},
        endpoint.ipv4_address,
        endpoint.ipv6_address,
        endpoint.link_local_ips,
        endpoint.driver_opts,
        links,
        endpoint.gw_priority,
    )
    if endpoint.interface_name:
        place["driver_opts"][_INTERFACE] = endpoint.interface_name
    place["mac_address"] = endpoint.mac_address
    return place


def first_network(instance: Instance) -> str:
    """The network that the Engine's NetworkMode names."""
    container = instance.container
    return container.network_mode or instance.spec.network_name(_by_priority(container)[0][0])


def _by_priority(container: Container) -> list[tuple[str, Endpoint]]:
    return sorted(container.networks.items(), key=lambda item: (-item[1].priority, item[0] != DEFAULT_NETWORK, item[0]))


def _wanted_links(container: Container) -> frozenset[str]:
    if not (container.links or container.external_links):
        return frozenset()
    # By the name that all of its containers have in a network: who takes another's place is found as well.
    parts = [link.partition(":") for link in (*container.links, *container.external_links)]
    return frozenset(f"{name}:{alias or name}" for name, _, alias in parts)


def _place(
    aliases: Collection[str],
    ipv4: str = "",
    ipv6: str = "",
    link_local: Collection[str] = (),
    options: Mapping[str, str] | None = None,
    links: Collection[str] = (),
    gateway: int = 0,
) -> dict[str, Any]:
    # What is not ordered is sorted here; nearly always there are aliases, and nothing else.
    return {
        "aliases": tuple(sorted(aliases)),
        "ipv4_address": ipv4,
        "ipv6_address": ipv6,
        "link_local_ips": tuple(sorted(link_local)) if link_local else (),
        "driver_opts": dict(options) if options else {},
        "links": tuple(sorted(links)) if links else (),
        "gw_priority": gateway,
    }


def _actual_networks(inspect: Inspect) -> Canonical:
    # By itself the Engine may list the container's short ID and its hostname among its aliases; Compose, its name.
    own, name = inspect["Id"][:_SHORT_ID], inspect["Name"].removeprefix("/")
    config = inspect.get("Config") or {}
    labels = config.get("Labels") or {}
    anyway = {config.get("Hostname"), name, *compose_labels.names(labels)}
    mode = at("HostConfig.NetworkMode", inspect)
    mode = "bridge" if mode == "default" else mode
    if is_word(mode):
        return {"mode": mode, "joined": {}}  # it has the networks of the other one
    joined = {}
    for name, said in (at("NetworkSettings.Networks", inspect) or {}).items():
        settings = said or {}
        aliases = set(settings.get("Aliases") or ())
        aliases.discard(own)
        addresses = settings.get("IPAMConfig") or {}
        joined[name] = place = _place(
            aliases - anyway,
            addresses.get("IPv4Address") or "",
            addresses.get("IPv6Address") or "",
            addresses.get("LinkLocalIPs") or (),
            settings.get("DriverOpts"),
            compose_labels.links(labels, settings.get("Links"))
            or (_links_of_bridge(inspect) if name == "bridge" else ()),
            settings.get("GwPriority") or 0,
        )
        place["added"] = tuple(sorted(aliases & anyway))
    return {"mode": mode, "joined": joined}


def _links_of_bridge(inspect: Inspect) -> set[str]:
    """`/db:/web/database`, as the Engine reports a link in its own network → `db:database`."""
    parts = [link.partition(":") for link in at("HostConfig.Links", inspect) or ()]
    return {f"{name.removeprefix('/')}:{alias.rpartition('/')[2]}" for name, _, alias in parts}


def same_endpoint(wanted: Canonical, actual: Canonical) -> bool:
    """Whether a container's place in a network is as wanted; each None where there is or should be none."""
    if wanted is None or actual is None:
        return wanted is actual
    aliases, added = wanted["aliases"], actual["added"]
    if added:
        aliases = tuple(alias for alias in aliases if alias not in added)
    return bool(aliases == actual["aliases"]) and _settings(wanted) == _settings(actual)


_settings = itemgetter("ipv4_address", "ipv6_address", "link_local_ips", "driver_opts", "links", "gw_priority")


_ALIASES_ALONE = frozenset({"aliases", "priority"})


def _surely_same(instance: Instance, inspect: Inspect) -> bool:
    """Whether it has all of its networks, each with just the wanted aliases: as nearly all containers do."""
    container, places = instance.container, instance.container.networks
    there = at("NetworkSettings.Networks", inspect) or {}
    if container.network_mode or container.links or container.external_links or len(there) != len(places):
        return False
    own, wanted = inspect["Id"][:_SHORT_ID], []
    for key, endpoint in places.items():
        name = instance.spec.network_name(key)
        settings = there.get(name)
        if not settings or not endpoint.model_fields_set <= _ALIASES_ALONE:
            return False
        said = settings.get  # of all that a spec can declare besides aliases, nothing
        if said("IPAMConfig") or said("DriverOpts") or said("Links") or said("GwPriority"):
            return False
        aliases = set(said("Aliases") or ())
        aliases.discard(own)
        if aliases != {instance.key, *endpoint.aliases}:
            return False
        wanted.append(name)
    return at("HostConfig.NetworkMode", inspect) in wanted


def _same_networks(wanted: Canonical, actual: Canonical) -> bool:
    places, there = wanted["joined"], actual["joined"]
    return (
        _keeps_mode(wanted, actual)
        and places.keys() == there.keys()
        and all(same_endpoint(place, there[name]) for name, place in places.items())
    )


def _keeps_mode(wanted: Canonical, actual: Canonical) -> bool:
    return actual["mode"] in wanted["joined"] or actual["mode"] == wanted["mode"]


def _mend_networks(wanted: Canonical, actual: Canonical) -> Mend:
    for name, place in wanted["joined"].items():
        # Engines drop a hardware address that comes with a connection, and their own network knows no links by then.
        fixed = place["mac_address"] or name in _PREDEFINED
        if fixed and not same_endpoint(place, actual["joined"].get(name)):
            return Mend.REPLACE
    return Mend.CONNECT if _keeps_mode(wanted, actual) else Mend.REPLACE


def endpoint(settings: Canonical) -> dict[str, Any]:
    """A joined network's settings → the Engine's EndpointSettings."""
    addresses: dict[str, Any] = {}
    if settings["ipv4_address"]:
        addresses["IPv4Address"] = settings["ipv4_address"]
    if settings["ipv6_address"]:
        addresses["IPv6Address"] = settings["ipv6_address"]
    if settings["link_local_ips"]:
        addresses["LinkLocalIPs"] = list(settings["link_local_ips"])
    found: dict[str, Any] = {"Aliases": list(settings["aliases"])}
    if addresses:
        found["IPAMConfig"] = addresses
    if settings["driver_opts"]:
        found["DriverOpts"] = dict(settings["driver_opts"])
    if settings["links"]:
        found["Links"] = list(settings["links"])
    if settings["gw_priority"]:
        found["GwPriority"] = settings["gw_priority"]
    return found


def place_in(inspect: Inspect, network: str) -> Canonical:
    """A container's place in a network that it is in, as `endpoint` takes it."""
    return _actual_networks(inspect)["joined"][network]


def _write_networks(payload: Payload, value: Canonical) -> None:
    payload.setdefault("HostConfig", {})["NetworkMode"] = value["mode"]
    if links := value["joined"].get("bridge", {}).get("links"):
        payload["HostConfig"]["Links"] = list(links)
    payload["NetworkingConfig"] = {
        "EndpointsConfig": {
            name: endpoint(settings) for name, settings in value["joined"].items() if name not in _PREDEFINED
        }
    }


def _show_networks(value: Canonical) -> str:
    if not value["joined"]:
        # A network that was left is still the mode, and is none that it is in.
        mode = value["mode"] or ""
        return show_word(mode) if is_word(mode) or mode == "host" else ""
    shown = []
    for name, settings in sorted(value["joined"].items()):
        words = [*settings["aliases"], *(f"link {link}" for link in settings["links"])]
        words += [settings[name] for name in ("ipv4_address", "ipv6_address") if settings[name]]
        words += settings["link_local_ips"]
        words += [f"{option}={text}" for option, text in sorted(settings["driver_opts"].items())]
        words += [f"gw_priority {settings['gw_priority']}"] if settings["gw_priority"] else []
        shown.append(f"{name} ({', '.join(words)})" if words else name)
    return ", ".join(shown)


def _since(wanted: Canonical) -> Mapping[str, ApiVersion]:
    places = wanted["joined"].values()
    found = {"networks.gw_priority": any(place["gw_priority"] for place in places)}
    found["networks.interface_name"] = any(_INTERFACE in place["driver_opts"] for place in places)
    later = any(place["mac_address"] for name, place in wanted["joined"].items() if name != wanted["mode"])
    return {name: _GATEWAY for name, is_used in found.items() if is_used} | (
        {"networks.mac_address": ADDRESS_OF_EACH} if later else {}
    )


def _exposed(text: str) -> list[str]:
    # Compose leaves the protocol out, and a range as it is.
    if "-" not in text:
        return [text if "/" in text else f"{text}/tcp"]
    try:
        return exposed(text)
    except Invalid:
        return [text]


def _exposed_anyway(inspect: Inspect, image: ImageConfig) -> Canonical:
    published = at("HostConfig.PortBindings", inspect) or {}
    return tuple(sorted({*published, *(image.get("ExposedPorts") or ())}))


def _write_expose(payload: Payload, value: Canonical) -> None:
    payload.setdefault("ExposedPorts", {}).update({port: {} for port in value})


ROWS = (
    Field(
        path="expose",
        wanted=lambda instance: tuple(sorted(set(instance.container.expose))),
        actual=lambda inspect: tuple(
            sorted({port for text in at("Config.ExposedPorts", inspect) or () for port in _exposed(text)})
        ),
        write=_write_expose,
        # The image's and the published ports are exposed too.
        same=lambda wanted, actual: set(wanted) <= set(actual),
        adds=True,
        undeclared=_exposed_anyway,
        show=lambda value: ", ".join(value) or "none",
    ),
    Field(
        path="ports",
        wanted=_wanted_ports,
        actual=_actual_ports,
        write=_write_ports,
        undeclared=lambda _inspect, _image: (),
        show=lambda value: ", ".join(map(show_port, value)) or "none",
    ),
    Field(
        path="networks",
        wanted=_wanted_networks,
        actual=_actual_networks,
        write=_write_networks,
        same=_same_networks,
        surely=_surely_same,
        mend=_mend_networks,
        always=True,
        since=_since,
        newest=max(_GATEWAY, ADDRESS_OF_EACH),
        show=lambda value: _show_networks(value) or "none",
    ),
)
