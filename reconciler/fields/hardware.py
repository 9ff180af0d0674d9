"""The row of hardware addresses: `mac_address` of a container is that of its first network, and each may have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.fields.base import Field, at
from reconciler.fields.network import ADDRESS_OF_EACH, first_network

if TYPE_CHECKING:
    from reconciler.fields.base import ApiVersion, Canonical, Inspect, Instance, Payload


def _wanted(instance: Instance) -> Canonical:
    container, first = instance.container, first_network(instance)
    found = {instance.spec.network_name(key): one.mac_address for key, one in container.joined.items()}
    if container.mac_address:
        found[first] = found.get(first) or container.mac_address
    return {name: address for name, address in sorted(found.items()) if address}


def _is_declared(instance: Instance) -> bool:
    container = instance.container
    if container.mac_address:
        return True
    for endpoint in container.joined.values():  # noqa: SIM110 - asked twice of each container, and `any` is dearer
        if endpoint.mac_address:
            return True
    return False


def _actual(inspect: Inspect) -> Canonical:
    mode = at("HostConfig.NetworkMode", inspect)
    found = {
        name: str(settings["MacAddress"])
        for name, settings in (at("NetworkSettings.Networks", inspect) or {}).items()
        if (settings or {}).get("MacAddress")
    }
    if asked := at("Config.MacAddress", inspect):
        # Also of one that is stopped; older Engines say nothing of one that was never started but here.
        found.setdefault("bridge" if mode == "default" else str(mode), str(asked))
    return found


def _same(wanted: Canonical, actual: Canonical) -> bool:
    # Of one that is stopped the Engine does not tell it; and where it is in no such network, the networks differ.
    return not actual or wanted == actual


def _write(payload: Payload, value: Canonical) -> None:
    endpoints = payload["NetworkingConfig"]["EndpointsConfig"]
    for name, address in value.items():
        endpoints.setdefault(name, {})["MacAddress"] = address


def of_container(payload: Payload, api: ApiVersion) -> Payload:
    """The create payload as an Engine takes it that knows one hardware address of a container."""
    first = payload["HostConfig"]["NetworkMode"]
    endpoints = payload["NetworkingConfig"]["EndpointsConfig"]
    if api >= ADDRESS_OF_EACH or "MacAddress" not in endpoints.get(first, {}):
        return payload
    settings = {name: value for name, value in endpoints[first].items() if name != "MacAddress"}
    rest = {name: value for name, value in endpoints.items() if name != first}
    kept = {first: settings, **rest} if settings else rest
    return {**payload, "MacAddress": endpoints[first]["MacAddress"], "NetworkingConfig": {"EndpointsConfig": kept}}


ROW = Field(
    path="mac_address",
    wanted=_wanted,
    actual=_actual,
    write=_write,
    same=_same,
    undeclared=lambda _inspect, _image: {},
    by_key=True,
    drifts=True,  # a network that is left and joined again by hand gives it another one
    declared=_is_declared,
    show=str,
)
