"""Networks, and a container's place in them."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from pydantic import field_validator

from reconciler.spec import shorthand
from reconciler.spec.model.values import Boolean, EngineName, Integer, Options, PortNumber, Text, Texts, Value
from reconciler.spec.shorthand import Invalid

_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


class Port(Value):
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
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    name: Text = ""
    app_protocol: Text = ""
    mode: Literal["host", "ingress"] = "ingress"

    @field_validator("published", mode="after")
    @classmethod
    def _published(cls, value: str) -> str:
        if value and value != "0":
            shorthand.port_range(value, "host")
        return value

    @field_validator("host_ip", mode="after")
    @classmethod
    def _host_ip(cls, value: str) -> str:
        return shorthand.address(value) if value else value


def mac(value: str) -> str:
    """A MAC address in its canonical spelling."""
    spelt = value.lower().replace("-", ":")
    if not _MAC.fullmatch(spelt):
        raise Invalid(f'"{value}" is not a MAC address', 'write "02:42:ac:11:00:02"')
    return spelt


class Endpoint(Value):
    """A container's place in a network.

    Attributes:
        aliases: more names by which other containers of the network find it.
        ipv4_address: its address there; the Engine chooses where it is not given.
        ipv6_address: likewise.
        link_local_ips: more addresses.
        mac_address: of its interface.
        driver_opts: for the network's driver.
        priority: the network with the highest is joined first.
    """

    aliases: Texts = ()
    ipv4_address: Text = ""
    ipv6_address: Text = ""
    link_local_ips: Texts = ()
    mac_address: Text = ""
    driver_opts: Options = {}
    priority: Integer = 0

    @field_validator("ipv4_address", "ipv6_address", mode="after")
    @classmethod
    def _address(cls, value: str) -> str:
        return shorthand.address(value) if value else value

    @field_validator("mac_address", mode="after")
    @classmethod
    def _mac(cls, value: str) -> str:
        return mac(value) if value else value


class Pool(Value):
    """A range of addresses of a network."""

    subnet: Text = ""
    ip_range: Text = ""
    gateway: Text = ""
    aux_addresses: Options = {}

    @field_validator("subnet", "ip_range", mode="after")
    @classmethod
    def _range(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_network(value)) if value else value
        except ValueError:
            raise Invalid(f'"{value}" is not an address range', 'write "172.28.0.0/16", without host bits') from None

    @field_validator("gateway", mode="after")
    @classmethod
    def _gateway(cls, value: str) -> str:
        return shorthand.address(value) if value else value


class Ipam(Value):
    """How a network hands out addresses."""

    driver: Text = "default"
    config: tuple[Pool, ...] = ()
    options: Options = {}


class Network(Value):
    """A network of the project.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made nor removed.
    """

    name: EngineName | None = None
    external: Boolean = False
