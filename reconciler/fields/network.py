"""Rows: how the container is reached, and what it can reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.fields import compose_labels
from reconciler.fields.base import Field, Mend, at, constant, plain, put
from reconciler.spec.model import DEFAULT_NETWORK

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, ImageConfig, Inspect, Instance, Payload

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


_PREDEFINED = {"host", "none", "bridge"}
"""Networks that the Engine itself has; they know no aliases."""


def _wanted_networks(instance: Instance) -> Canonical:
    spec, container = instance.spec, instance.container
    if container.network_mode:
        return {"mode": container.network_mode, "joined": {container.network_mode: _place(())}}
    by_priority = sorted(
        container.networks.items(), key=lambda item: (-item[1].priority, item[0] != DEFAULT_NETWORK, item[0])
    )
    joined = {
        spec.network_name(key): _place(
            sorted({instance.key, *endpoint.aliases}),
            endpoint.ipv4_address,
            endpoint.ipv6_address,
            sorted(endpoint.link_local_ips),
            endpoint.driver_opts,
        )
        for key, endpoint in by_priority
    }
    # The Engine's NetworkMode names one of them, which can't be left without a replacement: the first, whatever the
    # order of the keys, and the project's default rather than another.
    return {"mode": next(iter(joined)), "joined": joined}


def _place(
    aliases: Iterable[str],
    ipv4: str = "",
    ipv6: str = "",
    link_local: Iterable[str] = (),
    options: Mapping[str, str] | None = None,
) -> Canonical:
    return {
        "aliases": tuple(aliases),
        "ipv4_address": ipv4,
        "ipv6_address": ipv6,
        "link_local_ips": tuple(link_local),
        "driver_opts": dict(options or {}),
    }


def _actual_networks(inspect: Inspect) -> Canonical:
    # By itself the Engine may list the container's short ID and its hostname among its aliases; Compose, its name.
    own, name = inspect["Id"][:_SHORT_ID], inspect["Name"].removeprefix("/")
    anyway = {at("Config.Hostname", inspect), name, *compose_labels.names(at("Config.Labels", inspect) or {})}
    joined = {}
    for name, settings in (at("NetworkSettings.Networks", inspect) or {}).items():
        aliases = set((settings or {}).get("Aliases") or ()) - {own}
        addresses = (settings or {}).get("IPAMConfig") or {}
        joined[name] = _place(
            sorted(aliases - anyway),
            addresses.get("IPv4Address") or "",
            addresses.get("IPv6Address") or "",
            sorted(addresses.get("LinkLocalIPs") or ()),
            (settings or {}).get("DriverOpts"),
        ) | {"added": tuple(sorted(aliases & anyway))}
    mode = at("HostConfig.NetworkMode", inspect)
    return {"mode": "bridge" if mode == "default" else mode, "joined": joined}


def same_endpoint(wanted: Canonical, actual: Canonical) -> bool:
    """Whether a container's place in a network is as wanted; each None where there is or should be none."""
    if wanted is None or actual is None:
        return wanted is actual
    return set(wanted["aliases"]) - set(actual["added"]) == set(actual["aliases"]) and all(
        wanted[name] == actual[name] for name in wanted if name != "aliases"
    )


def _same_networks(wanted: Canonical, actual: Canonical) -> bool:
    names = wanted["joined"].keys() | actual["joined"].keys()
    return actual["mode"] in wanted["joined"] and all(
        same_endpoint(wanted["joined"].get(name), actual["joined"].get(name)) for name in names
    )


def _mend_networks(wanted: Canonical, actual: Canonical) -> Mend:
    return Mend.CONNECT if actual["mode"] in wanted["joined"] else Mend.REPLACE


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
    return found


def place_in(inspect: Inspect, network: str) -> Canonical:
    """A container's place in a network that it is in, as `endpoint` takes it."""
    return _actual_networks(inspect)["joined"][network]


def _write_networks(payload: Payload, value: Canonical) -> None:
    payload.setdefault("HostConfig", {})["NetworkMode"] = value["mode"]
    payload["NetworkingConfig"] = {
        "EndpointsConfig": {
            name: endpoint(settings) for name, settings in value["joined"].items() if name not in _PREDEFINED
        }
    }


def _show_networks(value: Canonical) -> str:
    return ", ".join(
        f"{name} ({', '.join(settings['aliases'])})" if settings["aliases"] else name
        for name, settings in sorted(value["joined"].items())
    )


def _wanted_hosts(instance: Instance) -> Canonical:
    return tuple(
        f"{host}:{address}"
        for host, addresses in sorted(instance.container.extra_hosts.items())
        for address in addresses
    )


def _exposed_anyway(inspect: Inspect, image: ImageConfig) -> Canonical:
    published = at("HostConfig.PortBindings", inspect) or {}
    return tuple(sorted({*published, *(image.get("ExposedPorts") or ())}))


def _write_expose(payload: Payload, value: Canonical) -> None:
    payload.setdefault("ExposedPorts", {}).update({port: {} for port in value})


ROWS = (
    plain("dns", "HostConfig.Dns", ()),
    plain("dns_opt", "HostConfig.DnsOptions", ()),
    plain("dns_search", "HostConfig.DnsSearch", ()),
    Field(
        path="extra_hosts",
        wanted=_wanted_hosts,
        actual=lambda inspect: tuple(sorted(at("HostConfig.ExtraHosts", inspect) or ())),
        write=put("HostConfig.ExtraHosts"),
        same=lambda wanted, actual: sorted(wanted) == sorted(actual),
        undeclared=constant(()),
        show=lambda value: ", ".join(value) or "none",
    ),
    Field(
        path="expose",
        wanted=lambda instance: tuple(sorted(set(instance.container.expose))),
        # Compose leaves the protocol out.
        actual=lambda inspect: tuple(
            sorted(port if "/" in port else f"{port}/tcp" for port in at("Config.ExposedPorts", inspect) or ())
        ),
        write=_write_expose,
        # The image's and the published ports are exposed too.
        same=lambda wanted, actual: set(wanted) <= set(actual),
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
        mend=_mend_networks,
        always=True,
        show=lambda value: _show_networks(value) or "none",
    ),
)
