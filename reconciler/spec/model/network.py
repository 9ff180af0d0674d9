"""Networks, and a container's place in them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, field_validator, model_validator

from reconciler.spec.addresses import address, address_of, port_range
from reconciler.spec.invalid import Invalid
from reconciler.spec.model.values import (
    Boolean,
    EngineName,
    Integer,
    Item,
    Labels,
    Name,
    Options,
    PortNumber,
    Text,
    Texts,
    Value,
    one_of,
    pairs,
)

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def _mac(value: object) -> object:
    """A hardware address, in lowercase with colons."""
    if not isinstance(value, str) or not value:
        return value
    plain = value.lower().replace("-", ":")
    if not _MAC.fullmatch(plain):
        raise Invalid(f'"{value}" is not a MAC address', 'write it as "02:42:ac:11:00:02"')
    if int(plain[:2], 16) & 1:
        raise Invalid(f'"{value}" is a multicast address', "the first two digits make an even number: 02, for example")
    return plain


MacAddress = Annotated[Text, BeforeValidator(_mac)]


class Port(Item):
    """A container port, published on the host.

    Attributes:
        target: the port in the container.
        published: the host port, a range "8000-8010" of which the Engine takes a free one, or empty for any.
        host_ip: the host's address to listen on; empty for all.
        protocol: tcp, udp or sctp.
        name: a word for people; the Engine does not know it.
        app_protocol: likewise.
        mode: `host` and `ingress` are the same outside of Swarm.
    """

    target: PortNumber
    published: Text = ""
    host_ip: Text = ""
    protocol: Annotated[Literal["tcp", "udp", "sctp"], one_of("tcp", "udp", "sctp")] = "tcp"
    name: Text = ""
    app_protocol: Text = ""
    mode: Annotated[Literal["host", "ingress"], one_of("host", "ingress")] = "ingress"

    @field_validator("published", mode="after")
    @classmethod
    def _published(cls, value: str) -> str:
        if not value or value == "0":
            return value
        ports = port_range(value, "host")
        return str(ports[0]) if len(ports) == 1 else f"{ports[0]}-{ports[-1]}"

    @field_validator("host_ip", mode="after")
    @classmethod
    def _host_ip(cls, value: str) -> str:
        return address(value) if value else value


class Endpoint(Value):
    """A container's place in a network.

    Attributes:
        aliases: more names by which other containers of the network find it.
        ipv4_address: its address there; the Engine chooses where it is not given.
        ipv6_address: likewise.
        link_local_ips: more addresses.
        driver_opts: for the network's driver.
        priority: the network with the highest is joined first.
        gw_priority: the network with the highest gives the default gateway.
        interface_name: the name of its interface in the container.
        mac_address: the hardware address of that interface.
    """

    aliases: Texts = ()
    ipv4_address: Text = ""
    ipv6_address: Text = ""
    link_local_ips: Texts = ()
    driver_opts: Options = {}
    priority: Integer = 0
    gw_priority: Integer = 0
    interface_name: Text = ""
    mac_address: MacAddress = ""

    @field_validator("ipv4_address", mode="after")
    @classmethod
    def _ipv4(cls, value: str) -> str:
        return address_of(4, value) if value else value

    @field_validator("ipv6_address", mode="after")
    @classmethod
    def _ipv6(cls, value: str) -> str:
        return address_of(6, value) if value else value

    @field_validator("link_local_ips", mode="after")
    @classmethod
    def _link_local(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address(item) for item in value)


class Pool(Value):
    """A range of addresses of a network.

    Attributes:
        subnet: the range, as `192.0.2.0/24`.
        ip_range: the part of it from which containers get theirs.
        gateway: the address of the gateway.
        aux_addresses: addresses that no container gets, by name.
    """

    subnet: Text = ""
    ip_range: Text = ""
    gateway: Text = ""
    aux_addresses: Annotated[dict[str, Text], pairs("address")] = {}

    @field_validator("subnet", "ip_range", mode="after")
    @classmethod
    def _range(cls, value: str) -> str:
        if not value:
            return value
        try:
            if "/" not in value:
                raise ValueError
            return str(ipaddress.ip_network(value, strict=False))
        except ValueError:
            raise Invalid(f'"{value}" is not a range of addresses', 'write it as "192.0.2.0/24"') from None

    @field_validator("gateway", mode="after")
    @classmethod
    def _gateway(cls, value: str) -> str:
        return address(value) if value else value

    @field_validator("aux_addresses", mode="after")
    @classmethod
    def _addresses(cls, value: dict[str, str]) -> dict[str, str]:
        return {name: address(one) for name, one in value.items()}

    @model_validator(mode="after")
    def _within(self) -> Self:
        if not self.subnet:
            raise Invalid("a range of addresses needs its subnet", 'write subnet: "192.0.2.0/24"')
        subnet = ipaddress.ip_network(self.subnet)
        if self.ip_range:
            part = ipaddress.ip_network(self.ip_range)
            if part.version != subnet.version or not part.subnet_of(subnet):  # type: ignore[arg-type]
                raise Invalid(f"{part} is not in the subnet {subnet}", "choose a part of it", at=("ip_range",))
        if self.gateway and ipaddress.ip_address(self.gateway) not in subnet:
            hint = "choose an address of the subnet"
            raise Invalid(f"the gateway {self.gateway} is not in the subnet {subnet}", hint, at=("gateway",))
        return self


class Ipam(Value):
    """Which addresses a network has.

    Attributes:
        driver: what hands them out; `default` without it.
        config: the ranges; the Engine chooses where none is given.
        options: for the driver.
    """

    driver: Text = ""
    config: tuple[Pool, ...] = ()
    options: Options = {}


class Network(Value):
    """A network of the project.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made nor removed.
        driver: what makes it; `bridge` without it.
        driver_opts: for the driver.
        attachable: whether containers of their own may join it (overlay).
        enable_ipv4: whether it has IPv4; true without it.
        enable_ipv6: whether it has IPv6.
        internal: whether it leads nowhere outside.
        ipam: which addresses it has.
        labels: labels: a mapping, or a list of NAME=value.
        was: the name that it had in the spec before: its containers move over from that one.
    """

    name: EngineName | None = None
    external: Boolean = False
    driver: Text = ""
    driver_opts: Options = {}
    attachable: Boolean = False
    enable_ipv4: Boolean | None = None
    enable_ipv6: Boolean | None = None
    internal: Boolean = False
    ipam: Ipam = Ipam.by_default()
    labels: Labels = {}
    was: Name | None = None
